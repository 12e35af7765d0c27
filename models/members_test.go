package models_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestEveryRelationshipThatCanBeChangedIs holds the schemas against the table of changes.
func TestEveryRelationshipThatCanBeChangedIs(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, c := range models.Collections() {
			for _, rel := range c.Schema.Relationships {
				if !rel.Many {
					continue
				}
				err := models.ChangeMembers(t.Context(), db, everything, c, models.NewID(), rel.Name, models.AddMembers,
					many(rel.Target.Type))
				want := store.NotFound
				if !rel.Changeable() {
					want = store.ReadOnly
				}
				if !store.IsKind(err, want) {
					t.Errorf("%s of nothing in %s: %v, want %s", rel.Name, c.Schema.Type, err, want)
				}
			}
		}
	})
}

func TestThePeopleOfAnOrganizationJoinAndLeaveAtItsURL(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		own := g.users[g.mid.ID].ID
		leafs := g.users[g.leaf.ID].ID
		people := func(by models.Caller, how models.MemberChange, ids ...string) error {
			return models.ChangeMembers(t.Context(), db, by, models.Organizations, g.mid.ID, "users", how, many(ids...))
		}
		mid := caller(collection.Subtree(g.mid.ID))
		const told = "SELECT event_type || ' ' || CAST(organization_id AS text) FROM events"
		for i, step := range []struct {
			by   models.Caller
			how  models.MemberChange
			ids  []string
			want []string
			told []string
		}{
			{mid, models.AddMembers, []string{g.shared.ID, leafs, g.shared.ID, own}, []string{own, leafs, g.shared.ID},
				[]string{"membership.created", "membership.created"}},
			{mid, models.AddMembers, nil, []string{own, leafs, g.shared.ID}, nil},
			{mid, models.RemoveMembers, []string{own, g.users[g.other.ID].ID, "no id", models.NewID()}, []string{leafs, g.shared.ID},
				[]string{"membership.deleted"}},
			{mid, models.ReplaceMembers, []string{leafs}, []string{leafs}, []string{"membership.deleted"}},
			{everything, models.ReplaceMembers, []string{own, g.nowhere.ID}, []string{own, g.nowhere.ID},
				[]string{"membership.deleted", "membership.created", "membership.created"}},
		} {
			before := len(texts(t, db, told))
			if err := people(step.by, step.how, step.ids...); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			same(t, fmt.Sprint("people after step ", i),
				list(t, db, models.Users, collection.Everything(), "filter[organizationId]="+g.mid.ID), step.want)
			var want []string
			for _, event := range step.told {
				want = append(want, event+" "+g.mid.ID)
			}
			same(t, fmt.Sprint("events of step ", i), texts(t, db, told)[before:], want)
		}
		// Each whom the caller does not see is told, like each who is not there, and nothing is done.
		before := texts(t, db, told)
		err := people(mid, models.AddMembers, leafs, g.users[g.other.ID].ID, models.NewID(), "no id")
		var several store.Errors
		errors.As(err, &several)
		var at []int
		for _, e := range several {
			if e.Kind == store.RelatedNotFound && e.Field == "users" {
				at = append(at, e.Index)
			}
		}
		if !slices.Equal(at, []int{1, 2, 3}) {
			t.Errorf("three who are not seen are told at %v: %v", at, err)
		}
		wantKind(t, people(caller(collection.OnlyOrganization(g.leaf.ID)), models.AddMembers, leafs), store.NotFound, "")
		if after := texts(t, db, told); !slices.Equal(before, after) {
			t.Errorf("refused changes are told of: %v", after[len(before):])
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestChildrenJoinAndLeaveAtTheURLOfTheirParent(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		children := func(by models.Caller, how models.MemberChange, ids ...string) error {
			return models.ChangeMembers(t.Context(), db, by, models.Organizations, g.side.ID, "children", how, many(ids...))
		}
		want := func(what string, ids ...string) {
			t.Helper()
			same(t, what, list(t, db, models.Organizations, collection.Everything(), "filter[parent]="+g.side.ID), ids)
		}
		top := caller(collection.Subtree(g.top.ID))
		wantKind(t, children(top, models.AddMembers, g.mid.ID, g.top.ID), store.ReadOnly, "children") // its own root
		wantKind(t, children(everything, models.AddMembers, g.mid.ID, g.top.ID), store.Conflict, "children")
		wantKind(t, children(everything, models.AddMembers, g.side.ID), store.Conflict, "children")
		wantKind(t, children(top, models.AddMembers, g.other.ID), store.RelatedNotFound, "children")
		wantKind(t, children(everything, models.ReplaceMembers, models.NewID(), "no id"), store.RelatedNotFound, "children")
		wantKind(t, children(caller(collection.OnlyOrganization(g.side.ID)), models.AddMembers, g.side.ID), store.ReadOnly, "children")
		want("children after refusals")

		if err := children(top, models.AddMembers, g.leaf.ID, g.leaf.ID); err != nil {
			t.Fatal(err)
		}
		want("children", g.leaf.ID)
		if err := children(everything, models.ReplaceMembers, g.mid.ID, g.other.ID); err != nil {
			t.Fatal(err)
		}
		want("replaced children", g.mid.ID, g.other.ID)
		found := must(collection.Find(t.Context(), db, models.Organizations, collection.Everything(), g.leaf.ID, nil))(t)
		left := found.(*models.Organization)
		if left.ParentID != nil || left.Kind != "company" {
			t.Errorf("who left is %+v", left)
		}
		wantKind(t, children(top, models.RemoveMembers, g.mid.ID), store.Forbidden, "children") // out of its subtree
		if err := children(everything, models.RemoveMembers, g.other.ID, g.leaf.ID, "no id"); err != nil {
			t.Fatal(err)
		}
		want("children that stayed", g.mid.ID)
		moves := texts(t, db, "SELECT changes FROM events WHERE event_type = 'organization.updated' AND subject_id = '"+g.other.ID+
			"' ORDER BY occurred_at, id")
		wanted := []string{
			`{"kind":{"before":"company","after":"other"},"parent":{"before":null,"after":"` + g.side.ID + `"}}`,
			`{"kind":{"before":"other","after":"company"},"parent":{"before":"` + g.side.ID + `","after":null}}`,
		}
		if !slices.Equal(moves, wanted) {
			t.Errorf("the moves are told as %q, want %q", moves, wanted)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestPeopleJoinOneOrganizationFromBothEnds changes the same memberships by the organization and by its people at once.
func TestPeopleJoinOneOrganizationFromBothEnds(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		var ids []string
		for i := range 8 {
			ids = append(ids, user(t, db, fmt.Sprint("u", i)).ID)
		}
		reversed := slices.Clone(ids)
		slices.Reverse(reversed)
		var ends []func() error
		for _, people := range [][]string{ids, reversed} {
			ends = append(ends, func() error {
				return models.ChangeMembers(t.Context(), db, everything, models.Organizations, org.ID, "users", models.AddMembers,
					many(people...))
			})
		}
		for _, id := range ids {
			ends = append(ends, func() error {
				return models.ChangeMembers(t.Context(), db, everything, models.Users, id, "organizations", models.AddMembers, many(org.ID))
			})
		}
		for _, err := range atOnce(ends...) {
			if err != nil {
				t.Error(err)
			}
		}
		same(t, "people", list(t, db, models.Users, collection.Everything(), "filter[organizationId]="+org.ID), ids)
		if n := texts(t, db, "SELECT COUNT(*) FROM events WHERE event_type = 'membership.created'"); n[0] != "8" {
			t.Errorf("%s memberships are told of, want 8", n)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestWhatIsTooMuchIsSaidOnce: where the moves of one request come to their bound, what is behind is refused for the same reason.
func TestWhatIsTooMuchIsSaidOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.SQLite) // whose bound a request can come to with leaves
	bound := models.MoveBoundOf(store.SQLite)
	head := organization(t, db, "Head", "")
	var leaves []string
	for range bound.Rows/bound.Each + 10 {
		leaves = append(leaves, organization(t, db, "Leaf", "").ID)
	}
	err := models.ChangeMembers(t.Context(), db, everything, models.Organizations, head.ID, "children", models.AddMembers, many(leaves...))
	var refusals store.Errors
	if !errors.As(err, &refusals) || len(refusals) != 1 || refusals[0].Kind != store.Conflict {
		t.Errorf("%d refusals: %v", len(refusals), err)
	}
}
