package openapi

import (
	"reflect"

	"roster/jsonapi"
)

// EventSchema returns the JSON Schema (2020-12) of the body of events of one type, to be encoded as JSON. Members that it does not name may
// come: receivers ignore what they do not know.
func EventSchema(e Event) any {
	text, uuid := &schema{Type: "string"}, &schema{Type: "string", Format: "uuid"}
	textOrNull := &schema{Type: []string{"string", "null"}}
	organization := object("Whose event it is, under the name that it had then; null for none.", []string{"id", "name"},
		members[*schema]{{"id", uuid}, {"name", text}})
	organization.Type = []string{"object", "null"}
	anything := &schema{}
	whole := object(e.Doc, []string{"type", "timestamp", "sequence", "organization", "actor", "requestId", "data"}, members[*schema]{
		{"type", oneOfTexts(e.Type)},
		{"timestamp", &schema{
			Type: "string", Format: "date-time",
			Description: "When it happened. The time of the attempt is in the header webhook-timestamp.",
		}},
		{"sequence", &schema{
			Type: "integer", Minimum: new(0),
			Description: "Counts the events of the organization, from 1, without a gap. 0 is that of a test, which does not count.",
		}},
		{"organization", organization},
		{"actor", object("Who made the change. Id and name are null if the organization of the endpoint does not see it.",
			[]string{"kind", "id", "name"}, members[*schema]{{"kind", text}, {"id", textOrNull}, {"name", textOrNull}})},
		{"requestId", &schema{
			Type: []string{"string", "null"}, Description: "The X-Request-Id of the request that made the change; null for none.",
		}},
		{"test", &schema{Enum: []any{true}, Description: "Present when nothing happened: somebody tries the receiver."}},
		{"thin", &schema{Enum: []any{true}, Description: "Present when the event was too large: data then only identifies the resource."}},
		{"changes", &schema{
			Type: "object", Description: "Before and after of each attribute and relationship that changed; secrets without their values.",
			PropertyNames: oneOfTexts(append(changingNames(e.Subject), e.Besides...)...),
			AdditionalProperties: object("", []string{"before", "after"}, members[*schema]{
				{"before", anything}, {"after", anything},
			}),
		}},
	})
	whole.Draft, whole.Title = "https://json-schema.org/draft/2020-12/schema", e.Type
	// Without references: this stands in documents in which tools would look for them elsewhere.
	if e.Meta != nil {
		whole.Properties.set("data", eventMention(e.Meta))
		return whole
	}
	whole.If = &schema{Required: []string{"thin"}}
	whole.Then = &schema{Properties: members[*schema]{{"data", eventIdentifier(e.Subject)}}}
	whole.Else = &schema{Properties: members[*schema]{{"data", eventResource(e.Subject)}}}
	return whole
}

// oneOfTexts is textEnum without a type, which the values have.
func oneOfTexts(values ...string) *schema {
	s := textEnum(values...)
	s.Type = nil
	return s
}

// changingNames returns the names that changes can have.
func changingNames(s *jsonapi.Schema) []string {
	names := []string{}
	for _, a := range s.Attributes {
		names = append(names, a.Name)
	}
	for _, rel := range s.Relationships {
		if rel.Told || !rel.Many && !rel.Derived {
			names = append(names, rel.Name)
		}
	}
	return names
}

// eventIdentifier returns the schema of a resource object in an event that only identifies the resource.
func eventIdentifier(s *jsonapi.Schema) *schema {
	return object(s.Doc, []string{"type", "id"}, members[*schema]{
		{"type", oneOfTexts(s.Type)},
		{"id", &schema{Type: "string", Format: "uuid"}},
		{"links", object("", nil, members[*schema]{{"self", &schema{Type: "string", Format: "uri-reference"}}})},
	})
}

// eventMention returns the schema of a resource object of any type in an event that is about it and tells no more of it than meta.
func eventMention(meta reflect.Type) *schema {
	return object("What it was about.", []string{"type", "id", "links", "meta"}, members[*schema]{
		{"type", &schema{Type: "string"}},
		{"id", &schema{Type: "string", Format: "uuid"}},
		{"links", object("", []string{"self"}, members[*schema]{{"self", &schema{Type: "string", Format: "uri-reference"}}})},
		{"meta", shapeOf(meta)},
	})
}

// eventResource returns the schema of a whole resource object in an event.
func eventResource(s *jsonapi.Schema) *schema {
	attributes, relationships := object("", nil, nil), object("", nil, nil)
	for _, a := range s.Attributes {
		if !a.WriteOnly {
			attributes.Properties.set(a.Name, attribute(a, telling))
			attributes.Required = append(attributes.Required, a.Name)
		}
	}
	for _, rel := range s.Relationships {
		if !rel.WriteOnly && !rel.Derived {
			relationships.Properties.set(rel.Name, eventRelationship(rel))
			relationships.Required = append(relationships.Required, rel.Name)
		}
	}
	whole := eventIdentifier(s)
	whole.Required = append(whole.Required, "attributes", "relationships", "links")
	whole.Properties.set("attributes", attributes)
	whole.Properties.set("relationships", relationships)
	return whole
}

// eventRelationship returns the schema of a relationship in an event: links, and the linkage of a to-one.
func eventRelationship(rel *jsonapi.Relationship) *schema {
	out := object(rel.Doc, []string{"links"}, members[*schema]{{"links", &schema{Type: "object"}}})
	if rel.Many {
		return out
	}
	typ := &schema{Type: "string"}
	if rel.Target != nil {
		typ = oneOfTexts(rel.Types()...)
	}
	out.Required = append(out.Required, "data")
	// null also for one that must be there: it may be out of sight.
	out.Properties.set("data", orNull(object("", []string{"type", "id"}, members[*schema]{
		{"type", typ}, {"id", &schema{Type: "string", Format: "uuid"}},
	})))
	return out
}
