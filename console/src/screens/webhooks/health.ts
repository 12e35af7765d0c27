/* How an endpoint and a delivery do, in a word and in a sentence. */

import type { Resource } from "../../api/document";
import type { Delivery, EventAttributes, Webhook } from "../../api/resources";
import type { StateName } from "../../parts/small";
import { short } from "../../words/time";
import { t } from "../../words/message";

interface Health {
	is: StateName;
	word: string;
}

const reasons: Record<string, string> = {
	gone: t("webhooks.health.itAnswered410"),
	requested: t("webhooks.health.itAskedForIt"),
	failing: t("webhooks.health.itTookNothingForDays"),
	secret_key_lost: t("webhooks.health.itsSecretWasLost"),
};

export function healthOf(w: Webhook): Health {
	const { status, health, disabledReason } = w.attributes;
	if (status === "disabled")
		return {
			is: "off",
			word: disabledReason
				? t("webhooks.health.text", { reason: reasons[disabledReason] ?? disabledReason })
				: t("webhooks.health.disabled"),
		};
	if (status === "paused") return { is: "off", word: t("common.paused") };
	if (health?.failingSince) return { is: "bad", word: t("webhooks.health.failingSince", { when: short(health.failingSince) }) };
	if (health?.state === "probation") return { is: "warn", word: t("webhooks.health.onProbation") };
	if (!health?.lastSuccessAt) return { is: "off", word: t("webhooks.health.nothingSentYet") };
	return { is: "ok", word: t("webhooks.health.well") };
}

/** Says how a delivery stands, as short as a row takes. */
export function standing(d: Delivery): Health {
	const { state, status, attempts = 0, errorCode, endpointStatus } = d.attributes;
	if (state === "pending" && endpointStatus && endpointStatus !== "active")
		return { is: "off", word: t("webhooks.health.waitsForAnEndpoint", { status: endpointStatus }) };
	switch (state) {
		case "succeeded":
			return { is: "ok", word: status ? String(status) : t("webhooks.health.delivered") };
		case "failed":
			return { is: "bad", word: status ? t("webhooks.health.failed", { status }) : t("webhooks.health.failed2") };
		case "cancelled":
			return { is: "off", word: t("webhooks.health.cancelled") };
		default:
			return errorCode
				? { is: "bad", word: t("webhooks.health.tried", { status: status ?? t("common.noAnswer"), attempts }) }
				: { is: "warn", word: t("webhooks.health.waits") };
	}
}

/** Reports whether what was sent is an example of its type; event is what it hangs on, where that is known. */
export function isExample(d: Delivery, event?: Resource<EventAttributes>): boolean {
	const { eventType, trigger } = d.attributes;
	return eventType !== test && (trigger === "test" || event?.attributes.eventType === test);
}

const test = "webhook.test";

/** What an error code means, and what one can do. */
export const advice: Record<string, { what: string; todo: string }> = {
	timeout: { what: t("webhooks.health.noAnswerWithinTheTime"), todo: t("webhooks.health.answerAsSoonAsThe") },
	dns_error: { what: t("webhooks.health.theNameCannotBeResolved"), todo: t("webhooks.health.seeThatTheHostOf") },
	connection_refused: { what: t("webhooks.health.nothingListensThere"), todo: t("webhooks.health.seeThatTheReceiverRuns") },
	unreachable: { what: t("webhooks.health.thereIsNoWayTo"), todo: t("webhooks.health.seeThatTheNetworkOf") },
	connection_reset: { what: t("webhooks.health.theConnectionWasBrokenOff"), todo: t("webhooks.health.aProxyOrAFirewall") },
	connection_closed: { what: t("webhooks.health.itEndedWithoutAComplete"), todo: t("webhooks.health.theReceiverMayHaveCrashed") },
	tls_error: { what: t("webhooks.health.tlsCouldNotBeAgreed"), todo: t("webhooks.health.seeThatTheCertificateIs") },
	blocked_address: {
		what: t("webhooks.health.theAddressIsOneThat"),
		todo: t("webhooks.health.useAPublicAddressOr"),
	},
	protocol_error: { what: t("webhooks.health.theAnswerIsNotHttp"), todo: t("webhooks.health.seeWhatListensAtThat") },
	redirect: { what: t("webhooks.health.itAnsweredWithARedirect"), todo: t("webhooks.health.giveTheEndpointTheUrl") },
	http_status: { what: t("webhooks.health.theReceiverAnswersButRefuses"), todo: t("webhooks.health.itsLogSaysWhyThe") },
	invalid_request: { what: t("webhooks.health.theUrlOrTheSecret"), todo: t("webhooks.health.changeTheEndpoint") },
	local_error: { what: t("webhooks.health.rosterWasShortOfSomething"), todo: t("webhooks.health.noFaultOfYoursIt") },
	proxy_error: { what: t("webhooks.health.theProxyOfRosterCannot"), todo: t("webhooks.health.noFaultOfYoursIt") },
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
