/* In place of use-sync-external-store/shim/with-selector, which Base UI has for a React before the one here: see vite.config.ts. */

import { useSyncExternalStore } from "react";

/** Returns what a selector takes of a store, and draws again when the store changes. */
export function useSyncExternalStoreWithSelector<S, T>(
	subscribe: (tell: () => void) => () => void,
	get: () => S,
	getFirst: () => S,
	select: (state: S) => T,
): T {
	return select(useSyncExternalStore(subscribe, get, getFirst));
}
