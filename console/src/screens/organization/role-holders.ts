/* Who holds a role, as far as the caller sees. */

import { url } from "../../api/client";
import { idOf, related, totalOf, type Resource } from "../../api/document";
import type { Membership } from "../../api/resources";
import { useRead } from "../../api/query";
import { t } from "../../words/message";

interface Holders {
	memberships: Membership[];
	included: Resource[];
	/** How many memberships there are in all. */
	total: number;
	/** How many people that is: of a role that is held more than 200 times, how many memberships. */
	people: number;
}

/** Reads who holds a role; nothing without one. */
export function useHolders(role: string | undefined): Holders | undefined {
	const { data } = useRead<Membership[]>(
		role
			? url("memberships", {
					"filter[roles]": role,
					include: "user,organization",
					"fields[memberships]": "user,organization",
					"fields[users]": "fullName,email",
					"fields[organizations]": "name",
					"page[size]": 200,
				})
			: null,
	);
	if (!data) return undefined;
	const total = totalOf(data) ?? data.data.length;
	const people = total > data.data.length ? total : new Set(data.data.map((m) => idOf(m, "user"))).size;
	return { memberships: data.data, included: data.included ?? [], total, people };
}

/** Returns what somebody who holds it is called, and where they do. */
export function holderOf(m: Membership, included: Resource[]): { user?: string; name: string; place: string; organization?: string } {
	const doc = { included };
	const user = related<{ fullName?: string; email?: string }>(doc, m, "user");
	const organization = related<{ name?: string }>(doc, m, "organization");
	return {
		user: user?.id,
		name: user?.attributes.fullName || user?.attributes.email || t("common.somebodyYouDoNotSee"),
		place: organization?.attributes.name ?? t("organization.roleHolders.anOrganizationYouDoNot"),
		organization: organization?.id,
	};
}
