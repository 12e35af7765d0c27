/* Where the focus goes when what had it is gone: a row that is deleted gives it to the one that takes its place, and a toast gives it back. For
   anything else the browser goes on from where it stood. */

import { useEffect } from "react";

/** Returns the link of what a row is about, or the button that opens it. */
function handle(row: Element) {
	return row.querySelector<HTMLElement>("a.name, .log-row, .list-row, a, button:not([disabled])");
}

/** Remembers where something stands, and returns how to find it, or the row that has taken the place of its own; null if there is neither. */
export function placeOf(element: Element | null): () => HTMLElement | null {
	const own = element?.closest("main :is(tbody > tr, ul > li, ol > li)");
	const list = own?.parentElement;
	const at = list ? [...list.children].indexOf(own as Element) : -1;
	return () => {
		if (element instanceof HTMLElement && element !== document.body && element.isConnected && element.checkVisibility()) return element;
		if (!list?.isConnected || own?.isConnected) return null;
		const handles = [...list.children].slice(0, at + 1).map(handle);
		return handles.findLast((h) => h?.checkVisibility()) ?? null;
	};
}

/** Gives the focus on when what has it goes. */
export function useFocusStays() {
	useEffect(() => {
		let had: { element: Element; place: () => HTMLElement | null; path: string } | null = null;
		const came = ({ target }: FocusEvent) => {
			const element = target as Element;
			const back = element.closest(".toast") && had?.path === location.pathname ? had.place : placeOf(element);
			had = { element, place: back, path: location.pathname };
		};
		const watch = new MutationObserver(() => {
			if (!had || had.element.isConnected) return;
			const { place, path } = had;
			had = null;
			// Whoever goes to another page, or has a dialog closed, is led on by what did that.
			requestAnimationFrame(() => {
				const nowhere = document.activeElement === document.body || !document.activeElement;
				if (nowhere && path === location.pathname && !document.querySelector("[role=dialog]:not(.side)"))
					place()?.focus({ preventScroll: true });
			});
		});
		document.addEventListener("focusin", came);
		watch.observe(document.body, { childList: true, subtree: true });
		return () => {
			document.removeEventListener("focusin", came);
			watch.disconnect();
		};
	}, []);
}
