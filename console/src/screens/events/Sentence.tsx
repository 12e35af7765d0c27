/* An event as a sentence: what was done, without who did it, which stands in front. */

import type { ReactNode } from "react";
import type { Resource } from "../../api/document";
import type { RecordedEvent } from "../../api/resources";
import { Typed } from "../../parts/small";
import { all, count } from "../../words/count";

interface Change {
	before?: unknown;
	after?: unknown;
}

export type Changes = Record<string, Change>;

/** Returns what changed in an event, {} for nothing or for what the reader may not know. */
export function changesOf(e: RecordedEvent): Changes {
	return (e.attributes.changes ?? {}) as Changes;
}

/** Returns who did it, as they were called then. */
export function actorName(e: RecordedEvent): string {
	const actor = e.attributes.actor as { kind?: string; name?: string | null } | null | undefined;
	if (!actor) return "somebody";
	const name = actor.name ?? "";
	switch (actor.kind) {
		case "system":
			return name || "Roster itself";
		case "management_key":
			return name ? `management key ${name}` : "a management key";
		case "organization_key":
			return name ? `key ${name}` : "a key";
		case "user_key":
			return name ? `${name}, by a key` : "somebody, by a key";
		case "organization_token":
			return "the organization’s token";
		default:
			return name || "somebody you do not see";
	}
}

interface Snapshot {
	type?: string;
	id?: string;
	attributes?: Record<string, unknown>;
	relationships?: Record<string, { data?: { type: string; id: string } | { type: string; id: string }[] | null }>;
	meta?: Record<string, unknown>;
}

/** Says what happened. here is the organization that the page is about: it is not named again. */
export function Sentence({ event, included, here }: { event: RecordedEvent; included?: Resource[]; here?: string }) {
	const type = event.attributes.eventType ?? "";
	const told = (event.attributes.resource ?? {}) as Snapshot;
	const [what = "", verb = ""] = type.split(".");
	const name = <Strong>{event.attributes.subjectName ?? subjectName(told, what, included)}</Strong>;
	const place = where(event, included, here);
	const write = sentences[type];
	if (write) return <>{write({ told, changes: changesOf(event), name, place, included })}</>;
	return (
		<>
			{past[verb] ?? verb} {nouns[what] ?? what} {name}
			{place}
		</>
	);
}

interface Words {
	told: Snapshot;
	changes: Changes;
	name: ReactNode;
	place: ReactNode;
	included?: Resource[];
}

const nouns: Record<string, string> = {
	organization: "",
	user: "",
	role: "the role",
	apiKey: "the key",
	webhook: "the endpoint",
	invitation: "the invitation of",
	membership: "the membership of",
	file: "the file",
};

const past: Record<string, string> = {
	created: "made",
	updated: "changed",
	deleted: "deleted",
	restored: "restored",
	rotated: "rotated",
	disabled: "disabled",
};

const sentences: Record<string, (w: Words) => ReactNode> = {
	"organization.updated": ({ changes, name, told, included }) => {
		if ("parent" in changes) {
			const to = named(changes.parent?.after, included);
			return to ? (
				<>
					moved {name} to <Strong>{to}</Strong>
				</>
			) : (
				<>moved {name}</>
			);
		}
		return told.id ? (
			<>
				changed {names(changes)} of {name}
			</>
		) : (
			<>changed an organization</>
		);
	},
	"organization.created": ({ name }) => <>made {name}</>,
	"user.created": ({ name, place }) => (
		<>
			added {name}
			{place}
		</>
	),
	"user.updated": ({ changes, name }) => (
		<>
			changed {names(changes)} of {name}
		</>
	),
	"user.deleted": ({ name }) => <>deleted {name}</>,
	"membership.created": ({ name, place, told, included }) => {
		const roles = roleNames(told.relationships?.roles?.data, included);
		return (
			<>
				made {name} {roles && roles !== "Member" ? <Strong>{roles}</Strong> : "a member"}
				{place}
			</>
		);
	},
	"membership.updated": ({ name, place, changes, included }) => {
		const roles = roleNames(changes.roles?.after, included);
		return roles ? (
			<>
				gave {name} the {many(roles)} <Strong>{roles}</Strong>
				{place}
			</>
		) : (
			<>
				changed the roles of {name}
				{place}
			</>
		);
	},
	"membership.deleted": ({ name, place }) => (
		<>
			ended the membership of {name}
			{place}
		</>
	),
	"invitation.created": ({ name, place }) => (
		<>
			invited {name}
			{place}
		</>
	),
	"invitation.accepted": ({ name }) => <>accepted the invitation of {name}</>,
	"invitation.declined": ({ name }) => <>declined the invitation of {name}</>,
	"invitation.resent": ({ name }) => <>sent the invitation of {name} again</>,
	"invitation.revoked": ({ name }) => <>took back the invitation of {name}</>,
	"apiKey.created": ({ name, place }) => (
		<>
			made the key {name}
			{place}
		</>
	),
	"apiKey.rotated": ({ name }) => <>rotated the key {name}</>,
	"apiKey.deleted": ({ name }) => <>revoked the key {name}</>,
	"role.updated": ({ changes, name }) => (
		<>
			changed {names(changes)} of the role {name}
		</>
	),
	"webhook.updated": ({ changes, name }) => (
		<>
			changed {names(changes)} of the endpoint {name}
		</>
	),
	"session.created": () => <>signed in</>,
	"session.ended": () => <>signed out</>,
	"access.denied": ({ told, name, place }) => {
		const meta = told.meta ?? {};
		const word = String(meta.permission ?? "");
		return (
			<>
				tried to {attempt(String(meta.method ?? ""), String(meta.route ?? ""), name)}
				{told.type !== "organizations" && place}, and was refused:{" "}
				{word ? (
					<>
						it takes <Strong>{word}</Strong>
					</>
				) : (
					"their rank is not above it, or they do not hold what they would give"
				)}
			</>
		);
	},
};

const ones: Record<string, string> = {
	organizations: "an organization",
	users: "a person",
	memberships: "a member",
	roles: "a role",
	invitations: "an invitation",
	apiKeys: "a key",
	webhooks: "an endpoint",
	files: "a file",
	portalLinks: "a portal link",
};

/** Returns what a request was meant to do, by its method and path: "delete Globex", "make an invitation at Globex". */
function attempt(method: string, route: string, name: ReactNode): ReactNode {
	const [type = "", id, ...rest] = route.replace(/^\/public\/v2\/(management\/)?/, "").split("/");
	if (method === "POST" && !id && type in ones) {
		return (
			<>
				make {ones[type]} at {name}
			</>
		);
	}
	const action = rest.at(-1);
	const verb =
		method === "POST" && action && rest.length === 1 && /^[a-z-]+$/.test(action)
			? action
			: method === "DELETE" && !action
				? "delete"
				: "change";
	return (
		<>
			{type === "moves" ? "move" : verb} {name}
		</>
	);
}

function Strong({ children }: { children: string }) {
	return (
		<b>
			<Typed>{children}</Typed>
		</b>
	);
}

/** Returns what the subject of an event was called. */
export function subjectName(told: Snapshot, what: string, included?: Resource[]): string {
	const a = told.attributes ?? {};
	const of = told.relationships?.user?.data;
	if (what === "membership" && of && !Array.isArray(of)) return nameIn(included, of.id) ?? "somebody";
	const meta = told.meta ?? {};
	for (const name of [a.name, a.fullName, meta.userName, a.email, a.originalName, a.url])
		if (typeof name === "string" && name) return name;
	const user = meta.user as { name?: string; fullName?: string } | string | undefined;
	if (typeof user === "string") return user;
	if (user?.name ?? user?.fullName) return user.name ?? user.fullName ?? "";
	return what === "membership" ? "somebody" : told.id ? told.id.slice(0, 8) : "something";
}

function names(changes: Changes): ReactNode {
	const changed = Object.keys(changes);
	if (changed.length === 0) return "something";
	if (changed.length > 3) return <Strong>{count(changed.length, "attribute")}</Strong>;
	return <Strong>{all(changed)}</Strong>;
}

function where(event: RecordedEvent, included: Resource[] | undefined, here: string | undefined): ReactNode {
	const data = event.relationships?.organization?.data;
	if (!data || Array.isArray(data) || data.id === here) return null;
	const name = event.attributes.organizationName ?? nameIn(included, data.id);
	return name ? (
		<>
			{" "}
			at <Strong>{name}</Strong>
		</>
	) : null;
}

function named(value: unknown, included: Resource[] | undefined): string {
	const v = (typeof value === "string" ? { id: value } : value) as { id?: string; name?: string } | null | undefined;
	return v ? (v.name ?? nameIn(included, v.id) ?? "") : "";
}

/** Returns the name of a resource among those that are known. */
export function nameIn(included: Resource[] | undefined, id: string | undefined): string | undefined {
	const a = included?.find((r) => r.id === id)?.attributes;
	const name = a?.name ?? a?.fullName;
	return typeof name === "string" && name ? name : undefined;
}

const builtIn: Record<string, string> = { "1": "Owner", "2": "Administrator", "3": "Manager", "4": "Member", "5": "Viewer" };

function many(roles: string): string {
	return roles.includes(" and ") || roles.includes(", ") ? "roles" : "role";
}

/** Returns the names of roles: those that are built in are the same everywhere. */
function roleNames(value: unknown, included: Resource[] | undefined): string {
	if (!Array.isArray(value)) return "";
	// A change tells of them by their ids alone.
	const refs = (value as ({ id: string; name?: string } | string)[]).map((r) => (typeof r === "string" ? { id: r, name: undefined } : r));
	const found = refs.map((r) => r.name ?? builtInName(r.id) ?? named(r, included));
	return found.every(Boolean) && found.length ? all(found) : "";
}

export function builtInName(id: string): string | undefined {
	return id.startsWith("00000000-0000-7000-8000-00000000000") ? builtIn[id.slice(-1)] : undefined;
}
