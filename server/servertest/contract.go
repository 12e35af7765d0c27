package servertest

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Contract compares exchanges with an OpenAPI document of 3.1. kin-openapi finds the operation; the JSON Schemas are those of the document,
// compiled once by a validator of draft 2020-12. Every body must be a component, and its example fit it.
type Contract struct {
	document          *openapi3.T
	router            routers.Router
	requests, answers *Schemas
}

// NewContract returns the contract of a document.
func NewContract(document []byte) (*Contract, error) {
	c := &Contract{}
	var err error
	if c.document, err = openapi3.NewLoader().LoadFromData(document); err != nil {
		return nil, err
	}
	plain := *c.document
	plain.OpenAPI = "3.0.3" // of which kin-openapi compiles the schemas of parameters once
	if c.router, err = gorillamux.NewRouter(&plain); err != nil {
		return nil, err
	}
	if c.requests, err = NewSchemas(document, func(string, map[string]any) {}); err != nil {
		return nil, err
	}
	c.answers, err = NewSchemas(document, Closed)
	return c, err
}

// Violations returns what of an exchange the document does not say: its operation, the status, the media type, a member of the body.
func (c *Contract) Violations(r *http.Request, sent []byte, answer Reply, body []byte) []string {
	plain := r.Clone(r.Context())
	plain.URL.Path, plain.URL.RawPath = strings.TrimSuffix(plain.URL.Path, "/"), ""
	if plain.Method == http.MethodHead {
		plain.Method = http.MethodGet
	}
	route, _, err := c.router.FindRoute(plain)
	if err != nil {
		if answer.StatusCode < 400 {
			return []string{"there is no such operation"}
		}
		return nil
	}
	documented := route.Operation.Responses.Value(strconv.Itoa(answer.StatusCode))
	if documented == nil && answer.StatusCode >= 400 {
		documented = route.Operation.Responses.Default()
	}
	if documented == nil {
		return []string{"the status is not documented"}
	}
	var found []string
	if r.Method != http.MethodHead && (len(body) > 0 || len(documented.Value.Content) > 0) {
		mediaType, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
		if content := documented.Value.Content[mediaType]; content == nil {
			found = append(found, "the Content-Type "+mediaType+" is not documented")
		} else if err := c.answers.Check(content.Schema, body); err != nil {
			found = append(found, fmt.Sprintf("%v in %.2000s", err, body))
		}
	}
	if request := route.Operation.RequestBody; answer.StatusCode < 300 && request != nil && len(sent) > 0 {
		for _, content := range request.Value.Content {
			if err := c.requests.Check(content.Schema, sent); err != nil {
				found = append(found, fmt.Sprintf("the request: %v in %s", err, sent))
			}
		}
	}
	return found
}

// Closed makes a schema refuse members that it does not name.
func Closed(_ string, schema map[string]any) {
	if _, open := schema["additionalProperties"]; !open && schema["properties"] != nil {
		schema["additionalProperties"] = false
	}
}

// Schemas are the schemas of a document, each compiled when it is needed first.
type Schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// NewSchemas returns the schemas of a document, after a change of each.
func NewSchemas(raw []byte, change func(string, map[string]any)) (*Schemas, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	components := parsed.(map[string]any)["components"].(map[string]any)
	for name, schema := range components["schemas"].(map[string]any) {
		change(name, schema.(map[string]any))
	}
	s := &Schemas{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	s.compiler.AssertFormat()
	return s, s.compiler.AddResource("openapi.json", map[string]any{"components": map[string]any{"schemas": components["schemas"]}})
}

// Check validates JSON against the component that a schema of the document refers to.
func (s *Schemas) Check(ref *openapi3.SchemaRef, body []byte) error {
	if ref.Ref == "" {
		return nil // only the OpenAPI document itself has a schema in place: any object
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	s.mu.Lock()
	schema, ok := s.compiled[ref.Ref]
	if !ok {
		if schema, err = s.compiler.Compile("openapi.json" + ref.Ref); err != nil {
			s.mu.Unlock()
			return err
		}
		s.compiled[ref.Ref] = schema
	}
	s.mu.Unlock()
	return schema.Validate(value)
}
