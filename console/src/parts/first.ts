/* What may come after the first thing that somebody waits for: the tree, and what a list has beside its rows. */

let waiting = 0;
let done: () => void = () => undefined;
const first = new Promise<void>((resolve) => (done = resolve));

/** Says that a page shows that something is on its way. What it returns says that it is no more. */
export function onItsWay(): () => void {
	waiting++;
	return () => {
		waiting--;
		// A page whose code has come shows next that its list is on its way.
		setTimeout(() => waiting === 0 && done(), 50);
	};
}

/** Waits until the first page shows what it has read; at most two seconds, since what is slow keeps nothing else away. */
export function afterFirst(): Promise<void> {
	return Promise.race([first, new Promise<void>((resolve) => setTimeout(resolve, 2000))]);
}
