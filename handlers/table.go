package handlers

import (
	"context"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// resource is how one collection is served at one path.
type resource struct {
	*collection.Collection
	path string // below /public/v2
	// area is the part of the API that it belongs to where that is not its type, nil otherwise; prefix is what the names of its operations
	// begin with there.
	area   *openapi.Tag
	prefix string
	// reads, writes, creates and deletes are the permissions of its routes; the zero Permission of creates or deletes means that there is
	// no such route.
	reads, writes, creates, deletes auth.Permission

	// word stands in paths for the id of the one that a request comes with, "" for none.
	word string
	// alone: it is no part of atomic requests, whose answers have no cookies. private: its answers are kept nowhere. asks: an
	// Idempotency-Key of who creates one means nothing.
	alone, private, asks bool

	// prepare is work on what was sent that takes long and needs no transaction; slow is the attribute that it is about.
	prepare func(context.Context, *store.DB, *models.Change) error
	slow    string

	// options takes what the meta of a change, which stands at a pointer, says into it; nil where it says nothing.
	options func(meta map[string]any, at string, in *models.Change) error
	// optional says what that is. making says what a creation takes besides the resource.
	optional, making string

	create creation
	update change
	remove deletion
	// members holds the permission to change the members of a relationship at its URL, where it is not writes.
	members map[string]auth.Permission
}

// creation makes a resource of what was sent, change changes one, deletion deletes one. What they return is the model.
type (
	creation func(*request, *store.DB, *models.Change) (any, error)
	change   func(*request, *store.DB, string, *models.Change) (any, error)
	deletion func(*request, *store.DB, string, *models.Versions) error
)

// filler adds to models what a read of them shows, and no write returns.
type filler[T any] func(context.Context, *store.DB, ...T) error

// created is the creation by a function of models.
func created[T any](
	create func(context.Context, *store.DB, models.Caller, *models.Change) (T, error), fill ...filler[T],
) creation {
	return func(rq *request, db *store.DB, in *models.Change) (any, error) {
		item, err := create(rq.Context(), db, rq.Caller(), in)
		if err != nil {
			return nil, err
		}
		return item, filled(rq, db, item, fill)
	}
}

// changed is the change by a function of models.
func changed[T any](
	update func(context.Context, *store.DB, models.Caller, string, *models.Change) (T, error), fill ...filler[T],
) change {
	return func(rq *request, db *store.DB, id string, in *models.Change) (any, error) {
		item, err := update(rq.Context(), db, rq.Caller(), id, in)
		if err != nil {
			return nil, err
		}
		return item, filled(rq, db, item, fill)
	}
}

// deleted is the deletion by a function of models.
func deleted(remove func(context.Context, *store.DB, models.Caller, string, *models.Versions) error) deletion {
	return func(rq *request, db *store.DB, id string, versions *models.Versions) error {
		return remove(rq.Context(), db, rq.Caller(), id, versions)
	}
}

func filled[T any](rq *request, db *store.DB, item T, fill []filler[T]) error {
	for _, f := range fill {
		if err := f(rq.Context(), db, item); err != nil {
			return err
		}
	}
	return nil
}

// resources is the table of what is served. A new resource is a line here.
var resources = []*resource{
	{
		Collection: models.Organizations, path: "management/organizations", area: management, prefix: "Management",
		reads: auth.Read("organizations").Manage(), writes: auth.Write("organizations").Manage(),
		creates: auth.Write("organizations").Manage(), deletes: auth.Delete("organizations").Manage(),
		members: map[string]auth.Permission{"users": auth.Write("memberships").Manage()},
		options: readReplacements, optional: replacementsDoc,
		create: created(models.CreateOrganization),
		update: changed(models.UpdateOrganization),
		remove: deleted(models.DeleteOrganization),
	},
	{
		Collection: models.Organizations, path: "organizations",
		reads: auth.Read("organizations"), writes: auth.Write("organizations"),
		creates: auth.Write("organizations").Manage().OrUser(), deletes: auth.Delete("organizations").Manage().OrUser(),
		members: map[string]auth.Permission{"users": auth.Write("memberships")},
		options: readReplacements, optional: replacementsDoc,
		create: created(models.CreateOrganization),
		update: changed(models.UpdateOrganization),
		remove: deleted(models.DeleteOrganization),
	},
	{
		Collection: models.Users, path: "users",
		reads: auth.Read("users"), writes: auth.Write("users"), creates: auth.Write("users"), deletes: auth.Write("users"),
		prepare: models.HashPassword, slow: "password",
		create: created(models.CreateUser), update: changeUser, remove: deleted(models.DeleteUser),
	},
	{
		Collection: models.Memberships, path: "memberships",
		reads: auth.Read("memberships"), writes: auth.Write("memberships"),
		creates: auth.Write("memberships"), deletes: auth.Write("memberships"),
		create: created(models.CreateMembership), update: changed(models.UpdateMembership), remove: deleted(models.DeleteMembership),
	},
	{
		Collection: models.Roles, path: "roles",
		reads: auth.Read("roles"), writes: auth.Write("roles"), creates: auth.Write("roles"), deletes: auth.Write("roles"),
		create: created(models.CreateRole), update: changed(models.UpdateRole), remove: deleted(models.DeleteRole),
	},
	{
		Collection: models.Invitations, path: "invitations",
		reads: auth.Read("invitations"), writes: auth.Write("invitations"),
		creates: auth.Write("invitations"), deletes: auth.Write("invitations"),
		create: created(models.CreateInvitation, wholeLink), remove: deleted(models.DeleteInvitation),
	},
	{
		Collection: models.Sessions, path: "sessions", word: currentSession, alone: true, private: true, asks: true,
		reads: auth.Read("users").Owned(), writes: auth.Write("users").Owned(), creates: auth.Visitor(),
		deletes: auth.Write("users").Owned(),
		making: " Of the attributes it takes email and password, and totp of who has a second factor; or key. In place of all of them " +
			"meta.portalToken, the text behind the # of a portal link, opens that: the cookie of its session is __Host-roster-portal, " +
			"which counts only beside the header Roster-Session: portal, and then alone.",
		create: signIn, update: switchSignIn, remove: signOut(deleted(models.DeleteSession)),
	},
	{
		Collection: models.SignIns, path: "signIns", alone: true, private: true,
		reads: auth.Read("users").Owned(), writes: auth.Write("users").Owned(), deletes: auth.Write("users").Owned(),
		remove: signOut(deleted(models.DeleteSignIn)),
	},
	{
		Collection: models.APIKeys, path: "apiKeys",
		reads: auth.Read("apiKeys"), writes: auth.Write("apiKeys"), creates: auth.Write("apiKeys"), deletes: auth.Write("apiKeys"),
		create: created(models.CreateAPIKey, models.FillKeyIDs), update: changed(models.UpdateAPIKey, models.FillKeyIDs),
		remove: deleted(models.DeleteAPIKey),
	},
	{
		Collection: models.Files, path: "files",
		reads: auth.Read("organizations").OrElse(auth.Read("users")), deletes: auth.Write("organizations").OrElse(auth.Write("users")),
		remove: deleted(models.DeleteFile),
	},
	{
		Collection: models.Events, path: "events",
		reads: auth.Read("events"),
	},
	{
		Collection: models.Webhooks, path: "webhooks",
		reads: auth.Read("webhooks"), writes: auth.Write("webhooks"), creates: auth.Write("webhooks"), deletes: auth.Write("webhooks"),
		create: created(models.CreateWebhook, models.FillWebhookHealth, models.FillWebhookSecrets),
		update: changed(models.UpdateWebhook, models.FillWebhookHealth, models.FillWebhookSecrets),
		remove: deleted(models.DeleteWebhook),
	},
	{
		Collection: models.WebhookDeliveries, path: "webhookDeliveries",
		reads: readDeliveries,
	},
	{
		Collection: models.WebhookReplays, path: "webhookReplays",
		reads: readDeliveries, writes: sendDeliveries, creates: sendDeliveries,
		create: created(models.CreateWebhookReplay), update: changed(models.UpdateWebhookReplay),
	},
	{
		Collection: models.PortalLinks, path: "portalLinks",
		reads: auth.Read("webhooks").NotPortal(), writes: auth.Write("webhooks").NotPortal(),
		creates: auth.Write("webhooks").NotPortal(), deletes: auth.Write("webhooks").NotPortal(),
		making: " attributes.url has a value in this answer alone. The permissions must be those of the caller at the organization, too.",
		create: created(models.CreatePortalLink, wholePortalLink), remove: deleted(models.DeletePortalLink),
	},
}

// Who works with webhooks works with what was sent to them. A portal link can permit that alone.
var (
	readDeliveries = auth.Read("webhooks").OrPortal("webhookDeliveries:read")
	sendDeliveries = auth.Write("webhooks").OrPortal("webhookDeliveries:write")
)

var management = &openapi.Tag{Name: "management", Doc: "What only management keys may do."}

// tag returns the part of the API that the resource belongs to.
func (res *resource) tag() openapi.Tag {
	if res.area != nil {
		return *res.area
	}
	return openapi.Tag{Name: res.Schema.Type, Doc: res.Schema.Doc}
}

// variable returns what stands for the id of one in paths.
func (res *resource) variable() openapi.Variable {
	v := openapi.ResourceID
	if v.Word = res.word; v.Word != "" {
		v.Doc += " The word " + v.Word + " stands for that of the request's own."
	}
	return v
}

// resourceOf returns the resource that is served at a path.
func resourceOf(path string) *resource {
	for _, res := range resources {
		if res.path == path {
			return res
		}
	}
	return nil
}

// reading returns the permission to read resources of a type.
func reading(typ string) auth.Permission {
	for _, res := range resources {
		if res.Schema.Type == typ {
			return auth.Permission{
				Scope: res.reads.Scope, Or: res.reads.Or, Own: res.reads.Own, Portal: res.reads.Portal, NoPortal: res.reads.NoPortal,
			}
		}
	}
	return auth.Read(typ)
}
