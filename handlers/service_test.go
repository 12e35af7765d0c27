package handlers_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/auth"
	"roster/handlers"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// service is the API on a real socket over a real database, with the first management key.
type service struct {
	t   *testing.T
	db  *store.DB
	url string
	api *handlers.API
	// key is sent with every request that names no credential itself.
	key string
	// with are headers of every request, by name and value.
	with []string
	// used notes what is used; nothing writes it but tests.
	used *auth.LastUsed
}

// eachService runs a test against the API on each database.
func eachService(t *testing.T, test func(t *testing.T, s *service)) {
	t.Helper()
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) { test(t, newService(t, db)) })
}

func newService(t *testing.T, db *store.DB) *service {
	t.Helper()
	return newServiceWith(t, db, func(*server.Config, *http.Server) {})
}

// newServiceWith returns a service whose configuration and server a test has changed.
func newServiceWith(t *testing.T, db *store.DB, change func(*server.Config, *http.Server)) *service {
	t.Helper()
	key, err := models.CreateFirstManagementKey(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewUnstartedServer(nil)
	cfg := testConfig(db)
	change(&cfg, listening.Config)
	api, h := open(t, cfg)
	watching, stop := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() { api.WatchEvents(watching, func(error) {}) })
	t.Cleanup(func() { stop(); watch.Wait() })
	listening.Config.Handler = h
	listening.Start()
	t.Cleanup(listening.Close)
	return &service{t: t, db: db, url: listening.URL, api: api, key: key, used: cfg.LastUsed}
}

func testConfig(db *store.DB) server.Config {
	return server.Config{
		DB: db, LastUsed: auth.NewLastUsed(),
		Logger:  slog.New(server.NewLog(slog.NewTextHandler(io.Discard, nil))),
		Metrics: server.NewMetrics(server.Build{Version: "test"}, db.Pools()),
		Health:  server.NewHealth(db), Limiter: server.NewLimiter(0, time.Minute, time.Now), MaxBody: 1 << 20,
		Stop:           context.Background(),
		RequestTimeout: 5 * time.Minute, // a slow machine is no fault of what is tested
	}
}

// open returns the API and a server with its door.
func open(t testing.TB, cfg server.Config) (*handlers.API, http.Handler) {
	t.Helper()
	api := handlers.NewAPI(cfg.DB, cfg.Logger)
	other := &server.Door{Description: &server.Description{Name: "other", Title: "Another", Document: []byte(`{"openapi":"3.1.0"}`)}}
	h, err := server.New(cfg, api.Door(other, &server.Door{}))
	if err != nil {
		t.Fatal(err)
	}
	return api, h
}

// soon is far more than anything here takes. Tests wait for signals; this only keeps a broken one from waiting for ever.
const soon = 2 * time.Minute

// as returns the service as another caller sees it.
func (s *service) as(key string) *service {
	other := *s
	other.key = key
	return &other
}

// answer is what came back.
type answer struct {
	t      *testing.T
	Status int
	Header http.Header
	Body   []byte
}

// do sends a request and compares the exchange with the OpenAPI document. The body may be "", a string, or anything that JSON holds.
// headers are pairs of name and value; an empty value takes a header away.
func (s *service) do(method, path string, body any, headers ...string) *answer {
	s.t.Helper()
	req, sent, a := s.exchange(method, path, body, headers...)
	documented, err := theContract()
	if err != nil {
		s.t.Fatal(err)
	}
	documented.check(s.t, exchanged{req, sent, a})
	return a
}

// send is do for requests that no client would make, which the document says nothing of.
func (s *service) send(method, path string, body any, headers ...string) *answer {
	s.t.Helper()
	_, _, a := s.exchange(method, path, body, headers...)
	return a
}

func (s *service) exchange(method, path string, body any, headers ...string) (*http.Request, []byte, *answer) {
	s.t.Helper()
	sent := sentBytes(s.t, body)
	var reader io.Reader
	if len(sent) > 0 {
		reader = bytes.NewReader(sent)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.key != "" {
		req.Header.Set("Authorization", "Bearer "+s.key)
	}
	if reader != nil {
		req.Header.Set("Content-Type", jsonapi.MediaType)
	}
	headers = slices.Concat(s.with, headers)
	for i := 0; i+1 < len(headers); i += 2 {
		switch {
		case headers[i] == "Host":
			req.Host = headers[i+1]
		case headers[i+1] == "":
			req.Header.Del(headers[i])
		default:
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var plain io.Reader = res.Body
	if res.Header.Get("Content-Encoding") == "gzip" && method != "HEAD" && res.StatusCode != http.StatusNotModified {
		if plain, err = gzip.NewReader(plain); err != nil {
			s.t.Fatal(err)
		}
	}
	read, err := io.ReadAll(plain)
	if err != nil {
		s.t.Fatal(err)
	}
	return req, sent, &answer{s.t, res.StatusCode, res.Header, read}
}

// upload sends a picture, as an organization's or user's file.
func (s *service) upload(query, picture string, headers ...string) *answer {
	s.t.Helper()
	return s.do("POST", "/public/v2/files?"+query, picture, append([]string{"Content-Type", "image/png"}, headers...)...)
}

// file uploads a picture to an organization, and returns its id.
func (s *service) file(organization string) string {
	s.t.Helper()
	a := s.upload("organizationId="+organization, pixel, "Content-Disposition", `attachment; filename="logo.png"`)
	return a.want(201).text("data", "id")
}

// pixel is a PNG of one pixel.
var pixel = func() string {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return out.String()
}()

func (s *service) get(path string, headers ...string) *answer {
	s.t.Helper()
	return s.do("GET", path, nil, headers...)
}

// want fails the test unless the answer has that status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// json returns the value at a path of member names and indexes within the body.
func (a *answer) json(path ...any) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		a.t.Fatalf("body is not JSON: %v: %s", err, a.Body)
	}
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[key]
		case int:
			array, _ := v.([]any)
			if key >= len(array) {
				a.t.Fatalf("no element %d on the way %v: %s", key, path, a.Body)
			}
			v = array[key]
		}
	}
	return v
}

// text is json for a string.
func (a *answer) text(path ...any) string {
	a.t.Helper()
	s, ok := a.json(path...).(string)
	if !ok {
		a.t.Fatalf("no string at %v: %s", path, a.Body)
	}
	return s
}

// errorObject is what an error object says, as far as clients branch on it.
type errorObject struct{ Status, Code, Pointer, Parameter, Header string }

// errors returns the errors of the answer.
func (a *answer) errors() []errorObject {
	a.t.Helper()
	var doc struct {
		Errors []struct {
			Status, Code string
			Source       struct{ Pointer, Parameter, Header string }
		}
	}
	if err := json.Unmarshal(a.Body, &doc); err != nil || len(doc.Errors) == 0 {
		a.t.Fatalf("body is no error document: %v: %s", err, a.Body)
	}
	var out []errorObject
	for _, e := range doc.Errors {
		out = append(out, errorObject{e.Status, e.Code, e.Source.Pointer, e.Source.Parameter, e.Source.Header})
	}
	return out
}

// object is a JSON object.
type object = map[string]any

// resource returns a document with one resource. Pairs of relationship name and identifier (nil, object or []object) follow.
func resource(typ string, attributes object, relationships ...any) object {
	data := object{"type": typ, "attributes": attributes}
	if len(relationships) > 0 {
		members := object{}
		for i := 0; i+1 < len(relationships); i += 2 {
			members[relationships[i].(string)] = object{"data": relationships[i+1]}
		}
		data["relationships"] = members
	}
	return object{"data": data}
}

// withID adds an id to a document made by resource.
func withID(doc object, id string) object {
	doc["data"].(object)["id"] = id
	return doc
}

func ref(typ, id string) object { return object{"type": typ, "id": id} }

const managed = "/public/v2/management/organizations"

// organization creates an organization and returns its id and token.
func (s *service) organization(name string, relationships ...any) (id, token string) {
	s.t.Helper()
	a := s.do("POST", managed, resource("organizations", object{"name": name}, relationships...)).want(201)
	return a.text("data", "id"), a.text("data", "attributes", "token")
}
