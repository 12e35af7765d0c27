package auth_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	compatauth "roster/compat/auth"
	"roster/models"
	"roster/server/servertest"
)

// TestTheDescriptionIsOpenAPI of what is served, with every type there is and examples that fit.
func TestTheDescriptionIsOpenAPI(t *testing.T) {
	t.Parallel()
	door := compatauth.Door()
	document, err := openapi3.NewLoader().LoadFromData(door.Description.Document)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context(), openapi3.DisableExamplesValidation()); err != nil || !document.IsOpenAPI31OrLater() {
		t.Errorf("it is of OpenAPI %s: %v", document.OpenAPI, err)
	}
	for _, rt := range door.Routes {
		if item := document.Paths.Value(rt.Path); item == nil || item.GetOperation(rt.Method) == nil {
			t.Errorf("%s %s is not described", rt.Method, rt.Path)
		}
	}
	if n := document.Paths.Len(); n != len(door.Routes) {
		t.Errorf("%d paths are described", n)
	}
	var types []string
	for _, one := range document.Components.Schemas["Type"].Value.Enum {
		types = append(types, one.(string))
	}
	if want := models.Organizations.Schema.Attribute("kind").Enum; !slices.Equal(types, want) {
		t.Errorf("the types are %q, want %q", types, want)
	}
	schemas, err := servertest.NewSchemas(door.Description.Document, servertest.Closed)
	if err != nil {
		t.Fatal(err)
	}
	for status, answer := range document.Paths.Value(path).Get.Responses.Map() {
		for _, content := range answer.Value.Content {
			example, err := json.Marshal(content.Example)
			if err == nil {
				err = schemas.Check(content.Schema, example)
			}
			if err != nil {
				t.Errorf("the example of %s: %v", status, err)
			}
		}
	}
}
