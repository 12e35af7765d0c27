package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"roster/jsonapi"
	"roster/models"
)

// bundle is a served router with one route for each thing that can happen to a request.
type bundle struct {
	*httptest.Server
	db     *models.DB
	health *Health
	now    *clock
	log    *lines
}

// clock is moved by tests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) Advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// lines collects a log. A request's line is written after its answer, so tests wait for it.
type lines struct {
	mu   sync.Mutex
	more *sync.Cond
	text []string
}

func newLines() *lines {
	l := &lines{}
	l.more = sync.NewCond(&l.mu)
	return l
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(b))
	l.more.Broadcast()
	return len(b), nil
}

// wait returns the first n lines.
func (l *lines) wait(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.text) < n {
		l.more.Wait()
	}
	return l.text[:n]
}

// line returns the n-th line, from 0, as an object.
func (l *lines) line(t *testing.T, n int) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(l.wait(n + 1)[n]), &object); err != nil {
		t.Fatalf("log line is not one JSON object: %v", err)
	}
	return object
}

func testDB(t *testing.T, migrated bool) *models.DB {
	t.Helper()
	vault, err := models.NewVault(make([]byte, models.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	db, err := models.Open(t.Context(), models.Config{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), MaxConnections: 2, Vault: vault, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if migrated {
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

const testETag = `"v1"`

var longText = strings.Repeat("all work and no play makes jack a dull boy ", 100)

func testRoutes(limiter *Limiter) func(*mux.Router) {
	return func(router *mux.Router) {
		get := func(path string, h handler) { router.Handle(path, h).Methods(http.MethodGet, http.MethodHead) }
		get("/panic", func(http.ResponseWriter, *http.Request) error { panic("password=hunter2") })
		get("/half", func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.WriteString(w, longText)
			_ = http.NewResponseController(w).Flush()
			panic("in the middle")
		})
		get("/late", func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.WriteString(w, longText)
			return errors.New("too late")
		})
		get("/fail", func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("ETag", testETag)
			w.Header().Set("Content-Length", "7")
			return errors.New("dial postgres: password=hunter2")
		})
		get("/faults", func(http.ResponseWriter, *http.Request) error {
			return jsonapi.Errors{
				jsonapi.Fault(jsonapi.InvalidParameter, "one").InParameter("sort"),
				jsonapi.Fault(jsonapi.UnknownParameter, "two").InParameter("nope"),
			}
		})
		get("/nobody", func(w http.ResponseWriter, r *http.Request) error {
			if err := limiter.Charge(w, r, ""); err != nil {
				return err
			}
			return jsonapi.Fault(jsonapi.Unauthenticated, "who?")
		})
		get("/wait", func(_ http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return errors.New("interrupted") // what a database may say
		})
		get("/long/{id}", func(w http.ResponseWriter, r *http.Request) error {
			x := ExchangeOf(r.Context())
			x.CallerKind, x.CallerID = "user", "u1"
			if err := limiter.Charge(w, r, "k1"); err != nil {
				return err
			}
			w.Header().Set("Content-Type", jsonapi.MediaType)
			if notModified(w, r, testETag) {
				w.WriteHeader(http.StatusNotModified)
				return nil
			}
			_, _ = io.WriteString(w, longText)
			return nil
		})
		get("/silent", func(http.ResponseWriter, *http.Request) error { return nil })
		router.Handle("/body", handler(func(w http.ResponseWriter, r *http.Request) error {
			if _, err := io.ReadAll(r.Body); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		})).Methods(http.MethodPost)
		router.Handle("/upload", handler(func(w http.ResponseWriter, r *http.Request) error {
			LimitBody(w, r, 10_000)
			if _, err := io.ReadAll(r.Body); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		})).Methods(http.MethodPost)
	}
}

// setup serves the test routes; change adjusts the configuration and the server first.
func setup(t *testing.T, change func(*Config, *http.Server)) *bundle {
	t.Helper()
	b := &bundle{db: testDB(t, true), now: &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, log: newLines()}
	b.health = NewHealth(b.db)
	cfg := Config{
		Logger:  slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: NewMetrics("test", b.db.Pools()), Health: b.health,
		Limiter: NewLimiter(100, time.Minute, b.now.Now), RequestTimeout: 10 * time.Second, MaxBody: 1000, ServeMetrics: true,
	}
	b.Server = httptest.NewUnstartedServer(nil)
	if change != nil {
		change(&cfg, b.Config)
	}
	service, err := NewServer(cfg, testRoutes(cfg.Limiter))
	if err != nil {
		t.Fatal(err)
	}
	b.Config.Handler = service
	b.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	b.Start()
	t.Cleanup(b.Close)
	return b
}

// do sends a request; headers are name and value in turn. The transport neither asks for gzip nor undoes it.
func (b *bundle) do(t *testing.T, method, path, body string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, content
}

// faults reads an error document.
func faults(t *testing.T, body []byte) []jsonapi.Error {
	t.Helper()
	var document struct {
		Errors  []jsonapi.Error `json:"errors"`
		JSONAPI struct {
			Version string `json:"version"`
		} `json:"jsonapi"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatalf("not an error document: %v\n%s", err, body)
	}
	if document.JSONAPI.Version != "1.1" || len(document.Errors) == 0 {
		t.Fatalf("not an error document: %s", body)
	}
	return document.Errors
}

func TestEveryErrorIsADocumentWithEveryHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path, body string
		status                   int
		code                     jsonapi.Code
		header, value            string
	}{
		{"an unknown path", "GET", "/nothing", "", 404, jsonapi.NotFound, "", ""},
		{"a path with double slashes", "POST", "//nothing/../x", "", 404, jsonapi.NotFound, "", ""},
		{"a method that is not possible", "DELETE", "/healthz", "", 405, jsonapi.MethodNotAllowed, "Allow", "GET, HEAD"},
		{"another one", "GET", "/body", "", 405, jsonapi.MethodNotAllowed, "Allow", "POST"},
		{"a panic", "GET", "/panic", "", 500, jsonapi.Internal, "", ""},
		{"an unknown error", "GET", "/fail", "", 500, jsonapi.Internal, "ETag", ""},
		{"several faults", "GET", "/faults", "", 400, jsonapi.InvalidParameter, "", ""},
		{"a missing credential", "GET", "/nobody", "", 401, jsonapi.Unauthenticated, "WWW-Authenticate", `Bearer realm="roster"`},
		{"a large body", "POST", "/body", longText, 413, jsonapi.BodyTooLarge, "", ""},
	}
	b := setup(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			headers := []string{"X-Request-Id", "me-1"}
			if test.status == 412 {
				headers = append(headers, "If-Match", `"v0"`)
			}
			answer, body := b.do(t, test.method, test.path, test.body, headers...)
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
			checkHeaders(t, answer, map[string]string{"Content-Type": jsonapi.MediaType, "Cache-Control": "no-store"})
			if test.header != "" && answer.Header.Get(test.header) != test.value {
				t.Errorf("%s: %q, want %q", test.header, answer.Header.Get(test.header), test.value)
			}
			for _, e := range faults(t, body) {
				if e.Links == nil || e.Links.Type != "/docs/errors#"+string(e.Code) {
					t.Errorf("links of %s: %+v", e.Code, e.Links)
				}
			}
			first := faults(t, body)[0]
			if first.Code != test.code {
				t.Errorf("code %q, want %q", first.Code, test.code)
			}
			if wantID := map[bool]string{true: "me-1"}[test.status == 500]; first.ID != wantID {
				t.Errorf("id %q, want %q", first.ID, wantID)
			}
			if bytes.Contains(body, []byte("hunter2")) {
				t.Errorf("the cause was told: %s", body)
			}
		})
	}
}

func checkHeaders(t *testing.T, answer *http.Response, more map[string]string) {
	t.Helper()
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"X-Robots-Tag": "noai, noimageai", "Tdm-Reservation": "1", "Vary": "Accept, Origin, Accept-Encoding",
		"X-Request-Id": "me-1", "X-Ratelimit-Limit": "100", "Strict-Transport-Security": "",
	}
	for name, value := range more {
		want[name] = value
	}
	for name, value := range want {
		if got := strings.Join(answer.Header.Values(name), " | "); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for _, name := range []string{"X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
		if answer.Header.Get(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestSuccessCarriesTheHeadersToo(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for path, cache := range map[string]string{"/long/1": "private, no-cache", "/silent": "private, no-cache", "/healthz": "no-store"} {
		answer, _ := b.do(t, "GET", path, "", "X-Request-Id", "me-1")
		if answer.StatusCode != 200 {
			t.Errorf("%s: status %d", path, answer.StatusCode)
		}
		checkHeaders(t, answer, map[string]string{"Cache-Control": cache})
	}
	answer, body := b.do(t, "GET", "/long/1", "", "X-Request-Id", "me-1", "If-None-Match", testETag)
	if answer.StatusCode != 304 || len(body) != 0 {
		t.Errorf("status %d with %d bytes, want an empty 304", answer.StatusCode, len(body))
	}
	checkHeaders(t, answer, map[string]string{"ETag": testETag})
}

func TestTheRequestDeadlineIs503(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config, _ *http.Server) { c.RequestTimeout = time.Millisecond })
	answer, body := b.do(t, "GET", "/wait", "", "X-Request-Id", "me-1")
	if answer.StatusCode != 503 || faults(t, body)[0].Code != jsonapi.Unavailable {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	checkHeaders(t, answer, nil)
}

func TestABodyThatNeverArrivesIs408(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *Config, s *http.Server) { s.ReadTimeout = 50 * time.Millisecond })
	req, err := http.NewRequestWithContext(t.Context(), "POST", b.URL+"/body", nil)
	if err != nil {
		t.Fatal(err)
	}
	never, stop := io.Pipe()
	defer stop.Close() //nolint:errcheck // a pipe
	req.Body, req.ContentLength = never, 100
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	if answer.StatusCode != 408 {
		t.Errorf("status %d, want 408", answer.StatusCode)
	}
}

func TestHalfAnAnswerIsNeverTakenForTheWhole(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, path := range []string{"/half", "/late"} {
		for _, encoding := range []string{"gzip", "identity"} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", b.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Encoding", encoding)
			answer, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				continue // cut before the header
			}
			if _, err := io.ReadAll(answer.Body); err == nil {
				t.Errorf("%s in %s ended like a complete answer", path, encoding)
			}
			_ = answer.Body.Close()
		}
	}
}

func TestAClientThatLeftIsLoggedAndNotAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", b.URL+"/wait", nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = http.DefaultTransport.RoundTrip(req) //nolint:bodyclose // there is none
	}()
	b.awaitInFlight(t)
	leave()
	<-done
	if line := b.findLine(t, "/wait"); line["status"] != 499.0 || line["level"] != "INFO" {
		t.Errorf("log: %v", line)
	}
}

// awaitInFlight returns when a request other than the one that asks is being served.
func (b *bundle) awaitInFlight(t *testing.T) {
	t.Helper()
	for {
		_, body := b.do(t, "GET", "/metrics", "")
		if strings.Contains(string(body), "roster_http_requests_in_flight 2") {
			return
		}
	}
}

// findLine waits for the line of a request to that path.
func (b *bundle) findLine(t *testing.T, path string) map[string]any {
	t.Helper()
	for n := 0; ; n++ {
		if line := b.log.line(t, n); line["path"] == path {
			return line
		}
	}
}

func TestAnUploadMayHaveALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	if answer, body := b.do(t, "POST", "/upload", longText); answer.StatusCode != 204 {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer, body := b.do(t, "POST", "/upload", strings.Repeat(longText, 3)); answer.StatusCode != 413 {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}
