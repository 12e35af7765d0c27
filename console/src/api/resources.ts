/* The attributes of what the console shows, by the names of the API. They are those of the OpenAPI document, which .ci/console compares. */

import type { components } from "./schema";
import type { Resource } from "./document";

type Schemas = components["schemas"];

export type OrganizationAttributes = Schemas["OrganizationAttributes"];
export type UserAttributes = Schemas["UserAttributes"];
export type MembershipAttributes = Schemas["MembershipAttributes"];
export type RoleAttributes = Schemas["RoleAttributes"];
export type InvitationAttributes = Schemas["InvitationAttributes"];
export type ApiKeyAttributes = Schemas["ApiKeyAttributes"];
export type WebhookAttributes = Schemas["WebhookAttributes"];
export type DeliveryAttributes = Schemas["WebhookDeliveryAttributes"];
export type AttemptAttributes = Schemas["AttemptAttributes"];
export type EventAttributes = Schemas["EventAttributes"];
export type SessionAttributes = Schemas["SessionAttributes"];
export type SignInAttributes = Schemas["SignInAttributes"];

export type Organization = Resource<OrganizationAttributes>;
export type User = Resource<UserAttributes>;
export type Membership = Resource<MembershipAttributes>;
export type Role = Resource<RoleAttributes>;
export type Invitation = Resource<InvitationAttributes>;
export type ApiKey = Resource<ApiKeyAttributes>;
export type Webhook = Resource<WebhookAttributes>;
export type Delivery = Resource<DeliveryAttributes>;
export type Attempt = Resource<AttemptAttributes>;
export type RecordedEvent = Resource<EventAttributes>;
