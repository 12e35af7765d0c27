package handlers

import (
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
			if err := limiter.Charge(w, r, nobody); err != nil {
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
			x.Caller = models.Identity{Kind: models.ByManagementKey, ID: "k1"}
			if err := limiter.Charge(w, r, Payer{Caller: x.Caller}); err != nil {
				return err
			}
			w.Header().Set("Content-Type", jsonapi.MediaType)
			if same, err := notModified(w, r, testETag); err != nil {
				return err
			} else if same {
				w.WriteHeader(http.StatusNotModified)
				return nil
			}
			_, _ = io.WriteString(w, longText)
			return nil
		})
		router.Handle("/wait", handler(func(_ http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return r.Context().Err()
		})).Methods(http.MethodPost)
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
		Limiter: NewLimiter(100, time.Minute,
			b.now.Now), Stop: context.Background(), RequestTimeout: 10 * time.Second, MaxBody: 1000, ServeMetrics: true,
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

// reply is an answer whose body has been read.
type reply struct {
	StatusCode int
	Header     http.Header
}

// do sends a request; headers are name and value in turn. The transport neither asks for gzip nor undoes it.
func (b *bundle) do(t *testing.T, method, path, body string, headers ...string) (reply, []byte) {
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
	return reply{answer.StatusCode, answer.Header}, content
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
