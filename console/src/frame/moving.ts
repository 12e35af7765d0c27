/* A branch that is on its way to another place: cut in the tree, or in the dialog that asks before it is moved. */

import { useSyncExternalStore } from "react";

/** What the dialog is to ask about. */
export interface Moving {
	id: string;
	/** Where to, null for the head of a tree; without it the dialog asks. */
	to?: string | null;
	/** It goes back to where it was. */
	back?: boolean;
}

/** What is cut: it stays where it is until it is put somewhere. */
export interface Cut {
	id: string;
	name: string;
	parent?: string;
}

let state: { moving: Moving | null; cut: Cut | null } = { moving: null, cut: null };
const listeners = new Set<() => void>();

function become(change: Partial<typeof state>) {
	state = { ...state, ...change };
	for (const tell of listeners) tell();
}

/** Asks to move a branch, and where to if that is not said. */
export function move(moving: Moving) {
	become({ moving, cut: null });
}

export function endMove() {
	become({ moving: null });
}

export function cut(what: Cut | null) {
	become({ cut: what });
}

export function useMoving() {
	return useSyncExternalStore(
		(tell) => {
			listeners.add(tell);
			return () => void listeners.delete(tell);
		},
		() => state,
	);
}
