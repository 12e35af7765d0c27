package handlers

import (
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
)

// schema is a JSON Schema (2020-12) as JSON has it.
type schema = map[string]any

// eventSchema returns the JSON Schema of the body of events of one type. Members that it does not name may come: receivers ignore what they
// do not know.
func eventSchema(t models.EventType) schema {
	s := t.Subject.Schema
	return schema{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       t.Name,
		"description": t.Doc,
		"type":        "object",
		"required":    []string{"type", "timestamp", "sequence", "organization", "actor", "requestId", "data"},
		"properties": schema{
			"type":      schema{"enum": []string{t.Name}},
			"timestamp": schema{"type": "string", "format": "date-time", "description": "When it happened. The time of the attempt is in the header webhook-timestamp."},
			"sequence": schema{"type": "integer", "minimum": 0, "description": "Counts the events of the organization, from 1, without a gap. " +
				"0 is that of a test, which does not count."},
			"organization": schema{
				"type": []string{"object", "null"}, "required": []string{"id", "name"},
				"description": "Whose event it is, under the name that it had then; null for none.",
				"properties":  schema{"id": schema{"type": "string", "format": "uuid"}, "name": schema{"type": "string"}},
			},
			"actor": schema{
				"type": "object", "required": []string{"kind", "id", "name"},
				"description": "Who made the change. Id and name are null if the organization of the endpoint does not see it.",
				"properties": schema{
					"kind": schema{"type": "string"}, "id": schema{"type": []string{"string", "null"}}, "name": schema{"type": []string{"string", "null"}},
				},
			},
			"requestId": schema{"type": []string{"string", "null"}, "description": "The X-Request-Id of the request that made the change; null for none."},
			"thin":      schema{"enum": []bool{true}, "description": "Present when the event was too large: data then only identifies the resource."},
			"changes": schema{
				"type": "object", "description": "Before and after of each attribute and relationship that changed; secrets without their values.",
				"propertyNames":        schema{"enum": changingNames(s)},
				"additionalProperties": schema{"type": "object", "required": []string{"before", "after"}, "properties": schema{"before": true, "after": true}},
			},
		},
		// Without references: this stands in documents in which tools would look for them elsewhere.
		"if":   schema{"required": []string{"thin"}},
		"then": schema{"properties": schema{"data": resourceSchema(s, false)}},
		"else": schema{"properties": schema{"data": resourceSchema(s, true)}},
	}
}

// changingNames returns the names that changes can have.
func changingNames(s *jsonapi.Schema) []string {
	names := []string{}
	for _, a := range s.Attributes {
		names = append(names, a.Name)
	}
	for _, rel := range s.Relationships {
		if !rel.Many && !rel.Derived {
			names = append(names, rel.Name)
		}
	}
	return names
}

// resourceSchema returns the schema of a resource object in an event: whole, or only what identifies it.
func resourceSchema(s *jsonapi.Schema, whole bool) schema {
	required := []string{"type", "id"}
	properties := schema{
		"type":  schema{"enum": []string{s.Type}},
		"id":    schema{"type": "string", "format": "uuid"},
		"links": schema{"type": "object", "properties": schema{"self": schema{"type": "string", "format": "uri-reference"}}},
	}
	if whole {
		attributes, names := schema{}, []string{}
		for _, a := range s.Attributes {
			if !a.WriteOnly {
				attributes[a.Name] = openapi.EventAttribute(a)
				names = append(names, a.Name)
			}
		}
		relationships, linked := schema{}, []string{}
		for _, rel := range s.Relationships {
			if !rel.WriteOnly && !rel.Derived {
				relationships[rel.Name] = relationshipSchema(rel)
				linked = append(linked, rel.Name)
			}
		}
		required = append(required, "attributes", "relationships", "links")
		properties["attributes"] = schema{"type": "object", "required": names, "properties": attributes}
		properties["relationships"] = schema{"type": "object", "required": linked, "properties": relationships}
	}
	return schema{"description": s.Doc, "type": "object", "required": required, "properties": properties}
}

// relationshipSchema returns the schema of a relationship in an event: links, and the linkage of a to-one.
func relationshipSchema(rel *jsonapi.Relationship) schema {
	out := schema{
		"description": rel.Doc, "type": "object", "required": []string{"links"},
		"properties": schema{"links": schema{"type": "object"}},
	}
	if rel.Many {
		return out
	}
	identifier := schema{
		"type": "object", "required": []string{"type", "id"},
		"properties": schema{"type": schema{"type": "string"}, "id": schema{"type": "string", "format": "uuid"}},
	}
	if rel.Target != nil {
		identifier["properties"].(schema)["type"] = schema{"enum": []string{rel.Target.Type}}
	}
	data := schema{"anyOf": []schema{identifier, {"type": "null"}}} // also of one that must be there: it may be out of sight
	out["required"] = []string{"links", "data"}
	out["properties"].(schema)["data"] = data
	return out
}
