import type { MayAt } from "../../api/me";
import type { Standing } from "../../api/standing";
import { t } from "../../words/message";

/** Returns why a branch cannot go anywhere, false if it can. */
export function movesAway(id: string, from: string | undefined, may: MayAt, by: Standing): string | false {
	if (!may(id, "organizations:write")) return t("common.itTakesOrganizationsWriteHere");
	if (by.single || by.bound === id) return t("organization.movesAway.yourKeyIsBoundToIt");
	if (from === undefined) return by.person && t("organization.movesAway.itIsTheHeadOfATree");
	return !may(from, "organizations:delete") && t("organization.movesAway.itTakesOrganizationsDeleteAt");
}
