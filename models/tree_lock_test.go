package models_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestMovesInOneTreeKeepNoOtherTreeWaiting holds a move open on PostgreSQL while other trees, and the same one, are worked in.
func TestMovesInOneTreeKeepNoOtherTreeWaiting(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.Postgres)
	left, right := organization(t, db, "left", "").ID, organization(t, db, "right", "").ID
	third := organization(t, db, "third", "").ID
	branch, under := organization(t, db, "branch", left).ID, organization(t, db, "under", right).ID
	leaf, other := organization(t, db, "leaf", under).ID, organization(t, db, "other", third).ID
	moved, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- store.Transaction(t.Context(), db, func(tx *store.DB) error {
			if err := moveTo(t, tx, everything, branch, third); err != nil {
				return err
			}
			close(moved)
			<-end
			return nil
		})
	}()
	<-moved
	created := func(ctx context.Context, parent string) error {
		_, err := models.CreateOrganization(ctx, db, everything, input(attributes{"name": "new"}, below(parent)))
		return err
	}
	for name, work := range map[string]func() error{
		"create a head":  func() error { return created(t.Context(), "") },
		"create a leaf":  func() error { return created(t.Context(), leaf) },
		"move a branch":  func() error { return moveTo(t, db, everything, leaf, right) },
		"make it a head": func() error { return moveTo(t, db, everything, under, "") },
		"delete a branch": func() error {
			return models.DeleteOrganization(t.Context(), db, everything, organization(t, db, "x", right).ID, nil)
		},
	} {
		if err := work(); err != nil {
			t.Errorf("%s in another tree: %v", name, err)
		}
	}
	for name, work := range map[string]func(ctx context.Context) error{
		"create where it was":      func(ctx context.Context) error { return created(ctx, left) },
		"create where it is going": func(ctx context.Context) error { return created(ctx, third) },
		"delete beside it":         func(ctx context.Context) error { return models.DeleteOrganization(ctx, db, everything, other, nil) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if err := work(ctx); err == nil || ctx.Err() == nil {
			t.Errorf("%s: %v; it did not wait", name, err)
		}
		cancel()
	}
	close(end)
	if err := <-done; err != nil {
		t.Error(err)
	}
	modelstest.CheckConsistency(t, db)
}

// TestWhoWaitedForATreeFindsTheOrganizationInAnother moves a branch to another tree while a leaf is added below it.
func TestWhoWaitedForATreeFindsTheOrganizationInAnother(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		trees := []string{organization(t, db, "a", "").ID, organization(t, db, "b", "").ID, ""}
		branch := organization(t, db, "branch", trees[0]).ID
		for n := range 24 {
			to := trees[(n+1)%len(trees)]
			errs := atOnce(
				func() error { return moveTo(t, db, everything, branch, to) },
				func() error {
					in := input(attributes{"name": "leaf"}, below(branch))
					_, err := models.CreateOrganization(t.Context(), db, everything, in)
					return err
				},
				func() error { return moveTo(t, db, everything, organization(t, db, "late", "").ID, branch) },
			)
			for _, err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestMovesOfOneBranchMeetNoDeadlock has many at once move a branch to and fro: who sends it back where it is finds it elsewhere.
func TestMovesOfOneBranchMeetNoDeadlock(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.Postgres)
	top := organization(t, db, "top", "").ID
	parents := []string{organization(t, db, "left", top).ID, organization(t, db, "right", top).ID}
	branch := organization(t, db, "branch", parents[0]).ID
	before := modelstest.Deadlocks(t, db)
	var movers []func() error
	for n := range 12 {
		movers = append(movers, func() error {
			for turn := range 30 {
				if err := moveTo(t, db, everything, branch, parents[(n+turn)%len(parents)]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, err := range atOnce(movers...) {
		if err != nil {
			t.Error(err)
		}
	}
	if n := modelstest.Deadlocks(t, db) - before; n > 0 {
		t.Errorf("%d deadlocks", n)
	}
	modelstest.CheckConsistency(t, db)
}

// TestMovesAcrossTreesAmongCreationsAndDeletions lets many writers do everything that trees have locks for.
func TestMovesAcrossTreesAmongCreationsAndDeletions(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		var heads, branches []string
		for n := range 3 {
			heads = append(heads, organization(t, db, "head", "").ID)
			branches = append(branches, organization(t, db, "branch", heads[n]).ID)
		}
		everywhere := append(slices.Clone(heads), branches...)
		var writers sync.WaitGroup
		for seed := range uint64(6) {
			writers.Go(func() {
				r := rand.New(rand.NewPCG(seed, 27))
				any := func(of []string) string { return of[r.IntN(len(of))] }
				for range 40 {
					var err error
					switch r.IntN(5) {
					case 0:
						err = moveTo(t, db, everything, any(heads), any(everywhere)) // which makes one tree of two
					case 1:
						err = moveTo(t, db, everything, any(everywhere), "")
					case 2:
						err = moveTo(t, db, everything, any(branches), any(everywhere))
					default:
						in := input(attributes{"name": "leaf"}, below(any(everywhere)))
						if leaf, failed := models.CreateOrganization(t.Context(), db, everything, in); failed != nil {
							err = failed
						} else if r.IntN(2) == 0 {
							err = models.DeleteOrganization(t.Context(), db, everything, leaf.ID, nil)
						}
					}
					if err != nil && !refused(err) && !store.Unavailable(err) {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		modelstest.CheckConsistency(t, db)
	})
}

// TestTheMovesOfOneRequestAreBounded moves a branch to and fro in one transaction.
func TestTheMovesOfOneRequestAreBounded(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		var ends []string
		for range 2 {
			deep := ""
			for range 12 {
				deep = organization(t, db, "level", deep).ID
			}
			ends = append(ends, deep)
		}
		branch := organization(t, db, "branch", ends[0]).ID
		for range 300 {
			organization(t, db, "leaf", branch)
		}
		bound, moves := models.MoveBoundOf(db.Dialect()), 0
		each := bound.Each + 301*12 // an organization and an ancestor, which becomes another one
		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			for moves = 0; ; moves++ {
				if err := moveTo(t, tx, everything, branch, ends[(moves+1)%2]); err != nil {
					return err
				}
			}
		})
		wantKind(t, err, store.Conflict, "parent")
		var refusal *store.Error
		want := fmt.Sprintf("may change %d ancestors of organizations, each move counting as %d by itself, "+
			"and with this one it would be at least %d;",
			bound.Rows, bound.Each, (moves+1)*each)
		if !errors.As(err, &refusal) || moves != bound.Rows/each || !strings.Contains(refusal.Message, want) {
			t.Errorf("after %d moves: %v", moves, err)
		}
		if err := moveTo(t, db, everything, branch, ends[1]); err != nil {
			t.Errorf("the next request: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestALargeBranchMoves moves ten thousand organizations to where up to two of their ancestors become others.
func TestALargeBranchMoves(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		one, other := organization(t, db, "one", "").ID, organization(t, db, "other", "").ID
		north, south := organization(t, db, "north", one).ID, organization(t, db, "south", one).ID
		abroad := organization(t, db, "abroad", other).ID
		branch := largeBranch(t, db, 100)
		for _, to := range []string{north, south, abroad, one, south, ""} {
			if err := moveTo(t, db, everything, branch, to); err != nil {
				t.Fatal(err)
			}
			if wrong := number(t, db, wrongPaths); wrong != 0 {
				t.Errorf("%d rows of the closure are missing or too many", wrong)
			}
			if wrong := number(t, db, mistakes["descendants"]); wrong != 0 {
				t.Errorf("%d counters of descendants are wrong", wrong)
			}
		}
	})
}

// wrongPaths counts the rows that the closure should have and has not, and those that it has and should not.
const wrongPaths = `WITH RECURSIVE above (a, d, n) AS (
		SELECT id, id, 0 FROM organizations
		UNION ALL
		SELECT o.parent_id, above.d, above.n + 1 FROM above JOIN organizations o ON o.id = above.a WHERE o.parent_id IS NOT NULL)
	SELECT COUNT(*) - 2 * COUNT(p.distance) + (SELECT COUNT(*) FROM organization_paths)
	FROM above LEFT JOIN organization_paths p ON p.ancestor_id = a AND p.descendant_id = d AND p.distance = n`

// TestABranchThatIsTooLargeToMoveIsNotCountedToItsEnd asks SQLite to move what the writer would count for long.
func TestABranchThatIsTooLargeToMoveIsNotCountedToItsEnd(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.SQLite)
	branch := largeBranch(t, db, 160) // 25,761 organizations
	err := moveTo(t, db, everything, branch, organization(t, db, "head", "").ID)
	wantKind(t, err, store.Conflict, "parent")
	if !strings.Contains(err.Error(), "it would be at least 25201;") {
		t.Error(err)
	}
	wantKind(t, moveTo(t, db, everything, branch, branch), store.Conflict, "parent")
}

// largeBranch inserts n organizations below a head and n below each of those, and returns the head.
func largeBranch(t *testing.T, db *store.DB, n int) string {
	t.Helper()
	batch := family("large", n)
	batch.Users, batch.Memberships = nil, nil
	if err := models.InsertBatch(t.Context(), db, batch); err != nil {
		t.Fatal(err)
	}
	return batch.Organizations[0].ID
}
