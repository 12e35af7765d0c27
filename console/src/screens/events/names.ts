/* The names of whom and what events speak of by their ids: people, roles and organizations. What the reader does not see has none. */

import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import type { RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";

const kinds: Record<string, string> = { users: "fullName", roles: "name", organizations: "name" };

/** Returns what events speak of, as resources with their names. */
export function useNames(events: RecordedEvent[]): Resource[] {
	const ids = mentioned(events);
	const at = (type: string) => {
		const wanted = [...(ids[type] ?? [])].sort().slice(0, 100);
		return wanted.length ? url(type, { "filter[id]": wanted.join(","), [`fields[${type}]`]: kinds[type], "page[size]": 100 }) : null;
	};
	const users = useRead<Resource[]>(at("users"), { every: false, keep: true });
	const roles = useRead<Resource[]>(at("roles"), { every: false, keep: true });
	const organizations = useRead<Resource[]>(at("organizations"), { every: false, keep: true });
	return [...(users.data?.data ?? []), ...(roles.data?.data ?? []), ...(organizations.data?.data ?? [])];
}

interface Told {
	relationships?: Record<string, { data?: unknown }>;
}

function mentioned(events: RecordedEvent[]): Record<string, Set<string>> {
	const ids: Record<string, Set<string>> = {};
	const note = (value: unknown, typeOfIds?: string) => {
		for (const one of Array.isArray(value) ? value : [value]) {
			const { type, id } = (typeof one === "string" ? { type: typeOfIds, id: one } : (one ?? {})) as { type?: string; id?: string };
			if (!type || !id || !(type in kinds) || id.startsWith("00000000-")) continue;
			(ids[type] ??= new Set()).add(id);
		}
	};
	for (const e of events) {
		const what = (e.attributes.eventType ?? "").split(".")[0];
		const told = (e.attributes.resource ?? {}) as Told;
		if (what === "membership") {
			note(told.relationships?.user?.data);
			note(told.relationships?.roles?.data);
		}
		for (const [name, change] of Object.entries(
			(e.attributes.changes ?? {}) as Record<string, { before?: unknown; after?: unknown }>,
		)) {
			const typeOfIds = { roles: "roles", parent: "organizations" }[name];
			note(change.before, typeOfIds);
			note(change.after, typeOfIds);
		}
	}
	return ids;
}
