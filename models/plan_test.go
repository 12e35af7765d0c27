package models_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestPlannedChangesInOppositeOrdersWaitForEachOther runs two transactions that change the same organizations from opposite ends. Without
// a plan each would come to hold what the other one needs, and one would have to be run again.
func TestPlannedChangesInOppositeOrdersWaitForEachOther(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		left, right := organization(t, db, "Left", "").ID, organization(t, db, "Right", "").ID
		begun, done := make(chan struct{}), make(chan error)
		var first, second int
		go func() {
			<-begun
			done <- crossing(t.Context(), db, &second, func() {}, right, left)
		}()
		if err := crossing(t.Context(), db, &first, func() { close(begun) }, left, right); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if first != 1 || second != 1 {
			t.Errorf("the transactions were run %d and %d times, want once each", first, second)
		}
		for _, id := range []string{left, right} {
			org := must(collection.Find(t.Context(), db, models.Organizations, collection.Everything(), id, nil))(t)
			if got := models.Organizations.Version(org); got != 3 {
				t.Errorf("version %d after two changes, want 3", got)
			}
		}
	})
}

// crossing changes organizations in the given order, within one transaction with a plan. It counts its runs, and calls begun as soon as it
// has the locks.
func crossing(ctx context.Context, db *store.DB, runs *int, begun func(), ids ...string) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		*runs++
		plan := &models.Plan{}
		for _, id := range ids {
			plan.Changes(models.Organizations, id)
		}
		if err := plan.Reserve(ctx, tx, collection.Everything()); err != nil {
			return err
		}
		begun()
		for _, id := range ids {
			change := input(attributes{"description": fmt.Sprint("first ", ids[0])}, nil)
			if _, err := models.UpdateOrganization(ctx, tx, everything, id, change); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestPlannedCreationsOfTheSameWaitForEachOther has clients create the same organizations in one transaction each, every client in another
// order. One does. Without a plan they would come to wait for each other in circles, and be run again.
func TestPlannedCreationsOfTheSameWaitForEachOther(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		slugs := []string{"one", "two", "three", "four", "five", "six"}
		var all sync.WaitGroup
		var runs, done atomic.Int64
		begin := make(chan struct{})
		for n := range len(slugs) {
			all.Go(func() {
				<-begin
				err := creating(t.Context(), db, &runs, slices.Concat(slugs[n:], slugs[:n]))
				switch {
				case err == nil:
					done.Add(1)
				case !store.IsKind(err, store.Conflict):
					t.Error(err)
				}
			})
		}
		close(begin)
		all.Wait()
		if done.Load() != 1 || runs.Load() != int64(len(slugs)) {
			t.Errorf("%d of %d transactions were committed, which were run %d times; want one, and one run each", done.Load(), len(slugs),
				runs.Load())
		}
	})
}

// creating creates organizations with these slugs, in this order, within one transaction with a plan. It counts its runs.
func creating(ctx context.Context, db *store.DB, runs *atomic.Int64, slugs []string) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		runs.Add(1)
		plan, changes := &models.Plan{}, []*models.Change{}
		for _, slug := range slugs {
			changes = append(changes, input(attributes{"name": slug, "slug": slug}, nil))
			plan.Creates(models.Organizations, changes[len(changes)-1])
		}
		if err := plan.Reserve(ctx, tx, collection.Everything()); err != nil {
			return err
		}
		for _, in := range changes {
			if _, err := models.CreateOrganization(ctx, tx, everything, in); err != nil {
				return err
			}
		}
		return nil
	})
}
