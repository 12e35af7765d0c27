package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestPostgreSQLCompilesNothing unless the URL of the database asks for it.
func TestPostgreSQLCompilesNothing(t *testing.T) {
	t.Parallel()
	url := modelstest.URL(t, store.Postgres)
	alter(t, url, "SET jit = 'on'")
	for address, want := range map[string]string{url: "off", url + "&jit=on": "on"} {
		if got := setting(t, modelstest.OpenConfig(t, modelstest.ConfigAt(address)), "jit"); got != want {
			t.Errorf("jit is %s, want %s", got, want)
		}
	}
}

// TestWhoListensIsNotEndedForBeingIdle listens where nothing happens, on a server that ends who is idle.
func TestWhoListensIsNotEndedForBeingIdle(t *testing.T) {
	t.Parallel()
	url := modelstest.URL(t, store.Postgres)
	alter(t, url, "SET idle_session_timeout = '200ms'")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := store.Listen(ctx, modelstest.OpenConfig(t, modelstest.ConfigAt(url)), "quiet", func(string) {})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ended before it was told to: %v", err)
	}
}

// TestWhoListensTakesAnotherConnectionForOneThatIsEnded ends the connection of who listens again and again, who hears each time that
// something may have been missed, and goes on. Only if none lasts is that told, and not as an outage.
func TestWhoListensTakesAnotherConnectionForOneThatIsEnded(t *testing.T) {
	t.Parallel()
	db := modelstest.OpenConfig(t, modelstest.Config(t, store.Postgres))
	heard, ended := make(chan string, 2), make(chan error, 1) // all that is said
	go func() { ended <- store.Listen(t.Context(), db, "quiet", func(what string) { heard <- what }) }()
	hears := func(want string) error {
		t.Helper()
		select {
		case got := <-heard:
			if got != want {
				t.Errorf("it heard %q, want %q", got, want)
			}
			return nil
		case err := <-ended:
			return err
		case <-time.After(20 * time.Second):
			t.Fatalf("it did not hear %q", want)
			return nil
		}
	}
	end := func() {
		t.Helper()
		for killed := 0; killed == 0; {
			err := db.Read(t.Context(), func(rows *sql.Rows) error { return rows.Scan(&killed) }, `SELECT COUNT(pg_terminate_backend(pid))
				FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN quiet'`)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 3 {
		if err := hears(""); err != nil {
			t.Fatalf("it ended: %v", err)
		}
		end()
	}
	if err := hears(""); err != nil {
		t.Fatalf("it ended: %v", err)
	}
	if _, err := db.Exec(t.Context(), "SELECT pg_notify('quiet', 'again')"); err != nil {
		t.Fatal(err)
	}
	if err := hears("again"); err != nil {
		t.Fatalf("it ended: %v", err)
	}
	var err error
	for range 20 {
		end()
		if err = hears(""); err != nil {
			break
		}
	}
	if err == nil || store.Unavailable(err) {
		t.Errorf("that none lasts is told as %v", err)
	}
}

// TestAnAnswerThatIsLateIsNotABrokenConnection asks whether the database is there, which answers too late, and then not at all.
func TestAnAnswerThatIsLateIsNotABrokenConnection(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	outage := store.NewOutage(db, slog.New(slog.DiscardHandler))
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	proxy.Slow(300 * time.Millisecond)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := db.Ping(short)
	proxy.Slow(0)
	if !errors.Is(err, context.DeadlineExceeded) || outage.Explains(t.Context(), err) {
		t.Errorf("an answer that is late is an outage, or something else: %v", err)
	}
	proxy.Cut()
	var why *pgconn.ConnectError
	if err := db.Ping(t.Context()); !errors.As(err, &why) || !outage.Explains(t.Context(), err) {
		t.Errorf("that nobody answers is told as %v", err)
	}
}

// TestWhatIsGivenUpSoonAfterAnOutageBelongsToIt and neither makes it longer nor is told by itself, until a while later.
func TestWhatIsGivenUpSoonAfterAnOutageBelongsToIt(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	cfg := modelstest.Config(t, store.Postgres)
	cfg.Now = clock.Now
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	var log bytes.Buffer
	outage := store.NewOutage(db, slog.New(slog.NewTextHandler(&log, nil)))
	ticks := make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { outage.Watch(ctx, ticks) })
	explains := func(want bool) {
		t.Helper()
		if outage.Explains(t.Context(), context.DeadlineExceeded) != want {
			t.Errorf("what took too long is explained: %v, want %v", !want, want)
		}
	}
	explains(false)
	clock.Advance(time.Second)
	proxy.Cut()
	explains(true)
	clock.Advance(time.Second)
	proxy.Restore()
	explains(true)
	ticks <- time.Time{}
	ticks <- time.Time{} // the first was looked at, since which nothing failed
	ticks <- time.Time{}
	explains(true)
	clock.Advance(5 * time.Second)
	for took, want := range map[time.Duration]bool{4 * time.Second: false, 6 * time.Second: true} {
		if outage.ExplainsRefusal(t.Context(), context.DeadlineExceeded, took) != want {
			t.Errorf("a request that took %s, 5 s after the end, is explained: %v", took, !want)
		}
	}
	clock.Advance(25 * time.Second)
	explains(false)
	cancel()
	watching.Wait()
	if began, over := strings.Count(log.String(), "outage began"), strings.Count(log.String(), "outage over"); began != 1 || over != 1 {
		t.Errorf("the log has\n%s", &log)
	}
}

// TestAConnectionThatIsLateIsNoOutage has connections that are not made in time, or called off, of a database that others are connected
// to. Once nobody is, the same is an outage.
func TestAConnectionThatIsLateIsNoOutage(t *testing.T) {
	t.Parallel()
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // whose callers wait
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	connect := func(ctx context.Context) error {
		_, err := pgconn.Connect(ctx, "postgres://roster@"+silent.Addr().String()+"/roster?sslmode=disable")
		return err
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	late := connect(short)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	calledOff := connect(gone)

	clock := modelstest.NewClock()
	cfg := modelstest.Config(t, store.Postgres)
	cfg.Now = clock.Now
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	outage := store.NewOutage(db, slog.New(slog.DiscardHandler))
	stoodStill := &pgconn.PgError{Severity: "FATAL", Code: "25P03"} // its transaction, while nothing went on
	for _, err := range []error{late, calledOff, stoodStill} {
		if !store.Unavailable(err) || outage.Explains(t.Context(), err) {
			t.Errorf("%v is an outage of all", err)
		}
	}
	proxy.Cut()
	clock.Advance(time.Second) // it was looked at just now
	if outage.Explains(t.Context(), calledOff) || !outage.Explains(t.Context(), late) || !outage.Explains(t.Context(), stoodStill) {
		t.Error("nobody is connected, and that is no outage")
	}
}
