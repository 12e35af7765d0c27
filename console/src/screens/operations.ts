/* Several changes as one request: all of them are done, or none. */

import { ask, url, type Failure } from "../api/client";
import type { Identifier } from "../api/document";

export interface Operation {
	op: "add" | "update" | "remove";
	/** What it is about; something new is named by its data. */
	ref?: Identifier & { relationship?: string };
	data?: unknown;
}

/** How many operations one request takes. */
export const most = 100;

export function operate(operations: Operation[]) {
	return ask(url("operations"), {
		method: "POST",
		atomic: true,
		idempotencyKey: crypto.randomUUID(),
		body: { "atomic:operations": operations },
	});
}

/** Returns which operation a fault is about, by its place in the request. */
export function placeOf(pointer: string | undefined): number | undefined {
	const place = /^\/atomic:operations\/(\d+)/.exec(pointer ?? "")?.[1];
	return place === undefined ? undefined : Number(place);
}

/** Returns what is wrong with each operation that is at fault, and the rest. */
export function faultsOf(error: Failure): { at: Map<number, string>; rest: string[] } {
	const at = new Map<number, string>();
	const rest: string[] = [];
	for (const e of error.errors) {
		const place = placeOf(e.source?.pointer);
		const text = e.detail ?? e.title;
		if (place === undefined) rest.push(text);
		else at.set(place, text);
	}
	if (error.errors.length === 0) rest.push(error.message);
	return { at, rest };
}
