package models_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestRecountMakesCountersAgree breaks counters behind the back of the service, as a program does that does not know of them.
func TestRecountMakesCountersAgree(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		below := organization(t, db, "Below", top).ID
		user(t, db, "ada", below)
		if told := recounted(t, db); len(told) != 0 {
			t.Errorf("before: %q", told)
		}
		for _, statement := range []string{
			`UPDATE counters SET n = n + 3 WHERE name = 'users' AND key = ''`,
			`DELETE FROM counters WHERE name = 'descendants'`,
			`INSERT INTO counters (name, key, shard, n) VALUES ('children', 'gone', 0, 2)`,
		} {
			if _, err := modelstest.Writable(db).ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{
			"the counter children of gone stands at 2, and counting finds 0",
			"the counter descendants of " + top + " stands at 0, and counting finds 1",
			"the counter users of all stands at 4, and counting finds 1",
		}
		if found := verified(t, db); cmp.Diff(want, found) != "" {
			t.Fatalf("it is said to be wrong: %q", found)
		}
		if told := recounted(t, db); cmp.Diff(want, told) != "" {
			t.Errorf("told: %q", told)
		}
		if found := verified(t, db); len(found) != 0 {
			t.Errorf("it is still wrong: %q", found)
		}
	})
}

// TestRecountTellsOfTwenty has more counters wrong than one statement can name.
func TestRecountTellsOfTwenty(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		_, err := modelstest.Writable(db).ExecContext(t.Context(), `WITH RECURSIVE numbers (n) AS (
			SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
			INSERT INTO counters (name, key, shard, n) SELECT 'children', 'gone ' || n, 0, n FROM numbers`)
		if err != nil {
			t.Fatal(err)
		}
		told := recounted(t, db)
		if len(told) != 21 || told[20] != "and 9980 more of this kind" {
			t.Errorf("told: %q", told)
		}
		if found := verified(t, db); len(found) != 0 {
			t.Errorf("it is still wrong: %q", found)
		}
	})
}

// TestRecountBesideWriters counts anew what others change meanwhile.
func TestRecountBesideWriters(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		var writers sync.WaitGroup
		for range 4 {
			writers.Go(func() {
				for n := range 20 {
					in := input(attributes{"name": models.NewID()}, below(top))
					org, err := models.CreateOrganization(t.Context(), db, everything, in)
					if err == nil && n%3 == 0 {
						err = models.DeleteOrganization(t.Context(), db, everything, org.ID, nil)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		ended := make(chan struct{})
		go func() {
			writers.Wait()
			close(ended)
		}()
		for over := false; !over; {
			select {
			case <-ended:
				over = true
			default:
			}
			_, err := modelstest.Writable(db).ExecContext(t.Context(),
				`UPDATE counters SET n = n + 1 WHERE name = 'descendants' AND shard = 0`)
			if err != nil {
				t.Fatal(err)
			}
			told := recounted(t, db)
			if slices.ContainsFunc(told, func(s string) bool { return !strings.HasPrefix(s, "the counter descendants of ") }) {
				t.Errorf("told: %q", told)
			}
		}
		if found := verified(t, db); len(found) != 0 {
			t.Errorf("it is wrong: %q", found)
		}
	})
}

// recounted returns what Recount tells, and compares how much that is with what it returns.
func recounted(t *testing.T, db *store.DB) (told []string) {
	t.Helper()
	n, err := models.Recount(t.Context(), db, func(sentence string) { told = append(told, sentence) })
	if err != nil {
		t.Fatal(err)
	}
	if n != len(told) && n <= 20 {
		t.Errorf("%d counters were set, and it told of %d", n, len(told))
	}
	return told
}
