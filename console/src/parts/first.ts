/* What may come after the first thing that somebody waits for: the tree, and what a list has beside its rows. */

let waiting = 0;
/** When what one waits for began, and when the last of it was there. */
let since = 0;
let until = -Infinity;
let done: () => void = () => undefined;
const first = new Promise<void>((resolve) => (done = resolve));

/** Says that a page shows that something is on its way. What it returns says that it is no more. */
export function onItsWay(): () => void {
	if (waiting++ === 0 && performance.now() - until > 100) since = performance.now();
	return () => {
		if (--waiting === 0) until = performance.now();
		// A page whose code has come shows next that its list is on its way.
		setTimeout(() => waiting === 0 && done(), 50);
	};
}

/** Returns for how many milliseconds somebody waits already: what comes after code, and then after another answer, is one wait. */
export function waited(): number {
	const now = performance.now();
	return waiting > 0 || now - until <= 100 ? now - since : 0;
}

/** Says that the first page is seen, whether anything was on its way or not. */
export function seen() {
	done();
}

/** Waits until the first page shows what it has read, or is seen without: what is slow keeps nothing else away. */
export function afterFirst(): Promise<void> {
	return first;
}
