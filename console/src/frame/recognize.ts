/* Knows by its shape what somebody pasted. */

export interface Recognized {
	kind: "none" | "text" | "id" | "number" | "slug" | "key" | "path";
	text: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// Keys and tokens of the service, and what webhooks are signed with.
const secrets = /roster_([a-z])_(?:([A-Za-z0-9]+)(?:_|$))?|whs(?:ec|k)_/;

/** Reports whether there is a secret in a text, or the beginning of one. */
export function holdsSecret(text: string): boolean {
	return secrets.test(text);
}

/** Returns what a text is, and the part of it that is used. Of a key that is the public part: its secret goes nowhere. */
export function recognize(pasted: string): Recognized {
	const text = pasted.trim();
	if (!text) return { kind: "none", text };
	if (uuid.test(text)) return { kind: "id", text: text.toLowerCase() };
	const secret = secrets.exec(text);
	// Keys have a public part. Of whatever else is a secret nothing is used, wherever it stands in what was pasted.
	if (secret) return secret[2] && "mou".includes(secret[1] ?? "-") ? { kind: "key", text: secret[2] } : { kind: "none", text: "" };
	if (/^#\d+$/.test(text)) return { kind: "number", text: text.slice(1) };
	const path = ownPath(text);
	if (path) return path;
	return { kind: "text", text };
}

/** Returns what a URL of this service is about: a page of the console as it is, and of the API the id in it. */
function ownPath(text: string): Recognized | null {
	let at: URL;
	try {
		at = new URL(text, location.origin);
	} catch {
		return null;
	}
	if (at.origin !== location.origin || (!text.startsWith("/") && !text.startsWith("http"))) return null;
	if (at.pathname.startsWith("/console/")) return { kind: "path", text: at.pathname.slice("/console".length) + at.search };
	const id = at.pathname.split("/").findLast((part) => uuid.test(part));
	return id ? { kind: "id", text: id.toLowerCase() } : null;
}
