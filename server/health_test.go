package server

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

func ready(t *testing.T, p *Health) (int, checks) {
	t.Helper()
	w := httptest.NewRecorder()
	HandlerFunc(p.ready).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
	var found checks
	if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil {
		t.Fatal(err)
	}
	return w.Code, found
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	db, err := models.Open(t.Context(), modelstest.UnmigratedConfig(t, store.SQLite))
	if err != nil {
		t.Fatal(err)
	}
	p := NewHealth(db)
	expect := func(when string, status int, accepting, database, migrations string) {
		t.Helper()
		got, found := ready(t, p)
		want := map[string]string{"accepting": accepting, "database": database, "migrations": migrations}
		if diff := cmp.Diff(want, found.Checks); got != status || diff != "" {
			t.Errorf("%s: %d %s", when, got, diff)
		}
	}
	steps, err := db.Migrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect("before migration", 503, "ok", "ok", fmt.Sprintf("%d pending", len(steps)))
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("after migration", 200, "ok", "ok", "ok")
	p.Drain()
	expect("while stopping", 503, "shutting down", "ok", "ok")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	expect("without a database", 503, "shutting down", "unreachable", "ok")
}
