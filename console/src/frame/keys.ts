/* What keys do. A page says which it has while it is there; the newest that has a key gets it. */

import { useEffect, useRef } from "react";
import { preferences } from "../parts/preferences";

export interface Key {
	/** As it is shown: "I", "1", "G O". */
	key: string;
	label: string;
	/** What it does; nothing for a key that the browser knows. */
	act?: () => void;
	/** Whether it does something now; without it, always. */
	when?: () => boolean;
	/** It is in the list of keys, and not among the actions that Find offers. */
	silent?: boolean;
}

let pages: { keys: Key[] }[] = [];

/** Gives keys to a page while it is there. */
export function useKeys(keys: Key[]) {
	const mine = useRef({ keys });
	mine.current.keys = keys;
	useEffect(() => {
		const entry = mine.current;
		pages = [...pages, entry];
		return () => {
			pages = pages.filter((p) => p !== entry);
		};
	}, []);
}

/** Returns all keys that do something now. */
export function keysNow(): Key[] {
	const seen = new Map<string, Key>();
	for (const page of pages) for (const k of page.keys) if (k.when?.() !== false) seen.set(k.key, k);
	return [...seen.values()];
}

function inField(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

let began = { at: 0, with: "" };

/** Acts on a key that was pressed. Letters do nothing inside a field, in a tree, which finds by them, or where somebody has switched them off;
 * then figures and signs do nothing either. */
export function onKeyDown(e: KeyboardEvent) {
	if (e.defaultPrevented || e.isComposing) return;
	if (inField(e.target) || document.querySelector("[role=dialog]:not(.side)")) return;
	if (e.ctrlKey || e.metaKey || e.altKey) return;
	const pressed = e.key.length === 1 ? e.key.toUpperCase() : e.key === "Escape" ? "Esc" : e.key;
	if (e.key.length === 1 && !preferences().letters) return; // figures and signs are as easily hit, or heard, as letters
	if (/^[A-Z]$/.test(pressed) && e.target instanceof HTMLElement && e.target.closest("[role=tree]")) return;
	const both = began.with && e.timeStamp - began.at < 1500 ? `${began.with} ${pressed}` : "";
	began = { at: 0, with: "" };
	const keys = keysNow();
	const found = keys.findLast((k) => k.key === both) ?? (both ? undefined : keys.findLast((k) => k.key === pressed));
	if (found?.act) {
		e.preventDefault();
		found.act();
		return;
	}
	if (keys.some((k) => k.key.startsWith(pressed + " "))) began = { at: e.timeStamp, with: pressed };
}
