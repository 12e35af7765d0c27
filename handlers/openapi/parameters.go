package openapi

import (
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
	for _, p := range rt.Schema.Parameters(rt.Query, g.types) {
		name := parameterName(p)
		g.components.Parameters.set(name, g.queryParameter(p))
		refs = append(refs, reference{"#/components/parameters/" + name})
	}
	return refs
}

// parameterName returns the name of a component: users.filter.email.prefix, page.size.
func parameterName(p jsonapi.Parameter) string {
	name := strings.NewReplacer("[]", ".list", "[", ".", "]", "").Replace(p.Name)
	if p.Type != "" && p.Family != "fields" {
		name = p.Type + "." + name
	}
	return name
}

func (g *generator) queryParameter(p jsonapi.Parameter) *parameter {
	out := &parameter{Name: p.Name, In: "query", Description: p.Doc, AllowEmptyValue: p.Empty}
	value := parameterValue(p)
	if len(p.Enum) > 0 {
		// The values have a component of their own, so that generated clients get a type of them.
		name := pascal(singular(p.Type)) + pascal(map[string]string{"sort": "sortKey", "include": "includePath", "fields": "field"}[p.Family])
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
	case jsonapi.Moment, jsonapi.ServerTime:
		return &schema{Type: "string", Format: "date-time"}
	default:
		return textEnum(p.Enum...)
	}
}

// pathParameters adds the components of the variables of a path, and returns references to them.
func (g *generator) pathParameters(rt *Route) []reference {
	var refs []reference
	for _, segment := range strings.Split(rt.Path, "/") {
		variable, ok := strings.CutPrefix(segment, "{")
		if !ok {
			continue
		}
		variable = strings.TrimSuffix(variable, "}")
		p := &parameter{Name: variable, In: "path", Required: true, Description: "The id of the resource, as its document has it.", Example: g.exampleID}
		p.Schema = &schema{Type: "string", Pattern: idPattern, MinLength: new(36), MaxLength: new(36)}
		switch variable {
		case "id":
		case "number":
			p.Description, p.Example, p.Schema = "The number of it, from 1.", 1, &schema{Type: "integer", Format: "int64", Minimum: new(1)}
		default:
			p.Schema, p.Example = idOf(rt.Shows), rt.Shows.Example
		}
		g.components.Parameters.set("path."+variable, p)
		refs = append(refs, reference{"#/components/parameters/path." + variable})
	}
	return refs
}

// headerParameters returns references to the headers that the requests of an operation may have.
func (g *generator) headerParameters(rt *Route, s shape) []reference {
	names := []string{"X-Request-Id"}
	switch rt.Method {
	case "GET":
		names = append(names, "If-Match", "If-None-Match")
		if rt.Waits {
			names = append(names, "Prefer")
		}
	case "POST":
		names = append(names, "Idempotency-Key")
	}
	if s.versioned && rt.Method != "GET" && rt.Served != "" {
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
	case rt.Needs.Public:
		return "Anybody may call it."
	case rt.Needs.Management:
		return "Needs a management key with the scope " + strconv.Quote(rt.Needs.Scope) + "."
	case rt.Needs.Scope == "":
		return "Needs a credential."
	default:
		return "Needs a credential with the scope " + strconv.Quote(rt.Needs.Scope) + "."
	}
}
