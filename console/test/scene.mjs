// What the demo has not: endpoints, one well and one that fails, with deliveries of a change, and a key of the organization.

import { receiver, session, until } from "./program.mjs";

/** Makes the scene at the organization of the administrator and returns the ids that the tests go to. */
export async function scene(service) {
	const owner = await session(service.base, service.people.owner.email);
	const organizations = (await owner("GET", "organizations?sort=name&include=parent&page[size]=100")).data;
	const home = organizations.find((o) => o.attributes.name === service.people.administrator.at);
	const head = organizations.find((o) => o.attributes.name === service.people.owner.at);
	const below = organizations.find((o) => o.relationships.parent.data?.id === home.id);
	const well = await receiver(200, '{"ok":true}');
	const bad = await receiver(503, '{"error":"upstream database is restarting","retry":true}');
	const link = { organization: { data: { type: "organizations", id: home.id } } };
	const endpoint = async (name, url) =>
		(await owner("POST", "webhooks", { data: { type: "webhooks", attributes: { name, url, subtree: true }, relationships: link } }))
			.data.id;
	const audit = await endpoint("Audit", well.url);
	const billing = await endpoint("Billing sync", bad.url);
	await owner("POST", "apiKeys", {
		data: {
			type: "apiKeys",
			relationships: link,
			attributes: {
				kind: "organization",
				name: "Warehouse import",
				scopes: ["organizations:read", "users:read", "users:write"],
				expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 + 6 * 86_400_000).toISOString(),
			},
		},
	});
	await owner("POST", "invitations", {
		data: { type: "invitations", attributes: { email: "t.okafor@example.com" }, relationships: link },
	});
	const change = await owner("PATCH", `organizations/${home.id}`, {
		data: { type: "organizations", id: home.id, attributes: { description: "Harbour depot and its fitters", locationTracking: true } },
	});
	const delivery = await until("a delivery to Billing sync has failed", async () => {
		const { data } = await owner("GET", `webhookDeliveries?filter[webhookId]=${billing}&filter[eventType]=organization.updated`);
		return data.find((d) => d.attributes.attempts > 0);
	});
	await until("a delivery to Audit came", async () => well.state.got > 0);
	return {
		owner,
		head,
		home,
		below,
		audit,
		billing,
		delivery: delivery.id,
		requestId: change.requestId,
		well,
		bad,
		async close() {
			await well.close();
			await bad.close();
		},
	};
}

/** The screens that are looked at, by name. */
export function screens(s) {
	const home = `/organizations/${s.home.id}`;
	return {
		organization: home,
		people: `${home}/people`,
		roles: `${home}/roles`,
		invitations: `${home}/invitations`,
		keys: `${home}/keys`,
		webhooks: `${home}/webhooks`,
		endpoint: `${home}/webhooks/${s.billing}`,
		delivery: `${home}/webhooks/${s.billing}/deliveries/${s.delivery}`,
		"organization-events": `${home}/events`,
		settings: `${home}/settings`,
		organizations: "/organizations",
		"all-people": "/people",
		deliveries: "/deliveries",
		events: "/events",
		"all-keys": "/keys",
		account: "/account",
		sessions: "/account/sessions",
		preferences: "/account/preferences",
		missing: "/nowhere",
	};
}
