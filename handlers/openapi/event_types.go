package openapi

import "net/http"

// eventTypesShape is that of the route to the types of events. Each is described by a JSON Schema of its own, so that here it is any object.
func (g *generator) eventTypesShape(s *shape) {
	free := func(description string) *schema {
		return &schema{Type: "object", Description: description, AdditionalProperties: &schema{Description: "Any value."}}
	}
	g.schema("EventTypeAttributes", object("Attributes of eventTypes.", nil, members[*schema]{
		{"description", &schema{Type: "string", Description: "What it tells."}},
		{"schema", free("The JSON Schema (2020-12) of the body.")},
		{"example", free("A body.")},
	}))
	g.schema("EventType", object("A type of event.", []string{"type", "id"}, members[*schema]{
		{"type", textEnum("eventTypes")},
		{"id", &schema{Type: "string", Description: "The name of the type.", Examples: []any{"organization.updated"}}},
		{"attributes", refTo("EventTypeAttributes")},
	}))
	g.schema("EventTypeList", documentOf("A document with every type of event.", &schema{Type: "array", Items: refTo("EventType")},
		refTo("DocumentLinks"), refTo("Meta"), nil))
	s.id, s.success = "listEventTypes", g.answer("EventTypeList", http.StatusOK)
}
