import type { MayAt } from "../../api/me";
import { t } from "../../words/message";

/** Returns why a branch cannot go anywhere, false if it can. */
export function movesAway(id: string, from: string | undefined, may: MayAt): string | false {
	if (!may(id, "organizations:write")) return t("common.itTakesOrganizationsWriteHere");
	return from !== undefined && !may(from, "organizations:delete") && t("organization.movesAway.itTakesOrganizationsDeleteAt");
}
