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
)

// TestMovesInOneTreeKeepNoOtherTreeWaiting holds a move open on PostgreSQL while other trees, and the same one, are worked in.
func TestMovesInOneTreeKeepNoOtherTreeWaiting(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, models.Postgres)
	left, right := organization(t, db, "left", "").ID, organization(t, db, "right", "").ID
	third := organization(t, db, "third", "").ID
	branch, under := organization(t, db, "branch", left).ID, organization(t, db, "under", right).ID
	leaf, other := organization(t, db, "leaf", under).ID, organization(t, db, "other", third).ID
	moved, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- models.Transaction(t.Context(), db, func(tx *models.DB) error {
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
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
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

// TestMovesAcrossTreesAmongCreationsAndDeletions lets many writers do everything that trees have locks for.
func TestMovesAcrossTreesAmongCreationsAndDeletions(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
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
					if err != nil && !refused(err) && !models.Unavailable(err) {
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
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
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
		const each = 301 * 24 // an organization and an ancestor, which it loses or gets
		moves := 0
		err := models.Transaction(t.Context(), db, func(tx *models.DB) error {
			for moves = 0; ; moves++ {
				if err := moveTo(t, tx, everything, branch, ends[(moves+1)%2]); err != nil {
					return err
				}
			}
		})
		wantKind(t, err, models.Conflict, "parent")
		var refusal *models.Error
		want := fmt.Sprintf("may change %d ancestors of organizations, and with this one it would be %d;", models.MaxRewritten, (moves+1)*each)
		if !errors.As(err, &refusal) || moves != models.MaxRewritten/each || !strings.Contains(refusal.Message, want) {
			t.Errorf("after %d moves: %v", moves, err)
		}
		if err := moveTo(t, db, everything, branch, ends[1]); err != nil {
			t.Errorf("the next request: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}
