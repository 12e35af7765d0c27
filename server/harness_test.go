package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"roster/auth"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// bundle is a served router with one route for each thing that can happen to a request.
type bundle struct {
	*httptest.Server
	db     *store.DB
	health *Health
	now    *modelstest.Clock
	log    *servertest.Output
	key    string // of the management, sent to the routes below /long

	waiting chan struct{} // has a token for a request that waits
}

const testETag = `"v1"`

var longText = strings.Repeat("all work and no play makes jack a dull boy ", 100)

// misbehaving returns routes for what can happen to a request. One that waits says so first.
func misbehaving(waits func()) []Route {
	var table []Route
	add := func(method, path string, needs auth.Permission, serve func(http.ResponseWriter, *Request) error) {
		table = append(table, Route{Method: method, Path: path, Needs: needs,
			Take: func(_ http.ResponseWriter, rq *Request) (Serve, error) {
				return func(w http.ResponseWriter) error { return serve(w, rq) }, nil
			}})
	}
	get := func(path string, serve func(http.ResponseWriter, *Request) error) {
		add("GET", path, auth.Public(), serve)
	}
	post := func(path string, serve func(http.ResponseWriter, *Request) error) {
		add("POST", path, auth.Public(), serve)
	}
	get("/panic", func(http.ResponseWriter, *Request) error { panic("password=hunter2") })
	get("/half", func(w http.ResponseWriter, _ *Request) error {
		_, _ = io.WriteString(w, longText)
		_ = http.NewResponseController(w).Flush()
		panic("in the middle")
	})
	get("/late", func(w http.ResponseWriter, _ *Request) error {
		_, _ = io.WriteString(w, longText)
		return errors.New("too late")
	})
	get("/fail", func(w http.ResponseWriter, _ *Request) error {
		w.Header().Set("ETag", testETag)
		w.Header().Set("Content-Length", "7")
		return errors.New("dial postgres: password=hunter2")
	})
	get("/unreached", func(http.ResponseWriter, *Request) error { // a database, whose port is silent
		return fmt.Errorf("find: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded})
	})
	get("/refused", func(http.ResponseWriter, *Request) error {
		return &store.Error{Kind: store.Invalid, Field: "name", Message: "No."}
	})
	get("/read-only", func(http.ResponseWriter, *Request) error {
		return &store.Error{Kind: store.ReadOnly, Field: "name", Message: "No."}
	})
	get("/signs-in/{how}", func(w http.ResponseWriter, rq *Request) error {
		rq.SigningIn(ByPassword)
		if Var(rq.Request, "how") != "right" {
			return &store.Error{Kind: store.Unauthenticated, Message: "No."}
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	get("/wait", func(_ http.ResponseWriter, rq *Request) error {
		waits()
		<-rq.Context().Done()
		return errors.New("interrupted") // what a database may say
	})
	get("/silent", func(http.ResponseWriter, *Request) error { return nil })
	add("GET", "/nobody", auth.Anyone(), func(http.ResponseWriter, *Request) error { return errors.New("somebody came") })
	add("GET", "/long/{id}", auth.Anyone(), func(w http.ResponseWriter, rq *Request) error {
		w.Header().Set("Content-Type", "application/json")
		if same, err := NotModified(w, rq.Request, testETag); err != nil {
			return err
		} else if same {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		_, _ = io.WriteString(w, longText)
		return nil
	})
	post("/wait", func(_ http.ResponseWriter, rq *Request) error {
		<-rq.Context().Done()
		return rq.Context().Err()
	})
	post("/body", func(w http.ResponseWriter, rq *Request) error {
		if err := rq.Read(w); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	post("/upload", func(w http.ResponseWriter, rq *Request) error {
		LimitBody(w, rq.Request, 10_000)
		if err := rq.Read(w); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	return table
}

// setup serves the test routes; change adjusts the configuration and the server first.
func setup(t *testing.T, change func(*Config, *http.Server), more ...*Door) *bundle {
	t.Helper()
	return setupOn(t, modelstest.Open(t, store.SQLite), change, more...)
}

// setupOn is setup on a database.
func setupOn(t *testing.T, db *store.DB, change func(*Config, *http.Server), more ...*Door) *bundle {
	t.Helper()
	b := &bundle{db: db, now: modelstest.NewClock(), log: servertest.NewOutput(), waiting: make(chan struct{}, 1)}
	key, err := models.CreateFirstManagementKey(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	b.key = key
	b.health = NewHealth(b.db)
	cfg := Config{
		DB: b.db, LastUsed: auth.NewLastUsed(),
		Logger:  slog.New(NewLog(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		Metrics: NewMetrics(Build{Version: "test"}, b.db.Pools()), Health: b.health,
		Limiter: NewLimiter(100, time.Minute, b.now.Now), Stop: context.Background(), RequestTimeout: 10 * time.Second,
		MaxBody: 1000, ServeMetrics: true,
	}
	b.Server = httptest.NewUnstartedServer(nil)
	if change != nil {
		change(&cfg, b.Config)
	}
	door := plainDoor()
	door.Routes = append(door.Routes, misbehaving(func() { b.waiting <- struct{}{} })...)
	service, err := New(cfg, append([]*Door{door}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	b.Config.Handler = service
	b.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	b.Start()
	t.Cleanup(b.Close)
	return b
}

// do sends a request; headers are name and value in turn.
func (b *bundle) do(t *testing.T, method, path, body string, headers ...string) (servertest.Reply, []byte) {
	t.Helper()
	if strings.HasPrefix(path, "/long") {
		headers = append([]string{"Api_key", b.key}, headers...)
	}
	answer, content, err := servertest.Exchange(t.Context(), servertest.Fresh(), method, b.URL+path, strings.NewReader(body), headers...)
	if err != nil {
		t.Fatal(err)
	}
	return answer, content
}

// refusalIn reads an error of the plain door.
func refusalIn(t *testing.T, body []byte) plainError {
	t.Helper()
	var told plainError
	if err := json.Unmarshal(body, &told); err != nil || told.Wrong == "" {
		t.Fatalf("not an error: %v\n%s", err, body)
	}
	return told
}

// findLine waits for the line of a request to that path.
func (b *bundle) findLine(t *testing.T, path string) map[string]any {
	t.Helper()
	for n := 0; ; n++ {
		if line := b.log.Nth(t, n); line["path"] == path {
			return line
		}
	}
}
