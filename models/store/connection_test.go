package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

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
