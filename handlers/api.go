package handlers

import (
	"context"
	"net/http"

	"github.com/gorilla/mux"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
	"roster/server"
)

// API serves the native JSON:API below /public/v2.
type API struct {
	watch *models.EventWatch
	waits *waits
}

// NewAPI returns the API over a database.
func NewAPI(db *models.DB) *API {
	return &API{watch: models.NewEventWatch(db), waits: &waits{ofOne: map[string]int{}}}
}

// WatchEvents wakes requests that wait for events, until ctx ends: then they are answered at once. failed is told of what went wrong.
func (a *API) WatchEvents(ctx context.Context, failed func(error)) { a.watch.Run(ctx, failed) }

// route is one line of the route table: what is answered, to whom, and by what.
type route struct {
	method string
	path   string // below /public/v2
	needs  auth.Permission
	// query says which query parameters it takes.
	query jsonapi.Accepts
	// served is the resource that the path speaks of; nil for none.
	served *resource
	// decode reads the body into the request, for handle to find. It does what takes long and needs no database, because handle may run
	// within a transaction.
	decode func(*request) error
	handle func(*API, http.ResponseWriter, *request) error
	doc    string
	// related: the answer is about the target of the relationship in the path.
	related bool
	// ext names the extensions that a request must apply.
	ext []string
	// shows is the type of the answer where it is not that of served.
	shows *jsonapi.Schema
	// status is that of the answer where it is not what the method says.
	status int
}

// resource is how one collection is served at one path.
type resource struct {
	*models.Collection
	path string // below /public/v2
	// reads, writes, creates and deletes are the permissions of its routes; the zero Permission of creates or deletes means that there is
	// no such route.
	reads, writes, creates, deletes auth.Permission

	// prepare is work on what was sent that takes long and needs no database.
	prepare func(context.Context, *models.Change) error

	create func(*request, *models.DB, *models.Change) (any, error)
	update func(*request, *models.DB, string, *models.Change) (any, error)
	remove func(*request, *models.DB, string, *models.Versions) error
	// members holds the permission to change the members of a relationship at its URL, where it is not writes.
	members map[string]auth.Permission
}

// resources is the table of what is served. A new resource is a line here.
var resources = []*resource{
	{
		Collection: models.Organizations, path: "management/organizations",
		reads: auth.Read("organizations").Manage(), writes: auth.Write("organizations").Manage(),
		creates: auth.Write("organizations").Manage(), deletes: auth.Write("organizations").Manage(),
		members: map[string]auth.Permission{"users": auth.Write("memberships").Manage()},
		create:  createOrganization, update: updateOrganization, remove: deleteOrganization,
	},
	{
		Collection: models.Organizations, path: "organizations",
		reads: auth.Read("organizations"), writes: auth.Write("organizations"),
		creates: auth.Write("organizations").Manage(), deletes: auth.Write("organizations").Manage(),
		members: map[string]auth.Permission{"users": auth.Write("memberships")},
		create:  createOrganization, update: updateOrganization, remove: deleteOrganization,
	},
	{
		Collection: models.Users, path: "users",
		reads: auth.Read("users"), writes: auth.Write("users"), creates: auth.Write("users"), deletes: auth.Write("users"),
		prepare: models.HashPassword,
		create:  createUser, update: updateUser, remove: deleteUser,
	},
	{
		Collection: models.Memberships, path: "memberships",
		reads: auth.Read("memberships"), writes: auth.Write("memberships"), creates: auth.Write("memberships"), deletes: auth.Write("memberships"),
		create: createMembership, update: updateMembership, remove: deleteMembership,
	},
	{
		Collection: models.APIKeys, path: "apiKeys",
		reads: auth.Read("apiKeys"), writes: auth.Write("apiKeys"), creates: auth.Write("apiKeys"), deletes: auth.Write("apiKeys"),
		create: createAPIKey, update: updateAPIKey, remove: deleteAPIKey,
	},
	{
		Collection: models.Events, path: "events",
		reads: auth.Read("events"),
	},
	{
		Collection: models.Webhooks, path: "webhooks",
		reads: auth.Read("webhooks"), writes: auth.Write("webhooks"), creates: auth.Write("webhooks"), deletes: auth.Write("webhooks"),
		create: createWebhook, update: updateWebhook, remove: deleteWebhook,
	},
	{
		Collection: models.WebhookDeliveries, path: "webhookDeliveries",
		reads: auth.Read("webhooks"),
	},
	{
		Collection: models.WebhookJobs, path: "webhookReplays",
		reads: auth.Read("webhooks"), writes: auth.Write("webhooks"), creates: auth.Write("webhooks"),
		create: createReplay, update: updateReplay,
	},
}

// routes is the table of contents of the API: the routes that every resource has, and those that only one has.
func routes() []route {
	var table []route
	for _, res := range resources {
		table = append(table, res.routes()...)
	}
	return append(table,
		route{method: "POST", path: "management/refresh-token/{id}", needs: auth.All().Manage(), // which the token holds within the organization
			query: jsonapi.OneQuery, served: resources[0], handle: (*API).refreshToken,
			doc: "Replaces the token of an organization. The answer is the only one with the new token; the old one is dead at once. A token can do everything within its organization, so the credential must hold every scope, and the token ends when it does: meta.tokenExpiresAt."},
		route{method: "POST", path: "apiKeys/{id}/rotate", needs: auth.Write("apiKeys"), query: jsonapi.OneQuery, served: resourceOf("apiKeys"), handle: (*API).rotateAPIKey,
			doc: "Gives a key a new secret. The answer is the only one with it. Earlier secrets work for the overlap, in seconds, of meta.overlap; 86400 by default, at most 604800."},
		route{method: "POST", path: "webhooks/{id}/rotate-secret", needs: auth.Write("webhooks"), query: jsonapi.OneQuery, served: resourceOf("webhooks"), handle: (*API).rotateWebhookSecret,
			doc: "Gives an endpoint a new secret. The answer is the only one with it. Earlier secrets go on signing beside it for the overlap, in seconds, of meta.overlap; 86400 by default, at most 604800."},
		route{method: "POST", path: "webhooks/{id}/test", needs: auth.Write("webhooks"), query: jsonapi.OneQuery, served: resourceOf("webhookDeliveries"), handle: (*API).testWebhook, status: http.StatusAccepted,
			doc: "Sends a webhook.test to the endpoint and answers with its delivery; while one is pending, with that one."},
		route{method: "POST", path: "webhookDeliveries/{id}/redeliver", needs: auth.Write("webhooks"), query: jsonapi.OneQuery, served: resourceOf("webhookDeliveries"), handle: (*API).redeliver, status: http.StatusAccepted,
			doc: "Makes a delivery go out again, with a fresh schedule. One that is pending has its next attempt moved up."},
		route{method: "GET", path: "webhookDeliveries/{id}/attempts/{number}", needs: auth.Read("webhooks"), query: jsonapi.NoQuery, handle: (*API).readAttempt, shows: models.AttemptSchema,
			doc: "Reads one attempt at a delivery: the request as it was sent, and what came back. Both are kept for a while (7 days by default), the attempt for as long as the delivery."},
		route{method: "GET", path: eventTypesPath, needs: auth.Anyone(), query: jsonapi.NoQuery, handle: (*API).listEventTypes, shows: eventTypes,
			doc: "Lists every type of event with the JSON Schema (2020-12) of its body and an example."},
		route{method: "GET", path: eventTypesPath + "/{eventType}", needs: auth.Anyone(), query: jsonapi.NoQuery, handle: (*API).readEventType, shows: eventTypes,
			doc: "Reads one type of event."},
		route{method: "POST", path: operationsPath, needs: auth.Anyone(), query: jsonapi.NoQuery, decode: (*request).decodeOperations, handle: (*API).operate,
			doc: "Carries out up to 100 operations in order, all or none (Atomic Operations). Each needs the permission of the request that it stands for.", ext: []string{jsonapi.AtomicExt}},
	)
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
			return auth.Permission{Scope: res.reads.Scope}
		}
	}
	return auth.Read(typ)
}

// routes returns the routes of a resource.
func (res *resource) routes() []route {
	one := res.path + "/{id}"
	table := []route{
		{method: "GET", path: res.path, needs: res.reads, query: jsonapi.ListQuery, served: res, handle: (*API).list,
			doc: "Lists " + res.Schema.Type + "."},
		{method: "GET", path: one, needs: res.reads, query: jsonapi.OneQuery, served: res, handle: (*API).read,
			doc: "Reads one of " + res.Schema.Type + "."},
	}
	if res.create != nil {
		table = append(table, route{method: "POST", path: res.path, needs: res.creates, query: jsonapi.OneQuery, served: res, decode: (*request).decodeCreation, handle: (*API).create,
			doc: "Creates one of " + res.Schema.Type + "."})
	}
	if res.update != nil {
		table = append(table, route{method: "PATCH", path: one, needs: res.writes, query: jsonapi.OneQuery, served: res, handle: (*API).update,
			doc: "Changes the members that are sent; the others stay."})
	}
	if res.remove != nil {
		table = append(table, route{method: "DELETE", path: one, needs: res.deletes, query: jsonapi.NoQuery, served: res, handle: (*API).remove,
			doc: "Deletes one of " + res.Schema.Type + "."})
	}
	return append(table, res.relationshipRoutes()...)
}

// Door returns the front door of the API.
func (a *API) Door() *server.Door {
	d := &server.Door{
		Paths: []string{models.Root, docsPath}, Credential: auth.Credential,
		HowToPresent: "Send a valid key as Authorization: Bearer <key>.",
		Refusal:      refusal, Told: toldOf,
	}
	for _, rt := range routes() {
		d.Routes = append(d.Routes, server.Route{
			Method: rt.method, Path: models.Root + rt.path, Needs: rt.needs,
			NeedsOf: func(r *http.Request) auth.Permission { return rt.permission(mux.Vars(r)["relationship"]) },
			Take: func(w http.ResponseWriter, rq *server.Request) (server.Serve, error) {
				return a.take(&rt, w, rq)
			},
		})
	}
	d.Routes = append(d.Routes, docsRoutes()...)
	return d
}
