// Every action of every screen: where it stands, and what the API is asked when somebody takes it. What is asked is harmless, or is done to
// something that is made for it.

import { deflateSync, crc32 } from "node:zlib";

const resource = (type, attributes, relationships, id) => ({ data: { type, ...(id ? { id } : {}), attributes, relationships } });
const linked = (type, id) => ({ data: { type, id } });

/** Returns the least PNG that there is. */
function png() {
	const chunk = (name, data) => {
		const body = Buffer.concat([Buffer.from(name), data]);
		const length = Buffer.alloc(4);
		length.writeUInt32BE(data.length);
		const sum = Buffer.alloc(4);
		sum.writeUInt32BE(crc32(body));
		return Buffer.concat([length, body, sum]);
	};
	const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
	const parts = [
		Buffer.from("89504e470d0a1a0a", "hex"),
		chunk("IHDR", head),
		chunk("IDAT", deflateSync(Buffer.from([0, 0]))),
		chunk("IEND", Buffer.alloc(0)),
	];
	return Buffer.concat(parts).toString("base64");
}

const button = (name) => ({ role: "button", name });
const item = (menu, name) => ({ menu, name });

/** The actions on an endpoint, by what it is called here; attributes make another one like it. */
function endpointActions(which, attributes) {
	const fresh = (s) => s.fresh.endpoint(attributes);
	const of = (method, path, body) => async (s) => [method, `webhooks/${await fresh(s)}${path}`, body];
	const change = (set) => async (s) => {
		const id = await fresh(s);
		return ["PATCH", `webhooks/${id}`, resource("webhooks", set, undefined, id)];
	};
	const replay = async (s) => [
		"POST",
		"webhookReplays",
		resource(
			"webhookReplays",
			{ kind: "failed", since: new Date(Date.now() - 60_000).toISOString() },
			{ webhook: linked("webhooks", s.endpoints[which].id) },
		),
	];
	return {
		endpoint: {
			at: (s) => `/organizations/${s.home.id}/webhooks/${s.endpoints[which].id}`,
			actions: [
				{ control: button("Send a test"), ask: of("POST", "/test") },
				{ control: button("Pause"), ask: change({ status: "paused" }) },
				{ control: button("Change"), ask: change({ name: "Changed" }) },
				{ control: item("More actions", "Send again…"), ask: replay },
				{ control: item("More actions", "Rotate the secret…"), ask: of("POST", "/rotate-secret", { meta: { overlap: 0 } }) },
				{ control: item("More actions", "Delete…"), ask: of("DELETE", "") },
				{ control: button("Rotate"), ask: of("POST", "/rotate-secret", { meta: { overlap: 0 } }) },
				...(which === "here" ? [{ control: button("End the old one"), ask: of("POST", "/end-rotation") }] : []),
			],
		},
		delivery: {
			at: (s) => `/organizations/${s.home.id}/webhooks/${s.endpoints[which].id}/deliveries/${s.deliveries[which]}`,
			actions: [
				{ control: button("Send again"), ask: (s) => ["POST", `webhookDeliveries/${s.deliveries[which]}/redeliver`] },
				{ control: button("Send all failed again…"), ask: replay },
			],
		},
	};
}

const endpoints = {
	here: endpointActions("here", {}),
	below: endpointActions("below", { subtree: true }),
	structure: endpointActions("structure", { eventTypes: ["organization.*"] }),
};

function keyActions(name, scopes) {
	const row = `Actions for the key ${name}`;
	const of = (method, path, body) => async (s) => [method, `apiKeys/${await s.fresh.key(scopes)}${path}`, body];
	return [
		{ control: item(row, "Rotate…"), ask: of("POST", "/rotate", { meta: { overlap: 0 } }) },
		{ control: item(row, "End the old one…"), ask: of("POST", "/end-rotation") },
		{ control: item(row, "Revoke…"), ask: of("DELETE", "") },
	];
}

const keys = [...keyActions("Reads", ["organizations:read"]), ...keyActions("Everything", ["*"])];

function roleActions(name, permissions, rank) {
	const fresh = (s) => s.fresh.role(permissions, rank);
	return {
		at: (s) => `/organizations/${s.home.id}/roles?role=${s.roles[name]}`,
		actions: [
			{
				control: button("Change"),
				ask: async (s) => {
					const id = await fresh(s);
					return ["PATCH", `roles/${id}`, resource("roles", { description: "Changed" }, undefined, id)];
				},
			},
			{ control: button("Delete"), ask: async (s) => ["DELETE", `roles/${await fresh(s)}`] },
		],
	};
}

function personActions(name, role) {
	// Who sees no people has all of them without a name.
	const row = new RegExp(`^Actions for (Member ${name}|somebody you do not see)$`);
	return [
		{
			control: item(row, "Change roles"),
			ask: async (s) => [
				"PATCH",
				`memberships/${await s.fresh.membership(s.builtIn.get(role))}/relationships/roles`,
				{ data: [{ type: "roles", id: s.builtIn.get("viewer") }] },
			],
		},
		{
			control: item(row, "End the membership"),
			ask: async (s) => ["DELETE", `memberships/${await s.fresh.membership(s.builtIn.get(role))}`],
		},
	];
}

function invitationActions(email, role) {
	const row = `Actions for ${email}`;
	const fresh = (s) => s.fresh.invitation(s.builtIn.get(role));
	return [
		{ control: item(row, "Send again"), ask: async (s) => ["POST", `invitations/${await fresh(s)}/resend`] },
		{ control: item(row, "Take back"), ask: async (s) => ["DELETE", `invitations/${await fresh(s)}`] },
	];
}

const changed = (attributes) => (s) => ["PATCH", `{O}/${s.home.id}`, resource("organizations", attributes, undefined, s.home.id)];

const invite = (s) => [
	"POST",
	"invitations",
	resource(
		"invitations",
		{ email: `asked-${s.next()}@example.com` },
		{ organization: linked("organizations", s.home.id), roles: { data: [{ type: "roles", id: s.roles.auditor }] } },
	),
];
const makeBelow = (s) => [
	"POST",
	"{O}",
	resource("organizations", { name: `Made ${s.next()}` }, { parent: linked("organizations", s.home.id) }),
];
const lookAt =
	(type, query = "") =>
	() => ["GET", `${type}?page[size]=1${query}`];

/**
 * The screens. needs is the word without which a tab is not there and the page says what it takes. hides says that what somebody may not do
 * is left out, and why that is better here than a button that cannot be pressed.
 */
export const screens = {
	organization: {
		at: (s) => `/organizations/${s.home.id}`,
		actions: [
			{
				control: button("Move"),
				ask: (s) => [
					"POST",
					"moves",
					resource(
						"moves",
						{ preview: true },
						{ organization: linked("organizations", s.home.id), to: linked("organizations", s.target) },
					),
				],
			},
			{ control: button("Organization below"), ask: makeBelow },
			{ control: button("New organization"), ask: makeBelow },
			{ control: button("Invite"), ask: invite },
		],
	},
	people: {
		at: (s) => `/organizations/${s.home.id}/people`,
		needs: "memberships:read",
		actions: [...personActions("Low", "viewer"), ...personActions("High", "manager")],
	},
	roles: {
		at: (s) => `/organizations/${s.home.id}/roles`,
		needs: "roles:read",
		actions: [
			{
				control: button("New role"),
				ask: (s) => [
					"POST",
					"roles",
					resource(
						"roles",
						{ key: `made-${s.next()}`, name: "Made", permissions: ["organizations:read"], rank: 1 },
						{ organization: linked("organizations", s.home.id) },
					),
				],
			},
		],
	},
	"a role within one's own": { ...roleActions("auditor", ["organizations:read"], 5), needs: "roles:read" },
	"a role with a word of an application": { ...roleActions("approver", ["invoices:approve"], 5), needs: "roles:read" },
	invitations: {
		at: (s) => `/organizations/${s.home.id}/invitations`,
		needs: "invitations:read",
		actions: [...invitationActions("asked-viewer@example.com", "viewer"), ...invitationActions("asked-admin@example.com", "admin")],
	},
	keys: {
		at: (s) => `/organizations/${s.home.id}/keys`,
		needs: "apiKeys:read",
		actions: [
			{
				control: button("New key"),
				ask: (s) => [
					"POST",
					"apiKeys",
					resource(
						"apiKeys",
						{
							kind: "organization",
							name: "Made",
							scopes: ["organizations:read"],
							expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000).toISOString(),
						},
						{ organization: linked("organizations", s.home.id) },
					),
				],
			},
			...keys,
			{ control: button("Refresh…"), ask: (s) => ["POST", `management/refresh-token/${s.home.id}`] },
		],
	},
	webhooks: {
		at: (s) => `/organizations/${s.home.id}/webhooks`,
		needs: "webhooks:read",
		actions: [
			{
				control: button("New endpoint"),
				ask: (s) => [
					"POST",
					"webhooks",
					resource(
						"webhooks",
						{ url: s.deadUrl, eventTypes: ["organization.updated"] },
						{ organization: linked("organizations", s.home.id) },
					),
				],
			},
		],
	},
	...Object.fromEntries(
		Object.entries(endpoints).flatMap(([which, { endpoint, delivery }]) => [
			[`endpoint "${which}"`, { ...endpoint, needs: "webhooks:read" }],
			[`delivery to "${which}"`, { ...delivery, needs: "webhooks:read" }],
		]),
	),
	"events of the organization": {
		at: (s) => `/organizations/${s.home.id}/events`,
		needs: "events:read",
		actions: [],
	},
	settings: {
		at: (s) => `/organizations/${s.home.id}/settings`,
		actions: [
			{ control: { label: "Name" }, ask: (s) => changed({ name: `Changed ${s.next()}` })(s) },
			{ control: { label: "Slug" }, ask: async (s) => changed({ slug: `changed-${s.next()}` })(s) },
			{ control: { label: "Description" }, ask: (s) => changed({ description: `Changed ${s.next()}` })(s) },
			{ control: { label: "Valid to" }, ask: changed({ validTo: "2040-01-01T00:00:00+00:00" }) },
			{ control: { label: "Its own webhook" }, ask: (s) => changed({ webhookUrl: `${s.deadUrl}/${s.next()}` })(s) },
			{ control: { label: "Organizes events" }, ask: changed({ isEventProducer: true }) },
			{ control: { label: "Location of its people is tracked" }, ask: changed({ locationTracking: true }) },
			{ control: button(/^Choose /), ask: (s) => ["POST", `files?organizationId=${s.home.id}`, { png: png() }] },
			{ control: button("Delete…"), ask: async (s) => ["DELETE", `{O}/${await s.fresh.below()}`] },
		],
	},
	organizations: {
		at: () => "/organizations",
		actions: [
			{
				control: button("New organization"),
				ask: (s) => ["POST", "{O}", resource("organizations", { name: `Head ${s.next()}` })],
			},
		],
	},
	"what is deleted": {
		at: () => "/organizations?filter[deleted]=true",
		hides: "who may restore nothing sees nothing that is deleted",
		actions: [
			{
				control: button(/^Restore Throwaway/),
				ask: async (s) => {
					const id = await s.fresh.gone();
					return ["PATCH", `management/organizations/${id}`, resource("organizations", { deletedAt: null }, undefined, id)];
				},
			},
		],
	},
	"all people": { at: () => "/people", actions: [{ control: { menu: /^Export these/, name: "NDJSON" }, ask: lookAt("users") }] },
	deliveries: { at: () => "/deliveries", anywhere: "webhooks:read", actions: [] },
	"all events": { at: () => "/events", anywhere: "events:read", actions: [] },
	"all keys": { at: () => "/keys", anywhere: "apiKeys:read", actions: keys },
	profile: {
		at: () => "/account",
		people: true,
		actions: [
			{
				control: { label: "Phone" },
				ask: (s, me) => ["PATCH", `users/${me.id}`, resource("users", { phone: "+49 1" }, undefined, me.id)],
			},
		],
	},
	sessions: { at: () => "/account/sessions", people: true, actions: [] },
	"own keys": {
		at: () => "/account/keys",
		people: true,
		actions: [
			{
				control: button("New key of mine"),
				ask: () => ["POST", "apiKeys", resource("apiKeys", { kind: "user", name: "Own", scopes: ["organizations:read"] })],
			},
			{
				control: item("Actions for the key Own", "Rotate…"),
				ask: (s, me) => ["POST", `apiKeys/${me.ownKey}/rotate`, { meta: { overlap: 0 } }],
			},
		],
	},
};

/** What a portal link opens. */
export const portal = {
	endpoints: {
		at: (s) => `/organizations/${s.home.id}/webhooks`,
		needs: "webhooks:read",
		actions: screens.webhooks.actions,
	},
	...Object.fromEntries(
		Object.entries(endpoints).flatMap(([which, { endpoint, delivery }]) => [
			[`endpoint "${which}"`, endpoint],
			[`delivery to "${which}"`, delivery],
		]),
	),
};
