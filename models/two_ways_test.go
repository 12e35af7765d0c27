package models_test

import (
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestChangesOfABranchAndWhatIsAboveItMeetNoDeadlock: one changes a branch and its parent in one transaction, which has them in the order
// of their ids, while others make children below the branch, which leads from there up.
func TestChangesOfABranchAndWhatIsAboveItMeetNoDeadlock(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	db := modelstest.OpenConfig(t, cfg)
	parent := organization(t, db, "parent", "").ID
	branch := organization(t, db, "branch", parent).ID
	before := modelstest.Deadlocks(t, db)
	var all sync.WaitGroup
	all.Go(func() {
		for range 60 {
			err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				for _, id := range []string{parent, branch} {
					change := &models.Change{Attributes: map[string]any{"name": "Again"}, Links: map[string]models.Links{}}
					if _, err := models.UpdateOrganization(t.Context(), tx, everything, id, change); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	all.Go(func() {
		for range 60 {
			change := &models.Change{Attributes: map[string]any{"name": "Child"}, Links: map[string]models.Links{"parent": {branch}}}
			if _, err := models.CreateOrganization(t.Context(), db, everything, change); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	if n := modelstest.Deadlocks(t, db) - before; n > 0 {
		t.Errorf("%d deadlocks", n)
	}
}
