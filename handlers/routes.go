package handlers

import (
	"net/http"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/server"
	"roster/webhooks/queue"
)

// route is one line of the route table: what is answered, to whom, and by what.
type route struct {
	method string
	path   string // below /public/v2
	// form is what kind of route it is, from which the description of the API has what it takes and answers.
	form  openapi.Form
	needs auth.Permission
	// query says which query parameters it takes.
	query jsonapi.Accepts
	// target is the resource that {id} in the path is an id of; nil for none.
	target *resource
	// served is the resource that the answer shows, and that the query speaks of; nil for none. speaks is what the query speaks of instead.
	served *resource
	speaks *jsonapi.Schema
	// decode reads the body into the request, for handle to find. It does what takes long and needs no transaction, because handle may run
	// within one.
	decode func(*request) error
	handle func(*API, http.ResponseWriter, *request) error
	// takes has the members of meta that are sent, where that is all; nil for other routes.
	takes *jsonapi.Schema
	// asks: it can be sent again as it is, so an Idempotency-Key means nothing to it.
	asks bool
	// limit is how many bytes the body can have, of a route that takes bytes and no document; 0 for one that takes documents, of the size
	// that is set for all of them.
	limit int64
	// take reads a request that has neither a caller nor a document, in place of the steps that others have in common.
	take func(*API, http.ResponseWriter, *server.Request) (server.Serve, error)
	// ext names the extensions that a request must apply.
	ext []string
	// status is that of a success where it is not what the form says.
	status int

	// What follows is told in the description of the API.

	doc string
	// name is that of the operation where its form and the type that it shows do not make it; prefix is what the made name has before the
	// type.
	name, prefix string
	// tag is the part of the API that the route belongs to.
	tag openapi.Tag
	// shows is the type of the answer where it is not that of served.
	shows *jsonapi.Schema
	// variables are those of the path, in order; without any that of target.
	variables []openapi.Variable
}

// draws reports whether it draws the number of what it makes of a document, before the transaction.
func (rt *route) draws() bool {
	return rt.form == openapi.Create && rt.limit == 0 && rt.served.Number != ""
}

// success returns the status of the answer of an action.
func (rt *route) success() int {
	if rt.status != 0 {
		return rt.status
	}
	return http.StatusOK
}

// targetType returns the type of the resource that {id} in the path is an id of, "" for none.
func (rt *route) targetType() string {
	if rt.target == nil {
		return ""
	}
	return rt.target.Schema.Type
}

// related reports whether the answer is about the target of the relationship in the path.
func (rt *route) related() bool { return rt.form == openapi.Related }

// lists reports whether the answer is a list of stored resources. rel is the relationship in the path, or nil.
func (rt *route) lists(rel *jsonapi.Relationship) bool {
	accepts, _ := rt.accepts(rel)
	return rt.method == http.MethodGet && rt.served != nil && accepts.Page && (rel == nil || rt.related())
}

// relates reports whether the path has a relationship in it.
func (rt *route) relates() bool { return rt.form == openapi.Related || rt.form == openapi.Linkage }

// routes is the table of contents of the API: the routes that every resource has, and those that only one has.
func routes() []route {
	var table []route
	for _, res := range resources {
		table = append(table, res.routes()...)
	}
	table = append(table, actions()...)
	table = append(table, linkRoutes()...)
	table = append(table, sessionRoutes()...)
	table = append(table, secondFactorRoutes()...)
	table = append(table, fileRoutes()...)
	table = append(table, searchRoute())
	table = append(table, permissionRoutes()...)
	table = append(table, seriesRoutes()...)
	table = append(table, moveRoute())
	return append(table,
		signInMethodsRoute(),
		route{
			method: "GET", path: "webhookDeliveries/{id}/attempts/{number}", form: openapi.Read, prefix: "WebhookDelivery",
			needs: readDeliveries, query: jsonapi.NoQuery,
			target: resourceOf("webhookDeliveries"), tag: resourceOf("webhookDeliveries").tag(), shows: models.AttemptSchema,
			variables: []openapi.Variable{openapi.ResourceID, {Name: "number", Doc: "The number of it, from 1.", Number: true}},
			handle:    (*API).readAttempt,
			doc: "Reads one attempt at a delivery: the request as it was sent, and what came back. Both are kept for a while (7 days by " +
				"default), the attempt for as long as the delivery.",
		},
		route{
			method: "GET", path: eventTypesPath, form: openapi.List, needs: auth.Anyone(), query: jsonapi.NoQuery,
			tag: eventTypesTag, shows: eventTypes, handle: (*API).listEventTypes,
			doc: "Lists every type of event with the JSON Schema (2020-12) of its body and an example.",
		},
		route{
			method: "GET", path: eventTypesPath + "/{eventType}", form: openapi.Read, needs: auth.Anyone(), query: jsonapi.NoQuery,
			tag: eventTypesTag, shows: eventTypes,
			variables: []openapi.Variable{{Name: "eventType", Doc: openapi.ResourceID.Doc, Of: eventTypes}},
			handle:    (*API).readEventType,
			doc:       "Reads one type of event.",
		},
		route{
			method: "GET", path: mePath, form: openapi.ReadAny, name: "whoAmI", needs: auth.Anyone(),
			query: jsonapi.Accepts{Select: true, Fields: true}, speaks: meQuery, tag: meTag, handle: (*API).whoAmI,
			doc: "Reads who the caller is: the user for a credential of one, the organization for its token, the link for what a portal " +
				"link has opened, otherwise the key. To a " +
				"user meta.secondFactor tells whether they have a second factor, and meta.createsHeads whether they may create an " +
				"organization without a parent. With " +
				"filter[organizationId] meta.permissions tells the words that the caller holds at those organizations; none where it " +
				"sees none.",
		},
		route{
			method: "POST", path: authorizePath, form: openapi.Ask, name: "authorize", needs: auth.Anyone(), query: jsonapi.NoQuery,
			tag: authorizeTag, shows: checks, handle: (*API).authorize,
			doc: "Answers whether a user may do something at an organization, by their roles of this moment, for up to 100 at once, in " +
				"order. " +
				"Without a user it is about the caller itself; about others it needs the scope memberships:read. What is unknown, or " +
				"out of " +
				"the caller's sight, is not allowed.",
		},
		route{
			method: "POST", path: operationsPath, form: openapi.Operate, name: "operate", needs: auth.Anyone(), query: jsonapi.NoQuery,
			tag:    openapi.Tag{Name: operationsPath, Doc: "Several changes at once, all or none: the Atomic Operations extension."},
			decode: (*request).decodeOperations, handle: (*API).operate, ext: []string{jsonapi.AtomicExt},
			doc: "Carries out up to 100 operations in order, all or none (Atomic Operations). Each needs the permission of the request " +
				"that it stands for.",
		},
	)
}

// actions are the routes of what is done to one resource beside changing it.
func actions() []route {
	organizations, keys, endpoints := resourceOf("management/organizations"), resourceOf("apiKeys"), resourceOf("webhooks")
	deliveries, invitations := resourceOf("webhookDeliveries"), resourceOf("invitations")
	table := []route{
		{
			path: "management/refresh-token/{id}", name: "refreshToken", target: organizations, served: organizations,
			needs:  auth.All().Manage(), // which the token holds within the organization
			handle: done(models.RefreshToken),
			doc: "Replaces the token of an organization. The answer is the only one with the new token; the old one is dead at once. A " +
				"token can do everything within its organization, so the credential must hold every scope, and the token ends when it " +
				"does: meta.tokenExpiresAt.",
		},
		{
			path: "apiKeys/{id}/rotate", name: "rotateApiKey", target: keys, served: keys, needs: auth.Write("apiKeys"),
			handle: rotated(models.RotateAPIKey, models.FillKeyIDs),
			doc: "Gives a key a new secret. The answer is the only one with it. Earlier secrets work for the overlap, in seconds, of " +
				"meta.overlap; 86400 by default, at most 604800.",
		},
		{
			path: "apiKeys/{id}/end-rotation", name: "endApiKeyRotation", target: keys, served: keys, needs: auth.Write("apiKeys"),
			handle: done(models.EndAPIKeyRotation, models.FillKeyIDs),
			doc: "Ends the overlap of a rotation: earlier secrets of the key are dead at once, on every replica. Where none is left " +
				"nothing happens.",
		},
		{
			path: "invitations/{id}/resend", name: "resendInvitation", target: invitations, served: invitations,
			needs: auth.Write("invitations"), handle: done(models.ResendInvitation, wholeLink),
			doc: "Sends an open or expired invitation again, with a new link; the old one is dead at once. It can be accepted for at " +
				"least seven more days. The caller must be one who may give its roles.",
		},
		{
			path: "webhooks/{id}/rotate-secret", name: "rotateWebhookSecret", target: endpoints, served: endpoints,
			needs:  auth.Write("webhooks"),
			handle: rotated(models.RotateWebhookSecret, models.FillWebhookHealth, models.FillWebhookSecrets),
			doc: "Gives an endpoint a new secret. The answer is the only one with it. Earlier secrets go on signing beside it for the " +
				"overlap, in seconds, of meta.overlap; 86400 by default, at most 604800.",
		},
		{
			path: "webhooks/{id}/end-rotation", name: "endWebhookRotation", target: endpoints, served: endpoints,
			needs:  auth.Write("webhooks"),
			handle: done(models.EndWebhookRotation, models.FillWebhookHealth, models.FillWebhookSecrets),
			doc: "Ends the overlap of a rotation: only the newest secret of the endpoint signs. Where none is under way nothing " +
				"happens.",
		},
		{
			path: "webhooks/{id}/test", name: "testWebhook", target: endpoints, served: deliveries, status: http.StatusAccepted,
			needs: auth.Write("webhooks"), handle: (*API).testWebhook,
			doc: "Sends a test to the endpoint and answers with its delivery: a webhook.test, or an example of the type of event that " +
				"meta.eventType names, with test in its body and the sequence 0. While one of the same type is pending, it answers " +
				"with that.",
		},
		{
			path: "webhookDeliveries/{id}/redeliver", name: "redeliverWebhookDelivery", target: deliveries, served: deliveries,
			status: http.StatusAccepted, needs: sendDeliveries, handle: done(queue.Redeliver, models.FillEndpointStatus),
			doc: "Makes a delivery go out again, with a fresh schedule. One that is pending has its next attempt moved up.",
		},
	}
	for i := range table {
		rt := &table[i]
		rt.method, rt.form, rt.query, rt.tag = http.MethodPost, openapi.Act, jsonapi.OneQuery, rt.target.tag()
	}
	return table
}

// routes returns the routes of a resource.
func (res *resource) routes() []route {
	one, typ := res.path+"/{id}", res.Schema.Type
	table := []route{
		{
			method: "GET", path: res.path, form: openapi.List, needs: res.reads, query: jsonapi.ListQuery, served: res,
			handle: (*API).list, doc: "Lists " + typ + ".",
		},
		{
			method: "GET", path: one, form: openapi.Read, needs: res.reads, query: jsonapi.OneQuery, target: res, served: res,
			handle: (*API).read, doc: "Reads one of " + typ + ".",
		},
	}
	if res.create != nil {
		table = append(table, route{
			method: "POST", path: res.path, form: openapi.Create, needs: res.creates, query: jsonapi.OneQuery, served: res,
			asks: res.asks, decode: (*request).decodeCreation, handle: (*API).create, doc: "Creates one of " + typ + "." + res.making,
		})
	}
	if res.update != nil {
		table = append(table, route{
			method: "PATCH", path: one, form: openapi.Update, needs: res.writes, query: jsonapi.OneQuery, target: res, served: res,
			handle: (*API).update, doc: "Changes the members that are sent; the others stay." + res.optional,
		})
	}
	if res.remove != nil {
		table = append(table, route{
			method: "DELETE", path: one, form: openapi.Delete, needs: res.deletes, query: jsonapi.NoQuery, target: res, served: res,
			handle: (*API).remove, doc: "Deletes one of " + typ + ".",
		})
	}
	table = append(table, res.relationshipRoutes()...)
	for i := range table {
		table[i].tag, table[i].prefix = res.tag(), res.prefix
	}
	return table
}

// relationshipRoutes returns the routes of related resources and of relationships. Each relationship of the resource has the readable
// ones; what cannot be changed answers 403, as the specification wants (§ Updating Relationships).
func (res *resource) relationshipRoutes() []route {
	if len(res.Schema.Relationships) == 0 {
		return nil
	}
	self := res.path + "/{id}/relationships/" + relationshipVariable
	table := []route{
		{
			method: "GET", path: self, form: openapi.Linkage, needs: res.reads, query: jsonapi.LinkageQuery,
			handle: (*API).relationship, doc: "Reads the linkage of a relationship.",
		},
		{
			method: "GET", path: res.path + "/{id}/" + relationshipVariable, form: openapi.Related, needs: res.reads,
			query:  jsonapi.ListQuery,
			handle: (*API).related, doc: "Reads what a relationship leads to.",
		},
	}
	writes := res.changing()
	table = append(table,
		route{method: "PATCH", path: self, form: openapi.Linkage, needs: writes, query: jsonapi.NoQuery, handle: (*API).replaceRelationship,
			doc: "Replaces the linkage of a relationship."},
		route{method: "POST", path: self, form: openapi.Linkage, needs: writes, query: jsonapi.NoQuery, handle: (*API).addToRelationship,
			doc: "Adds members to a to-many relationship; members that are there stay."},
		route{method: "DELETE", path: self, form: openapi.Linkage, needs: writes, query: jsonapi.NoQuery,
			handle: (*API).removeFromRelationship,
			doc:    "Removes members from a to-many relationship; members that are not there are no error."},
	)
	for i := range table {
		table[i].target, table[i].served = res, res
	}
	return table
}

// relationshipVariable is what stands for the name of a relationship in a path.
const relationshipVariable = "{relationship}"
