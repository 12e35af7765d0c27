package handlers_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// TestOneOrganizationLeavesConnectionsFree has an organization ask for more at once than there are connections, with its token and
// with a key, for what takes long: PostgreSQL waits for a lock.
func TestOneOrganizationLeavesConnectionsFree(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres) // with eight connections
	beside := modelstest.OpenConfig(t, cfg).Pools()["main"]
	db := modelstest.OpenConfig(t, cfg)
	s := newService(t, db)
	token := func(name string) string {
		head := s.do("POST", "/public/v2/management/organizations", resource("organizations", object{"name": name})).want(201)
		return head.text("data", "attributes", "token")
	}
	greedy, modest := s.as(token("Greedy")), s.as(token("Modest"))
	key := greedy.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "second", "scopes": []string{"*"}})).want(201)
	locking, err := beside.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locking.ExecContext(t.Context(), "LOCK TABLE webhooks"); err != nil {
		t.Fatal(err)
	}
	const asked = 20
	var requests sync.WaitGroup
	for n := range asked {
		as := greedy
		if n%2 == 0 {
			as = greedy.as(key.text("data", "attributes", "key"))
		}
		requests.Go(func() { // which is answered once the lock is gone
			if a := as.get("/public/v2/webhooks"); a.Status != http.StatusOK {
				t.Errorf("who asked for much is answered with %d", a.Status)
			}
		})
	}
	// held asks outside of the transaction, within which the statistics would stay those of the first look.
	held := func() (n int) {
		t.Helper()
		err := beside.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	servertest.Poll(s.t, "four connections that wait for the lock", func() bool { return held() >= 4 })
	for n := range 5 {
		modest.get(fmt.Sprintf("/public/v2/users?page[number]=%d", n+1)).want(http.StatusOK)
	}
	if n := held(); n > 4 {
		t.Errorf("one organization holds %d of 8 connections, want at most 4", n)
	}
	if err := locking.Rollback(); err != nil {
		t.Fatal(err)
	}
	requests.Wait()
}
