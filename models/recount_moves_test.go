package models_test

import (
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestRecountBesideWhatReadsCounters moves and deletes organizations that counters are wrong for while these are set right: what is added
// to other counters is read afterwards. On SQLite nobody else writes meanwhile.
func TestRecountBesideWhatReadsCounters(t *testing.T) {
	t.Parallel()
	type tree struct{ branch, leaf, to string }
	for name, c := range map[string]struct {
		wrong  func(tree) (counters []string, of string)
		change func(t *testing.T, db *store.DB, of tree) error
	}{
		"a move": {
			func(of tree) ([]string, string) { return []string{"descendants", "people"}, of.branch },
			func(t *testing.T, db *store.DB, of tree) error {
				_, err := models.UpdateOrganization(t.Context(), db, everything, of.branch, input(nil, below(of.to)))
				return err
			},
		},
		"a deletion": {
			func(of tree) ([]string, string) { return []string{"users"}, of.leaf },
			func(t *testing.T, db *store.DB, of tree) error {
				return models.DeleteOrganization(t.Context(), db, everything, of.leaf, nil)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := modelstest.Open(t, store.Postgres)
			of := tree{to: organization(t, db, "To", "").ID}
			of.branch = organization(t, db, "Branch", organization(t, db, "From", "").ID).ID
			of.leaf = organization(t, db, "Leaf", of.branch).ID
			user(t, db, "ada", of.leaf)
			counters, key := c.wrong(of)
			const wrong = `UPDATE counters SET n = n + $1 WHERE (name, key, shard) IN (SELECT name, key, MIN(shard) FROM counters
				WHERE name = ANY($2) AND key = $3 GROUP BY name, key)`
			if _, err := modelstest.Writable(db).ExecContext(t.Context(), wrong, 7, counters, key); err != nil {
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
			changed := make(chan error, 1)
			go func() { changed <- c.change(t, db, of) }()
			for waits := false; !waits; {
				err := modelstest.Readable(db).QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks
					WHERE relation = 'counters'::regclass AND NOT granted)`).Scan(&waits)
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, err := recount.ExecContext(t.Context(), wrong, -7, counters, key); err != nil {
				t.Fatal(err)
			}
			if err := recount.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-changed; err != nil {
				t.Fatal(err)
			}
			if found := verified(t, db); len(found) != 0 {
				t.Errorf("it is wrong: %q", found)
			}
		})
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
