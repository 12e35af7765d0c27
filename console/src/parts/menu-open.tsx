/* A menu that is open: a popover of the browser, with the keys that a menu has (the ARIA patterns of the W3C, "Menu Button"). */

import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type RefObject } from "react";
import { Link } from "wouter";
import { Icon } from "./icons";
import type { MenuEntry } from "./menu";

interface OpenMenuProps {
	label: string;
	entries: MenuEntry[];
	button: RefObject<HTMLButtonElement | null>;
	close: () => void;
}

export default function OpenMenu({ label, entries, button, close }: OpenMenuProps) {
	const menu = useRef<HTMLDivElement>(null);
	const latest = useRef(close);
	latest.current = close;
	useLayoutEffect(() => {
		const here = menu.current;
		if (!here || !button.current) return;
		here.showPopover();
		place(here, button.current);
		here.querySelector<HTMLElement>("[role=menuitem]")?.focus();
	}, [button]);
	useEffect(() => {
		const elsewhere = (e: Event) => {
			const at = e.target as Node;
			if (!menu.current?.contains(at) && !button.current?.contains(at)) latest.current();
		};
		const move = () => menu.current && button.current && place(menu.current, button.current);
		document.addEventListener("pointerdown", elsewhere, true);
		document.addEventListener("focusin", elsewhere);
		window.addEventListener("scroll", move, true);
		window.addEventListener("resize", move);
		return () => {
			document.removeEventListener("pointerdown", elsewhere, true);
			document.removeEventListener("focusin", elsewhere);
			window.removeEventListener("scroll", move, true);
			window.removeEventListener("resize", move);
		};
	}, [button]);
	// The button has the focus before anything is done: a dialog gives it back to whatever had it.
	const leave = () => {
		button.current?.focus();
		close();
	};
	const choose = (e: MenuEntry) => {
		leave();
		e.act?.();
	};
	return (
		<div
			ref={menu}
			className="menu opened"
			role="menu"
			aria-label={label}
			popover="manual"
			tabIndex={-1}
			onKeyDown={(e) => {
				e.stopPropagation();
				if (e.key === "Escape" || e.key === "Tab") {
					e.preventDefault();
					e.nativeEvent.stopImmediatePropagation(); // what is below stays open
					leave();
				} else goThrough(e);
			}}
			onClick={(e) => e.stopPropagation()}
		>
			{entries.map((e) => {
				const inside = (
					<>
						{e.icon && <Icon name={e.icon} />}
						<span>
							{e.label}
							{e.not && <span className="only-read">: {e.not}</span>}
						</span>
						{e.key && <kbd className="end">{e.key}</kbd>}
					</>
				);
				const is = { className: "menu-item", role: "menuitem", tabIndex: -1, onPointerMove: focusOn };
				if (e.to && !e.not)
					return (
						<Link key={e.label} href={e.to} {...is} onClick={() => choose(e)}>
							{inside}
						</Link>
					);
				return (
					<button
						key={e.label}
						type="button"
						{...is}
						aria-disabled={e.not ? true : undefined}
						title={e.not || undefined}
						onClick={() => !e.not && choose(e)}
					>
						{inside}
					</button>
				);
			})}
		</div>
	);
}

function focusOn(e: { currentTarget: HTMLElement }) {
	if (document.activeElement !== e.currentTarget) e.currentTarget.focus();
}

/** Goes to the item that a key names: an arrow, Home, End, or the letter that it begins with. */
function goThrough(e: KeyboardEvent<HTMLElement>) {
	const items = [...e.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]")];
	const at = items.indexOf(document.activeElement as HTMLElement);
	const places: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 };
	let to = places[e.key];
	if (to === undefined && e.key.length === 1 && e.key !== " " && !e.ctrlKey && !e.metaKey && !e.altKey) {
		const begins = (item: HTMLElement) => item.innerText.trim().toLocaleLowerCase().startsWith(e.key.toLocaleLowerCase());
		const next = [...items.slice(at + 1), ...items.slice(0, at + 1)].find(begins);
		to = next && items.indexOf(next);
	}
	if (to === undefined) return;
	e.preventDefault();
	items.at(to % items.length)?.focus();
}

/** Puts a menu below its button, their ends in a line, or above it where there is no room; never outside of the window. */
function place(menu: HTMLElement, button: HTMLElement) {
	const edge = 4;
	const at = button.getBoundingClientRect();
	const { clientWidth, clientHeight } = document.documentElement;
	const turned = getComputedStyle(button).direction === "rtl";
	const x = turned ? at.left : at.right - menu.offsetWidth;
	const below = at.bottom + edge;
	const y =
		below + menu.offsetHeight + edge > clientHeight && at.top - edge > menu.offsetHeight ? at.top - edge - menu.offsetHeight : below;
	menu.style.left = `${Math.max(edge, Math.min(x, clientWidth - menu.offsetWidth - edge))}px`;
	menu.style.top = `${Math.max(edge, Math.min(y, clientHeight - menu.offsetHeight - edge))}px`;
}
