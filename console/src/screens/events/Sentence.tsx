/* An event as a sentence: what was done, without who did it, which stands in front. */

import type { ReactNode } from "react";
import type { Resource } from "../../api/document";
import type { RecordedEvent } from "../../api/resources";
import { Typed } from "../../parts/small";
import { all } from "../../words/count";
import { rich, t } from "../../words/message";

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
	if (!actor) return t("events.sentence.somebody");
	const name = actor.name ?? "";
	switch (actor.kind) {
		case "system":
			return name || t("events.sentence.rosterItself");
		case "management_key":
			return name ? t("events.sentence.managementKey", { name }) : t("events.sentence.aManagementKey");
		case "organization_key":
			return name ? t("events.sentence.key", { name }) : t("events.sentence.aKey");
		case "user_key":
			return name ? t("events.sentence.byAKey", { name }) : t("events.sentence.somebodyByAKey");
		case "organization_token":
			return t("events.sentence.theOrganizationsToken");
		default:
			return name || t("common.somebodyYouDoNotSee");
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
	role: t("events.sentence.theRole"),
	apiKey: t("events.sentence.theKey"),
	webhook: t("common.theEndpoint"),
	invitation: t("events.sentence.theInvitationOf"),
	membership: t("events.sentence.theMembershipOf"),
	file: t("events.sentence.theFile"),
	portalLink: t("events.sentence.thePortalLink"),
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
			return to ? rich("events.sentence.movedTo", { name, to: <Strong>{to}</Strong> }) : rich("events.sentence.moved", { name });
		}
		return told.id ? rich("events.sentence.changedOf", { names: names(changes), name }) : t("events.sentence.changedAnOrganization");
	},
	"organization.created": ({ name }) => rich("events.sentence.made", { name }),
	"user.created": ({ name, place }) => rich("events.sentence.added", { name, place }),
	"user.updated": ({ changes, name }) => rich("events.sentence.changedOf", { names: names(changes), name }),
	"user.deleted": ({ name }) => rich("events.sentence.deleted", { name }),
	"membership.created": ({ name, place, told, included }) => {
		const roles = roleNames(told.relationships?.roles?.data, included);
		if (!roles || roles === "Member") return rich("events.sentence.madeAMember", { name, place });
		return rich("events.sentence.madeThem", { name, roles: <Strong>{roles}</Strong>, place });
	},
	"membership.updated": ({ name, place, changes, included }) => {
		const roles = roleNames(changes.roles?.after, included);
		return roles
			? rich("events.sentence.gaveThe", { name, count: howMany(changes.roles?.after), roles: <Strong>{roles}</Strong>, place })
			: rich("events.sentence.changedTheRolesOf", { name, place });
	},
	"membership.deleted": ({ name, place }) => rich("events.sentence.endedTheMembershipOf", { name, place }),
	"invitation.created": ({ name, place }) => rich("events.sentence.invited", { name, place }),
	"invitation.accepted": ({ name }) => rich("events.sentence.acceptedTheInvitationOf", { name }),
	"invitation.declined": ({ name }) => rich("events.sentence.declinedTheInvitationOf", { name }),
	"invitation.resent": ({ name }) => rich("events.sentence.sentTheInvitationOfAgain", { name }),
	"invitation.revoked": ({ name }) => rich("events.sentence.tookBackTheInvitationOf", { name }),
	"apiKey.created": ({ name, place }) => rich("events.sentence.madeTheKey", { name, place }),
	"apiKey.rotated": ({ name }) => rich("events.sentence.rotatedTheKey", { name }),
	"apiKey.deleted": ({ name }) => rich("events.sentence.revokedTheKey", { name }),
	"role.updated": ({ changes, name }) => rich("events.sentence.changedOfTheRole", { names: names(changes), name }),
	"webhook.updated": ({ changes, name }) => rich("events.sentence.changedOfTheEndpoint", { names: names(changes), name }),
	"webhook.test": ({ name }) => rich("events.sentence.sentATestTo", { name }),
	"session.created": () => t("events.sentence.signedIn"),
	"session.ended": () => t("events.sentence.signedOut"),
	"access.denied": ({ told, name, place }) => {
		const meta = told.meta ?? {};
		const word = String(meta.permission ?? "");
		const tried = attempt(String(meta.method ?? ""), String(meta.route ?? ""), name);
		const at = told.type !== "organizations" && place;
		if (word) return rich("events.sentence.itTakes", { attempt: tried, place: at, word: <Strong>{word}</Strong> });
		return rich("events.sentence.triedToAndWasRefused", { attempt: tried, place: at });
	},
};

const ones: Record<string, string> = {
	organizations: t("events.sentence.anOrganization"),
	users: t("events.sentence.aPerson"),
	memberships: t("events.sentence.aMember"),
	roles: t("common.aRole"),
	invitations: t("events.sentence.anInvitation"),
	apiKeys: t("events.sentence.aKey"),
	webhooks: t("events.sentence.anEndpoint"),
	files: t("events.sentence.aFile"),
	portalLinks: t("events.sentence.aPortalLink"),
};

/** Returns what a request was meant to do, by its method and path: "delete Globex", "make an invitation at Globex". */
function attempt(method: string, route: string, name: ReactNode): ReactNode {
	const [type = "", id, ...rest] = route.replace(/^\/public\/v2\/(management\/)?/, "").split("/");
	if (method === "POST" && !id && type in ones) {
		return rich("events.sentence.makeAt", { ones: ones[type], name });
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
			{type === "moves" ? t("events.sentence.move") : verb} {name}
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
	if (changed.length > 3) return <Strong>{t("events.sentence.countAttribute", { count: changed.length })}</Strong>;
	return <Strong>{all(changed)}</Strong>;
}

function where(event: RecordedEvent, included: Resource[] | undefined, here: string | undefined): ReactNode {
	const data = event.relationships?.organization?.data;
	if (!data || Array.isArray(data) || data.id === here) return null;
	const name = event.attributes.organizationName ?? nameIn(included, data.id);
	return name ? rich("events.sentence.at", { name: <Strong>{name}</Strong> }) : null;
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

/** Returns how many roles a list of their names has. */
function howMany(value: unknown): number {
	return Array.isArray(value) ? value.length : 1;
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
