/* Asks the API. Every request of the console goes through ask(), which knows no screen and keeps nothing. */

import type { Answer, ApiError, Document } from "./document";
import { answered, patience, unanswered, wait } from "./connection";
import { credentialEnded } from "./credential";
import { portalHeaders, portalId } from "./portal";
import { t } from "../words/message";

export const root = "/public/v2/";
const mediaType = "application/vnd.api+json";
const byCursor = `${mediaType};profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination"`;

/** Why a request was refused, or that it could not be made: then the status is 0. */
export class Failure extends Error {
	constructor(
		readonly status: number,
		readonly errors: ApiError[],
		readonly requestId: string | null,
		/** Seconds until it is worth asking again, if the service says so. */
		readonly retryAfter: number | null,
		/** The id of what it is about, if it is about one thing. */
		readonly about?: string,
	) {
		super(errors[0]?.detail ?? errors[0]?.title ?? t("frame.client.theServiceCannotBeReached"));
	}

	get code(): string {
		return this.errors[0]?.code ?? "";
	}

	/** Returns what is wrong with one member of what was sent, or with something in it: "/data/attributes/name". */
	at(pointer: string): string | undefined {
		return this.errors.find((e) => `${e.source?.pointer}/`.startsWith(`${pointer}/`))?.detail;
	}
}

export interface Asking {
	method?: "GET" | "POST" | "PATCH" | "DELETE";
	body?: unknown;
	/** Bytes in place of a document, with their type. */
	file?: Blob;
	signal?: AbortSignal;
	/** The ETag that was read, for If-Match. */
	ifMatch?: string | null;
	/** One for each intent: a retry has that of the first try. */
	idempotencyKey?: string;
	/** Pages are asked for by cursor. */
	cursor?: boolean;
	/** The refusal of a credential is an answer like others: of a sign-in. */
	signingIn?: boolean;
	atomic?: boolean;
}

/** Asks for a URL and returns the answer. It fails with a Failure, and with an AbortError if the signal says so. */
export async function ask<D>(url: string, asking: Asking = {}): Promise<Answer<D>> {
	const { method = "GET", body, file, signal, ifMatch, idempotencyKey, cursor, signingIn, atomic } = asking;
	const form = atomic ? `${mediaType};ext="https://jsonapi.org/ext/atomic"` : mediaType;
	const headers: Record<string, string> = { ...portalHeaders, Accept: cursor ? byCursor : form };
	if (file) headers["Content-Type"] = file.type;
	else if (body !== undefined) headers["Content-Type"] = form;
	if (ifMatch) headers["If-Match"] = ifMatch;
	if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
	let response: Response;
	try {
		response = await fetch(url.startsWith("/") ? url : root + url, {
			method,
			headers,
			signal,
			credentials: "same-origin",
			body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
		});
	} catch (e) {
		if (signal?.aborted) throw e;
		unanswered();
		throw new Failure(0, [], null, null);
	}
	answered();
	const requestId = response.headers.get("X-Request-Id");
	const doc = await parsed<D>(response);
	if (!response.ok) throw refusal(response, doc?.errors, signingIn);
	return { ...(doc ?? ({ data: undefined } as unknown as Document<D>)), etag: response.headers.get("ETag"), requestId };
}

/** Asks for a list as a whole, in a form that has no pages, and returns the answer as it begins. It fails as ask does. */
export async function stream(url: string, mediaType: string, signal: AbortSignal): Promise<Response> {
	let response: Response;
	try {
		response = await fetch(url, { headers: { Accept: mediaType }, signal, credentials: "same-origin" });
	} catch (e) {
		if (signal.aborted) throw e;
		throw new Failure(0, [], null, null);
	}
	if (!response.ok) throw refusal(response, (await parsed<unknown>(response))?.errors);
	return response;
}

async function parsed<D>(response: Response): Promise<(Document<D> & { errors?: ApiError[] }) | undefined> {
	const text = await response.text();
	try {
		return text ? JSON.parse(text) : undefined;
	} catch {
		return undefined; // a proxy in between says something else
	}
}

function refusal(response: Response, errors: ApiError[] | undefined, signingIn = false): Failure {
	if (response.status === 401 && !signingIn) {
		credentialEnded();
		// What the API says of it is for programs, which have a key.
		errors = [
			{
				status: "401",
				code: "unauthenticated",
				title: t(portalId ? "portal.portal.nothingWasDoneThisLink" : "frame.client.yourSessionHadEnded"),
			},
		];
	}
	const after = Number(response.headers.get("Retry-After"));
	if (response.status === 429 && after > 0 && after <= patience && !signingIn) wait(after);
	const told = errors ?? [{ status: String(response.status), code: "", title: response.statusText || t("common.refused") }];
	const about = /\/([0-9a-f-]{36})$/.exec(new URL(response.url).pathname)?.[1];
	return new Failure(response.status, told, response.headers.get("X-Request-Id"), after > 0 ? after : null, about);
}

/** Returns a URL below the root of the API with a query, in the spelling of the API: names of parameters have their brackets. */
export function url(path: string, query: Record<string, string | number | boolean | undefined | null> = {}): string {
	const parts: string[] = [];
	for (const [name, value] of Object.entries(query)) {
		if (value === undefined || value === null || value === "") continue;
		parts.push(`${name}=${encodeURIComponent(String(value)).replaceAll("%2C", ",")}`);
	}
	return (path.startsWith("/") ? path : root + path) + (parts.length ? "?" + parts.join("&") : "");
}

/** Returns a text as one word of a command line, whatever is in it. */
export function quoted(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns the request as a command line. The key is a variable: nothing here knows one. */
export function asCurl(at: string, method = "GET", body?: unknown): string {
	const lines = [`curl -g ${quoted(location.origin + (at.startsWith("/") ? at : root + at))}`, `-H "Authorization: Bearer $KEY"`];
	if (method !== "GET") lines.splice(1, 0, `-X ${method}`);
	if (body !== undefined) lines.push(`-H 'Content-Type: ${mediaType}'`, `-d ${quoted(JSON.stringify(body))}`);
	return lines.join(" \\\n  ");
}
