package openapi

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"roster/jsonapi"
)

// queryParameters adds the components of the query parameters of a route, and returns references to them.
func (g *generator) queryParameters(rt *Route) []reference {
	if rt.Schema == nil {
		return nil
	}
	var refs []reference
	var comparisons, fieldsets members[*schema]
	for _, p := range rt.Schema.Parameters(rt.Query, g.types) {
		switch {
		case p.Family == "filter" && p.Operator != "":
			comparisons.set(p.Name, operand(p))
		case p.Family == "fields":
			fieldsets.set(p.Name, &schema{Type: "string", Pattern: listOf(p.Enum)})
		default:
			refs = append(refs, g.sharedParameter(p))
		}
	}
	if comparisons != nil {
		refs = append(refs, g.parameters(nameOf(rt.Schema)+"Comparisons", "filter", comparisons,
			"Filters of "+rt.Schema.Type+" with an operator."))
	}
	if fieldsets != nil {
		refs = append(refs, g.parameters("Fieldsets", "fields", fieldsets,
			"The fields that are wanted of each type, separated by commas; of a type without such a parameter all are sent."))
	}
	return refs
}

// parameters adds one parameter that stands for several, and returns a reference to it. One for each filter with an operator would be most
// of the document. An object in the style form, exploded, is written as its members are: each is a query parameter of that name (OpenAPI
// 3.1, style values; RFC 6570, form-style query expansion).
func (g *generator) parameters(component, name string, all members[*schema], description string) reference {
	g.schema(component, &schema{Type: "object", Properties: all, AdditionalProperties: false, Description: description})
	g.components.Parameters.set(component, &parameter{
		Name: name, In: "query", Style: "form", Explode: new(true), Schema: refTo(component), Example: json.RawMessage("{}"),
		Description: "Each member is a query parameter of its own.",
	})
	return reference{"#/components/parameters/" + component}
}

// listOf returns the regular expression of a list of some of those words, separated by commas. It may be empty.
func listOf(words []string) string {
	one := "(" + strings.Join(words, "|") + ")"
	return "^(" + one + "(," + one + ")*)?$"
}

// sharedParameter adds the component of a parameter and returns a reference to it. Types share a parameter that is the same for all of
// them; where it differs, its component has the type in its name.
func (g *generator) sharedParameter(p jsonapi.Parameter) reference {
	value := g.queryParameter(p)
	name := strings.NewReplacer("[]", ".list", "[", ".", "]", "").Replace(p.Name)
	before, taken := g.components.Parameters.get(name)
	if p.Family == "sort" || p.Family == "include" || taken && !reflect.DeepEqual(before, value) {
		name = p.Type + "." + name
	}
	g.components.Parameters.set(name, value)
	return reference{"#/components/parameters/" + name}
}

// includePath is the form of a path of relationships. Which there are grows with the power of its length, so they are not listed.
const includePath = `^[A-Za-z]+(\.[A-Za-z]+){0,2}$`

// operand returns the schema of what a filter with an operator compares with. A list is one text here: how a list within an object is
// written, OpenAPI leaves open.
func operand(p jsonapi.Parameter) *schema {
	if p.List {
		return &schema{Type: "string"}
	}
	return parameterValue(p)
}

func (g *generator) queryParameter(p jsonapi.Parameter) *parameter {
	out := &parameter{Name: p.Name, In: "query", Description: p.Doc, AllowEmptyValue: p.Empty, Required: p.Required}
	value := parameterValue(p)
	if p.Family == "include" {
		value.Pattern = includePath
	}
	if p.Family == "sort" {
		// The values have a component of their own, so that generated clients get a type of them.
		name := pascal(jsonapi.Singular(p.Type)) + "SortKey"
		value.Description = p.Doc
		g.schema(name, value)
		value = refTo(name)
	}
	if !p.List {
		out.Schema = value
		return out
	}
	out.Style, out.Explode = "form", &p.Repeated
	out.Schema = &schema{Type: "array", Items: value, MaxItems: &p.Most, MinItems: new(1)}
	if p.Empty {
		out.Schema.MinItems = nil
	}
	return out
}

// parameterValue returns the schema of one value of a parameter.
func parameterValue(p jsonapi.Parameter) *schema {
	switch p.Kind {
	case jsonapi.Integer:
		s := &schema{Type: "integer", Format: "int64"}
		if p.Least != 0 || p.Greatest != 0 {
			s.Minimum, s.Maximum = &p.Least, &p.Greatest
		}
		if p.Default != 0 {
			s.Default = p.Default
		}
		return s
	case jsonapi.Boolean:
		return &schema{Type: "boolean"}
	case jsonapi.TimeKind, jsonapi.StampKind:
		return &schema{Type: "string", Format: "date-time"}
	default:
		return textEnum(p.Enum...)
	}
}

// pathParameters adds the components of the variables of a path, and returns references to them.
func (g *generator) pathParameters(rt *Route) []reference {
	var refs []reference
	for _, v := range rt.Variables {
		p := &parameter{Name: v.Name, In: "path", Required: true, Description: v.Doc, Example: g.exampleID}
		switch {
		case v.Number:
			p.Example, p.Schema = 1, &schema{Type: "integer", Format: "int64", Minimum: new(1)}
		case v.Of != nil:
			p.Example, p.Schema = v.Of.Example, idOf(v.Of)
		case v.Word != "":
			p.Schema = &schema{Type: "string", Pattern: "^" + v.Word + "$|" + idPattern, MaxLength: new(36)}
		default:
			p.Schema = &schema{Type: "string", Pattern: idPattern, MinLength: new(36), MaxLength: new(36)}
		}
		name := "path." + v.Name + v.Word
		g.components.Parameters.set(name, p)
		refs = append(refs, reference{"#/components/parameters/" + name})
	}
	return refs
}

// headerParameters returns references to the headers that the requests of an operation may have.
func (g *generator) headerParameters(rt *Route, s shape) []reference {
	var names []string
	switch rt.Method {
	case "GET":
		if rt.Waits {
			names = append(names, "Prefer")
		}
	case "POST":
		if rt.Form != Ask && !rt.Asks { // which can be sent again as it is
			names = append(names, "Idempotency-Key")
		}
	}
	if s.versioned && rt.Method != "GET" && rt.Form != Operate { // whose operations have conditions of their own
		names = append(names, "If-Match", "If-None-Match")
	}
	refs := make([]reference, len(names))
	for i, name := range names {
		refs[i] = reference{"#/components/parameters/" + name}
	}
	return refs
}

// permissionText says in words who may use a route.
func permissionText(rt *Route) string {
	switch {
	case rt.Needs.Visitor:
		return "Anybody may call it; a credential that is sent counts."
	case rt.Needs.Public:
		return "Anybody may call it."
	case rt.Needs.User:
		return "Needs a management key, or a credential of a user, with the scope " + strconv.Quote(rt.Needs.Scope) + "."
	case rt.Needs.Management:
		return "Needs a management key with the scope " + strconv.Quote(rt.Needs.Scope) + "."
	case rt.Needs.Session:
		return "Needs the session of a person."
	case rt.Needs.Scope == "":
		return "Needs a credential."
	case rt.Needs.Or != "":
		return "Needs a credential with the scope " + strconv.Quote(rt.Needs.Scope) + " or " + strconv.Quote(rt.Needs.Or) +
			", for what it is about."
	default:
		return "Needs a credential with the scope " + strconv.Quote(rt.Needs.Scope) + "."
	}
}
