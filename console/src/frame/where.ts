/* Where what was found is shown, and which types are looked for. */

import { idOf } from "../api/document";
import type { IconName } from "../parts/icons";
import type { Found } from "./find";
import { recognize } from "./recognize";

/** What has a name, an address or a number. */
const named = "organizations,users,webhooks,apiKeys,roles,events";

/** What has nothing but an id. */
const unnamed = "webhookDeliveries,memberships,invitations,webhookReplays,portalLinks";

/** What stands beside what was found; organizations have the mark of their kind. */
export const icons: Record<string, IconName> = {
	users: "people",
	webhooks: "send",
	apiKeys: "key",
	roles: "role",
	events: "clock",
	webhookDeliveries: "send",
	webhookReplays: "send",
	memberships: "people",
	invitations: "people",
	portalLinks: "out",
};

/** Returns the types that a text is looked for in: an id is one of anything. */
export function typesFor(text: string): string {
	return recognize(text).kind === "id" ? `${named},${unnamed}` : named;
}

/** Returns the page that shows something; undefined for what belongs to no organization, as roles that are built in. */
export function whereIs(f: Found): string | undefined {
	switch (f.type) {
		case "organizations":
			return `/organizations/${f.id}`;
		case "users":
			return `/people/${f.id}`;
		case "events":
			return `/events/${f.id}`;
		case "apiKeys":
			return `/keys?filter[keyId]=${encodeURIComponent(String(f.is.attributes.keyId))}`;
		case "memberships":
			return idOf(f.is, "user") && `/people/${idOf(f.is, "user")}`;
	}
	const at = `/organizations/${idOf(f.is, "organization")}`;
	const endpoint = idOf(f.is, "webhook");
	if (!idOf(f.is, "organization")) return undefined;
	switch (f.type) {
		case "webhooks":
			return `${at}/webhooks/${f.id}`;
		case "webhookDeliveries":
			return `${at}/webhooks/${endpoint}/deliveries/${f.id}`;
		case "webhookReplays":
			return endpoint && `${at}/webhooks/${endpoint}`;
		case "roles":
			return `${at}/roles?role=${f.id}`;
		case "invitations":
			return `${at}/invitations${f.is.attributes.state === "pending" ? "" : `?filter[state]=${f.is.attributes.state}`}`;
		default:
			return `${at}/webhooks`;
	}
}
