/* What somebody may do with an endpoint, by the rules that the service has: whoever directs one could direct all that it gets to themselves,
   so they hold what it takes to read that. It is asked so that what would be refused is not offered; the service judges again. */

import type { Webhook } from "../../api/resources";
import { goesOn, useStanding } from "../../api/standing";
import { words } from "../permissions";
import { everything } from "./event-types";
import { t } from "../../words/message";

type May = (word: string) => boolean;

/** What it takes to read what events are about, where that has no word of its own. */
const hangsOn: Record<string, string[]> = {
	file: ["organizations:read", "users:read"],
	session: ["users:read"],
	webhook: ["webhooks:read"],
};

/** Everything, but what is told of endpoints themselves. */
const subjects = ["organization", "user", "membership", "role", "invitation", "apiKey", "file"];

/** Returns why somebody may not direct an endpoint that gets some types of events, false if they may. */
export function lackingFor(eventTypes: string[], may: May): string | false {
	if (!may("webhooks:write")) return t("common.itTakesWebhooksWriteHere");
	const all = eventTypes.length === 0 || eventTypes.includes(everything);
	for (const group of all ? subjects : eventTypes.map((type) => type.split(".")[0] ?? "")) {
		const needs = hangsOn[group] ?? [`${group}s:read`].filter((word) => words.includes(word));
		const lacking = needs.find((word) => !may(word));
		if (lacking) return t("webhooks.rights.itGetsWhatTakes", { word: lacking });
	}
	return false;
}

export interface EndpointRights {
	/** Why it cannot be changed, stopped, tested or deleted. */
	change: string | false;
	/** Why nothing can be sent to it again. */
	send: string | false;
	/** Why it cannot be made to go on, or be given a secret that is shown. */
	direct: string | false;
}

/** Returns what the caller may not do with an endpoint, and why. */
export function useEndpointRights(w: Webhook, may: May): EndpointRights {
	const by = useStanding();
	const below = w.attributes.subtree && by.single && t("webhooks.rights.itHearsOfOrganizationsBelow");
	const types = w.attributes.eventTypes ?? [];
	const change = lackingFor(types, may) || below || false;
	// Who may send again what was sent need not direct where it goes.
	const send = lackingFor(types, (word) => may(word) || (word === "webhooks:write" && may("webhookDeliveries:write"))) || below || false;
	return { change, send, direct: change || goesOn(by) };
}
