package openapi

import (
	"encoding/json"
	"fmt"

	"roster/auth"
	"roster/jsonapi"
)

// Version is the version of the API that the document describes.
const Version = "2.0.0"

// Route is one line of the route table.
type Route struct {
	Method string
	// Path is the whole path, with {id} for the id of a resource.
	Path string
	// Served is the path of the collection that the route belongs to, "" for none.
	Served string
	Needs  auth.Permission
	Query  jsonapi.Accepts
	// Schema is the type that the query speaks of, nil for none. Shows is the type of the answer, unless a relationship says it.
	Schema, Shows *jsonapi.Schema
	// Status is that of the answer where it is not what the method says, otherwise 0.
	Status int
	// Relationship is the one in the path, nil for none. Related: the answer holds what it leads to, otherwise linkage.
	Relationship *jsonapi.Relationship
	Related      bool
	// Guarded: the request may name the version of the resource in the path that it is meant for.
	Guarded bool
	// Waits: the request can prefer to wait for what comes next.
	Waits bool
	// Ext names the extensions that a request applies.
	Ext []string
	Doc string
}

// Examples are documents that were really sent and answered, by the names of the components that they are examples of.
type Examples struct {
	Requests  map[string]json.RawMessage `json:"requests"`
	Responses map[string]json.RawMessage `json:"responses"`
	// Errors are error documents by code.
	Errors map[string]json.RawMessage `json:"errors"`
}

// Document returns the OpenAPI document of those routes, as JSON. types are all resource types, in the order of the documentation. self is
// the path that the document itself is served at. The same arguments give the same bytes.
func Document(self string, routes []Route, types []*jsonapi.Schema, examples Examples) ([]byte, error) {
	g := &generator{routes: routes, types: types, examples: examples, done: map[string]bool{}, byCursor: map[string]bool{}, waits: map[string]bool{}, media: jsonapi.MediaType, components: &components{}}
	if len(types) > 0 {
		g.exampleID = types[0].Example
	}
	g.headers()
	g.requestHeaders()
	g.securitySchemes()
	g.common()
	g.errors()
	g.response("NotModified", "The client has this version already.", with("ETag", "Preference-Applied"), nil)
	g.response("NoContent", "Done; there is nothing to say.", everyAnswer, nil)
	for i := range routes {
		if err := g.route(&routes[i]); err != nil {
			return nil, err
		}
	}
	g.itself(self)
	for _, path := range g.paths {
		path.value.share()
	}
	out, err := json.MarshalIndent(document{
		OpenAPI: "3.1.1",
		Info: info{
			Title: "Roster", Version: Version, Summary: "Organizations, the people in them and what they may do.", Description: introduction,
			License: map[string]string{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		Servers:    []server{{"/", "The service that this document comes from."}},
		Tags:       g.tags,
		Security:   g.anyCredential(nil),
		Paths:      g.paths,
		Components: g.components,
	}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode OpenAPI document: %w", err)
	}
	return append(out, '\n'), nil
}

const introduction = "A [JSON:API 1.1](https://jsonapi.org/format/1.1/) service.\n\n" +
	"**Credentials** go into one header: `Authorization: Bearer <key>`, `Authorization: <key>`, `X-API-Key` or `API_KEY`, never into the URL. " +
	"Each operation says which scope it needs. What a caller may not see is answered like what is not there, with 404; what he sees and may " +
	"not change with 403.\n\n" +
	"**Paths** answer with and without a trailing slash, without redirects. Parameters are named as they are written in a URL: " +
	"`filter[name][prefix]=A`; brackets may be percent-encoded. Unknown parameters are refused. At most 20 filters are combined, all of which " +
	"must hold.\n\n" +
	"**Bodies** are sent as `application/vnd.api+json`. All problems of a request are answered at once, each with a stable `code` that " +
	"[a page](/docs/errors) explains.\n\n" +
	"**Sparse fieldsets.** A resource has every attribute and relationship listed here unless `fields[…]` left it out; that is why none is " +
	"marked as required.\n\n" +
	"**Examples** are answers of this very program; only random ids and secrets were replaced."

// generator collects the parts of one document.
type generator struct {
	routes    []Route
	types     []*jsonapi.Schema
	examples  Examples
	exampleID string
	media     string

	tags       []tag
	paths      members[*pathItem]
	components *components
	done       map[string]bool
	// byCursor has the documents that can be pages cut by cursors.
	byCursor map[string]bool
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
	add("bearer", securityScheme{Type: "http", Scheme: "bearer", Description: "`Authorization: Bearer <key>`"})
	add("raw", securityScheme{Type: "apiKey", In: "header", Name: "Authorization", Description: "`Authorization: <key>`, without a scheme."})
	add("xApiKey", securityScheme{Type: "apiKey", In: "header", Name: "X-API-Key", Description: "`X-API-Key: <key>`"})
	add("apiKey", securityScheme{Type: "apiKey", In: "header", Name: "API_KEY", Description: "`API_KEY: <key>`"})
}

// anyCredential says that one of the ways to send a credential will do, with those scopes.
func (g *generator) anyCredential(scopes []string) []members[[]string] {
	if scopes == nil {
		scopes = []string{}
	}
	var any []members[[]string]
	for _, scheme := range g.components.SecuritySchemes {
		any = append(any, members[[]string]{{scheme.name, scopes}})
	}
	return any
}

// itself adds the path of the document.
func (g *generator) itself(path string) {
	description := "This document."
	g.tags = append(g.tags, tag{"openapi", "The description of the API for programs. People read it at /docs."})
	r := &response{Description: description, Headers: g.headerRefs(with("ETag"))}
	r.Content.set("application/json", &mediaObject{Schema: &schema{Type: "object", Description: "An OpenAPI 3.1 document.", AdditionalProperties: &schema{Description: "Any value."}}})
	g.components.Responses.set("OpenAPI", r)
	get := &operation{
		OperationID: "getOpenAPI", Summary: "The OpenAPI document", Description: description + "\n\nAnybody may call it.", Tags: []string{"openapi"},
		Permission: &permission{Public: true}, Security: []members[[]string]{},
		Parameters: []reference{{"#/components/parameters/X-Request-Id"}, {"#/components/parameters/If-Match"}, {"#/components/parameters/If-None-Match"}},
	}
	for _, answer := range []struct{ status, name string }{
		{"200", "OpenAPI"}, {"304", "NotModified"}, {"400", "BadRequest"}, {"412", "PreconditionFailed"}, {"429", "TooManyRequests"}, {"500", "InternalServerError"},
	} {
		get.Responses.set(answer.status, responseRef(answer.name))
	}
	head := *get
	head.OperationID, head.Summary, head.Responses = "headOpenAPI", "Headers only: "+get.Summary, nil
	for _, answer := range get.Responses {
		head.Responses.set(answer.name, g.withoutBody(answer.value))
	}
	g.paths.set(path, &pathItem{Get: get, Head: &head})
}

func (g *generator) headerRefs(names []string) members[reference] {
	var refs members[reference]
	for _, name := range names {
		refs.set(name, reference{"#/components/headers/" + name})
	}
	return refs
}

func responseRef(name string) reference { return reference{"#/components/responses/" + name} }
