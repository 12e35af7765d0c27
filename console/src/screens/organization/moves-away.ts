import type { MayAt } from "../../api/me";

/** Returns why a branch cannot go anywhere, false if it can. */
export function movesAway(id: string, from: string | undefined, may: MayAt): string | false {
	if (!may(id, "organizations:write")) return "It takes organizations:write here";
	return from !== undefined && !may(from, "organizations:delete") && "It takes organizations:delete at the one above";
}
