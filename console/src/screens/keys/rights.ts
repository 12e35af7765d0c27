/* What somebody may do with a key, by the rules that the service has: nobody hands out, or ends, what can do more than they can, or goes on
   after them. It is asked so that what would be refused is not offered; the service judges again. */

import { idOf } from "../../api/document";
import { holds, useMay, useMe } from "../../api/me";
import { useStanding } from "../../api/standing";
import type { ApiKey } from "../../api/resources";
import { date } from "../../words/time";
import { ranks, useGrants } from "../organization/grants";
import { t } from "../../words/message";

export interface KeyRights {
	/** Why it can neither be changed nor ended. */
	end: string | false;
	/** Why it gets no new secret. */
	rotate: string | false;
}

const unknown = t("keys.rights.beingLookedUp");

/** Returns what the caller may not do with a key, and why. Unless it is asked, nothing is looked up. */
export function useKeyRights(k: ApiKey, asked: boolean): KeyRights {
	const me = useMe().data?.data;
	const by = useStanding();
	const own = me !== undefined && idOf(k, "user") === me.id;
	const words = useWordsForKeys(own || !asked ? undefined : idOf(k, "organization"));
	const scopes = k.attributes.scopes ?? [];
	const end = own ? false : words.not || lacking(scopes, words.may);
	const ends = k.attributes.expiresAt;
	const outlasts = by.until !== undefined && (!ends || new Date(ends) > new Date(by.until));
	return { end, rotate: end || (outlasts && t("keys.rights.yourOwnKeyEndsOn", { date: date(by.until) })) };
}

/** Returns why the caller makes no key at an organization, false if they do. */
export function useMakesKeys(organization: string): string | false {
	return useWordsForKeys(organization).not;
}

/** Returns the words that keys at an organization may have, and why the caller may do nothing with one, if so. */
function useWordsForKeys(organization: string | undefined): { not: string | false; may: (word: string) => boolean } {
	const me = useMe().data?.data;
	const may = useMay(organization);
	const grants = useGrants(organization);
	const scopes = me?.attributes.scopes;
	if (!me) return { not: unknown, may };
	if (me.type !== "users") {
		const has = (word: string) => scopes === undefined || holds(scopes, word);
		return { not: !has("apiKeys:write") && t("keys.rights.itTakesApikeysWrite"), may: has };
	}
	if (organization === undefined) return { not: false, may: () => true };
	if (!grants.known) return { not: unknown, may };
	if (!may("apiKeys:write")) return { not: t("keys.rights.itTakesApikeysWriteThere"), may };
	const low = grants.rank < ranks.key && t("keys.rights.aKeyHasTheRank", { rank: ranks.key, yours: grants.rank });
	return { not: low, may };
}

function lacking(scopes: string[], may: (word: string) => boolean): string | false {
	const more = scopes.find((word) => !may(word));
	return more !== undefined && (more === "*" ? t("keys.rights.itMayDoEverything") : t("keys.rights.itMay", { word: more }));
}
