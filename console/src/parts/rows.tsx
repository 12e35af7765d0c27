/* The rows of a list, however long it is: those near the window are drawn, and the others are empty space of their height. */

import { cloneElement, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { FocusEvent, ReactElement, ReactNode, RefObject } from "react";
import type { RowSource } from "../api/pages";
import { t } from "../words/message";
import { Icon } from "./icons";
import { say } from "./live";
import { keep, placeOf, positionAt } from "./position";
import { useVirtual } from "./virtual";

/** A list up to this length is drawn whole. */
const most = 60;

/** So many rows tell how wide the columns of a table are. */
const telling = 10;

interface TableProps {
	list: RowSource<unknown>;
	/** How a row folds on a phone: what comes under its first line stands below the name, behind a mark or a picture. */
	folds: "plain" | "kind" | "face";
	className?: string;
	children: ReactNode;
}

/** A table whose body is Rows. */
export function Table({ list, folds, className = "", children }: TableProps) {
	return (
		<div className="listed">
			<Waiting list={list} />
			<table
				className={`table ${className}`}
				data-folds={folds}
				data-dim={list.isPlaceholderData ? "" : undefined}
				aria-rowcount={list.total === undefined ? -1 : list.total + 1}
			>
				{children}
			</table>
		</div>
	);
}

/** A list whose items are Rows. */
export function List<R>(props: Omit<RowsProps<R>, "as">) {
	return (
		<div className="listed" data-dim={props.list.isPlaceholderData ? "" : undefined}>
			<Waiting list={props.list} />
			<Rows {...props} as="ul" />
		</div>
	);
}

/** Returns rows that are at hand as what a Table takes. */
export function whole<R>(rows: R[], key: (row: R) => string, of: Partial<RowSource<unknown>> = {}): RowSource<R> {
	return { ...of, length: rows.length, at: (i) => rows[i], key: (i) => (rows[i] ? key(rows[i]) : String(i)) } as RowSource<R>;
}

/** What has come while somebody looked: it pushes nothing until it is asked for. */
function Waiting({ list }: { list: RowSource<unknown> }) {
	const { waiting = 0, takeWaiting } = list;
	useEffect(() => {
		if (waiting) say(t("list.waiting", { count: waiting }));
	}, [waiting]);
	if (!waiting) return null;
	return (
		<div className="waiting">
			<button
				className="button"
				data-size="small"
				type="button"
				onClick={() => {
					window.scrollTo(0, 0);
					takeWaiting?.();
				}}
			>
				<Icon name="again" />
				{t("list.waiting", { count: waiting })}
			</button>
		</div>
	);
}

interface RowsProps<R> {
	list: RowSource<R>;
	/** tbody in a Table, ul in a List. */
	as?: "tbody" | "ul";
	className?: string;
	label?: string;
	/** The height of most rows in pixels: what is not drawn is taken to be as high. */
	height?: number;
	/** Returns the element of a row, a tr or a li. */
	children: (row: R, index: number) => ReactElement<Record<string, unknown>>;
}

/** The rows of a Table or a List. */
export function Rows<R>({ list, as = "tbody", className, label, height = 51, children }: RowsProps<R>) {
	const body = useRef<HTMLElement>(null);
	const { virtual, focus } = useDrawn(list, height, body);
	useLayoutEffect(() => {
		holdColumns(body.current, list.length > most);
	});
	const place = (index: number) =>
		as === "ul" ? { "aria-setsize": list.total ?? -1, "aria-posinset": index + 1 } : { "aria-rowindex": index + 2 };
	const drawn: ReactElement[] = [];
	let end = 0;
	for (const item of virtual.items) {
		if (item.start - end > 0.5) drawn.push(<Space key={`before ${item.index}`} as={as} height={item.start - end} />);
		end = item.end;
		const row = list.at(item.index);
		const key = list.key(item.index);
		drawn.push(
			row === undefined ? (
				<Space key={key} as={as} height={item.end - item.start} reading />
			) : (
				cloneElement(children(row, item.index), {
					key,
					ref: virtual.measure,
					"data-index": item.index,
					...place(item.index),
				})
			),
		);
	}
	const left = virtual.total - end;
	if (left > 0.5) drawn.push(<Space key="behind" as={as} height={left} />);
	const Tag = as as "ul";
	return (
		<Tag ref={body as RefObject<HTMLUListElement | null>} className={className} aria-label={label} {...focus}>
			{drawn}
		</Tag>
	);
}

/** What is not drawn, or is being read again. */
function Space({ as, height, reading }: { as: "tbody" | "ul"; height: number; reading?: boolean }) {
	const ghost = reading && <div className="ghost" data-wide="1" />;
	if (as === "ul")
		return (
			<li className="space" role="presentation" aria-hidden="true" style={{ height }}>
				{ghost}
			</li>
		);
	return (
		<tr className="space" aria-hidden="true">
			<td colSpan={99} style={{ height }}>
				{ghost}
			</td>
		</tr>
	);
}

/** Decides which rows are drawn, and is where somebody was who has come back. */
function useDrawn<R>(list: RowSource<R>, height: number, body: RefObject<HTMLElement | null>) {
	const { length, look } = list;
	const [margin, setMargin] = useState(0);
	const [focused, setFocused] = useState(-1);
	const [place] = useState(() => placeOf(list.name ?? ""));
	// Of a long list the row that has the focus is drawn wherever it is: a focus is not lost by scrolling.
	const virtual = useVirtual({ count: length, height, top: margin, always: focused, most });
	const { first, last, at, start } = virtual;
	useLayoutEffect(() => {
		const measure = () => {
			const top = body.current?.getBoundingClientRect().top;
			if (top !== undefined) setMargin(Math.round(top + window.scrollY));
		};
		measure();
		const watch = new ResizeObserver(measure); // what stands above the list may grow, and the page with it
		watch.observe(document.body);
		return () => watch.disconnect();
	}, [body]);
	useEffect(() => look?.(first, last), [look, first, last]);

	const was = useRef(positionAt(place));
	useLayoutEffect(() => {
		const before = was.current;
		if (!before || length <= before.index || margin === 0) return;
		was.current = undefined;
		settle((index) => margin + start(index), before, body, 3);
	}, [body, length, margin, start]);
	useEffect(() => {
		const remember = () => {
			if (was.current || !body.current?.isConnected) return;
			const item = at(window.scrollY - margin);
			keep(place, { index: item.index, shift: window.scrollY - margin - item.start, focused });
		};
		remember();
		window.addEventListener("scroll", remember, { passive: true });
		return () => window.removeEventListener("scroll", remember);
	}, [at, body, focused, margin, place]);
	const indexOf = (e: FocusEvent) => Number((e.target as HTMLElement).closest<HTMLElement>("[data-index]")?.dataset.index ?? -1);
	return {
		virtual,
		focus: {
			onFocus: (e: FocusEvent) => setFocused(indexOf(e)),
			onBlur: (e: FocusEvent) => !e.currentTarget.contains(e.relatedTarget) && setFocused(-1),
		},
	};
}

/** Goes to where somebody was. The rows around it are measured only when they are drawn, so it is looked again for a few frames. */
function settle(
	start: (index: number) => number,
	was: { index: number; shift: number; focused: number },
	body: RefObject<HTMLElement | null>,
	frames: number,
) {
	window.scrollTo(0, start(was.index) + was.shift);
	if (frames > 0) {
		requestAnimationFrame(() => settle(start, was, body, frames - 1));
		return;
	}
	body.current?.querySelector<HTMLElement>(`[data-index="${was.focused}"] :is(a, button)`)?.focus({ preventScroll: true });
}

/**
 * Holds the columns of a table of which not all rows are drawn where its first rows put them: others would move them at every scroll.
 * A table that folds has none.
 */
function holdColumns(body: HTMLElement | null, hold: boolean) {
	const table = body?.closest("table");
	const head = table?.tHead?.rows[0];
	if (
		!table ||
		!head ||
		(hold && table.querySelectorAll("[data-index]").length < telling) ||
		(table.dataset.held !== undefined) === hold ||
		(hold && head.offsetWidth === 0)
	)
		return;
	const cells = [...head.cells];
	const widths = cells.map((c) => (c.offsetWidth / table.offsetWidth) * 100);
	cells.forEach((c, i) => (c.style.width = hold ? `${widths[i]}%` : ""));
	head.setAttribute("aria-rowindex", "1");
	if (hold) table.dataset.held = "";
	else delete table.dataset.held;
}
