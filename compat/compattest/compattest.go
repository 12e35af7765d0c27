// Package compattest has what the tests of front doors share: a door on a real socket over a real database, and its OpenAPI document, which
// every exchange is held against.
package compattest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"roster/auth"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
)

// Config returns the configuration of a server without a limit of requests. [Handler] adds the database.
func Config(t testing.TB) server.Config {
	return server.Config{
		LastUsed: auth.NewLastUsed(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Limiter: server.NewLimiter(0, time.Minute, time.Now), MaxBody: 1 << 16, Stop: t.Context(),
		RequestTimeout: 5 * time.Minute, // a slow machine is no fault of what is tested
	}
}

// Handler returns what serves doors over a database.
func Handler(t testing.TB, db *store.DB, cfg server.Config, doors ...*server.Door) http.Handler {
	t.Helper()
	cfg.DB, cfg.Metrics, cfg.Health = db, server.NewMetrics(server.Build{Version: "test"}, db.Pools()), server.NewHealth(db)
	h, err := server.New(cfg, doors...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Serve opens doors on a socket until the test ends, and returns the URL.
func Serve(t testing.TB, db *store.DB, cfg server.Config, doors ...*server.Door) (url string) {
	t.Helper()
	listening := httptest.NewServer(Handler(t, db, cfg, doors...))
	t.Cleanup(listening.Close)
	return listening.URL
}

// contracts are those of the doors that were held to theirs, by name.
var contracts sync.Map

// Hold fails the test for everything in an exchange with a door that its OpenAPI document does not say.
func Hold(t testing.TB, d *server.Door, method, path, sent string, reply servertest.Reply, body []byte) {
	t.Helper()
	read, _ := contracts.LoadOrStore(d.Description.Name, sync.OnceValues(func() (*servertest.Contract, error) {
		return servertest.NewContract(d.Description.Document)
	}))
	c, err := read.(func() (*servertest.Contract, error))()
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range c.Violations(httptest.NewRequest(method, path, nil), []byte(sent), reply, body) {
		t.Errorf("%s %s answered %d, against the OpenAPI document: %s", method, path, reply.StatusCode, violation)
	}
}
