/* What is typed and not saved yet. Whoever goes elsewhere is asked before it is lost: by a link, a key, the browser's back, or closing it. */

import { useEffect, useId, useSyncExternalStore } from "react";
import type { AroundNavHandler } from "wouter";

const unsaved = new Set<string>();
let asking: { leave: () => void; stay?: () => void; part?: boolean } | null = null;
let at = location.href;
const listeners = new Set<() => void>();

function ask(next: typeof asking) {
	asking = next;
	for (const tell of listeners) tell();
}

/** Says that something is typed and not saved, while it is so and the component is there. It returns how to say that it is saved. */
export function useUnsaved(typed: boolean): () => void {
	const id = useId();
	useEffect(() => {
		if (!typed) return;
		if (unsaved.size === 0) at = location.href;
		unsaved.add(id);
		return () => void unsaved.delete(id);
	}, [id, typed]);
	return () => void unsaved.delete(id);
}

/**
 * Asks whether what is typed may be lost, and does something then. If there is nothing, it is done at once. part: not all of it is lost, and what
 * is done forgets what is.
 */
export function leaving(leave: () => void, stay?: () => void, part = false) {
	if (unsaved.size === 0) leave();
	else ask({ leave, stay, part });
}

/** Reports whether something is typed and not saved. */
export function typing(): boolean {
	return unsaved.size > 0;
}

/** Forgets that something is typed: the page is left whatever somebody says, because it is for somebody else. */
export function letGo() {
	unsaved.clear();
	ask(null);
}

/** Answers what is being asked. */
export function decide(leave: boolean) {
	const asked = asking;
	if (leave && !asked?.part) letGo();
	else ask(null);
	if (leave) asked?.leave();
	else asked?.stay?.();
}

/** Whether somebody is being asked. */
export function useLeaving(): boolean {
	return useSyncExternalStore(
		(tell) => {
			listeners.add(tell);
			return () => void listeners.delete(tell);
		},
		() => asking !== null,
	);
}

/** For the router: another page is left to only when nothing is lost by it. A filter, which is the query of the same page, loses nothing. */
export const aroundNavigation: AroundNavHandler = (navigate, to, options) => {
	const go = () => navigate(to, options);
	if (new URL(to, location.href).pathname === location.pathname) go();
	else leaving(go);
	at = location.href;
};

// It is heard before the router hears it, who then knows of no other page.
addEventListener("popstate", (e) => {
	const before = new URL(at);
	if (unsaved.size === 0 || location.pathname === before.pathname) {
		at = location.href;
		return;
	}
	e.stopImmediatePropagation();
	// The browser has gone already: the page that is left comes after the one that was gone to, so that going on is going back.
	history.pushState(null, "", at);
	ask({ leave: () => history.back() });
});

addEventListener("beforeunload", (e) => {
	if (unsaved.size > 0) e.preventDefault();
});
