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
	spoken = text === spoken ? `${text}\u00a0` : text; // the same twice is said twice
	tellAll();
}

const shown = 10_000;

/** Shows and says what happened, for 10 seconds, and for as long as somebody is at it. */
export function notify(text: string, undo?: () => void) {
	notice = { id: ++made, text, undo };
	leaveAlone();
	say(text);
}

/** Keeps what is shown: somebody points at it, or has gone to it. */
export function keep() {
	clearTimeout(timer);
}

/** Lets what is shown go after its time. */
export function leaveAlone() {
	clearTimeout(timer);
	timer = setTimeout(dismiss, shown);
}

export function dismiss() {
	clearTimeout(timer);
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
