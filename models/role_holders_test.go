package models_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestHoldersAreCountedWhileBranchesMove lets people come and go, with roles that change, while what they are members of is moved, deleted
// and restored: afterwards every counter says what counting finds. Nobody is refused for what somebody else does but for the things that
// are gone.
func TestHoldersAreCountedWhileBranchesMove(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		before := deadlocks(t, db)
		var heads, places []string
		for n := range 2 {
			heads = append(heads, organization(t, db, "head", "").ID)
			branch := organization(t, db, "branch", heads[n]).ID
			places = append(places, branch, organization(t, db, "leaf", branch).ID)
		}
		places = append(places, heads...)
		var work sync.WaitGroup
		for seed := range uint64(2) {
			work.Go(func() {
				r := rand.New(rand.NewPCG(seed, 39))
				for range 15 {
					err := moveTo(t, db, everything, places[2*r.IntN(2)], heads[r.IntN(2)])
					if err != nil && !store.Unavailable(err) {
						t.Error(err)
					}
				}
			})
		}
		roles := []string{models.RoleMember, models.RoleViewer, models.RoleAdmin}
		for seed := range uint64(4) {
			work.Go(func() {
				r := rand.New(rand.NewPCG(seed, 40))
				for range 10 {
					place := places[r.IntN(len(places))]
					person := user(t, db, models.NewID(), place).ID
					m := list(t, db, models.Memberships, everything.Scope, "filter[userId]="+person)[0]
					in := input(nil, map[string]models.Links{"roles": slices.Clone(roles[r.IntN(2):])})
					if _, err := models.UpdateMembership(t.Context(), db, everything, m, in); err != nil {
						t.Error(err)
					}
					next := places[(slices.Index(places, place)+1)%len(places)]
					in = input(nil, relations{"organization": one(next), "user": one(person)})
					if _, err := models.CreateMembership(t.Context(), db, everything, in); err != nil {
						t.Error(err)
					}
					if r.IntN(2) == 0 {
						if err := models.DeleteMembership(t.Context(), db, everything, m, nil); err != nil {
							t.Error(err)
						}
					} else if err := models.DeleteUser(t.Context(), db, everything, person, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		if n := deadlocks(t, db) - before; n > 0 {
			t.Errorf("%d deadlocks", n)
		}
		modelstest.CheckConsistency(t, db)
	})
}

func deadlocks(t *testing.T, db *store.DB) int {
	if db.Dialect() == store.SQLite {
		return 0
	}
	return int(modelstest.Deadlocks(t, db))
}
