/* Whether requests get through: the network is there, the service answers, and it takes as many as are sent. */

import { useSyncExternalStore } from "react";

export interface Connection {
	/** The browser has no network. */
	offline: boolean;
	/** The last request got no answer. */
	silent: boolean;
	/** When the service takes requests again, in milliseconds since 1970; 0 if it takes them now. */
	until: number;
	/** The service is another version than the one that this page is of. */
	replaced: boolean;
}

let current: Connection = { offline: !navigator.onLine, silent: false, until: 0, replaced: false };
const listeners = new Set<() => void>();

function become(change: Partial<Connection>) {
	const next = { ...current, ...change };
	if ((Object.keys(next) as (keyof Connection)[]).every((k) => next[k] === current[k])) return;
	current = next;
	for (const tell of listeners) tell();
}

addEventListener("online", () => become({ offline: false }));
addEventListener("offline", () => become({ offline: true }));

/** Notes that the service has answered. */
export function answered() {
	become({ silent: false });
}

/** Notes that there was no answer. */
export function unanswered() {
	become({ silent: true });
}

/** Notes whether the service has another version of the console, and no longer all parts of this one. */
export function replaced(is: boolean) {
	become({ replaced: is });
}

/** The longest that anything waits by itself, in seconds. What would wait for longer is told to whoever asked. */
export const patience = 60;

/** Notes that nothing is to be asked for so many seconds. */
export function wait(seconds: number) {
	become({ until: Math.max(current.until, Date.now() + seconds * 1000) });
}

/** Notes that the time is over. */
export function goOn() {
	become({ until: 0 });
}

export function connection(): Connection {
	return current;
}

function subscribe(tell: () => void) {
	listeners.add(tell);
	return () => void listeners.delete(tell);
}

export function useConnection(): Connection {
	return useSyncExternalStore(subscribe, connection);
}
