/* Parts of the program that are loaded when they are first shown. */

import { lazy, type ComponentType } from "react";
import { answered, replaced, unanswered } from "../api/connection";
import { afterFirst } from "./first";

/**
 * Returns a component whose code is loaded when it is first shown. While the service does not answer the code stays on its way, and it comes once
 * the service is back; where another version of the service has no such file any more it stays away, and the bar says so. Either way what
 * stands around it stays.
 */
export function later<T extends ComponentType<any>>(load: () => Promise<{ default: T }>) {
	return lazy(() => loaded(load));
}

/** As later, for what is needed when the service cannot be asked any more: its code comes once the first page is there. */
export function early<T extends ComponentType<any>>(load: () => Promise<{ default: T }>) {
	void afterFirst().then(() => load().catch(() => undefined)); // then it is loaded when it is shown
	return later(load);
}

/** Loads code, again and again until it is there. */
async function loaded<T>(load: () => Promise<T>): Promise<T> {
	let answers = false; // the service did, when it was asked last
	let told = false;
	for (let wait = 1000; ; wait = Math.min(wait * 2, 8000)) {
		try {
			const code = await load();
			if (told) replaced(false);
			return code;
		} catch (e) {
			if (!(e instanceof TypeError) && !/preload/i.test(String(e))) throw e; // what is wrong is in the code
		}
		const before = answers;
		answers = (await fetch(document.baseURI, { method: "HEAD", cache: "no-store" }).catch(() => undefined))?.ok ?? false;
		(answers ? answered : unanswered)();
		if (answers && !before) continue; // it may have come back since
		if (answers) replaced((told = true));
		await new Promise((over) => setTimeout(over, wait));
	}
}
