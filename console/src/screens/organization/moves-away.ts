import type { MayAt } from "../../api/me";
import type { Standing } from "../../api/standing";

/** Returns why a branch cannot go anywhere, false if it can. */
export function movesAway(id: string, from: string | undefined, may: MayAt, by: Standing): string | false {
	if (!may(id, "organizations:write")) return "It takes organizations:write here";
	if (by.single || by.bound === id) return "Your key is bound to it: it goes nowhere without it";
	if (from === undefined) return by.person && "It is the head of a tree: it takes a management key to move it";
	return !may(from, "organizations:delete") && "It takes organizations:delete at the one above";
}
