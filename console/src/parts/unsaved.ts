/* What is typed and not saved yet. Whoever goes elsewhere is asked before it is lost: by a link, a key, the browser's back, or closing it. */

import { useEffect, useId, useRef, useSyncExternalStore } from "react";
import type { AroundNavHandler } from "wouter";

const unsaved = new Set<string>();
let asking: { leave: () => void; stay?: () => void; part?: string } | null = null;
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
		return () => {
			unsaved.delete(id);
			queueMicrotask(goOn); // what comes in its place has been heard by then: a secret that is shown once
		};
	}, [id, typed]);
	return () => void unsaved.delete(id);
}

/** Who was asked need not answer any more when it was saved meanwhile: they go where they wanted to. */
function goOn() {
	if (asking && !asking.part && unsaved.size === 0) decide(true);
}

/** Asks whether what is typed may be lost, and does something then. If there is nothing, it is done at once. */
export function leaving(leave: () => void, stay?: () => void) {
	if (unsaved.size === 0) leave();
	else ask({ leave, stay });
}

/**
 * As leaving, for a dialog over a page that stays: only what is typed into it is lost. It returns how to ask, and asks no more when the dialog is
 * gone, or closes it when nothing is typed any more.
 */
export function usePart(typed: boolean, leave: () => void): () => void {
	const id = useId();
	const latest = useRef(leave);
	latest.current = leave;
	useEffect(() => {
		if (!typed && asking?.part === id) decide(true);
	}, [id, typed]);
	useEffect(() => () => void (asking?.part === id && ask(null)), [id]);
	return () => (typed && unsaved.size > 0 ? ask({ leave: () => latest.current(), part: id }) : leave());
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
