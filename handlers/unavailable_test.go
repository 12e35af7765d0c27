package handlers_test

import (
	"net/http"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
)

// TestAStatementThatTakesTooLongIsNoMistakeOfOurs locks what is asked for, for longer than a statement may take.
func TestAStatementThatTakesTooLongIsNoMistakeOfOurs(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, models.Postgres)
	beside := modelstest.OpenConfig(t, cfg).Pools()["main"]
	cfg.StatementTimeout = 2 * time.Second
	s := newService(t, modelstest.OpenConfig(t, cfg))
	s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201)
	locking, err := beside.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locking.ExecContext(t.Context(), "LOCK TABLE users"); err != nil {
		t.Fatal(err)
	}
	if got := s.get("/public/v2/users").want(http.StatusServiceUnavailable).faults()[0].Code; got != "unavailable" {
		t.Errorf("the code is %s", got)
	}
	if err := locking.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.get("/public/v2/users").want(200)
}
