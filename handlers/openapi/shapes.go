package openapi

import (
	"encoding/json"
	"reflect"
	"strings"

	"roster/jsonapi"
)

// shapeOf returns the schema of what a Go value is printed as, from its json tags; the doc tags say what its members are. null is taken
// where the value can be nil.
func shapeOf(t reflect.Type) *schema {
	switch t {
	case reflect.TypeFor[jsonapi.Stamp](), reflect.TypeFor[jsonapi.Time]():
		return &schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[jsonapi.Strings]():
		return &schema{Type: "array", Items: &schema{Type: "string"}}
	case reflect.TypeFor[json.RawMessage]():
		return &schema{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		out := shapeOf(t.Elem())
		out.Type = []string{out.Type.(string), "null"}
		return out
	case reflect.Slice:
		return &schema{Type: "array", Items: shapeOf(t.Elem())}
	case reflect.Struct:
		out := object("", nil, nil)
		for _, field := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			out.Properties.set(name, shapeOf(field.Type).describe(field.Tag.Get("doc")))
			out.Required = append(out.Required, name)
		}
		return out
	case reflect.Int64:
		return &schema{Type: "integer", Format: "int64"}
	case reflect.Float64:
		return &schema{Type: "number"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	default:
		return &schema{Type: "string"}
	}
}
