/* Where somebody was in a list, for each entry of the browser's history: whoever goes back is there again. */

interface Position {
	/** The first row that was seen, and how far it was scrolled out, in pixels. */
	index: number;
	shift: number;
	/** The row that had the focus. */
	focused: number;
}

const kept = new Map<string, Position>();
const most = 100;
let back = false;

addEventListener("popstate", () => {
	back = true;
});
addEventListener("pushState", () => {
	back = false; // an event of wouter's
});

/** Reports whether the page was come to by the browser's Back or Forward. */
export function wentBack(): boolean {
	return back;
}

/** Returns what names a list at this entry of the history. */
export function placeOf(list: string): string {
	const { navigation } = window as unknown as { navigation?: { currentEntry?: { key: string } } };
	return `${navigation?.currentEntry?.key ?? location.pathname} ${list}`;
}

/** Remembers a position; the oldest are forgotten. */
export function keep(place: string, position: Position) {
	kept.delete(place);
	kept.set(place, position);
	for (const oldest of kept.keys()) {
		if (kept.size <= most) break;
		kept.delete(oldest);
	}
}

/** Returns where somebody was who has come back, undefined for everybody else. */
export function positionAt(place: string): Position | undefined {
	return back ? kept.get(place) : undefined;
}
