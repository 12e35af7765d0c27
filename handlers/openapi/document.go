package openapi

import (
	"bytes"

	"roster/jsonapi"
)

// The parts of an OpenAPI 3.1 document that this API needs, in the order in which they are printed. JSON objects whose members have names
// of ours are lists, so that they are printed in the order they were made in, and so that every build prints the same bytes.

// members are the members of a JSON object, in order.
type members[T any] []member[T]

type member[T any] struct {
	name  string
	value T
}

// set adds a member, unless there is one of that name.
func (m *members[T]) set(name string, value T) {
	for _, one := range *m {
		if one.name == name {
			return
		}
	}
	*m = append(*m, member[T]{name, value})
}

// get returns the member of that name.
func (m members[T]) get(name string) (value T, found bool) {
	for _, one := range m {
		if one.name == name {
			return one.value, true
		}
	}
	return value, false
}

// MarshalJSON implements json.Marshaler.
func (m members[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := jsonapi.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := jsonapi.Marshal(one.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

type document struct {
	OpenAPI    string              `json:"openapi"`
	Info       info                `json:"info"`
	Servers    []server            `json:"servers"`
	Tags       []Tag               `json:"tags"`
	Security   []members[[]string] `json:"security"`
	Paths      members[*pathItem]  `json:"paths"`
	Webhooks   members[*pathItem]  `json:"webhooks"`
	Components *components         `json:"components"`
}

type info struct {
	Title       string            `json:"title"`
	Version     string            `json:"version"`
	Summary     string            `json:"summary"`
	Description string            `json:"description"`
	Contact     map[string]string `json:"contact"`
	License     map[string]string `json:"license"`
}

type server struct {
	URL         string `json:"url"`
	Description string `json:"description"`
}

// Tag is a part of the API that operations are listed under.
type Tag struct {
	Name string `json:"name"`
	Doc  string `json:"description"`
}

// pathItem is what can be done at one path.
type pathItem struct {
	Get    *operation `json:"get,omitempty"`
	Post   *operation `json:"post,omitempty"`
	Patch  *operation `json:"patch,omitempty"`
	Delete *operation `json:"delete,omitempty"`
	// Parameters are the variables of the path.
	Parameters []reference `json:"parameters,omitempty"`
}

type operation struct {
	OperationID string             `json:"operationId"`
	Summary     string             `json:"summary"`
	Description string             `json:"description,omitempty"`
	Tags        []string           `json:"tags"`
	Permission  *permission        `json:"x-permission,omitempty"`
	Parameters  []any              `json:"parameters,omitempty"`  // each a reference or a *parameter
	RequestBody any                `json:"requestBody,omitempty"` // a reference or a *requestBody
	Responses   members[reference] `json:"responses"`
	// Security is nil for what the whole document asks for.
	Security *[]members[[]string] `json:"security,omitempty"`
}

// permission is what a caller needs.
type permission struct {
	Public     bool   `json:"public,omitempty"`
	Scope      string `json:"scope,omitempty"`
	Or         string `json:"or,omitempty"` // a scope that will do as well
	Management bool   `json:"management,omitempty"`
}

type reference struct {
	Ref string `json:"$ref"`
}

// A schema, the answers with it and the bodies with it would be types of one name in generated clients, so the latter have these endings.
const (
	answerSuffix = "Answer"
	bodySuffix   = "Body"
)

func answerRef(name string) reference {
	return reference{"#/components/responses/" + name}
}

func bodyRef(name string) reference {
	return reference{"#/components/requestBodies/" + name + bodySuffix}
}

type components struct {
	Schemas         members[*schema]         `json:"schemas"`
	Responses       members[*response]       `json:"responses"`
	Parameters      members[*parameter]      `json:"parameters"`
	Examples        members[*example]        `json:"examples"`
	RequestBodies   members[*requestBody]    `json:"requestBodies"`
	Headers         members[*header]         `json:"headers"`
	SecuritySchemes members[*securityScheme] `json:"securitySchemes"`
}

type response struct {
	Description string                `json:"description"`
	Headers     members[reference]    `json:"headers,omitempty"`
	Content     members[*mediaObject] `json:"content,omitempty"`
}

type requestBody struct {
	Description string                `json:"description"`
	Required    bool                  `json:"required"`
	Content     members[*mediaObject] `json:"content"`
}

type mediaObject struct {
	Schema   *schema            `json:"schema"`
	Examples members[reference] `json:"examples,omitempty"`
}

type example struct {
	Summary string `json:"summary,omitempty"`
	Value   any    `json:"value"`
}

type header struct {
	Description string  `json:"description"`
	Required    bool    `json:"required,omitempty"`
	Schema      *schema `json:"schema"`
}

type parameter struct {
	Name            string  `json:"name"`
	In              string  `json:"in"`
	Description     string  `json:"description,omitempty"`
	Required        bool    `json:"required,omitempty"`
	AllowEmptyValue bool    `json:"allowEmptyValue,omitempty"`
	Style           string  `json:"style,omitempty"`
	Explode         *bool   `json:"explode,omitempty"`
	Schema          *schema `json:"schema"`
	Example         any     `json:"example,omitempty"`
}

type securityScheme struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	Scheme      string `json:"scheme,omitempty"`
	In          string `json:"in,omitempty"`
	Name        string `json:"name,omitempty"`
	// Scopes are all there are, with what each allows. OpenAPI has a place of its own for those of OAuth 2 alone.
	Scopes members[string] `json:"x-scopes,omitempty"`
}

// schema is a JSON Schema (draft 2020-12).
type schema struct {
	Draft                string           `json:"$schema,omitempty"`
	Ref                  string           `json:"$ref,omitempty"`
	Title                string           `json:"title,omitempty"`
	Description          string           `json:"description,omitempty"`
	Type                 any              `json:"type,omitempty"` // a string or []string
	Format               string           `json:"format,omitempty"`
	Enum                 []any            `json:"enum,omitempty"`
	Pattern              string           `json:"pattern,omitempty"`
	MinLength            *int             `json:"minLength,omitempty"`
	MaxLength            *int             `json:"maxLength,omitempty"`
	Minimum              *int             `json:"minimum,omitempty"`
	Maximum              *int             `json:"maximum,omitempty"`
	Items                *schema          `json:"items,omitempty"`
	MinItems             *int             `json:"minItems,omitempty"`
	MaxItems             *int             `json:"maxItems,omitempty"`
	UniqueItems          bool             `json:"uniqueItems,omitempty"`
	Properties           members[*schema] `json:"properties,omitempty"`
	PatternProperties    members[*schema] `json:"patternProperties,omitempty"`
	AdditionalProperties any              `json:"additionalProperties,omitempty"` // false or a *schema
	Required             []string         `json:"required,omitempty"`
	PropertyNames        *schema          `json:"propertyNames,omitempty"`
	AllOf                []*schema        `json:"allOf,omitempty"`
	OneOf                []*schema        `json:"oneOf,omitempty"`
	AnyOf                []*schema        `json:"anyOf,omitempty"`
	If                   *schema          `json:"if,omitempty"`
	Then                 *schema          `json:"then,omitempty"`
	Else                 *schema          `json:"else,omitempty"`
	Default              any              `json:"default,omitempty"`
	ReadOnly             bool             `json:"readOnly,omitempty"`
	WriteOnly            bool             `json:"writeOnly,omitempty"`
	Examples             []any            `json:"examples,omitempty"`
}

// Shorthands for schemas.

func refTo(name string) *schema { return &schema{Ref: "#/components/schemas/" + name} }

func arrayOf(items *schema, most int) *schema {
	return &schema{Type: "array", Items: items, MaxItems: &most}
}

func textEnum(values ...string) *schema {
	s := &schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, v)
	}
	return s
}

// object returns the schema of an object. Required members come first.
func object(description string, required []string, properties members[*schema]) *schema {
	return &schema{Type: "object", Description: description, Required: required, Properties: properties}
}

// orNull returns a schema that also takes null.
func orNull(s *schema) *schema {
	return &schema{AnyOf: []*schema{s, {Type: "null"}}}
}

func (s *schema) describe(text string) *schema {
	s.Description = text
	return s
}
