package handlers

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"roster/jsonapi"
	"roster/models"
)

func loadOpenAPI(t *testing.T) (*openapi3.T, []byte) {
	t.Helper()
	raw, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	return document, raw
}

func TestTheDocumentIsOpenAPI31(t *testing.T) {
	t.Parallel()
	document, raw := loadOpenAPI(t)
	if !document.IsOpenAPI31OrLater() {
		t.Errorf("its version is %s", document.OpenAPI)
	}
	// The examples are compared with their schemas by another test, with compiled ones.
	if err := document.Validate(t.Context(), openapi3.DisableExamplesValidation()); err != nil {
		t.Error(err)
	}
	again, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, again) {
		t.Error("the document differs from one time to the next")
	}
}

// TestWhatACredentialIsFor: whether one is asked for, may be sent or counts for nothing, and what each scope allows, apart from the others.
func TestWhatACredentialIsFor(t *testing.T) {
	t.Parallel()
	document, raw := loadOpenAPI(t)
	for path, want := range map[string]struct{ all, none int }{
		"/public/v2/invitations/accept": {7, 1}, "/public/v2/sessions": {7, 1}, "/public/v2/invitations/decline": {0, 0},
		"/public/v2/invitations/show": {0, 0}, "/public/v2/passwordResets": {0, 0}, "/public/v2/passwordResets/confirm": {0, 0},
	} {
		security := document.Paths.Find(path).Post.Security
		if security == nil {
			t.Errorf("POST %s needs a credential", path)
			continue
		}
		none := 0
		for _, one := range *security {
			if len(one) == 0 {
				none++
			}
		}
		if len(*security) != want.all || none != want.none {
			t.Errorf("POST %s has %v", path, *security)
		}
	}
	var schemes struct {
		Components struct {
			SecuritySchemes struct {
				Bearer struct {
					Scopes map[string]string `json:"x-scopes"`
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &schemes); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, scope := range models.Scopes() {
		text := schemes.Components.SecuritySchemes.Bearer.Scopes[scope]
		if other, twice := told[text]; twice || text == "" {
			t.Errorf("of %s it says %q, as of %s", scope, text, other)
		}
		told[text] = scope
	}
}

// TestTheDocumentStaysReadable bounds its size: tools load it whole, and some take minutes for a megabyte and a half. An operation may cost
// what three screens hold, however many there are.
func TestTheDocumentStaysReadable(t *testing.T) {
	t.Parallel()
	document, raw := loadOpenAPI(t)
	operations := 0
	for _, item := range document.Paths.Map() {
		operations += len(item.Operations())
	}
	if each := len(raw) / operations; each > 3_300 || len(raw) > 750_000 {
		t.Errorf("it has %d bytes, %d for each of %d operations", len(raw), each, operations)
	}
}

func TestEverySchemaIsJSONSchema(t *testing.T) {
	t.Parallel()
	_, raw := loadOpenAPI(t)
	var document struct {
		Components struct {
			Schemas    map[string]any
			Parameters map[string]struct{ Schema any }
			Headers    map[string]struct{ Schema any }
		}
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	meta, err := jsonschema.NewCompiler().Compile("https://json-schema.org/draft/2020-12/schema")
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, schema any) {
		if err := meta.Validate(schema); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		everyArrayHasItems(t, name, schema)
	}
	for name, schema := range document.Components.Schemas {
		check(name, schema)
	}
	for name, p := range document.Components.Parameters {
		check(name, p.Schema)
	}
	for name, h := range document.Components.Headers {
		check(name, h.Schema)
	}
}

func everyArrayHasItems(t *testing.T, name string, schema any) {
	t.Helper()
	switch s := schema.(type) {
	case map[string]any:
		if s["type"] == "array" && s["items"] == nil {
			t.Errorf("%s has an array without items", name)
		}
		if s["const"] != nil {
			t.Errorf("%s has a const, which generators pass over", name)
		}
		for _, inner := range s {
			everyArrayHasItems(t, name, inner)
		}
	case []any:
		for _, inner := range s {
			everyArrayHasItems(t, name, inner)
		}
	}
}

// routed returns "METHOD path" for everything that is served below the root, with the relationships that a variable stands for, unless
// the route can do nothing with one but refuse.
func routed() []string {
	table := map[string]route{}
	for _, rt := range routes() {
		table[rt.method+" "+jsonapi.Root+rt.path] = rt
	}
	var all []string
	for _, served := range NewAPI(nil, nil).Door().Routes {
		at := served.Method + " " + served.Path
		switch {
		case !strings.HasPrefix(served.Path, jsonapi.Root):
		case !strings.Contains(at, relationshipVariable):
			all = append(all, at)
		default:
			rt := table[at]
			for _, rel := range rt.served.Schema.Relationships {
				if !rel.WriteOnly && rt.possible(rel) {
					all = append(all, strings.Replace(at, relationshipVariable, rel.Name, 1))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestTheDocumentHasTheRoutesAndNoOthers(t *testing.T) {
	t.Parallel()
	document, _ := loadOpenAPI(t)
	var described []string
	ids := map[string]string{}
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			described = append(described, at)
			if other := ids[op.OperationID]; other != "" {
				t.Errorf("%s and %s are both called %s", at, other, op.OperationID)
			}
			ids[op.OperationID] = at
		}
	}
	slices.Sort(described)
	if diff := cmp.Diff(routed(), described); diff != "" {
		t.Errorf("routes (-served +described):\n%s", diff)
	}
}

func TestTheDocumentHasEveryFieldOfEveryType(t *testing.T) {
	t.Parallel()
	document, _ := loadOpenAPI(t)
	for _, c := range models.Collections() {
		resource := document.Components.Schemas["AnyResource"]
		var found *openapi3.Schema
		for _, one := range resource.Value.OneOf {
			if one.Value.Properties["type"].Value.Enum[0] == c.Schema.Type {
				found = one.Value
			}
		}
		if found == nil {
			t.Errorf("there is no schema of %s", c.Schema.Type)
			continue
		}
		var want, got []string
		for _, a := range c.Schema.Attributes {
			if !a.WriteOnly {
				want = append(want, a.Name)
			}
		}
		for _, rel := range c.Schema.Relationships {
			if !rel.WriteOnly {
				want = append(want, rel.Name)
			}
		}
		for _, part := range []string{"attributes", "relationships"} {
			for name := range found.Properties[part].Value.Properties {
				got = append(got, name)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("fields of %s (-model +document):\n%s", c.Schema.Type, diff)
		}
	}
}

func TestEveryParameterHasItsBoundsOrExample(t *testing.T) {
	t.Parallel()
	document, _ := loadOpenAPI(t)
	for name, ref := range document.Components.Parameters {
		p := ref.Value
		schema := p.Schema.Value
		if p.In == "path" && p.Example == nil {
			t.Errorf("the path parameter %s has no example", name)
		}
		if schema.Type.Is("array") && (schema.MaxItems == nil || p.Explode == nil) {
			t.Errorf("the list %s has no bounds", name)
		}
		if strings.HasPrefix(p.Name, "page[") && schema.Type.Is("integer") && (schema.Min == nil || schema.Max == nil) {
			t.Errorf("the number %s has no bounds", name)
		}
		if p.Style == "deepObject" {
			t.Errorf("%s is no exact name", name)
		}
	}
}
