// What the callers are tried on: one organization that all of them see, with one of everything that can be done something to, and new ones
// of the same as often as they are used up.

import { password, receiver, session, until } from "../program.mjs";

const type = "application/vnd.api+json";
const linked = (type, id) => ({ data: { type, id } });

/** Sends a request with a key, and returns the document that answers. */
async function send(base, key, method, path, body) {
	const response = await fetch(`${base}/public/v2/${path}`, {
		method,
		headers: { authorization: `Bearer ${key}`, "content-type": type, accept: type },
		body: body && JSON.stringify(body),
	});
	const text = await response.text();
	if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
	return text ? JSON.parse(text) : undefined;
}

/** Who is tried, beside portals. A keeper has a role of the organization's own, which has some words, a low rank, and sees no people. */
export const callers = [
	"management",
	"management that reads",
	"management that ends",
	"bound key",
	"organization's key",
	"owner",
	"admin",
	"manager",
	"keeper",
	"member",
	"viewer",
];

/** Makes the organization, whoever is a member of it, and the callers. */
export async function place(service) {
	const { base } = service;
	const key = await service.managementKey("The management");
	const owner = await session(base, service.people.owner.email);
	const member = await session(base, service.people.viewer.email);
	const { data: me } = await member("GET", "me");
	const seat = (await member("GET", `memberships?filter[userId]=${me.id}&include=roles`)).data[0];
	const home = (await owner("GET", `organizations/${seat.relationships.organization.data.id}`)).data;
	const above = home.relationships.parent.data.id;
	const builtIn = new Map((await owner("GET", "roles?filter[builtIn]=true")).data.map((r) => [r.attributes.key, r.id]));
	const dead = await receiver(503);
	let made = 0;
	const next = () => `${++made}`;

	const make = async (type, attributes, relationships = {}) =>
		(
			await owner("POST", type, {
				data: { type, attributes, relationships: { organization: linked("organizations", home.id), ...relationships } },
			})
		).data;
	const below = async (parent, name = `Throwaway ${next()}`) =>
		(
			await owner("POST", "organizations", {
				data: { type: "organizations", attributes: { name }, relationships: { parent: linked("organizations", parent) } },
			})
		).data.id;
	const role = async (name, permissions, rank) => (await make("roles", { key: `role-${next()}`, name, permissions, rank })).id;
	const invite = (email, role) => make("invitations", { email }, { roles: { data: [{ type: "roles", id: role }] } });
	const apiKey = (name, scopes, attributes = {}) => make("apiKeys", { kind: "organization", name, scopes, ...attributes });
	const endpoint = (name, attributes = {}) => make("webhooks", { name, url: dead.url, ...attributes });

	/** Returns the id of somebody who is a member with a role, by an invitation; they can sign in. */
	const join = async (email, lastName, role) => {
		const { attributes } = await invite(email, role);
		const token = new URL(attributes.url).hash.replace(/^#(token=)?/, "");
		const body = { meta: { token, password, firstName: "Member", lastName } };
		const accepted = await fetch(`${base}/public/v2/invitations/accept`, {
			method: "POST",
			headers: { "content-type": type, accept: type },
			body: JSON.stringify(body),
		});
		if (!accepted.ok) throw new Error(`accept: ${accepted.status} ${await accepted.text()}`);
		const user = (await accepted.json()).data.relationships.acceptedBy.data.id;
		const [membership] = (await owner("GET", `memberships?filter[userId]=${user}&filter[organizationId]=${home.id}`)).data;
		return { user, membership: membership.id };
	};

	const roles = {
		auditor: await role("Auditor", ["organizations:read"], 5),
		approver: await role("Approver", ["invoices:approve"], 5),
		keeper: await role(
			"Keeper",
			["organizations:read", "apiKeys:write", "webhooks:write", "events:read", "invitations:write", "roles:read", "memberships:read"],
			50,
		),
	};
	await join("keeper@example.com", "Keeper", roles.keeper);
	const low = await join("low@example.com", "Low", builtIn.get("viewer"));
	const high = await join("high@example.com", "High", builtIn.get("manager"));
	await invite("asked-viewer@example.com", builtIn.get("viewer"));
	await invite("asked-admin@example.com", builtIn.get("admin"));
	const reads = await apiKey("Reads", ["organizations:read"]);
	const all = await apiKey("Everything", ["*"]);
	for (const { id } of [reads, all]) await owner("POST", `apiKeys/${id}/rotate`, { meta: { overlap: 86_400 } });
	const endpoints = {
		here: await endpoint("Here"),
		below: await endpoint("Here and below", { subtree: true }),
		structure: await endpoint("Structure", { eventTypes: ["organization.*"] }),
	};
	await owner("POST", `webhooks/${endpoints.here.id}/rotate-secret`, { meta: { overlap: 86_400 } });
	await owner("PATCH", `organizations/${home.id}`, {
		data: { type: "organizations", id: home.id, attributes: { description: "What the callers are tried on" } },
	});
	const failed = async (id) =>
		until("a delivery has failed", async () => {
			const { data } = await owner("GET", `webhookDeliveries?filter[webhookId]=${id}&filter[eventType]=organization.updated`);
			return data.find((d) => d.attributes.attempts > 0)?.id;
		});
	const deliveries = {};
	for (const [name, { id }] of Object.entries(endpoints)) deliveries[name] = await failed(id);
	const target = await below(above, "Where it could go");
	await below(home.id, "Below it");
	const gone = async () => {
		const id = await below(home.id);
		await send(base, key, "DELETE", `management/organizations/${id}`);
		return id;
	};
	await gone();

	const days = (n) => new Date(Math.floor(Date.now() / 1000) * 1000 + n * 86_400_000).toISOString();
	const program = async (attributes, organization) =>
		(
			await send(base, key, "POST", "apiKeys", {
				data: {
					type: "apiKeys",
					attributes,
					...(organization ? { relationships: { organization: linked("organizations", organization) } } : {}),
				},
			})
		).data.attributes.key;
	const reading = ["organizations", "users", "memberships", "roles", "invitations", "apiKeys", "webhooks", "events"].map(
		(what) => `${what}:read`,
	);
	const signIns = {
		management: { key },
		"management that reads": { key: await program({ kind: "management", name: "Reader", scopes: reading }) },
		"management that ends": { key: await program({ kind: "management", name: "Ending", scopes: ["*"], expiresAt: days(7) }) },
		"bound key": { key: await program({ kind: "management", name: "Partner", scopes: ["*"] }, home.id) },
		"organization's key": { key: await program({ kind: "organization", name: "Program", scopes: ["*"] }, home.id) },
		owner: { email: service.people.owner.email },
		admin: { email: service.people.administrator.email },
		manager: { email: service.people.manager.email },
		keeper: { email: "keeper@example.com" },
		member: { email: service.people.member.email },
		viewer: { email: service.people.viewer.email },
	};

	/** Returns the URL of a portal link that permits some words. */
	const link = async (permissions) =>
		(
			await send(base, key, "POST", "portalLinks", {
				data: {
					type: "portalLinks",
					attributes: { name: "A portal", permissions },
					relationships: { organization: linked("organizations", home.id) },
				},
			})
		).data.attributes.url;

	return {
		home,
		above,
		target,
		roles,
		builtIn,
		low,
		high,
		reads: reads.id,
		all: all.id,
		endpoints,
		deliveries,
		deadUrl: dead.url,
		signIns,
		link,
		next,
		/**
		 * Returns who makes another one of everything, to be used up by one request. clear ends what those have left: of everything there is only
		 * so much room.
		 */
		maker() {
			const left = [];
			const kept = (type, { id }) => {
				left.push(`${type}/${id}`);
				return id;
			};
			return {
				fresh: {
					below: () => below(home.id),
					gone,
					role: (permissions, rank) => role("Throwaway", permissions, rank),
					invitation: async (role) => kept("invitations", await invite(`throwaway-${next()}@example.com`, role)),
					key: async (scopes) => kept("apiKeys", await apiKey("Throwaway", scopes, { expiresAt: days(400) })),
					endpoint: async (attributes) => kept("webhooks", await endpoint("Throwaway", attributes)),
					membership: async (role) => {
						const email = `throwaway-${next()}@example.com`;
						const attributes = { email, firstName: "Throwaway", lastName: "Person" };
						const user = (await send(base, key, "POST", "users", { data: { type: "users", attributes } })).data.id;
						const roles = { data: [{ type: "roles", id: role }] };
						const relationships = { user: linked("users", user), organization: linked("organizations", home.id), roles };
						return kept(
							"memberships",
							(await send(base, key, "POST", "memberships", { data: { type: "memberships", relationships } })).data,
						);
					},
				},
				kept,
				async clear() {
					for (const path of left.splice(0)) await owner("DELETE", path).catch(() => undefined); // mostly it is gone
				},
			};
		},
		close: () => dead.close(),
	};
}
