/* Who may give which role where, by the rules that the service has: nobody gives more than they hold, nor a rank above their own. It is asked
   so that what would be refused is not offered; the service judges again. */

import { url } from "../../api/client";
import { idOf, relatedMany } from "../../api/document";
import { useMay, useMe } from "../../api/me";
import type { Membership, Role, RoleAttributes } from "../../api/resources";
import { useRead } from "../../api/query";
import { all } from "../../words/count";
import { t } from "../../words/message";
import type { Holder } from "./People";

/** The rank of an owner, and that with which the keys of an organization act. */
export const ranks = { owner: 100, key: 80 };

export interface Grants {
	/** Whether it is known yet; until then nothing is refused. */
	known: boolean;
	/** The rank of the caller there. */
	rank: number;
	/** Returns why the caller may not give a role, false if they may. */
	give: (role: Role) => string | false;
	/** Returns why the caller may not change what somebody holds, false if they may. */
	change: (holder: Holder) => string | false;
}

/** Returns what the caller may give at an organization; without one nothing is known. */
export function useGrants(id: string | undefined): Grants {
	const me = useMe().data?.data;
	const may = useMay(id);
	const person = me?.type === "users";
	const own = useRead<Membership[]>(
		person && id
			? url("memberships", {
					"filter[effectiveAt]": id,
					"filter[userId]": me.id,
					include: "roles",
					"fields[memberships]": "roles,organization",
					"fields[roles]": "rank,inheritable",
				})
			: null,
		{ every: 60_000 },
	);
	const held = (own.data?.data ?? []).flatMap((m) =>
		relatedMany<RoleAttributes>(own.data, m, "roles").filter((r) => idOf(m, "organization") === id || r.attributes.inheritable),
	);
	const manages = me?.type === "apiKeys" && me.attributes.kind === "management";
	const rank = manages ? Infinity : person ? Math.max(0, ...held.map((r) => r.attributes.rank ?? 0)) : ranks.key;
	const known = manages || (may.known && (!person || own.data !== undefined));
	return {
		known,
		rank,
		give: (role) => {
			if (!known || manages) return false;
			const above = role.attributes.rank ?? 0;
			if (above > rank) return t("organization.grants.itsRankIs", { above, rank });
			const missing = (role.attributes.permissions ?? []).filter((w) => !may(w));
			return missing.length > 0 && t("organization.grants.itPermits", { missing: all(missing.slice(0, 2)) });
		},
		change: (holder) => {
			if (!known || holder.id === me?.id || rank >= ranks.owner) return false;
			const theirs = Math.max(0, ...holder.roles.map((r) => r.role.attributes.rank ?? 0));
			return theirs >= rank && t("organization.grants.theirRankIsNotBelow");
		},
	};
}

/** Returns why somebody may not cease to be an owner: each organization that has one keeps one. others are all who hold something there. */
export function lastOwner(holder: Holder, others: Holder[]): string | false {
	const owns = (h: Holder) => h.active && h.roles.some((r) => r.role.attributes.key === "owner");
	return owns(holder) && !others.some((o) => o.id !== holder.id && owns(o)) && t("organization.grants.itIsTheLastOwner");
}
