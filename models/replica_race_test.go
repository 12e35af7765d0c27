package models_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// eachPair runs a test on each database as two replicas have it; of SQLite there is one.
func eachPair(t *testing.T, test func(t *testing.T, one, other *store.DB)) {
	t.Helper()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			here := modelstest.OpenConfig(t, cfg)
			there := here
			if dialect == store.Postgres {
				there = modelstest.OpenConfig(t, cfg)
			}
			test(t, here, there)
		})
	}
}

// clerk is somebody whose role lets them write in a branch, and what that hangs on.
type clerk struct {
	top, region, away string
	branch            string // below region, which is below top
	user, membership  string // in top
	role              string // of top's
	stranger          string // a member of the branch's leaf, whom the clerk sees
}

// reads and writes are what the clerk's role permits, and reads what is left of it.
var (
	reads  = jsonapi.Strings{"memberships:read", "organizations:read", "read", "roles:read", "users:read"}
	writes = append(jsonapi.Strings{"memberships:write", "organizations:write", "roles:write", "users:write"}, reads...)
)

func newClerk(t *testing.T, db *store.DB) clerk {
	t.Helper()
	c := clerk{top: organization(t, db, "Top", "").ID, away: organization(t, db, "Away", "").ID}
	c.region = organization(t, db, "Region", c.top).ID
	c.branch = organization(t, db, "Branch", c.region).ID
	c.user = user(t, db, "clerk").ID
	c.stranger = user(t, db, "stranger", organization(t, db, "Leaf", c.branch).ID).ID
	c.role = must(models.CreateRole(t.Context(), db, everything, input(attributes{"key": "clerk", "name": "Clerk", "rank": int64(50),
		"permissions": writes}, relations{"organization": one(c.top)})))(t).ID
	c.membership = modelstest.Membership(t, db, c.user, c.top, modelstest.To("roles", c.role)).ID
	return c
}

// grant has the clerk make somebody a member of the branch.
func (c clerk) grant(t *testing.T, db *store.DB, role string) error {
	_, err := models.CreateMembership(t.Context(), db, as(c.user), input(nil,
		relations{"organization": one(c.branch), "user": one(c.stranger), "roles": many(role)}))
	return err
}

// waysToTakeRights are those in which the management takes from a clerk what they may do in the branch.
var waysToTakeRights = map[string]func(t *testing.T, db *store.DB, c clerk) error{
	"their membership ends": func(t *testing.T, db *store.DB, c clerk) error {
		return models.DeleteMembership(t.Context(), db, everything, c.membership, nil)
	},
	"they get another role": func(t *testing.T, db *store.DB, c clerk) error {
		_, err := models.UpdateMembership(t.Context(), db, everything, c.membership,
			input(nil, relations{"roles": many(models.RoleViewer)}))
		return err
	},
	"their role permits less": func(t *testing.T, db *store.DB, c clerk) error {
		_, err := models.UpdateRole(t.Context(), db, everything, c.role, input(attributes{"permissions": reads}, nil))
		return err
	},
	"their role is not inheritable any more": func(t *testing.T, db *store.DB, c clerk) error {
		_, err := models.UpdateRole(t.Context(), db, everything, c.role, input(attributes{"inheritable": false}, nil))
		return err
	},
	"they are deactivated": func(t *testing.T, db *store.DB, c clerk) error {
		_, err := models.UpdateUser(t.Context(), db, everything, c.user, input(attributes{"active": false}, nil))
		return err
	},
	"they are deleted": func(t *testing.T, db *store.DB, c clerk) error {
		return models.DeleteUser(t.Context(), db, everything, c.user, nil)
	},
	"the branch moves away": func(t *testing.T, db *store.DB, c clerk) error {
		return moveTo(t, db, everything, c.branch, c.away)
	},
	"what is above it moves away": func(t *testing.T, db *store.DB, c clerk) error {
		return moveTo(t, db, everything, c.region, c.away)
	},
}

// usesOfRights are what the clerk does in the branch.
var usesOfRights = map[string]func(t *testing.T, db *store.DB, c clerk) error{
	"describe it": func(t *testing.T, db *store.DB, c clerk) error {
		_, err := models.UpdateOrganization(t.Context(), db, as(c.user), c.branch, input(attributes{"description": "by a clerk"}, nil))
		return err
	},
	"grant a role": func(t *testing.T, db *store.DB, c clerk) error {
		return c.grant(t, db, models.RoleViewer)
	},
	"make a role": func(t *testing.T, db *store.DB, c clerk) error {
		_, err := models.CreateRole(t.Context(), db, as(c.user), input(attributes{"key": "made-" + models.NewID(), "name": "Made",
			"permissions": jsonapi.Strings{"users:write"}}, relations{"organization": one(c.branch)}))
		return err
	},
	"grow it": func(t *testing.T, db *store.DB, c clerk) error {
		_, err := models.CreateOrganization(t.Context(), db, as(c.user), input(attributes{"name": "Twig"}, below(c.branch)))
		return err
	},
}

// waits is how long a test looks whether something waits.
const waits = 150 * time.Millisecond

// act is done on one of the replicas, or in a transaction of it.
type act func(db *store.DB) error

// eachUse runs a test for each use of rights and each way to take them, on two replicas of PostgreSQL. Of SQLite one transaction writes.
func eachUse(t *testing.T, test func(t *testing.T, use, take act, here, there *store.DB)) {
	t.Helper()
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	here, there := modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
	for way, take := range waysToTakeRights {
		for name, use := range usesOfRights {
			t.Run(name+" while "+way, func(t *testing.T) {
				t.Parallel()
				c := newClerk(t, here)
				test(t, func(db *store.DB) error { return use(t, db, c) }, func(db *store.DB) error { return take(t, db, c) }, here, there)
			})
		}
	}
}

// meet holds the first of two acts open on one replica while the second begins on another. It returns whether the second was done before
// the first was committed, and how it ended.
func meet(t *testing.T, first, second act, here, there *store.DB) (before bool, err error) {
	t.Helper()
	done := make(chan error, 1)
	failed := store.Transaction(t.Context(), here, func(tx *store.DB) error {
		if err := first(tx); err != nil {
			return err
		}
		go func() { done <- second(there) }()
		select {
		case err := <-done:
			done <- err
			before = true
		case <-time.After(waits):
		}
		return nil
	})
	if failed != nil {
		t.Fatal(failed)
	}
	return before, <-done
}

// usedThenTaken makes sure that rights which are used are taken when what is done by them is there, or before, and then it is not done.
// They are gone in the end.
func usedThenTaken(t *testing.T, use, take act, here, there *store.DB) {
	t.Helper()
	taken := make(chan error, 1)
	runs, before := 0, false // what is waited for may have ended the rights already
	err := store.Transaction(t.Context(), here, func(tx *store.DB) error {
		err := use(tx)
		if runs++; runs > 1 || err != nil {
			return err
		}
		go func() { taken <- take(there) }()
		select {
		case err := <-taken:
			taken <- err
			before = true
		case <-time.After(waits):
		}
		return nil
	})
	if took := <-taken; took != nil || before && err == nil || err != nil && !refused(err) {
		t.Errorf("taken before what is done is there: %v: %v, and that says %v", before, took, err)
	}
	if err := use(here); err == nil || !refused(err) {
		t.Errorf("used again afterwards: %v", err)
	}
}

// takenThenUsed makes sure that rights which are taken are used before that is done, or not at all.
func takenThenUsed(t *testing.T, use, take act, here, there *store.DB) {
	t.Helper()
	if before, err := meet(t, take, use, there, here); before != (err == nil) || err != nil && !refused(err) {
		t.Errorf("used before they were taken: %v, and it says %v", before, err)
	}
}

// TestRightsThatAreUsedAreTakenAfterwards holds a write open on one replica while another takes the rights by which it is made: that is not
// answered before the write is committed, or the write is refused. What comes after it is refused.
func TestRightsThatAreUsedAreTakenAfterwards(t *testing.T) { eachUse(t, usedThenTaken) }

// TestRightsThatAreTakenAreNotUsedAfterwards holds open what takes rights on one replica while they are used on another: that is done at
// once, by what is still true, or it waits and is refused.
func TestRightsThatAreTakenAreNotUsedAfterwards(t *testing.T) { eachUse(t, takenThenUsed) }

// TestWhatComesAndGoesMeanwhileIsNotUsed gives a clerk a role while a transaction of theirs is open, which uses it, and takes it away
// again.
func TestWhatComesAndGoesMeanwhileIsNotUsed(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	here, there := modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
	c := newClerk(t, here)
	more := must(models.CreateRole(t.Context(), here, everything, input(attributes{"key": "more", "name": "More", "rank": int64(50),
		"permissions": jsonapi.Strings{"approve", "roles:write"}}, relations{"organization": one(c.top)})))(t).ID
	runs := 0
	err := store.Transaction(t.Context(), here, func(tx *store.DB) error {
		runs++
		if err := usesOfRights["describe it"](t, tx, c); err != nil {
			return err
		}
		extra := ""
		if runs == 1 {
			extra = modelstest.Membership(t, there, c.user, c.region, modelstest.To("roles", more)).ID
		}
		_, err := models.CreateRole(t.Context(), tx, as(c.user), input(attributes{"key": "made", "name": "Made",
			"permissions": jsonapi.Strings{"approve"}}, relations{"organization": one(c.branch)}))
		if runs == 1 {
			if err != nil {
				t.Fatalf("with the role: %v", err)
			}
			if err := models.DeleteMembership(t.Context(), there, everything, extra, nil); err != nil {
				t.Fatal(err)
			}
		}
		return err
	})
	if !refused(err) || runs != 2 {
		t.Errorf("%d runs: %v", runs, err)
	}
}

// TestNobodyHoldsOffWhatTakesTheirRights has a clerk write without pause, six times at once on two replicas, until they are refused, and
// go by other names meanwhile. They are refused: what takes their rights does not wait until nobody uses them.
func TestNobodyHoldsOffWhatTakesTheirRights(t *testing.T) {
	t.Parallel()
	const enough = 5000 // writes of one of the six
	cfg := modelstest.Config(t, store.Postgres)
	here, there := modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
	for way, take := range waysToTakeRights {
		t.Run(way, func(t *testing.T) {
			c := newClerk(t, here)
			var began sync.WaitGroup
			began.Add(6)
			var acts []func() error
			for i := range 6 {
				use, db := usesOfRights[[]string{"describe it", "make a role", "grow it"}[i%3]], []*store.DB{here, there}[i%2]
				acts = append(acts, func() error {
					var err error
					for n := 0; err == nil && n < enough; n++ {
						if err = use(t, db, c); n == 0 {
							began.Done()
						}
					}
					return err
				})
			}
			var taken atomic.Bool
			acts = append(acts, func() error {
				var err error
				for err == nil && !taken.Load() {
					_, err = models.UpdateUser(t.Context(), here, as(c.user), c.user, input(attributes{"firstName": models.NewID()}, nil))
				}
				if refused(err) { // they are deleted
					return nil
				}
				return err
			}, func() error {
				defer taken.Store(true)
				began.Wait()
				return take(t, there, c)
			})
			for i, err := range atOnce(acts...) {
				if writes := i < 6; writes != refused(err) || !writes && err != nil {
					t.Errorf("act %d: %v", i, err)
				}
			}
		})
	}
	modelstest.CheckConsistency(t, here)
}

// TestARoleIsGivenAsItIs has a role come to permit more, or rank higher, than a clerk does who gives it on another replica: they gave it
// before, or cannot.
func TestARoleIsGivenAsItIs(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	here, there := modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
	for _, more := range []attributes{{"permissions": jsonapi.Strings{"read", "approve"}}, {"rank": int64(51)}} {
		for _, order := range []func(t *testing.T, use, take act, here, there *store.DB){usedThenTaken, takenThenUsed} {
			c := newClerk(t, here)
			role := must(models.CreateRole(t.Context(), here, everything, input(attributes{"key": "reader", "name": "Reader",
				"permissions": jsonapi.Strings{"read"}}, relations{"organization": one(c.top)})))(t).ID
			order(t, func(db *store.DB) error {
				return c.grant(t, db, role)
			}, func(db *store.DB) error {
				_, err := models.UpdateRole(t.Context(), db, everything, role, input(more, nil))
				return err
			}, here, there)
		}
	}
}

// TestAMoveAndAWriteInTheBranchPass has a clerk describe a branch on one replica while it moves away on another, and back: both are done,
// or the clerk comes too late.
func TestAMoveAndAWriteInTheBranchPass(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	here, there := modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
	c := newClerk(t, here)
	describe, move := usesOfRights["describe it"], waysToTakeRights["the branch moves away"]
	for range 24 {
		errs := atOnce(func() error { return describe(t, here, c) }, func() error { return move(t, there, c) })
		if errs[1] != nil || errs[0] != nil && !refused(errs[0]) {
			t.Errorf("described: %v, moved: %v", errs[0], errs[1])
		}
		if err := moveTo(t, there, everything, c.branch, c.region); err != nil {
			t.Fatal(err)
		}
	}
	modelstest.CheckConsistency(t, here)
}
