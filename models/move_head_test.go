package models_test

import (
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAPreviewOfAHeadKnowsWhoComesToOwnIt has people make a branch the head of a tree, who own it from above, and who may only take it
// away.
func TestAPreviewOfAHeadKnowsWhoComesToOwnIt(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			cfg.UsersCreateOrganizations = true
			db := modelstest.OpenConfig(t, cfg)
			top := organization(t, db, "Top", "")
			branch := organization(t, db, "Branch", top.ID)
			organization(t, db, "Leaf", branch.ID)
			owner, admin, member := user(t, db, "owner"), user(t, db, "admin"), user(t, db, "member")
			for u, role := range map[string]string{owner.ID: models.RoleOwner, admin.ID: models.RoleAdmin, member.ID: models.RoleMember} {
				modelstest.Membership(t, db, u, top.ID, modelstest.To("roles", role))
			}
			alone := models.Move{Organization: branch.ID}
			_, err := models.PreviewMove(t.Context(), db, as(admin.ID), alone)
			wantKind(t, err, store.Conflict, "to") // nobody would own it
			_, err = models.MoveBranch(t.Context(), db, as(admin.ID), alone)
			wantKind(t, err, store.Conflict, "to")

			for _, by := range []string{owner.ID, admin.ID} { // the second time there is an owner, and below Top again it is theirs
				preview := must(models.PreviewMove(t.Context(), db, as(by), alone))(t)
				before := readFacts(t, db)
				move := alone
				move.Digest = &preview.Digest
				if _, err := models.MoveBranch(t.Context(), db, as(by), move); err != nil {
					t.Fatal(err)
				}
				want := outcomeOf(before, readFacts(t, db), branch.ID)
				sameOutcome(t, by, want, said(t, preview))
				if len(want.Loses[owner.ID]) > 0 || len(want.Loses[member.ID]) == 0 {
					t.Errorf("%+v", want)
				}
				if _, err := models.MoveBranch(t.Context(), db, everything, models.Move{Organization: branch.ID, To: top.ID}); err != nil {
					t.Fatal(err)
				}
			}
			modelstest.CheckConsistency(t, db)
		})
	}
}

// TestWhatMakesADigestStale changes one thing after the other that a move depends on, and what it does not depend on.
func TestWhatMakesADigestStale(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		g := plant(t, db)
		left, came := organization(t, db, "left", g.top.ID), organization(t, db, "came", g.top.ID)
		branch := organization(t, db, "branch", left.ID)
		below := organization(t, db, "below", branch.ID)
		role := must(models.CreateRole(ctx, db, everything, input(attributes{"key": "clerk", "name": "Clerk", "rank": int64(5)},
			relations{"organization": one(g.top.ID)})))(t)
		bob, eve := user(t, db, "bob", left.ID), user(t, db, "eve", g.top.ID)
		modelstest.Membership(t, db, eve.ID, came.ID, modelstest.To("roles", role.ID))
		join := func(u, at, role string) func() error {
			return func() error {
				modelstest.Membership(t, db, u, at, modelstest.To("roles", role))
				return nil
			}
		}
		update := func(attributes attributes) error {
			_, err := models.UpdateRole(ctx, db, everything, role.ID, input(attributes, nil))
			return err
		}
		m := models.Move{Organization: branch.ID, To: came.ID}
		for _, c := range []struct {
			what   string
			change func() error
			stale  bool
		}{
			{"somebody gets another name", func() error {
				_, err := models.UpdateUser(ctx, db, everything, bob.ID, input(attributes{"lastName": "B"}, nil))
				return err
			}, false},
			{"the branch gets another name", func() error {
				_, err := models.UpdateOrganization(ctx, db, everything, branch.ID, input(attributes{"name": "other"}, nil))
				return err
			}, false},
			{"somebody joins elsewhere", join(bob.ID, g.other.ID, models.RoleAdmin), false},
			{"somebody joins above both", join(user(t, db, "x").ID, g.top.ID, models.RoleAdmin), false},
			{"somebody joins below", join(user(t, db, "x").ID, below.ID, models.RoleAdmin), false},
			{"a role permits something", func() error { return update(attributes{"permissions": jsonapi.Strings{"a:read"}}) }, true},
			{"a role permits something else", func() error { return update(attributes{"permissions": jsonapi.Strings{"b:read"}}) }, true},
			{"a role does not count below", func() error { return update(attributes{"inheritable": false}) }, true},
			{"somebody joins where it goes", join(user(t, db, "y").ID, came.ID, models.RoleViewer), true},
			{"somebody is not active any more", func() error {
				_, err := models.UpdateUser(ctx, db, everything, bob.ID, input(attributes{"active": false}, nil))
				return err
			}, true},
			{"an endpoint hears of what is below", func() error {
				modelstest.Webhook(t, db, left.ID, "https://hooks.example.com/", modelstest.With("subtree", true))
				return nil
			}, true},
			{"an endpoint does not", func() error {
				modelstest.Webhook(t, db, left.ID, "https://hooks.example.com/")
				return nil
			}, false},
			{"there is one organization more", func() error { organization(t, db, "new", below.ID); return nil }, true},
			{"it has gone there", func() error { return moveTo(t, db, everything, branch.ID, came.ID) }, true},
		} {
			m.Digest = nil
			m.Digest = &must(models.PreviewMove(ctx, db, everything, m))(t).Digest
			if err := c.change(); err != nil {
				t.Fatal(c.what, err)
			}
			if _, err := models.PreviewMove(ctx, db, everything, m); store.IsKind(err, store.PreconditionFailed) != c.stale {
				t.Errorf("%s: the preview is %v, stale: %v", c.what, err, c.stale)
			}
			if _, err := models.MoveBranch(ctx, db, everything, m); store.IsKind(err, store.PreconditionFailed) != c.stale {
				t.Errorf("%s: the move is %v, stale: %v", c.what, err, c.stale)
			} else if err == nil {
				if err := moveTo(t, db, everything, branch.ID, left.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}
