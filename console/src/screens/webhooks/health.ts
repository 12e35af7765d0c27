/* How an endpoint and a delivery do, in a word and in a sentence. */

import type { Delivery, Webhook } from "../../api/resources";
import type { StateName } from "../../parts/small";
import { short } from "../../words/time";

interface Health {
	is: StateName;
	word: string;
}

const reasons: Record<string, string> = {
	gone: "it answered 410",
	requested: "it asked for it",
	failing: "it took nothing for days",
	secret_key_lost: "its secret was lost",
};

export function healthOf(w: Webhook): Health {
	const { status, health, disabledReason } = w.attributes;
	if (status === "disabled")
		return { is: "off", word: `Disabled${disabledReason ? `: ${reasons[disabledReason] ?? disabledReason}` : ""}` };
	if (status === "paused") return { is: "off", word: "Paused" };
	if (health?.failingSince) return { is: "bad", word: `Failing since ${short(health.failingSince)}` };
	if (health?.state === "probation") return { is: "warn", word: "On probation" };
	if (!health?.lastSuccessAt) return { is: "off", word: "Nothing sent yet" };
	return { is: "ok", word: "Well" };
}

/** Says how a delivery stands, as short as a row takes. */
export function standing(d: Delivery): Health {
	const { state, status, attempts = 0, errorCode } = d.attributes;
	switch (state) {
		case "succeeded":
			return { is: "ok", word: String(status ?? "delivered") };
		case "failed":
			return { is: "bad", word: status ? `failed, ${status}` : "failed" };
		case "cancelled":
			return { is: "off", word: "cancelled" };
		default:
			return errorCode ? { is: "bad", word: `${status ?? "no answer"}, tried ${attempts}×` } : { is: "warn", word: "waits" };
	}
}

/** What an error code means, and what one can do. */
export const advice: Record<string, { what: string; todo: string }> = {
	timeout: { what: "No answer within the time", todo: "Answer as soon as the message is stored, and work on it afterwards." },
	dns_error: { what: "The name cannot be resolved", todo: "See that the host of the URL exists in DNS." },
	connection_refused: { what: "Nothing listens there", todo: "See that the receiver runs, and on which port." },
	unreachable: { what: "There is no way to that address", todo: "See that the network of the receiver is reachable from here." },
	connection_reset: { what: "The connection was broken off", todo: "A proxy or a firewall in front of the receiver may do that." },
	connection_closed: { what: "It ended without a complete answer", todo: "The receiver may have crashed while it answered." },
	tls_error: { what: "TLS could not be agreed", todo: "See that the certificate is valid, complete and for this name." },
	blocked_address: {
		what: "The address is one that nothing may be sent to",
		todo: "Use a public address, or have the operator allow the network.",
	},
	protocol_error: { what: "The answer is not HTTP", todo: "See what listens at that port." },
	redirect: { what: "It answered with a redirect, and those are not followed", todo: "Give the endpoint the URL that it leads to." },
	http_status: { what: "The receiver answers, but refuses", todo: "Its log says why; the answer is below." },
	invalid_request: { what: "The URL or the secret cannot be used", todo: "Change the endpoint." },
	local_error: { what: "Roster was short of something", todo: "No fault of yours: it uses up no attempt." },
	proxy_error: { what: "The proxy of Roster cannot be reached", todo: "No fault of yours: it uses up no attempt." },
};

const statusTexts: Record<number, string> = {
	200: "OK",
	201: "Created",
	202: "Accepted",
	204: "No Content",
	301: "Moved Permanently",
	302: "Found",
	307: "Temporary Redirect",
	308: "Permanent Redirect",
	400: "Bad Request",
	401: "Unauthorized",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	413: "Content Too Large",
	415: "Unsupported Media Type",
	422: "Unprocessable Content",
	429: "Too Many Requests",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
};

/** 503 Service Unavailable */
export function statusLine(status: number): string {
	return `${status} ${statusTexts[status] ?? ""}`.trim();
}
