/* What is said beside the page: aloud to who listens, and as a line that goes again, with a way back where there is one. */

import { useSyncExternalStore } from "react";
import { t } from "../words/message";

export interface Notice {
	id: number;
	text: string;
	/** Takes back what was done. */
	undo?: () => void;
}

let notice: Notice | null = null;
let spoken = "";
let timer: ReturnType<typeof setTimeout> | undefined;
let made = 0;
const listeners = new Set<() => void>();

function tellAll() {
	for (const tell of listeners) tell();
}

/** Says something to who listens, and shows nothing. */
export function say(text: string) {
	spoken = text;
	tellAll();
}

/** Shows and says what happened, for 10 seconds. */
export function notify(text: string, undo?: () => void) {
	clearTimeout(timer);
	notice = { id: ++made, text, undo };
	timer = setTimeout(dismiss, 10_000);
	say(text);
}

export function dismiss() {
	notice = null;
	tellAll();
}

function subscribe(tell: () => void) {
	listeners.add(tell);
	return () => void listeners.delete(tell);
}

export function useNotice() {
	return useSyncExternalStore(subscribe, () => notice);
}

export function useSpoken() {
	return useSyncExternalStore(subscribe, () => spoken);
}

/** Copies a text, and says so. */
export async function copy(text: string, what: string) {
	try {
		await navigator.clipboard.writeText(text);
		notify(t("parts.live.copied", { what }));
	} catch {
		notify(t("parts.live.theBrowserDoesNotLet"));
	}
}
