package openapi

import (
	"encoding/json"
	"fmt"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
)

// Version is the version of the API that the document describes.
const Version = "2.0.0"

// Form is what kind of route one is. The rest of its description follows from that and from the type that it shows.
type Form int

// The forms of routes. Act is for what is done to one resource, Operate for the Atomic Operations, ReadAny for one resource of whatever
// type, Ask for resources that are answered and not kept, Redeem for what somebody does who has the token of a link, and Apply for what is
// taken whatever becomes of it. Perform takes a resource that is not kept, does what it says, and answers with what it came to. Upload
// makes a file of the bytes of a body, Content answers with those of one. Find answers with resources of several types.
const (
	List Form = iota + 1
	Read
	Create
	Update
	Delete
	Act
	Related
	Linkage
	Operate
	ReadAny
	Ask
	Redeem
	Apply
	Perform
	Upload
	Content
	Find
)

// Route is one line of the route table.
type Route struct {
	Method string
	// Path is the whole path. It has the Variables.
	Path      string
	Variables []Variable
	Form      Form
	// Takes has the members of meta that are sent, for Redeem; nil for other forms.
	Takes *jsonapi.Schema
	// Name is that of the operation, for Act and Operate. Other forms make it of the type that they show; Prefix comes before that type.
	Name, Prefix string
	// Tag is the part of the API that the route is listed under.
	Tag   Tag
	Doc   string
	Needs auth.Permission
	Query jsonapi.Accepts
	// Schema is the type that the query speaks of, nil for none. Shows is the type of the answer, unless a relationship says it.
	Schema, Shows *jsonapi.Schema
	// Status is that of the answer where it is not what the form says, otherwise 0.
	Status int
	// Relationship is the one in the path of Related and Linkage; Owner is the type that has it.
	Relationship *jsonapi.Relationship
	Owner        *jsonapi.Schema
	// Guarded: the request may name the version of the resource in the path that it is meant for.
	Guarded bool
	// Asks: it can be sent again as it is.
	Asks bool
	// Waits: the request can prefer to wait for what comes next.
	Waits bool
	// Ext names the extensions that a request applies.
	Ext []string
}

// Variable is one of a path: the id of a resource of the type Of, a number, or, with neither, an id that the service made.
type Variable struct {
	Name, Doc string
	Of        *jsonapi.Schema
	Number    bool
	// Word may stand for such an id, "" for none.
	Word string
}

// ResourceID is the variable of a path that most have.
var ResourceID = Variable{Name: "id", Doc: "The id of the resource, as its document has it."}

// Examples are documents that were really sent and answered, by the names of the components that they are examples of.
type Examples struct {
	Requests  map[string]json.RawMessage `json:"requests"`
	Responses map[string]json.RawMessage `json:"responses"`
	// Errors are error documents by code.
	Errors map[string]json.RawMessage `json:"errors"`
}

// Document returns the OpenAPI document of those routes, as JSON. types are all resource types, in the order of the documentation, and
// events all types of event. self is the path that the document itself is served at. The same arguments give the same bytes.
func Document(self string, routes []Route, types []*jsonapi.Schema, events []Event, examples Examples) ([]byte, error) {
	g := &generator{
		routes: routes, types: types, examples: examples, media: jsonapi.MediaType, components: &components{},
		done: map[string]bool{}, byCursor: map[string]bool{}, exports: map[string]bool{}, seen: map[string]bool{},
		plain: map[string]bool{}, waits: map[string]bool{},
	}
	if len(types) > 0 {
		g.exampleID = types[0].Example
	}
	g.headers()
	g.requestHeaders()
	g.securitySchemes()
	g.common()
	g.errors()
	g.response("NotModified", "The client has this version already.", []string{"ETag", "Preference-Applied"}, nil)
	g.response("NoContent", "Done; there is nothing to say.", []string{"Set-Cookie"}, nil)
	for i := range routes {
		if err := g.route(&routes[i]); err != nil {
			return nil, err
		}
	}
	g.itself(self)
	webhooks := g.webhooks(events)
	out, err := json.Marshal(document{
		OpenAPI: "3.1.1",
		Info: info{
			Title: "Roster", Version: Version, Summary: "Organizations, the people in them and what they may do.",
			Description: introduction,
			License:     map[string]string{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			Contact:     map[string]string{"name": "The operator of this service"},
		},
		Servers:    []server{{"/", "The service that this document comes from."}},
		Tags:       g.tags,
		Security:   g.anyCredential(),
		Paths:      g.paths,
		Webhooks:   webhooks,
		Components: g.components,
	})
	if err != nil {
		return nil, fmt.Errorf("encode OpenAPI document: %w", err)
	}
	return append(out, '\n'), nil
}

var introduction = "A [JSON:API 1.1](https://jsonapi.org/format/1.1/) service.\n\n" +
	"**Credentials** go into one header: `Authorization: Bearer <key>`, `Authorization: <key>`, `X-API-Key` or `API_KEY`, never into " +
	"the URL. Each operation says which scope it needs. What a caller may not see is answered like what is not there, with 404; what it " +
	"sees and may not change with 403.\n\n" +
	"**Paths** answer with and without a trailing slash, without redirects; to HEAD as to GET, without the body. Parameters are named " +
	"as they are written in a URL: `filter[name][prefix]=A`; brackets may be percent-encoded. Unknown parameters are refused. At most " +
	"20 filters are combined, all of which must hold.\n\n" +
	"**Bodies** are sent as `application/vnd.api+json`. All problems of a request are answered at once, each with a stable `code` that " +
	"[a page](/docs/errors) explains.\n\n" +
	"**Every request** may have an `X-Request-Id` for logs, events and answers: up to 128 letters, digits, dots, hyphens and " +
	"underscores. Any other is replaced.\n\n" +
	"**Every answer** has, besides the headers listed with it, `X-Request-Id`, what is left of the caller's budget " +
	"(`X-RateLimit-Limit`, `X-RateLimit-Remaining`, and `X-RateLimit-Reset` in seconds), `Vary`, `Cache-Control`, " +
	"`X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy`, `X-Robots-Tag`, `Tdm-Reservation` and, over TLS, " +
	"`Strict-Transport-Security`.\n\n" +
	"**Conditions.** Answers to GET have an `ETag`. With it in `If-None-Match` the answer is 304 while nothing has changed; in " +
	"`If-Match` it is 412 once something has.\n\n" +
	"**Filters** name a field, `filter[name]=A`, or a field and an operator, `filter[name][prefix]=A`. " + jsonapi.Operators() + "\n\n" +
	"**Included** are resources at the ends of relationships, or of paths of up to three names joined by dots; up to 2000 come along, " +
	"and the linkage of a relationship that has more has a `next` link of its own. An empty value asks for none.\n\n" +
	"**Webhooks** are signed (Standard Webhooks). `webhook-id` is the same at every attempt; `webhook-timestamp` is when this one was " +
	"made, in seconds since 1970; `webhook-signature` has one signature or, during a rotation, several.\n\n" +
	"**Sparse fieldsets.** A resource has every attribute and relationship listed here unless `fields[…]` left it out; that is why none " +
	"is marked as required.\n\n" +
	"**Examples** are answers of this very program; only random ids and secrets were replaced."

// generator collects the parts of one document.
type generator struct {
	routes    []Route
	types     []*jsonapi.Schema
	examples  Examples
	exampleID string
	media     string

	tags       []Tag
	paths      members[*pathItem]
	components *components
	done       map[string]bool
	// plain has the documents in whose resources no secret is shown on creation: they look like those that are read.
	plain map[string]bool
	// seen has the documents with nothing that the examples of others do not show: a resource that could be null, or linkage, which every
	// resource has.
	seen map[string]bool
	// byCursor has the documents that can be pages cut by cursors.
	byCursor map[string]bool
	// exports has those that can be had as a whole, in another form.
	exports map[string]bool
	// waits has the documents that can be waited for.
	waits map[string]bool
}

// made reports whether it was called with that name before.
func (g *generator) made(name string) bool {
	before := g.done[name]
	g.done[name] = true
	return before
}

func (g *generator) schema(name string, s *schema) { g.components.Schemas.set(name, s) }

func (g *generator) typeNames() []string {
	names := make([]string, len(g.types))
	for i, s := range g.types {
		names[i] = s.Type
	}
	return names
}

// addExample adds an example, if there is one, and reports whether there is.
func (g *generator) addExample(name, summary string, value json.RawMessage) bool {
	if value == nil {
		return false
	}
	g.components.Examples.set(name, &example{Summary: summary, Value: value})
	return true
}

// securitySchemes adds the ways to send a credential.
func (g *generator) securitySchemes() {
	add := func(name string, s securityScheme) { g.components.SecuritySchemes.set(name, &s) }
	add("bearer", securityScheme{
		Type: "http", Scheme: "bearer", Scopes: scopes(),
		Description: "`Authorization: Bearer <key>`. `x-scopes` are those that routes need, of a key sent in whichever way; it can have " +
			"words of applications as well.",
	})
	add("raw", securityScheme{Type: "apiKey", In: "header", Name: "Authorization",
		Description: "`Authorization: <key>`, without a scheme."})
	add("xApiKey", securityScheme{Type: "apiKey", In: "header", Name: "X-API-Key", Description: "`X-API-Key: <key>`"})
	add("apiKey", securityScheme{Type: "apiKey", In: "header", Name: "API_KEY", Description: "`API_KEY: <key>`"})
	add("session", securityScheme{Type: "apiKey", In: "cookie", Name: "__Host-roster",
		Description: "The cookie of a session, which POST sessions gives; `roster` on a plain loopback address. It acts as the person " +
			"who is active there, with every scope, or as the key that somebody has signed in with. What changes something has to " +
			"come from a page of the same origin, or of one that is " +
			"allowed to."})
	add("portal", securityScheme{Type: "apiKey", In: "cookie", Name: "__Host-roster-portal",
		Description: "The cookie of the session that a portal link has opened; `roster-portal` on a plain loopback address. It counts " +
			"only beside the header `Roster-Session: portal`, and then alone. What changes something has to come from a page of the " +
			"same origin."})
}

// scopes returns every scope that a route can need, with what it allows.
func scopes() members[string] {
	var all members[string]
	for _, scope := range models.Scopes() {
		all.set(scope, models.PermissionDoc(scope))
	}
	return all
}

// anyCredential says that one of the ways to send a credential will do. The scope that an operation needs is its x-permission: only schemes
// of OAuth 2 and OpenID Connect have scopes that tools know of (OpenAPI 3.1, Security Requirement Object).
func (g *generator) anyCredential() []members[[]string] {
	var any []members[[]string]
	for _, scheme := range g.components.SecuritySchemes {
		any = append(any, members[[]string]{{scheme.name, []string{}}})
	}
	return any
}

// itself adds the path of the document.
func (g *generator) itself(path string) {
	description := "This document."
	g.tags = append(g.tags, Tag{"openapi", "The description of the API for programs. People read it at /docs."})
	r := &response{Description: description, Headers: g.headerRefs([]string{"ETag"})}
	r.Content.set("application/json", &mediaObject{Schema: &schema{
		Type: "object", Description: "An OpenAPI 3.1 document.", AdditionalProperties: &schema{Description: "Any value."},
	}})
	g.components.Responses.set("OpenAPI", r)
	get := &operation{
		OperationID: "getOpenAPI", Summary: "The OpenAPI document", Description: description + "\n\nAnybody may call it.",
		Tags:       []string{"openapi"},
		Permission: &permission{Public: true}, Security: &[]members[[]string]{},
	}
	for _, answer := range []struct{ status, name string }{
		{"200", "OpenAPI"}, {"304", "NotModified"}, {"412", "PreconditionFailed"}, {"default", otherErrors},
	} {
		get.Responses.set(answer.status, answerRef(answer.name))
	}
	g.paths.set(path, &pathItem{Get: get})
}

func (g *generator) headerRefs(names []string) members[reference] {
	var refs members[reference]
	for _, name := range names {
		refs.set(name, reference{"#/components/headers/" + name})
	}
	return refs
}
