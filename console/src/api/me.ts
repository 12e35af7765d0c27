/* Who is asking, and what they may do where. */

import { useRead } from "./query";
import { url } from "./client";
import type { Resource } from "./document";

interface MeAttributes {
	fullName?: string | null;
	name?: string | null;
	email?: string | null;
	kind?: string;
	/** What a key may do at most, and until when. */
	scopes?: string[];
	expiresAt?: string | null;
}

export type Me = Resource<MeAttributes>;

/** Returns who the credential of the browser stands for. */
export function useMe() {
	return useRead<Me>(url("me"), { every: 60_000 });
}

/** Returns what the caller is called. */
export function nameOfMe(me: Me | undefined): string {
	return me?.attributes.fullName || me?.attributes.name || me?.attributes.email || "…";
}

/** Returns the path of organizations for this caller: management keys have one of their own, with those that are deleted. */
export function organizationsOf(me: Me | undefined): string {
	return me?.type === "apiKeys" && me.attributes.kind === "management" ? "management/organizations" : "organizations";
}

/** Says whether a word is held somewhere. known is false until that was asked: nothing is held so far. */
export type May = ((word: string) => boolean) & { known: boolean };

/** Returns whether the caller holds a word at an organization. */
export function useMay(organization: string | undefined): May {
	const at = useMayAt(organization ? [organization] : []);
	return Object.assign((word: string) => at(organization ?? "", word), { known: at.known });
}

/** Says whether a word is held at an organization; has, whether that was asked of it. */
export type MayAt = ((organization: string, word: string) => boolean) & { known: boolean; has: (organization: string) => boolean };

/** Returns whether the caller holds a word at each of some organizations, of which there are at most 100. */
export function useMayAt(organizations: string[]): MayAt {
	const asked = [...new Set(organizations)].sort().slice(0, 100).join(",");
	const { data, isError } = useRead<Me>(asked ? url("me", { "filter[organizationId]": asked }) : null, { every: 60_000, keep: true });
	const held = data?.meta?.permissions as Record<string, string[]> | undefined;
	return Object.assign((organization: string, word: string) => holds(held?.[organization] ?? [], word), {
		known: data !== undefined || isError,
		has: (organization: string) => held?.[organization] !== undefined,
	});
}

/** Returns where somebody is a member, with the names of the organizations; nothing for whoever is no person. */
export function useOwnPlaces(me: Me | undefined): { id: string; name: string }[] | undefined {
	const person = me?.type === "users";
	const { data } = useRead<Resource[]>(
		person
			? url("memberships", {
					"filter[userId]": me.id,
					include: "organization",
					"fields[memberships]": "organization",
					"fields[organizations]": "name",
					"page[size]": 100,
				})
			: null,
		{ every: false },
	);
	if (!me || (person && !data)) return undefined;
	return (data?.included ?? []).map((o) => ({ id: o.id, name: String(o.attributes.name ?? "") }));
}

/** Reports whether words hold another one: writing includes reading, of the service's own words. */
export function holds(held: string[], word: string): boolean {
	if (held.includes("*") || held.includes(word)) return true;
	const [what, how] = word.split(":");
	return how === "read" && held.includes(`${what}:write`);
}
