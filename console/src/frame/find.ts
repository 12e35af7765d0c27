/* Finding organizations and others by a text: the search of the API where it has one, and filters of lists where it has not. */

import { useEffect, useState } from "react";
import { Failure, ask, url } from "../api/client";
import { related, type Resource } from "../api/document";
import type { Organization } from "../api/resources";
import { recognize } from "./recognize";

export interface Found {
	type: string;
	id: string;
	name: string;
	/** What tells it from others of that name. */
	second: string;
	kind?: string;
	ended?: boolean;
	is: Resource;
}

/** Whether there is a search; it is asked once. */
let searches: boolean | undefined;

/** Finds up to 20 things. types are those of the API, separated by commas. organizations is their path for the caller. */
export async function find(text: string, types: string, organizations: string, signal?: AbortSignal): Promise<Found[]> {
	// Whatever box it was pasted into, a secret goes nowhere.
	if (["none", "key"].includes(recognize(text).kind)) return [];
	if (searches !== false) {
		try {
			const answer = await ask<Resource[]>(url("search", { "filter[text]": text, "filter[type]": types, "page[size]": 20 }), {
				signal,
			});
			searches = true;
			return answer.data.map(foundOf);
		} catch (e) {
			if (!(e instanceof Failure) || e.status !== 404) throw e;
			searches = false;
		}
	}
	const wanted = types.split(",");
	const lists = await Promise.all([
		wanted.includes("organizations") ? byName(text, organizations, signal) : [],
		wanted.includes("users") ? people(text, signal) : [],
	]);
	return lists.flat();
}

async function byName(text: string, organizations: string, signal?: AbortSignal): Promise<Found[]> {
	const number = /^#?(\d{1,15})$/.exec(text)?.[1];
	const filter = number ? { "filter[number]": number } : { "filter[name][contains]": text };
	const answer = await ask<Organization[]>(
		url(organizations, {
			...filter,
			include: "parent.parent.parent",
			"fields[organizations]": "name,slug,number,kind,active,parent",
			"page[size]": 20,
		}),
		{ signal },
	);
	return answer.data.map((o) => {
		const above: string[] = [];
		for (let up = related<{ name?: string }>(answer, o, "parent"); up; up = related(answer, up, "parent"))
			above.unshift(up.attributes.name ?? "");
		return {
			type: "organizations",
			id: o.id,
			name: o.attributes.name ?? "",
			second: above.join(" › ") || (o.attributes.slug ?? ""),
			kind: o.attributes.kind,
			ended: o.attributes.active === false,
			is: o as unknown as Resource,
		};
	});
}

async function people(text: string, signal?: AbortSignal): Promise<Found[]> {
	const filter = text.includes("@") ? { "filter[email]": text } : { "filter[fullName][contains]": text };
	const answer = await ask<Resource<{ fullName?: string; email?: string }>[]>(
		url("users", { ...filter, "fields[users]": "fullName,email", "page[size]": 10 }),
		{ signal },
	);
	return answer.data.map((u) => ({
		type: "users",
		id: u.id,
		name: u.attributes.fullName ?? "",
		second: u.attributes.email ?? "",
		is: u,
	}));
}

function foundOf(r: Resource): Found {
	const a = r.attributes as Record<string, string | boolean | number | undefined>;
	const name = a.name ?? a.fullName ?? a.eventType ?? a.email ?? r.id;
	const second = r.meta?.path?.join(" › ") || a.slug || a.email || a.keyId || (name === r.id ? r.type : "");
	return {
		type: r.type,
		id: r.id,
		name: String(name),
		second: String(second),
		kind: a.kind as string | undefined,
		ended: a.active === false,
		is: r,
	};
}

interface Finding {
	text: string;
	found: Found[] | null;
	failed: unknown;
}

/** Finds what a text means 120 ms after it was typed; the earlier question is given up. It is asked anew where again is another number. */
export function useFind(text: string, types: string, organizations: string, again = 0): Finding {
	const [finding, setFinding] = useState<Finding>({ text: "", found: null, failed: null });
	useEffect(() => {
		const asked = text.trim();
		if (!asked) {
			setFinding({ text: "", found: null, failed: null });
			return;
		}
		const abort = new AbortController();
		const timer = setTimeout(() => {
			find(asked, types, organizations, abort.signal).then(
				(found) => setFinding({ text: asked, found, failed: null }),
				(failed: unknown) => !abort.signal.aborted && setFinding({ text: asked, found: null, failed }),
			);
		}, 120);
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}, [text, types, organizations, again]);
	return finding;
}
