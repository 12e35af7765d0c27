package models_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// peopleSeen returns how many people a key of a branch is told that there are.
func peopleSeen(t *testing.T, db *store.DB, organization string) int64 {
	t.Helper()
	return listPage(t, db, models.Users, collection.Subtree(organization), "").Total
}

// TestPeopleOfABranchCountOnce has somebody in several organizations of a tree, of which branches move, are deleted and come back.
func TestPeopleOfABranchCountOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		top, other := organization(t, db, "top", "").ID, organization(t, db, "other", "").ID
		left, right := organization(t, db, "left", top).ID, organization(t, db, "right", top).ID
		leaf := organization(t, db, "leaf", left).ID
		both, alone := user(t, db, "both", leaf, right).ID, user(t, db, "alone", leaf).ID
		want := func(when string, people map[string]int64) {
			t.Helper()
			for id, n := range people {
				if seen := peopleSeen(t, db, id); seen != n {
					t.Errorf("%s: %d people below %s, not %d", when, seen, map[string]string{
						top: "top", other: "other", left: "left", right: "right", leaf: "leaf"}[id], n)
				}
			}
			modelstest.CheckConsistency(t, db)
		}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		want("created", map[string]int64{top: 2, left: 2, leaf: 2, right: 1, other: 0})
		do(moveTo(t, db, everything, left, other))
		want("moved away", map[string]int64{top: 1, right: 1, other: 2, left: 2})
		modelstest.Membership(t, db, alone, top)
		do(moveTo(t, db, everything, left, right))
		want("moved to where they are already", map[string]int64{top: 2, right: 2, other: 0})
		do(models.DeleteOrganization(ctx, db, everything, leaf, nil))
		want("deleted", map[string]int64{top: 2, right: 1, left: 0})
		do(models.DeleteUser(ctx, db, everything, both, nil))
		restore := input(nil, nil)
		restore.Echo = map[string]any{"deletedAt": nil}
		_, err := models.UpdateOrganization(ctx, db, everything, leaf, restore)
		do(err)
		want("restored", map[string]int64{top: 1, right: 1, left: 1, leaf: 1})
	})
}

// throng is some people and a tree that they come to and go from.
type throng struct {
	mu                          sync.Mutex
	heads, inner, leaves, users []string
}

func newThrong(t *testing.T, db *store.DB) *throng {
	c := &throng{}
	for range 2 {
		head := organization(t, db, "head", "").ID
		c.heads = append(c.heads, head)
		for range 2 {
			inner := organization(t, db, "inner", head).ID
			c.inner = append(c.inner, inner)
			c.leaves = append(c.leaves, organization(t, db, "leaf", inner).ID, organization(t, db, "leaf", inner).ID)
		}
	}
	for range 4 {
		c.users = append(c.users, user(t, db, models.NewID(), c.leaves[0]).ID)
	}
	return c
}

func (c *throng) user(r *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.users[r.IntN(len(c.users))]
}

// change lets somebody come or go, or moves, deletes or restores where they are. A refusal changes nothing.
func (c *throng) change(ctx context.Context, db *store.DB, r *rand.Rand) error {
	everywhere := append(append(c.heads[:2:2], c.inner...), c.leaves...)
	place, leaf := everywhere[r.IntN(len(everywhere))], c.leaves[r.IntN(len(c.leaves))]
	switch r.IntN(9) {
	case 0, 1, 2:
		_, err := models.CreateMembership(ctx, db, everything, input(nil, relations{"organization": one(place), "user": one(c.user(r))}))
		return err
	case 3, 4:
		_, err := models.UpdateUser(ctx, db, everything, c.user(r), input(nil, relations{"organizations": many(place, leaf)}))
		return err
	case 5:
		u, err := models.CreateUser(ctx, db, everything, input(attributes{"firstName": "a"},
			relations{"organizations": many(place, leaf)[:1+r.IntN(2)]}))
		if err == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.users = append(c.users, u.ID)
		}
		return err
	case 6:
		_, err := models.UpdateOrganization(ctx, db, everything, c.inner[r.IntN(4)],
			input(nil, relations{"parent": one(c.heads[r.IntN(2)])}))
		return err
	case 7:
		return models.DeleteOrganization(ctx, db, everything, leaf, nil)
	default:
		in := input(nil, nil)
		in.Echo = map[string]any{"deletedAt": nil}
		_, err := models.UpdateOrganization(ctx, db, everything, leaf, in)
		return err
	}
}

// TestPeopleAreCountedInEveryOrderOfATransaction makes several changes at once, in every order that chance finds: a transaction that one of
// them is refused in changes nothing.
func TestPeopleAreCountedInEveryOrderOfATransaction(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		c, r := newThrong(t, db), rand.New(rand.NewPCG(3, 127))
		done := 0
		for step := range 150 {
			seed, before := r.Uint64(), len(c.users)
			err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				c.users = c.users[:before]
				again := rand.New(rand.NewPCG(seed, 127))
				for range 2 + again.IntN(3) {
					if err := c.change(t.Context(), tx, again); err != nil {
						return err
					}
				}
				return nil
			})
			switch {
			case err == nil:
				done++
			case refused(err):
				c.users = c.users[:before]
			default:
				t.Fatalf("step %d: %v", step, err)
			}
			if step%50 == 49 {
				modelstest.CheckConsistency(t, db)
			}
		}
		if done < 30 {
			t.Errorf("only %d transactions were committed", done)
		}
	})
}

// TestPeopleAreCountedWhileOrganizationsGo makes the same changes on two replicas at once.
func TestPeopleAreCountedWhileOrganizationsGo(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, here, there *store.DB) {
		c, before := newThrong(t, here), deadlocks(t, here)
		var work sync.WaitGroup
		for seed := range uint64(6) {
			work.Go(func() {
				r, db := rand.New(rand.NewPCG(seed, 127)), here
				if seed%2 == 0 {
					db = there
				}
				for range 60 {
					if err := c.change(t.Context(), db, r); err != nil && !refused(err) && !store.Unavailable(err) {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		if n := deadlocks(t, here) - before; n > 0 {
			t.Errorf("%d deadlocks", n)
		}
		modelstest.CheckConsistency(t, here)
	})
}
