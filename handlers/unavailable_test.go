package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestADatabaseThatCannotAnswerIsNoMistakeOfOurs keeps PostgreSQL from answering in two ways: by a lock on what is asked for, and by
// letting nobody in.
func TestADatabaseThatCannotAnswerIsNoMistakeOfOurs(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	beside := modelstest.OpenConfig(t, cfg).Pools()["main"]
	cfg.StatementTimeout = 2 * time.Second
	s := newService(t, modelstest.OpenConfig(t, cfg))
	s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201)
	unavailable := func() {
		t.Helper()
		if got := s.get("/public/v2/users").want(http.StatusServiceUnavailable).errors()[0].Code; got != "unavailable" {
			t.Errorf("the code is %s", got)
		}
	}

	locking, err := beside.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locking.ExecContext(t.Context(), "LOCK TABLE users"); err != nil {
		t.Fatal(err)
	}
	unavailable()
	if err := locking.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.get("/public/v2/users").want(200)

	where, err := url.Parse(cfg.URL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(where.Path, "/")
	where.Path = "/postgres"
	cfg.URL = where.String()
	server := modelstest.OpenConfig(t, cfg).Pools()["main"]
	run := func(statement string) {
		t.Helper()
		if _, err := server.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	run(`ALTER DATABASE "` + name + `" ALLOW_CONNECTIONS false`)
	run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`)
	unavailable()
	unavailable()
	run(`ALTER DATABASE "` + name + `" ALLOW_CONNECTIONS true`)
	s.get("/public/v2/users").want(200)

	// Connections that ended while they were idle are the pool's matter, and no request's, however many they are and whatever it asks for.
	for what, ask := range map[string]func(){
		"read":  func() { s.get("/public/v2/users").want(200) },
		"feed":  func() { s.get("/public/v2/events").want(200) },
		"write": func() { s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201) },
	} {
		var asking sync.WaitGroup
		for range 8 {
			asking.Go(func() { s.get("/public/v2/users") })
		}
		asking.Wait()
		run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`)
		t.Log("ask for a " + what)
		ask()
	}
}

// TestAServerThatCrashedWhileNobodyAskedIsNotNoticed: it ends its connections without a word, and is back before the next request.
func TestAServerThatCrashedWhileNobodyAskedIsNotNoticed(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	s := newService(t, modelstest.OpenConfig(t, cfg))
	for what, ask := range map[string]func(){
		"read":  func() { s.get("/public/v2/users").want(200) },
		"feed":  func() { s.get("/public/v2/events").want(200) },
		"write": func() { s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201) },
		"once": func() {
			s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"}), "Idempotency-Key", "once").want(201)
		},
	} {
		var asking sync.WaitGroup
		for range 8 {
			asking.Go(func() { s.get("/public/v2/users") })
		}
		asking.Wait()
		proxy.Cut()
		proxy.Restore()
		t.Log("ask for a " + what)
		ask()
	}
}
