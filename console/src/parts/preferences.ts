/* What somebody prefers in this browser. Nothing else is kept in it: no credential, and no data. public/theme.js reads theme and density
   before the first paint. */

import { useSyncExternalStore } from "react";

export interface Preferences {
	theme: "system" | "light" | "dark";
	density: "comfortable" | "compact";
	/** Whether letters alone are commands. */
	letters: boolean;
	/** Times as the clock here shows them, or UTC. */
	utc: boolean;
	/** The tag of the language of the texts, and of times and numbers. */
	language: string;
	/** The organization that was open last. */
	last?: string;
}

const key = "roster.preferences";
const usual: Preferences = { theme: "system", density: "comfortable", letters: true, utc: false, language: "en" };

function load(): Preferences {
	try {
		return { ...usual, ...JSON.parse(localStorage.getItem(key) ?? "{}") };
	} catch {
		return usual;
	}
}

let current = load();
const listeners = new Set<() => void>();

/** Changes some of them, here and after the next start. */
export function prefer(change: Partial<Preferences>) {
	current = { ...current, ...change };
	try {
		localStorage.setItem(key, JSON.stringify(current));
	} catch {
		// Without storage they hold for this page.
	}
	const root = document.documentElement;
	if (current.theme === "system") delete root.dataset.theme;
	else root.dataset.theme = current.theme;
	if (current.density === "compact") root.dataset.density = "compact";
	else delete root.dataset.density;
	for (const tell of listeners) tell();
}

export function preferences(): Preferences {
	return current;
}

export function usePreferences(): Preferences {
	return useSyncExternalStore((tell) => {
		listeners.add(tell);
		return () => void listeners.delete(tell);
	}, preferences);
}
