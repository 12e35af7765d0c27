/* Which rows of a list are near the window, and where they stand. Rows that were never drawn are taken to be of the usual height; those that
   were are as high as they were. It is here because little may come before the first list, and what is general is too large for it. */

import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "react";
import { flushSync } from "react-dom";

export interface Item {
	index: number;
	/** Where it begins and ends below the first row, in pixels. */
	start: number;
	end: number;
}

/** The heights of rows, and where each begins. */
class Heights {
	private measured = new Map<number, number>();
	private starts = new Float64Array(1);
	private right = 0; // the starts up to this one are right
	private learned = 0;

	constructor(
		private count = 0,
		private usual = 0,
	) {}

	become(count: number, usual: number) {
		if (count === this.count && usual === this.usual) return;
		if (count >= this.starts.length) {
			const more = new Float64Array(count + 1 + (count >> 1));
			more.set(this.starts);
			this.starts = more;
		}
		this.right = usual === this.usual ? Math.min(this.right, this.count, count) : 0;
		if (usual !== this.usual) {
			this.measured.clear();
			this.learned = 0;
		}
		[this.count, this.usual] = [count, usual];
	}

	/** Takes what rows are usually high, from the first that were drawn. */
	learn(heights: number[]) {
		const middle = heights.sort((a, b) => a - b)[heights.length >> 1];
		if (this.measured.size > 0 || this.learned || !middle) return;
		this.learned = middle;
		this.right = 0;
	}

	/** Takes the height of a row, and returns whether it is another one than before. */
	take(index: number, height: number): boolean {
		if (height === 0 || Math.abs(this.height(index) - height) < 0.1) return false;
		this.measured.set(index, height);
		this.right = Math.min(this.right, index);
		return true;
	}

	private height(index: number): number {
		return this.measured.get(index) ?? (this.learned || this.usual);
	}

	start(index: number): number {
		const wanted = Math.min(index, this.count);
		for (let i = this.right; i < wanted; i++) this.starts[i + 1] = (this.starts[i] ?? 0) + this.height(i);
		this.right = Math.max(this.right, wanted);
		return this.starts[wanted] ?? 0;
	}

	/** Returns the row at a distance from the first. */
	at(distance: number): number {
		this.start(this.count);
		let low = 0;
		let high = Math.max(this.count - 1, 0);
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if ((this.starts[middle] ?? 0) <= distance) low = middle;
			else high = middle - 1;
		}
		return low;
	}
}

interface Virtual {
	count: number;
	/** The usual height of a row in pixels, until one was drawn. */
	height: number;
	/** What scrolls; the window without it. */
	box?: { current: HTMLElement | null };
	/** How far the first row is below the beginning of what scrolls. */
	top?: number;
	/** A row that is drawn wherever it is. */
	always?: number;
	/** How many are drawn at most; up to so many are drawn all. */
	most?: number;
}

const besides = 8;

/** Returns the rows that are to be drawn. measure is the ref of each whose height is not the usual one; it has the index in data-index. */
export function useVirtual({ count, height, box, top = 0, always = -1, most = 0 }: Virtual) {
	const heights = useMemo(() => new Heights(), []);
	heights.become(count, height);
	const [seen, setSeen] = useState<[first: number, last: number]>([0, 0]);
	const [, changed] = useReducer((n: number) => n + 1, 0);

	const look = useCallback(() => {
		const [y, high] = box ? [box.current?.scrollTop ?? 0, box.current?.clientHeight ?? 0] : [window.scrollY, window.innerHeight];
		const next: [number, number] = [heights.at(y - top), heights.at(y - top + high)];
		setSeen((now) => (now[0] === next[0] && now[1] === next[1] ? now : next));
	}, [box, heights, top]);
	useLayoutEffect(look, [look, count, height]);
	useEffect(() => {
		const scroller = box?.current ?? window;
		// What comes into view is drawn in the same frame.
		const scrolled = () => flushSync(look);
		scroller.addEventListener("scroll", scrolled, { passive: true });
		window.addEventListener("resize", look);
		return () => {
			scroller.removeEventListener("scroll", scrolled);
			window.removeEventListener("resize", look);
		};
	}, [box, look]);

	const latest = useRef(look);
	useLayoutEffect(() => {
		latest.current = look;
	}, [look]);
	const observer = useMemo(
		() =>
			new ResizeObserver((entries) => {
				heights.learn(entries.map((e) => e.borderBoxSize[0]?.blockSize ?? 0).filter((h) => h > 0));
				let other = false;
				for (const { target, borderBoxSize } of entries) {
					const { index } = (target as HTMLElement).dataset;
					if (index && target.isConnected) other = heights.take(Number(index), borderBoxSize[0]?.blockSize ?? 0) || other;
				}
				if (!other) return;
				latest.current();
				changed();
			}),
		[heights],
	);
	const measure = useCallback(
		(row: HTMLElement | null) => {
			if (!row) return;
			observer.observe(row);
			return () => observer.unobserve(row);
		},
		[observer],
	);

	const start = useCallback((index: number) => heights.start(index), [heights]);
	const item = useCallback((index: number): Item => ({ index, start: start(index), end: start(index + 1) }), [start]);
	const at = useCallback((distance: number) => item(heights.at(distance)), [heights, item]);
	return {
		first: Math.min(seen[0], Math.max(count - 1, 0)),
		last: Math.min(seen[1], Math.max(count - 1, 0)),
		items: drawn(seen, count, always, most).map(item),
		total: heights.start(count),
		measure,
		/** Returns the row at a distance below the first. */
		at,
		start,
		/** Scrolls the box no farther than it takes to see a row. */
		show: (index: number) => {
			const here = box?.current;
			if (!here || index < 0) return;
			const { start, end } = item(index);
			if (start < here.scrollTop) here.scrollTop = start;
			else if (end > here.scrollTop + here.clientHeight) here.scrollTop = end - here.clientHeight;
		},
	};
}

function drawn([first, last]: [number, number], count: number, always: number, most: number): number[] {
	if (count <= most) return Array.from({ length: count }, (_, i) => i);
	const more = most ? Math.max(Math.min(besides, Math.floor((most - 2 - (last - first)) / 2)), 1) : besides;
	const from = Math.max(Math.min(first, count - 1) - more, 0);
	const to = Math.min(last + more, count - 1);
	const rows = Array.from({ length: Math.max(to - from + 1, 0) }, (_, i) => from + i);
	if (always >= 0 && always < from) rows.unshift(always);
	if (always > to && always < count) rows.push(always);
	return rows;
}
