package models_test

import (
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestRecountBesideAMove moves a branch that counters are wrong for while these are set right: what it takes along is read afterwards. On
// SQLite nobody else writes meanwhile.
func TestRecountBesideAMove(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.Postgres)
	from, to := organization(t, db, "From", "").ID, organization(t, db, "To", "").ID
	branch := organization(t, db, "Branch", from).ID
	user(t, db, "ada", organization(t, db, "Leaf", branch).ID)
	wrong := func(n int) (string, []any) {
		return `UPDATE counters SET n = n + $1 WHERE (name, key, shard) IN (SELECT name, key, MIN(shard) FROM counters
			WHERE name IN ('descendants', 'people') AND key = $2 GROUP BY name, key)`, []any{n, branch}
	}
	statement, args := wrong(7)
	if _, err := modelstest.Writable(db).ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
	recount, err := modelstest.Writable(db).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer recount.Rollback() //nolint:errcheck // in vain if it is over
	if _, err := recount.ExecContext(t.Context(), `LOCK TABLE counters IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	moved := make(chan error, 1)
	go func() {
		_, err := models.UpdateOrganization(t.Context(), db, everything, branch, input(nil, below(to)))
		moved <- err
	}()
	for waits := false; !waits; {
		err := modelstest.Readable(db).QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks
			WHERE relation = 'counters'::regclass AND NOT granted)`).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
	}
	statement, args = wrong(-7)
	if _, err := recount.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
	if err := recount.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
	if found := verified(t, db); len(found) != 0 {
		t.Errorf("it is wrong: %q", found)
	}
}

// TestATotalIsNeverBelowNothing has a counter that a program of the version before has left behind: it did not count who came, and a later
// one counts who leaves.
func TestATotalIsNeverBelowNothing(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		user(t, db, "ada", top)
		_, err := modelstest.Writable(db).ExecContext(t.Context(), `UPDATE counters SET n = n - 3 WHERE name = 'people'`)
		if err != nil {
			t.Fatal(err)
		}
		if page := listPage(t, db, models.Users, collection.Subtree(top), ""); page.Total != 0 || page.TotalUnfiltered != 0 {
			t.Errorf("%d of %d", page.Total, page.TotalUnfiltered)
		}
		recounted(t, db)
		if page := listPage(t, db, models.Users, collection.Subtree(top), ""); page.Total != 1 || page.TotalUnfiltered != 1 {
			t.Errorf("counted anew: %d of %d", page.Total, page.TotalUnfiltered)
		}
	})
}
