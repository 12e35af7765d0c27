package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"roster/handlers"
	"roster/jsonapi"
	"roster/server/servertest"
)

// contract compares exchanges with the OpenAPI document. kin-openapi finds the operation and reads the parameters; the JSON Schemas are
// those of the document, compiled once by a validator of draft 2020-12.
type contract struct {
	document *openapi3.T
	router   routers.Router
	// requests has the schemas as they are. answers takes no member that is not documented; whole also misses each that is.
	requests, answers, whole *servertest.Schemas
}

var theContract = sync.OnceValues(func() (*contract, error) {
	raw, err := handlers.OpenAPI()
	if err != nil {
		return nil, err
	}
	c := &contract{}
	if c.document, err = openapi3.NewLoader().LoadFromData(raw); err != nil {
		return nil, err
	}
	// Of a document of 3.1, kin-openapi compiles the schema of each parameter again for each request. Those of parameters are the same in
	// 3.0, where it does not. Bodies are compared with compiled schemas, below.
	plain := *c.document
	plain.OpenAPI = "3.0.3"
	if c.router, err = gorillamux.NewRouter(&plain); err != nil {
		return nil, err
	}
	for _, one := range []struct {
		to     **servertest.Schemas
		change func(name string, schema map[string]any)
	}{
		{&c.requests, func(string, map[string]any) {}},
		{&c.answers, servertest.Closed},
		{&c.whole, func(name string, schema map[string]any) {
			servertest.Closed(name, schema)
			properties, _ := schema["properties"].(map[string]any)
			switch {
			case strings.HasSuffix(name, "Attributes") || strings.HasSuffix(name, "Relationships"):
				schema["required"] = anys(slices.Sorted(maps.Keys(properties)))
			case properties["attributes"] != nil && properties["links"] == nil && properties["relationships"] == nil: // that is read nowhere
				schema["required"] = []any{"type", "id"}
			case properties["attributes"] != nil: // of a resource
				required := []any{"type", "id", "attributes"}
				for _, member := range []string{"links", "relationships"} {
					if properties[member] != nil {
						required = append(required, member)
					}
				}
				schema["required"] = required
			}
		}},
	} {
		if *one.to, err = servertest.NewSchemas(raw, one.change); err != nil {
			return nil, err
		}
	}
	return c, nil
})

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
	}
	return out
}

// exchanged is one request and its answer.
type exchanged struct {
	request *http.Request
	sent    []byte
	answer  *answer
}

// check fails the test for everything in an exchange that the document does not say, and for every request that it forbids and that was
// answered as if it were in order.
func (c *contract) check(t *testing.T, x exchanged) {
	t.Helper()
	for _, violation := range c.violations(x) {
		t.Errorf("%s %s answered %d, against the OpenAPI document: %s", x.request.Method,
			x.request.URL.RequestURI(), x.answer.Status, violation)
	}
}

func (c *contract) violations(x exchanged) []string {
	if !strings.HasPrefix(x.request.URL.Path, "/public/v2/") {
		return nil // pages for people, probes
	}
	route, variables, err := c.find(x.request)
	if err != nil {
		return c.undocumented(x)
	}
	found := c.answerViolations(route, x)
	if x.answer.Status < 300 {
		found = append(found, c.requestViolations(route, variables, x)...)
	}
	return found
}

// find returns the operation of a request. Every path answers with and without a trailing slash; the document has it without.
func (c *contract) find(r *http.Request) (*routers.Route, map[string]string, error) {
	plain := r.Clone(r.Context())
	plain.URL.Path = strings.TrimSuffix(plain.URL.Path, "/")
	plain.URL.RawPath = ""
	if plain.Method == http.MethodHead {
		plain.Method = http.MethodGet // the document says that one is answered as the other
	}
	return c.router.FindRoute(plain)
}

// undocumented returns what is wrong with the answer to a request of no operation: anything but an error document.
func (c *contract) undocumented(x exchanged) []string {
	if x.answer.Status < 400 {
		return []string{"there is no such operation"}
	}
	if x.request.Method == http.MethodHead {
		return nil
	}
	return errorViolations(x)
}

// toAnyRequest are the statuses of errors that any request can be answered with; the document has them as the default.
var toAnyRequest = []int{400, 401, 403, 406, 408, 413, 415, 429, 500, 503}

// general are the headers of every answer that the introduction of the document names, with their values where those never vary.
var general = map[string]string{
	"X-Request-Id": "", "Vary": "", "Cache-Control": "", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
	"Referrer-Policy": "no-referrer",
	"X-Robots-Tag":    "noai, noimageai", "Tdm-Reservation": "1",
}

// protocol are headers of HTTP itself, and of fetching (CORS); whatever is limited says what is left.
var protocol = []string{
	"Content-Type", "Content-Length", "Content-Encoding", "Date", "Connection",
	"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Strict-Transport-Security",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers",
}

func (c *contract) answerViolations(route *routers.Route, x exchanged) (found []string) {
	answer := route.Operation.Responses.Value(strconv.Itoa(x.answer.Status))
	if answer == nil && slices.Contains(toAnyRequest, x.answer.Status) {
		answer = route.Operation.Responses.Default()
	}
	if answer == nil {
		return []string{"the status is not documented"}
	}
	for name, value := range general {
		if got := x.answer.Header.Values(name); len(got) != 1 || value != "" && got[0] != value {
			found = append(found, fmt.Sprintf("the header %s is %q", name, got))
		}
	}
	if x.answer.Status == http.StatusUnauthorized && x.answer.Header.Get("WWW-Authenticate") == "" {
		found = append(found, "it does not say how to authenticate")
	}
	for name := range x.answer.Header {
		_, isGeneral := general[name]
		if !isGeneral && !slices.Contains(protocol, name) && documentedHeader(answer.Value, name) == nil {
			found = append(found, "the header "+name+" is not documented")
		}
	}
	for name, header := range answer.Value.Headers {
		sent := x.answer.Header.Values(name)
		switch {
		case len(sent) > 1:
			found = append(found, "the header "+name+" is there more than once")
		case len(sent) == 0 && header.Value.Required:
			found = append(found, "the header "+name+" is missing")
		case len(sent) == 1:
			if err := checkHeader(header.Value.Schema.Value, sent[0]); err != nil {
				found = append(found, fmt.Sprintf("the header %s is %q: %v", name, sent[0], err))
			}
		}
	}
	return append(found, c.bodyViolations(answer.Value, x)...)
}

// errorViolations returns what is wrong with the errors of an answer: each code belongs to one status, which is that of the answer unless
// several came together.
func errorViolations(x exchanged) (found []string) {
	if x.answer.Status < 400 {
		return nil
	}
	for _, f := range x.answer.errors() {
		meaning, known := jsonapi.Meanings()[jsonapi.Code(f.Code)]
		if !known || strconv.Itoa(meaning.Status) != f.Status || meaning.Status != x.answer.Status &&
			x.answer.Status != http.StatusBadRequest {
			found = append(found, fmt.Sprintf("the error %+v", f))
		}
	}
	return found
}

func documentedHeader(r *openapi3.Response, name string) *openapi3.HeaderRef {
	for documented, header := range r.Headers {
		if http.CanonicalHeaderKey(documented) == name {
			return header
		}
	}
	return nil
}

func checkHeader(schema *openapi3.Schema, text string) error {
	var value any = text
	if schema.Type.Is("integer") {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		value = n
	}
	return schema.VisitJSON(value)
}

func (c *contract) bodyViolations(documented *openapi3.Response, x exchanged) []string {
	if len(documented.Content) == 0 || x.request.Method == http.MethodHead {
		if len(x.answer.Body) > 0 {
			return []string{"no body is documented"}
		}
		return nil
	}
	mediaType := x.answer.Header.Get("Content-Type") // with the extension or the profile that was applied
	content := documented.Content[mediaType]
	if content == nil {
		return []string{"the Content-Type " + mediaType + " is not documented"}
	}
	strictness := c.whole
	if strings.Contains(x.request.URL.RawQuery, "fields") {
		strictness = c.answers
	}
	if err := strictness.Check(content.Schema, x.answer.Body); err != nil {
		return []string{fmt.Sprintf("%v in %.2000s", err, x.answer.Body)}
	}
	return errorViolations(x)
}

// documentedParameter reports whether there is a query parameter of that name, by itself or as a member of one that stands for several.
func documentedParameter(parameters openapi3.Parameters, name string) bool {
	return slices.ContainsFunc(parameters, func(ref *openapi3.ParameterRef) bool {
		p := ref.Value
		return p.In == "query" && (p.Name == name || p.Schema.Value.Properties[name] != nil)
	})
}

// requestViolations returns what the document forbids in a request.
func (c *contract) requestViolations(route *routers.Route, variables map[string]string, x exchanged) (found []string) {
	query, err := url.ParseQuery(x.request.URL.RawQuery)
	if err != nil {
		return []string{err.Error()}
	}
	for name := range query {
		if !documentedParameter(route.Operation.Parameters, name) {
			found = append(found, "the parameter "+name+" is not documented")
		}
	}
	err = openapi3filter.ValidateRequest(x.request.Context(), &openapi3filter.RequestValidationInput{
		Request: x.request, PathParams: variables, Route: route, QueryParams: query,
		Options: &openapi3filter.Options{
			ExcludeRequestBody: true, SkipSettingDefaults: true, MultiError: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	})
	if err != nil {
		found = append(found, err.Error())
	}
	body := route.Operation.RequestBody
	switch {
	case body == nil && len(x.sent) > 0:
		found = append(found, "no request body is documented")
	case body != nil && len(x.sent) == 0 && body.Value.Required:
		found = append(found, "a request body is required")
	case body != nil && len(x.sent) > 0:
		for _, content := range body.Value.Content {
			if err := c.requests.Check(content.Schema, x.sent); err != nil {
				found = append(found, fmt.Sprintf("the request: %v in %s", err, x.sent))
			}
		}
	}
	return found
}

func TestEveryExampleFitsItsSchema(t *testing.T) {
	t.Parallel()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, content openapi3.Content, strictness *servertest.Schemas) {
		for _, one := range content {
			for _, example := range one.Examples {
				encoded, err := json.Marshal(example.Value.Value)
				if err != nil {
					t.Fatal(err)
				}
				if err := strictness.Check(one.Schema, encoded); err != nil {
					t.Errorf("the example of %s: %v", name, err)
				}
			}
		}
	}
	for name, response := range c.document.Components.Responses {
		check(name, response.Value.Content, c.whole)
	}
	for name, body := range c.document.Components.RequestBodies {
		check(name, body.Value.Content, c.requests)
	}
}

func TestTheContractFindsWhatIsNotDocumented(t *testing.T) {
	t.Parallel()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	id := "01912f6a-8c00-7abc-8def-0123456789ab"
	good := func() (string, string, string, *answer) {
		header := http.Header{}
		for name, value := range map[string]string{
			"Content-Type": jsonapi.MediaType, "X-Request-Id": "1", "Vary": "Accept, Origin", "Cache-Control": "private, no-cache",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"X-Robots-Tag": "noai, noimageai", "Tdm-Reservation": "1",
		} {
			header.Set(name, value)
		}
		body := `{"data":{"type":"memberships","id":"` + id + `","attributes":{
			"createdAt":"2024-08-20T10:45:07+00:00","updatedAt":"2024-08-20T10:45:07+00:00"},
			"links":{"self":"/x"}},"links":{"self":"/x","describedby":"/y"},"meta":{},"jsonapi":{"version":"1.1"}}`
		return "PATCH", "/public/v2/memberships/" + id + "/?fields[memberships]=createdAt,updatedAt",
			`{"data":{"type":"memberships","id":"` + id + `"}}`, &answer{t, 200, header, []byte(body)}
	}
	for name, spoil := range map[string]func(method, target, sent *string, a *answer){
		"":                     func(_, _, _ *string, _ *answer) {},
		"status":               func(_, _, _ *string, a *answer) { a.Status = 202 },
		"header":               func(_, _, _ *string, a *answer) { a.Header.Set("X-New", "1") },
		"missing header":       func(_, _, _ *string, a *answer) { a.Header.Del("Vary") },
		"header value":         func(_, _, _ *string, a *answer) { a.Header.Set("X-Frame-Options", "SAMEORIGIN") },
		"media type":           func(_, _, _ *string, a *answer) { a.Header.Set("Content-Type", "application/json") },
		"media type parameter": func(_, _, _ *string, a *answer) { a.Header.Set("Content-Type", jsonapi.MediaType+"; charset=utf-8") },
		"attribute": func(_, _, _ *string, a *answer) {
			a.Body = bytes.Replace(a.Body, []byte(`"createdAt"`), []byte(`"x":1,"createdAt"`), 1)
		},
		"member": func(_, _, _ *string, a *answer) {
			a.Body = bytes.Replace(a.Body, []byte(`"meta"`), []byte(`"x":1,"meta"`), 1)
		},
		"kind of a value": func(_, _, _ *string, a *answer) { a.Body = bytes.Replace(a.Body, []byte(`07+00:00"`), []byte(`"`), 1) },
		"type": func(_, _, _ *string, a *answer) {
			a.Body = bytes.Replace(a.Body, []byte("memberships"), []byte("users"), 1)
		},
		"parameter":       func(_, target, _ *string, _ *answer) { *target += "&sort=createdAt" },
		"parameter value": func(_, target, _ *string, _ *answer) { *target += ",nope" },
		"path parameter": func(_, target, _ *string, _ *answer) {
			*target = strings.Replace(*target, id, "7", 1)
		},
		"request": func(_, _, sent *string, _ *answer) { *sent = `{"data":{"type":"memberships"}}` },
		"request attribute": func(_, _, sent *string, _ *answer) {
			*sent = strings.Replace(*sent, `"id"`, `"attributes":{"x":1},"id"`, 1)
		},
		"no request body":    func(_, _, sent *string, _ *answer) { *sent = "" },
		"operation":          func(method, _, _ *string, _ *answer) { *method = "PUT" },
		"attribute left out": func(_, target, _ *string, _ *answer) { *target = strings.Split(*target, "?")[0] },
		"body where none is": func(_, _, _ *string, a *answer) { a.Status = 304 },
	} {
		t.Run(name, func(t *testing.T) {
			method, target, sent, a := good()
			spoil(&method, &target, &sent, a)
			request, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			found := c.violations(exchanged{request, []byte(sent), a})
			if (len(found) > 0) != (name != "") {
				t.Errorf("found %q", found)
			}
		})
	}
}

// sentBytes returns the body of a request as it goes out.
func sentBytes(t *testing.T, body any) []byte {
	t.Helper()
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return []byte(b)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
