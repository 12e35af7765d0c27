/* The words of the service, which roles and keys are made of. Applications have words of their own besides. */

const both = ["users", "memberships", "roles", "invitations", "apiKeys", "webhooks"];

/** The types that permissions are about, and how each can be held. */
export const subjects: { type: string; verbs: string[] }[] = [
	{ type: "organizations", verbs: ["read", "write", "delete"] },
	...both.map((type) => ({ type, verbs: ["read", "write"] })),
	{ type: "events", verbs: ["read"] },
];

export const words = subjects.flatMap((s) => s.verbs.map((v) => `${s.type}:${v}`));

/** Returns the words of an application among those of a role or a key. */
export function others(held: string[]): string[] {
	return held.filter((w) => !words.includes(w));
}
