package models_test

import (
	"slices"
	"sync"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// moveTo moves an organization below another, "" for none.
func moveTo(t testing.TB, db *store.DB, by models.Caller, id, parent string) error {
	t.Helper()
	_, err := models.UpdateOrganization(t.Context(), db, by, id, input(attributes{}, relations{"parent": one(parent)}))
	return err
}

func TestTheRulesOfTheTree(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		a := organization(t, db, "a", "")
		b := organization(t, db, "b", a.ID)
		c := organization(t, db, "c", b.ID)
		if a.Kind != "company" || b.Kind != "other" {
			t.Errorf("kinds %s and %s, want company and other", a.Kind, b.Kind)
		}
		for _, below := range []string{a.ID, b.ID, c.ID} {
			wantKind(t, moveTo(t, db, everything, a.ID, below), store.Conflict, "parent")
		}
		wantKind(t, moveTo(t, db, everything, c.ID, models.NewID()), store.RelatedNotFound, "parent")
		wantKind(t, moveTo(t, db, everything, c.ID, "no id"), store.RelatedNotFound, "parent")
		for kind, parent := range map[string]string{"company": a.ID, "branch": ""} {
			_, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "x", "kind": kind}, below(parent)))
			wantKind(t, err, store.Invalid, "kind")
		}
		// The kind follows a move, unless it is named.
		if err := moveTo(t, db, everything, b.ID, ""); err != nil {
			t.Fatal(err)
		}
		moved, err := models.UpdateOrganization(t.Context(), db, everything, b.ID, input(attributes{"kind": "branch"}, below(a.ID)))
		if err != nil || moved.Kind != "branch" {
			t.Errorf("moved as a branch it is %v: %v", moved, err)
		}
		wantKind(t, func() error {
			_, err := models.UpdateOrganization(t.Context(), db, everything, b.ID, input(attributes{"kind": "company"}, nil))
			return err
		}(), store.Invalid, "kind")
		wantKind(t, models.DeleteOrganization(t.Context(), db, everything, b.ID, nil), store.Conflict, "")
		modelstest.CheckConsistency(t, db)
	})
}

func TestACallerBoundToASubtreeStaysInIt(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		by := caller(collection.Subtree(g.mid.ID))
		org, err := models.CreateOrganization(t.Context(), db, by, input(attributes{"name": "x"}, nil))
		if err != nil || org.ParentID == nil || *org.ParentID != g.mid.ID {
			t.Errorf("created without a parent it is below %v: %v", org, err)
		}
		in := input(attributes{"name": "x"}, relations{"parent": one("")})
		if _, err := models.CreateOrganization(t.Context(), db, by, in); !store.IsKind(err, store.Forbidden) {
			t.Errorf("created with an empty parent: %v", err)
		}
		wantKind(t, moveTo(t, db, by, g.leaf.ID, ""), store.Forbidden, "parent")
		wantKind(t, moveTo(t, db, by, g.leaf.ID, g.other.ID), store.RelatedNotFound, "parent")
		wantKind(t, moveTo(t, db, by, g.mid.ID, g.leaf.ID), store.ReadOnly, "parent")
		wantKind(t, moveTo(t, db, caller(collection.OnlyOrganization(g.leaf.ID)), g.leaf.ID, g.leaf.ID), store.ReadOnly, "parent")
		// Who does not see the parent cannot find it out by naming it.
		wantKind(t, moveTo(t, db, by, g.mid.ID, g.top.ID), store.ReadOnly, "parent")
		if err := moveTo(t, db, by, g.mid.ID, ""); err != nil {
			t.Errorf("sent back as it was shown: %v", err)
		}
		if err := moveTo(t, db, by, g.leaf.ID, org.ID); err != nil {
			t.Errorf("moved within the subtree: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestATreeHasAtMostSixteenLevels(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		chain := []string{""}
		for range models.MaxDepth {
			chain = append(chain, organization(t, db, "level", chain[len(chain)-1]).ID)
		}
		_, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "x"}, below(chain[models.MaxDepth])))
		wantKind(t, err, store.Invalid, "parent")
		top := organization(t, db, "top", "").ID
		wantKind(t, moveTo(t, db, everything, chain[1], top), store.Invalid, "parent")
		if err := moveTo(t, db, everything, chain[2], top); err != nil {
			t.Errorf("a branch of fifteen levels below a sixteenth: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestTwoMovesAtOnceCloseNoCircle moves a below b while b moves below a on another replica, as heads of trees and within one.
func TestTwoMovesAtOnceCloseNoCircle(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, db, there *store.DB) {
		for n := range 24 {
			top := []string{"", organization(t, db, "top", "").ID}[n%2]
			a, b := organization(t, db, "a", top).ID, organization(t, db, "b", top).ID
			for _, parent := range []string{a, b} { // longer branches
				organization(t, db, "child", parent)
			}
			errs := atOnce(
				func() error { return moveTo(t, db, everything, a, b) },
				func() error { return moveTo(t, there, everything, b, a) },
			)
			if errs[0] != nil {
				slices.Reverse(errs)
			}
			if errs[0] != nil {
				t.Errorf("neither moved: %v", errs)
			}
			wantKind(t, errs[1], store.Conflict, "parent")
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestGrowingAndMovingAtOnceKeepTheDepth adds a level below a branch while the branch moves to where the level does not fit.
func TestGrowingAndMovingAtOnceKeepTheDepth(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		deep := ""
		for range models.MaxDepth - 1 {
			deep = organization(t, db, "level", deep).ID
		}
		for range 8 {
			leaf := organization(t, db, "leaf", "").ID
			errs := atOnce(
				func() error { return moveTo(t, db, everything, leaf, deep) },
				func() error {
					_, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "x"}, below(leaf)))
					return err
				},
			)
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("moved: %v, grown: %v; want one of both", errs[0], errs[1])
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}

// atOnce runs functions at the same time and returns their errors.
func atOnce(do ...func() error) []error {
	errs, start := make([]error, len(do)), make(chan struct{})
	var running sync.WaitGroup
	for i, f := range do {
		running.Go(func() {
			<-start
			errs[i] = f()
		})
	}
	close(start)
	running.Wait()
	return errs
}

func TestDeletionAndRestore(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		parent := organization(t, db, "parent", "")
		child := organization(t, db, "child", parent.ID)
		member := user(t, db, "Ada", child.ID)
		membership := list(t, db, models.Memberships, collection.Everything(), "filter[userId]="+member.ID)[0]
		key := apiKey(t, db, models.OrganizationKey, child.ID, "users:read")
		restore := func(by models.Caller, id string) error {
			in := input(attributes{}, nil)
			in.Echo = map[string]any{"deletedAt": nil}
			_, err := models.UpdateOrganization(t.Context(), db, by, id, in)
			return err
		}
		for _, id := range []string{child.ID, parent.ID} {
			if err := models.DeleteOrganization(t.Context(), db, everything, id, nil); err != nil {
				t.Fatal(err)
			}
			wantKind(t, models.DeleteOrganization(t.Context(), db, everything, id, nil), store.NotFound, "")
		}
		for _, secret := range []string{*child.Token, *key.Key} {
			if h, err := models.FindHolder(t.Context(), db, secret); h != nil || err != nil {
				t.Errorf("a credential of a deleted organization speaks for %v: %v", h, err)
			}
		}
		same(t, "deleted", list(t, db, models.Organizations, collection.Everything(), "filter[deleted]=true"),
			[]string{parent.ID, child.ID})
		same(t, "live", list(t, db, models.Organizations, collection.Everything(), ""), nil)
		same(t, "live, by name", list(t, db, models.Organizations, collection.Everything(), "filter[deleted]=false"), nil)
		same(t, "members", list(t, db, models.Users, collection.Everything(), "filter[organizationId]="+child.ID), nil)
		same(t, "members, by another way",
			list(t, db, models.Users, collection.Everything(), "filter[organizations]="+child.ID+"&filter[active]=true"), nil)
		same(t, "memberships", list(t, db, models.Memberships, collection.Everything(), "filter[userId]="+member.ID), nil)
		same(t, "users", list(t, db, models.Users, collection.Everything(), ""), []string{member.ID})

		wantKind(t, models.DeleteMembership(t.Context(), db, everything, membership, nil), store.NotFound, "")
		_, err := models.UpdateMembership(t.Context(), db, everything, membership, input(nil, nil))
		wantKind(t, err, store.NotFound, "")

		wantKind(t, restore(caller(collection.OnlyOrganization(child.ID)), child.ID), store.NotFound, "")
		wantKind(t, restore(everything, child.ID), store.Conflict, "deletedAt")
		for _, id := range []string{parent.ID, child.ID} {
			if err := restore(everything, id); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "members of the restored", list(t, db, models.Users, collection.Everything(), "filter[organizationId]="+child.ID),
			[]string{member.ID})
		if h, err := models.FindHolder(t.Context(), db, *child.Token); h != nil || err != nil {
			t.Errorf("the old token works again for %v: %v", h, err)
		}
		fresh := must(models.RefreshToken(t.Context(), db, everything, child.ID))(t)
		if h, err := models.FindHolder(t.Context(), db, *fresh.Token); h == nil || err != nil {
			t.Errorf("the new token of a restored organization does not work: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}
