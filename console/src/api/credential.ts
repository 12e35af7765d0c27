/* Whether the browser has a credential that works. It starts as unknown; a request that is refused with 401 ends it. */

type State = "unknown" | "there" | "ended";

let state: State = "unknown";
const listeners = new Set<() => void>();

function become(next: State) {
	if (state === next) return;
	state = next;
	for (const tell of listeners) tell();
}

export function credentialEnded() {
	become("ended");
}

export function credentialThere() {
	become("there");
}

// The windows of a browser share its cookie: what one of them does with it is done to all.
const windows = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("roster.credential");

/** Tells the other windows of this browser that somebody has signed in or out. */
export function credentialChanged() {
	windows?.postMessage(null);
}

/** Calls a function when another window has signed somebody in or out, until what it returns is called. */
export function onCredentialChanged(tell: () => void) {
	windows?.addEventListener("message", tell);
	return () => windows?.removeEventListener("message", tell);
}

export const credential = {
	subscribe(tell: () => void) {
		listeners.add(tell);
		return () => void listeners.delete(tell);
	},
	read: () => state,
};
