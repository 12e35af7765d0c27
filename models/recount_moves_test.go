package models_test

import (
	"testing"

	"roster/models"
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
