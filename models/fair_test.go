package models_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// soon is a context that ends at once for who waits, and not before one who need not wait is through.
func soon(t *testing.T, caller string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(store.ForCaller(t.Context(), caller), 200*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// TestOneCallerLeavesAsManyConnectionsFreeAsItHolds opens eight connections: four are for one caller that is alone.
func TestOneCallerLeavesAsManyConnectionsFreeAsItHolds(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		greedy := store.ForCaller(t.Context(), "greedy")
		var releases []func() error
		for range 4 {
			releases = append(releases, must(models.HoldReader(greedy, db))(t))
		}
		if _, err := models.HoldReader(soon(t, "greedy"), db); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a fifth connection: %v", err)
		}
		_, err := collection.Find(soon(t, "greedy"), db, models.Users, collection.Everything(), models.NewID(), nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("reading beside them: %v", err)
		}
		for _, caller := range []string{"modest", "", "another"} { // "" is the program itself
			ctx, cancel := context.WithTimeout(store.ForCaller(t.Context(), caller), time.Minute)
			defer cancel()
			if _, err := collection.Find(ctx, db, models.Users, collection.Everything(), models.NewID(), nil); !store.IsKind(err,
				store.NotFound) {
				t.Errorf("%q meanwhile: %v", caller, err)
			}
		}
		waiting := make(chan error)
		go func() {
			_, err := collection.Find(greedy, db, models.Users, collection.Everything(), models.NewID(), nil)
			waiting <- err
		}()
		for _, release := range releases {
			if err := release(); err != nil {
				t.Error(err)
			}
		}
		if err := <-waiting; !store.IsKind(err, store.NotFound) {
			t.Errorf("who waited: %v", err)
		}
	})
}

// TestAWriterWaitsForItsOwnCallerFirst has one caller hold all it may have in transactions that have begun.
func TestAWriterWaitsForItsOwnCallerFirst(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		greedy := store.ForCaller(t.Context(), "greedy")
		most := map[store.Dialect]int{store.Postgres: 4, store.SQLite: 1}[db.Dialect()]
		end, begun := make(chan struct{}), make(chan struct{})
		var writers sync.WaitGroup
		for range most {
			writers.Go(func() {
				err := store.Transaction(greedy, db, func(*store.DB) error {
					begun <- struct{}{}
					<-end
					return errors.New("thought better of it")
				})
				if err == nil {
					t.Error("a transaction that failed was committed")
				}
			})
			<-begun
		}
		nothing := func(*store.DB) error { return nil }
		if err := store.Transaction(soon(t, "greedy"), db, nothing); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one more transaction: %v", err)
		}
		if db.Dialect() == store.Postgres { // SQLite has one writer for all
			if err := store.Transaction(store.ForCaller(t.Context(), "modest"), db, nothing); err != nil {
				t.Errorf("another caller's: %v", err)
			}
		}
		close(end)
		writers.Wait()
		for range 3 * most { // every place was given back
			if err := store.Transaction(greedy, db, nothing); err != nil {
				t.Error(err)
			}
		}
	})
}
