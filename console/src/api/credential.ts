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

export const credential = {
	subscribe(tell: () => void) {
		listeners.add(tell);
		return () => void listeners.delete(tell);
	},
	read: () => state,
};
