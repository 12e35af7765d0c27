package openapi

import (
	"encoding/json"
	"strconv"
	"strings"

	"roster/jsonapi"
)

// pascal returns words as the name of a component: a resource type in the singular gives Organization, ApiKey, WebhookDelivery.
func pascal(words ...string) string {
	var b strings.Builder
	for _, word := range words {
		for _, part := range strings.FieldsFunc(word, func(r rune) bool { return r == '-' || r == '_' || r == '/' }) {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// nameOf returns the name of the component that is one resource of a type.
func nameOf(s *jsonapi.Schema) string { return pascal(s.Singular()) }

// purpose is what the attributes of a schema are for.
type purpose int

const (
	reading purpose = iota
	sending
	// telling is what events do: they tell what was stored, under whatever rules, and no secret.
	telling
)

func (p purpose) suffix() string { return [...]string{"", "Input", "Event"}[p] }

// resource adds the components of a resource object as it is answered, and returns the name of the outermost.
func (g *generator) resource(s *jsonapi.Schema) string {
	name := nameOf(s)
	if g.made("resource " + name) {
		return name
	}
	properties := members[*schema]{
		{"type", g.typeOf(s)},
		{"id", idOf(s)},
		{"attributes", g.attributes(s, reading)},
	}
	if len(s.Relationships) > 0 {
		properties.set("relationships", g.relationships(s, reading))
	}
	required := []string{"type", "id"}
	if !s.Computed {
		properties.set("links", refTo("ResourceLinks"))
		required = append(required, "links")
	}
	properties.set("meta", refTo("Meta"))
	g.schema(name, object(s.Doc, required, properties))
	return name
}

// creation adds the components of a resource object that creates a resource, and returns the name of the outermost.
func (g *generator) creation(s *jsonapi.Schema) string {
	required := []string{"type"}
	attributes, id := g.attributes(s, sending), orNull(refTo("Id")).describe("The server chooses it: absent or null.")
	if s.ClientIDs {
		id = orNull(refTo("Id")).
			describe("Chosen by the client; a management key may do so. Absent or null, the server chooses. An id is never used again.")
	}
	if names := requiredOf(s); names != nil {
		required = append(required, "attributes")
		g.schema(nameOf(s)+"CreateAttributes", &schema{AllOf: []*schema{attributes}, Required: names})
		attributes = refTo(nameOf(s) + "CreateAttributes")
	}
	return g.input(s, "Create", required, attributes, id)
}

// change adds the components of a resource object that changes a resource, and returns the name of the outermost.
func (g *generator) change(s *jsonapi.Schema) string {
	return g.input(s, "Update", []string{"type", "id"}, g.attributes(s, sending), refTo("Id").describe("The id of the path."))
}

// input adds the component of a resource object as it is sent, and returns its name.
func (g *generator) input(s *jsonapi.Schema, suffix string, required []string, attributes, id *schema) string {
	name := nameOf(s) + suffix
	g.schema(name, object(s.Doc, required, members[*schema]{
		{"type", g.typeOf(s)}, {"id", id}, {"attributes", attributes}, {"relationships", g.relationships(s, sending)},
	}))
	return name
}

// requiredOf returns the names of the attributes that a new resource needs.
func requiredOf(s *jsonapi.Schema) (names []string) {
	for _, a := range s.Attributes {
		if a.Required {
			names = append(names, a.Name)
		}
	}
	return names
}

// idOf returns the schema of the id of a resource: a UUID unless the type has others.
func idOf(s *jsonapi.Schema) *schema {
	if jsonapi.IsID(s.Example) {
		return refTo("Id")
	}
	return &schema{Type: "string", MinLength: new(1), MaxLength: new(jsonapi.DefaultMax), Examples: []any{s.Example}}
}

// typeOf adds the component of the name of a type and returns a reference to it. As a component, generated clients have one type for it and
// not one for each place.
func (g *generator) typeOf(s *jsonapi.Schema) *schema {
	name := pascal(s.Type) + "Type"
	g.schema(name, textEnum(s.Type))
	return refTo(name)
}

// atMembers lets clients send @-members, which are ignored everywhere (§ @-Members).
var atMembers = members[*schema]{{"^@", &schema{Description: "An @-member: ignored."}}}

// attributes adds the component of the attributes object and returns a reference to it.
func (g *generator) attributes(s *jsonapi.Schema, p purpose) *schema {
	o := object("Attributes of "+s.Type+".", nil, nil)
	if p == sending {
		o.Description += " Those that are read-only may be sent as they are: clients send back what they read."
	}
	for _, a := range s.Attributes {
		if p == reading && a.WriteOnly {
			continue
		}
		o.Properties.set(a.Name, attribute(a, p))
	}
	if p != reading {
		o.PatternProperties, o.AdditionalProperties = atMembers, false
	}
	name := nameOf(s) + p.suffix() + "Attributes"
	g.schema(name, o)
	return refTo(name)
}

// attribute returns the schema of one attribute.
func attribute(a *jsonapi.Attribute, p purpose) *schema {
	if a.Secret && p == telling {
		return &schema{Description: a.Doc, Type: "null"}
	}
	// What only the server sets can still be sent: clients send back what they read. It has to say what is.
	fixed := a.ReadOnly
	if fixed && p == sending {
		return &schema{ReadOnly: true} // whatever it is
	}
	out := &schema{Description: a.Doc}
	if a.CreateOnly && p == sending {
		out.Description += " Once it is set, it may be sent only as it is."
	}
	switch a.Kind {
	case jsonapi.String:
		out.Type = "string"
		out.text(a, fixed || p == telling)
	case jsonapi.Integer:
		out.Type, out.Format = "integer", "int64"
	case jsonapi.Boolean:
		out.Type = "boolean"
	case jsonapi.TimeKind, jsonapi.StampKind:
		out.Type, out.Format = "string", "date-time"
	case jsonapi.List:
		out.Type, out.Items = "array", textEnum()
		if p != telling {
			out.UniqueItems, out.MaxItems, out.Items = !a.Repeats, &a.Max, textEnum(a.Enum...)
		}
	case jsonapi.Value:
		out.value(a, p)
	}
	if kind, ok := out.Type.(string); ok && (a.Nullable || a.Secret) {
		out.Type = []string{kind, "null"}
		if out.Enum != nil {
			out.Enum = append(out.Enum, nil)
		}
	}
	out.ReadOnly = fixed && p != telling
	out.WriteOnly = a.WriteOnly
	if value := exampleOf(a); value != nil && p != sending {
		out.Examples = []any{value}
	}
	return out
}

// value adds what is known about JSON that the server puts together. Nothing is asked of it when it is sent back.
func (s *schema) value(a *jsonapi.Attribute, p purpose) {
	if a.Shape != nil && p == reading {
		shape := shapeOf(a.Shape)
		s.Type, s.Properties, s.Required, s.Items = shape.Type, shape.Properties, shape.Required, shape.Items
	}
}

// text adds what is known about a string. Nothing is promised about strings that the server composes.
func (s *schema) text(a *jsonapi.Attribute, fixed bool) {
	for _, value := range a.Enum {
		s.Enum = append(s.Enum, value)
	}
	if fixed || s.Enum != nil {
		return
	}
	if a.Min > 0 {
		s.MinLength = &a.Min
	}
	s.MaxLength = &a.Max
	switch a.Format {
	case "email", "uuid":
		s.Format = string(a.Format)
	case "url":
		s.Format = "uri"
	}
	s.Pattern = a.Format.Pattern()
	if a.Required && s.Pattern == "" {
		s.Pattern = `\S` // not blank
	}
}

// exampleOf returns the example of an attribute as JSON has it, or nil.
func exampleOf(a *jsonapi.Attribute) any {
	if a.Example == "" {
		return nil
	}
	switch a.Kind {
	case jsonapi.Integer:
		if _, err := strconv.Atoi(a.Example); err == nil {
			return json.Number(a.Example)
		}
	case jsonapi.Boolean:
		return a.Example == "true"
	case jsonapi.List:
		return []string{a.Example}
	}
	return a.Example
}

// relationships adds the component of the relationships object and returns a reference to it.
func (g *generator) relationships(s *jsonapi.Schema, p purpose) *schema {
	o := object("Relationships of "+s.Type+".", nil, nil)
	for _, rel := range s.Relationships {
		if p == reading && rel.WriteOnly {
			continue
		}
		o.Properties.set(rel.Name, g.relationship(s, rel, p))
	}
	if p != reading {
		o.PatternProperties, o.AdditionalProperties = atMembers, false
	}
	name := nameOf(s) + p.suffix() + "Relationships"
	g.schema(name, o)
	return refTo(name)
}

// relationship adds the component of a relationship object and returns a reference to it.
func (g *generator) relationship(s *jsonapi.Schema, rel *jsonapi.Relationship, p purpose) *schema {
	suffix, o := "Relationship", object(rel.Doc, []string{"links"}, nil)
	switch {
	case p == reading && s.Computed:
		o.Required, o.Properties = []string{"data"}, members[*schema]{{"data", g.linkage(rel, jsonapi.MaxIncluded)}}
	case p == reading:
		o.Properties = members[*schema]{
			{"links", refTo("RelationshipLinks")}, {"data", g.linkage(rel, jsonapi.MaxIncluded)}, {"meta", refTo("Meta")},
		}
		if !rel.Many {
			o.Required = append(o.Required, "data")
		}
	default:
		suffix, o.Required = "Linkage", nil
		o.Properties = members[*schema]{{"data", g.linkage(rel, jsonapi.MaxLinkage)}}
		if !rel.Many { // a to-many that was read without its data may come back like that
			o.Required = []string{"data"}
		}
		switch {
		case rel.ReadOnly:
			o.ReadOnly, o.Description = true, "May be sent only as it is."
		case rel.UpdateOnly:
			o.Description += " On creation it may be sent only as it is."
		case rel.CreateOnly:
			o.Description += " Once it is set, it may be sent only as it is."
		}
	}
	name := nameOf(s) + pascal(rel.Name) + suffix
	g.schema(name, o)
	return refTo(name)
}

// linkage returns the schema of the data of a relationship; of a to-many with at most that many members.
func (g *generator) linkage(rel *jsonapi.Relationship, most int) *schema {
	id := g.identifier(rel)
	switch {
	case rel.Many:
		return arrayOf(id, most)
	case rel.Required:
		return id
	default:
		return orNull(id)
	}
}

// targetName names what a relationship leads to, in the names of components.
func targetName(rel *jsonapi.Relationship) string {
	if rel.Target == nil {
		return "Any"
	}
	name := nameOf(rel.Target)
	for _, other := range rel.Also {
		name += "Or" + nameOf(other)
	}
	return name
}

// identifier adds the component of a resource identifier object as a relationship has it, and returns a reference to it.
func (g *generator) identifier(rel *jsonapi.Relationship) *schema {
	typ, name := textEnum(g.typeNames()...), "Identifier"
	switch {
	case len(rel.Also) > 0:
		typ, name = textEnum(rel.Types()...), targetName(rel)+"Identifier"
	case rel.Target != nil:
		typ, name = g.typeOf(rel.Target), targetName(rel)+"Identifier"
	}
	g.schema(name, object("Identifies one resource.", []string{"type", "id"}, members[*schema]{
		{"type", typ}, {"id", refTo("Id")}, {"meta", refTo("Meta")},
	}))
	return refTo(name)
}

// included returns a reference to the schema of resources that come along.
func (g *generator) included() *schema {
	if !g.made("included") {
		any := &schema{Description: "A resource of any type."}
		for _, s := range g.types {
			any.OneOf = append(any.OneOf, refTo(g.resource(s)))
		}
		g.schema("AnyResource", any)
		g.schema("Included", &schema{Type: "array", Items: refTo("AnyResource"),
			Description: "The resources that include asked for, each once."})
	}
	return refTo("Included")
}
