package suite

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestWrongDescriptionIsToldWhereItIsWrong(t *testing.T) {
	t.Parallel()
	const resource = `{"type": "articles", "path": "/articles"}`
	with := func(member string) string { return `{"name": "x", ` + member + `, "resources": [` + resource + `]}` }
	resources := func(list string) string { return `{"name": "x", "resources": [` + list + `]}` }
	for _, c := range []struct{ name, text, says string }{
		{"no JSON", "{\n  \"name\": \"x\",\n  \"resources\": [,]\n}", "line 3, column 17"},
		{"no resources", resources(``), "/resources: minItems"},
		{"a misspelt field", resources(`{"type": "a", "path": "/a", "sccope": "x"}`),
			"/resources/0: additional properties 'sccope' not allowed"},
		{"a path without a slash", resources(`{"type": "a", "path": "a"}`), "/resources/0/path: "},
		{"an unknown operation", resources(`{"type": "a", "path": "/a", "operations": ["list", "find"]}`),
			"/resources/0/operations/1: value must be one of 'list', 'read'"},
		{"a kind that is none", resources(`{"type": "a", "path": "/a", "relationships": [{"name": "b", "kind": "few", "target": "b"}]}`),
			"/resources/0/relationships/0/kind: value must be one of 'one', 'many'"},
		{"a word for a number", with(`"paging": {"sizeMax": "many"}`), "/paging/sizeMax: got string, want integer"},
		{"the second of two faults", with(`"openapi": "x", "atomic": {}`), "/atomic: missing property 'path'"},
		{"a type twice", resources(resource + `,` + resource), `/resources/1/type: "articles" is there twice`},
		{"a filter that leads nowhere", resources(`{"type": "a", "path": "/a",
			"relationshipFilter": {"parameter": "b", "relationship": "b"}}`),
			`/resources/0/relationshipFilter/relationship: a has no relationship "b"`},
		{"an exception to no row", with(`"exceptions": [{"row": "X-1", "type": "articles", "place": "/links", "reason": "because"}]`),
			"/exceptions/0/row: there is no row X-1"},
		{"a rule to opt out of", with(`"optOut": {"NEG-9": "because"}`), "/optOut/NEG-9: NEG-9 is not an expectation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadDescription(strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v, want one that says %q", err, c.says)
			}
		})
	}
}

// The schema and the type describe the same file: a field that only one of them knows is either refused or never read.
func TestSchemaKnowsEveryFieldOfADescription(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	compareFields(t, "", schema, schema, reflect.TypeFor[Description]())
}

func compareFields(t *testing.T, at string, root, schema map[string]any, typ reflect.Type) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ = typ.Elem(); schema["items"] != nil {
			schema = schema["items"].(map[string]any)
			compareFields(t, at, root, schema, typ)
			return
		}
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	properties := map[string]any{}
	for name, property := range schema["properties"].(map[string]any) {
		properties[name] = property
	}
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		property, ok := properties[name].(map[string]any)
		if !ok {
			t.Errorf("the schema has no %s/%s", at, name)
			continue
		}
		delete(properties, name)
		compareFields(t, at+"/"+name, root, property, field.Type)
	}
	for name := range properties {
		t.Errorf("Description has no field for %s/%s of the schema", at, name)
	}
}
