/* Who is asking, and what they may do where. */

import { useRead } from "./query";
import { url } from "./client";
import type { Resource } from "./document";

interface MeAttributes {
	fullName?: string | null;
	name?: string | null;
	email?: string | null;
	kind?: string;
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

/** Returns whether the caller holds a word at an organization; nothing is held until it is known. */
export function useMay(organization: string | undefined): (word: string) => boolean {
	const { data } = useRead<Me>(organization ? url("me", { "filter[organizationId]": organization }) : null, { every: 60_000 });
	const held = (data?.meta?.permissions as Record<string, string[]> | undefined)?.[organization ?? ""] ?? [];
	return (word) => holds(held, word);
}

/** Reports whether words hold another one: writing includes reading, of the service's own words. */
export function holds(held: string[], word: string): boolean {
	if (held.includes("*") || held.includes(word)) return true;
	const [what, how] = word.split(":");
	return how === "read" && held.includes(`${what}:write`);
}
