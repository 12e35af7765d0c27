/* What a credential cannot do whatever words it holds: by what kind it is, what it is bound to, and when it ends. */

import { date } from "../words/time";
import { idOf } from "./document";
import { holds, useMe, type Me } from "./me";
import { t } from "../words/message";

export interface Standing {
	/** Whether it is known yet who is asking; until then nothing is refused. */
	known: boolean;
	person: boolean;
	/** It holds a management key. */
	manages: boolean;
	/** It acts for one organization, and for none below that. */
	single: boolean;
	/** The organization that it is bound to, with those below if it is not single. */
	bound?: string;
	/** When it ends, if it does: what it gives others ends no later. */
	until?: string;
	/** Why it makes no organization without a parent, false if it does. */
	heads: string | false;
}

/** Returns what is so of the caller. */
export function useStanding(): Standing {
	const { data } = useMe();
	return standingOf(data?.data, Boolean(data?.meta?.createsHeads));
}

function standingOf(me: Me | undefined, createsHeads: boolean): Standing {
	const key = me?.type === "apiKeys" ? me.attributes : undefined;
	const person = me?.type === "users" || key?.kind === "user";
	const manages = key?.kind === "management";
	return {
		known: me !== undefined,
		person,
		manages,
		single: me?.type === "portalLinks" || me?.type === "organizations" || key?.kind === "organization",
		// The organization of a person is where they come from, and binds them to nothing.
		bound: me?.type === "organizations" ? me.id : me?.type === "users" ? undefined : me && idOf(me, "organization"),
		until: key?.expiresAt ?? undefined,
		heads: me !== undefined && notHeads(me, person ? createsHeads : manages),
	};
}

function notHeads(me: Me, may: boolean): string | false {
	if (!may) return t("common.itTakesAManagementKeyOpen");
	const scopes = me.attributes.scopes;
	return scopes !== undefined && !holds(scopes, "organizations:write") && t("common.itTakesOrganizationsWrite");
}

/** What is done by people and by management keys alone. */
export function forOthers(by: Standing): string | false {
	return by.known && !by.person && !by.manages && t("common.itTakesAManagementKeyOr");
}

/** What goes on when the credential has ended is nothing that it makes, or may know the secret of. */
export function goesOn(by: Standing): string | false {
	return by.until !== undefined && t("common.anEndpointGoesOn", { date: date(by.until) });
}
