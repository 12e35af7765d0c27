package handlers

import (
	"net/http"
	"reflect"
	"strings"

	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
)

// openAPIPath is where the OpenAPI document is served. Every document names it as its description.
const openAPIPath = jsonapi.Root + "openapi.json"

// OpenAPI returns the OpenAPI document of the API: that of the route table.
func OpenAPI() ([]byte, error) {
	examples, err := openapi.RecordedExamples()
	if err != nil {
		return nil, err
	}
	var table []openapi.Route
	for _, rt := range routes() {
		table = append(table, rt.described()...)
	}
	var types []*jsonapi.Schema
	for _, c := range models.Collections() {
		types = append(types, c.Schema)
	}
	var events []openapi.Event
	for _, t := range models.EventTypes() {
		events = append(events, eventOf(t))
	}
	return openapi.Document(openAPIPath, table, types, events, examples)
}

// described returns the routes as the document tells them: one for each relationship where the table has a variable.
func (rt *route) described() []openapi.Route {
	if !rt.relates() {
		return []openapi.Route{rt.describedFor(nil)}
	}
	var all []openapi.Route
	for _, rel := range rt.served.Schema.Relationships {
		if !rel.WriteOnly && rt.possible(rel) {
			all = append(all, rt.describedFor(rel))
		}
	}
	return all
}

// describedFor returns the route as the document tells it, for a relationship in its path, nil for none.
func (rt *route) describedFor(rel *jsonapi.Relationship) openapi.Route {
	out := openapi.Route{
		Method: rt.method, Path: jsonapi.Root + rt.path, Form: rt.form, Name: rt.name, Prefix: rt.prefix, Tag: rt.tag, Doc: rt.doc,
		Needs: rt.needs, Relationship: rel, Status: rt.status, Guarded: rt.guarded() != nil, Asks: rt.asks, Ext: rt.ext,
		Variables: rt.variables, Takes: rt.takes,
	}
	if rel != nil {
		out.Needs, out.Owner = rt.permission(rel.Name), rt.served.Schema
		out.Path = strings.Replace(out.Path, relationshipVariable, rel.Name, 1)
	}
	if rt.target != nil && rt.variables == nil {
		out.Variables = []openapi.Variable{rt.target.variable()}
	}
	out.Query, out.Schema = rt.accepts(rel)
	out.Waits = rt.waits(rel)
	if out.Shows = rt.shows; out.Shows == nil {
		out.Shows = out.Schema
	}
	return out
}

// eventOf returns a type of event as the document tells it.
func eventOf(t models.EventType) openapi.Event {
	e := openapi.Event{Type: t.Name, Subject: t.Subject.Schema, Doc: t.Doc, Besides: t.Besides}
	if t.IsDenial() {
		e.Meta = reflect.TypeFor[models.Attempt]()
	}
	return e
}

// possible reports whether a route can do anything with a relationship but refuse.
func (rt *route) possible(rel *jsonapi.Relationship) bool {
	if rt.method == http.MethodGet {
		return true
	}
	return rel.Changeable() && (rt.method == http.MethodPatch || rel.Many)
}
