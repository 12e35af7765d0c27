/* Parts of the program that are loaded when they are first shown. */

import { lazy, type ComponentType } from "react";
import { answered, replaced, unanswered } from "../api/connection";

/**
 * Returns a component whose code is loaded when it is first shown. While the service does not answer the code stays on its way, and it comes once
 * the service is back; where another version of the service has no such file any more it stays away, and the bar says so. Either way what
 * stands around it stays.
 */
export function later<T extends ComponentType<any>>(load: () => Promise<{ default: T }>) {
	return lazy(() => loaded(load));
}

/** Loads code, again and again until it is there. */
export async function loaded<T>(load: () => Promise<T>): Promise<T> {
	for (let wait = 1000; ; wait = Math.min(wait * 2, 8000)) {
		try {
			return await load();
		} catch (e) {
			if (!(e instanceof TypeError) && !/preload/i.test(String(e))) throw e; // what is wrong is in the code
		}
		const answer = await fetch(document.baseURI, { method: "HEAD", cache: "no-store" }).catch(() => undefined);
		if (answer?.ok) {
			answered();
			// It may have come back since.
			try {
				return await load();
			} catch {
				replaced();
			}
		} else unanswered();
		await new Promise((over) => setTimeout(over, wait));
	}
}
