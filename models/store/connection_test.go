package store_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
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
