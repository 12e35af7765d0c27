package models

import (
	"roster/jsonapi"
	"roster/models/collection"
)

// The collections. They are tables of the program: built once, never changed.
var (
	Organizations = &collection.Collection{}
	Users         = &collection.Collection{}
	Memberships   = &collection.Collection{}
	Roles         = &collection.Collection{}
	Invitations   = &collection.Collection{}
	Sessions      = &collection.Collection{}
	SignIns       = &collection.Collection{}
	APIKeys       = &collection.Collection{}
	Files         = &collection.Collection{}
	Events        = &collection.Collection{}
	Webhooks      = &collection.Collection{}
	// WebhookDeliveries are events on their way to endpoints, WebhookReplays replays of them.
	WebhookDeliveries = &collection.Collection{}
	WebhookReplays    = &collection.Collection{}
	// PortalLinks open the webhooks of an organization to somebody without an account.
	PortalLinks = &collection.Collection{}
)

// collections lists every collection in the order of the documentation.
var collections = []*collection.Collection{
	Organizations, Users, Memberships, Roles, Invitations, Sessions, SignIns, APIKeys, Files, Events, Webhooks, WebhookDeliveries,
	WebhookReplays, PortalLinks,
}

// init fills the collections: what they declare refers to functions that refer to them. The schemas come first, because relationships
// point at each other.
func init() {
	defineOrganizations(Organizations)
	defineUsers(Users)
	defineMemberships(Memberships)
	defineRoles(Roles)
	defineInvitations(Invitations)
	defineSessions(Sessions)
	defineSignIns(SignIns)
	defineAPIKeys(APIKeys)
	defineFiles(Files)
	defineEvents(Events)
	defineWebhooks(Webhooks)
	defineWebhookDeliveries(WebhookDeliveries)
	defineWebhookReplays(WebhookReplays)
	definePortalLinks(PortalLinks)
	relateOrganizations(Organizations)
	relateUsers(Users)
	relateMemberships(Memberships)
	relateRoles(Roles)
	relateInvitations(Invitations)
	relateSessions(Sessions)
	relateSignIns(SignIns)
	relateAPIKeys(APIKeys)
	relateFiles(Files)
	relateEvents(Events)
	relateWebhooks(Webhooks)
	relateWebhookDeliveries(WebhookDeliveries)
	relateWebhookReplays(WebhookReplays)
	relatePortalLinks(PortalLinks)
	makeSearchable()
}

// Collections returns every collection in the order of the documentation.
func Collections() []*collection.Collection { return collections }

// CollectionOf returns the collection of a type, or nil.
func CollectionOf(typ string) *collection.Collection {
	for _, c := range collections {
		if c.Schema.Type == typ {
			return c
		}
	}
	return nil
}

// SchemaOf returns the schema of a type, or nil.
func SchemaOf(typ string) *jsonapi.Schema {
	if c := CollectionOf(typ); c != nil {
		return c.Schema
	}
	return nil
}
