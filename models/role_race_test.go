package models_test

import (
	"fmt"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestOfTwoOwnersWhoLeaveAtOnceOneStays has the last two owners of an organization go in every way there is, each beside every other, on
// two replicas.
func TestOfTwoOwnersWhoLeaveAtOnceOneStays(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, here, there *store.DB) {
		ctx := t.Context()
		type owner struct{ user, membership string }
		ways := map[string]func(*store.DB, owner) error{
			"leaves": func(db *store.DB, o owner) error {
				by := models.Caller{Kind: models.ByUserKey, ID: o.user, Name: "Ada", Scope: collection.Person(o.user), Rights: all}
				return models.DeleteMembership(ctx, db, by, o.membership, nil)
			},
			"is given another role": func(db *store.DB, o owner) error {
				_, err := models.UpdateMembership(ctx, db, everything, o.membership,
					input(nil, relations{"roles": many(models.RoleViewer)}))
				return err
			},
			"is deactivated": func(db *store.DB, o owner) error {
				_, err := models.UpdateUser(ctx, db, everything, o.user, input(attributes{"active": false}, nil))
				return err
			},
			"is deleted": func(db *store.DB, o owner) error { return models.DeleteUser(ctx, db, everything, o.user, nil) },
		}
		for first, go1 := range ways {
			for second, go2 := range ways {
				org := organization(t, here, "Acme", "").ID
				owners := [2]owner{}
				for i := range owners {
					u := user(t, here, fmt.Sprint("u", i)).ID
					m := modelstest.Membership(t, here, u, org, modelstest.To("roles", models.RoleOwner))
					owners[i] = owner{u, m.ID}
				}
				stayed := 0
				for _, err := range atOnce(func() error { return go1(here, owners[0]) }, func() error { return go2(there, owners[1]) }) {
					if err != nil {
						wantKind(t, err, store.Conflict, "")
						stayed++
					}
				}
				if stayed != 1 {
					t.Errorf("one %s while another %s: %d stay", first, second, stayed)
				}
			}
		}
		modelstest.CheckConsistency(t, here)
	})
}

// TestARoleIsGivenOrGone has a role of an organization given in a branch while it is deleted, and while the branch moves away from it: no
// membership is left with a role that is not there, or cannot be used there.
func TestARoleIsGivenOrGone(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, db, there *store.DB) {
		ctx := t.Context()
		top, other := organization(t, db, "Top", "").ID, organization(t, db, "Other", "").ID
		for i := range 8 {
			branch := organization(t, db, "Branch", top).ID
			role := must(models.CreateRole(ctx, db, everything, input(attributes{"key": fmt.Sprint("r", i), "name": "R",
				"permissions": jsonapi.Strings{"read"}}, relations{"organization": one(top)})))(t).ID
			person := user(t, db, "u").ID
			give := func() error {
				_, err := models.CreateMembership(ctx, db, everything, input(nil,
					relations{"organization": one(branch), "user": one(person), "roles": many(role)}))
				return err
			}
			take := func() error { return models.DeleteRole(ctx, there, everything, role, nil) }
			if i%2 == 0 {
				take = func() error {
					_, err := models.UpdateOrganization(ctx, there, everything, branch, input(nil, relations{"parent": one(other)}))
					return err
				}
			}
			done := 0
			for _, err := range atOnce(give, take) {
				switch {
				case err == nil:
					done++
				case !refused(err):
					t.Fatal(err)
				}
			}
			if done != 1 {
				t.Errorf("the %d. time %d of two were done", i, done)
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestNoReplicaDecidesByWhatWas gives and takes roles, edits them, moves, and deactivates, on one of three replicas, and asks the others as
// soon as that was answered.
func TestNoReplicaDecidesByWhatWas(t *testing.T) {
	t.Parallel()
	cfg, ctx := modelstest.Config(t, store.Postgres), t.Context()
	replicas := [3]*store.DB{}
	for i := range replicas {
		replicas[i] = modelstest.OpenConfig(t, cfg)
	}
	db := replicas[0]
	top, away := organization(t, db, "Top", "").ID, organization(t, db, "Away", "").ID
	leaf, u := organization(t, db, "Leaf", top).ID, user(t, db, "u").ID
	role := must(models.CreateRole(ctx, db, everything, input(attributes{"key": "clerk", "name": "Clerk",
		"permissions": jsonapi.Strings{"approve"}}, relations{"organization": one(top)})))(t).ID
	m := modelstest.Membership(t, db, u, top, modelstest.To("roles", role)).ID
	on := func(i int) *store.DB { return replicas[i%3] }
	roles := func(ids ...string) func(int) error {
		return func(i int) error {
			_, err := models.UpdateMembership(ctx, on(i), everything, m, input(nil, relations{"roles": many(ids...)}))
			return err
		}
	}
	edit := func(a attributes) func(int) error {
		return func(i int) error {
			_, err := models.UpdateRole(ctx, on(i), everything, role, input(a, nil))
			return err
		}
	}
	move := func(to string) func(int) error {
		return func(i int) error {
			_, err := models.UpdateOrganization(ctx, on(i), everything, leaf, input(nil, relations{"parent": one(to)}))
			return err
		}
	}
	active := func(is bool) func(int) error {
		return func(i int) error {
			_, err := models.UpdateUser(ctx, on(i), everything, u, input(attributes{"active": is}, nil))
			return err
		}
	}
	asked, stale := 0, 0
	for i := range 45 {
		for _, change := range []struct {
			do   func(int) error
			want bool
		}{
			{roles(models.RoleViewer), false}, {roles(role, models.RoleViewer), true},
			{edit(attributes{"permissions": jsonapi.Strings{"read"}}), false},
			{edit(attributes{"permissions": jsonapi.Strings{"approve"}}), true},
			{edit(attributes{"inheritable": false}), false}, {edit(attributes{"inheritable": true}), true},
			{move(away), false}, {move(top), true}, {active(false), false}, {active(true), true},
		} {
			if err := change.do(i); err != nil {
				t.Fatal(err)
			}
			for _, replica := range replicas {
				d := must(models.Decide(ctx, replica, []models.Check{{User: u, Permission: "approve", Organization: leaf}}))(t)
				if asked++; d[0].Allowed != change.want {
					stale++
				}
			}
		}
	}
	if stale > 0 || asked < 1000 {
		t.Errorf("of %d decisions %d were stale", asked, stale)
	}
}
