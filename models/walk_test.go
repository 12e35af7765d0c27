package models_test

import (
	"fmt"
	"slices"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// walkThrough returns the ids of a list that a walk reads, in parts of 200. between is called after each part.
func walkThrough(t testing.TB, db *store.DB, c *collection.Collection, scope collection.Scope, query string,
	between func(part int),
) []string {
	t.Helper()
	walk, err := collection.NewWalk(t.Context(), db, c, parse(t, c, query))
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for part := 1; ; part++ {
		items, err := walk.Next(t.Context(), scope, 200)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			return all
		}
		all = append(all, ids(c, items)...)
		if between != nil {
			between(part)
		}
	}
}

// paged returns the ids of the same list, by numbered pages.
func paged(t testing.TB, db *store.DB, c *collection.Collection, scope collection.Scope, query string) []string {
	t.Helper()
	all := []string{}
	for n := 1; ; n++ {
		page := list(t, db, c, scope, fmt.Sprintf("%s&page[size]=200&page[number]=%d", query, n))
		if all = append(all, page...); len(page) == 0 {
			return all
		}
	}
}

// TestAWalkIsTheWholeListInItsOrder has lists of more than what is looked up at first, with ties and gaps in what they are sorted by, as
// callers who see them in different ways.
func TestAWalkIsTheWholeListInItsOrder(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		c := plantCompany(t, db, 200, 100)
		owner := modelstest.User(t, db).ID
		modelstest.Membership(t, db, owner, c.head, modelstest.To("roles", models.RoleOwner))
		below := "filter[ancestor]=" + c.branch
		for name, scope := range map[string]collection.Scope{
			"everything": collection.Everything(), "key": collection.Subtree(c.head), "owner": collection.Person(owner),
			"organization": collection.OnlyOrganization(c.left),
		} {
			for _, list := range []struct {
				of    *collection.Collection
				query string
			}{
				{models.Users, ""}, {models.Users, "sort=-lastName,email"}, {models.Users, below + "&sort=-email"},
				{models.Users, "filter[organizationId]=" + c.left + "&sort=firstName"}, {models.Users, "filter[email][contains]=7"},
				{models.Users, "filter[organizations]=" + c.left}, {models.Organizations, "filter[parent]=" + c.branch + "&sort=-name"},
				{models.Memberships, "filter[effectiveAt]=" + c.branch}, {models.Memberships, below + "&sort=-createdAt"},
				{models.Organizations, "filter[ancestor]=" + c.head + "&sort=name"},
				{models.Organizations, "filter[descendant]=" + c.branch},
				{models.Organizations.Related("users", c.left), "sort=-email"},
			} {
				got, want := walkThrough(t, db, list.of, scope, list.query, nil), paged(t, db, list.of, scope, list.query)
				if !slices.Equal(got, want) {
					t.Errorf("as %s, %s?%s: %d, want %d in this order", name, list.of.Schema.Type, list.query, len(got), len(want))
				}
			}
		}
	})
}

// TestAWalkSortsAListAFewTimes counts what sorts. A list that no index has in order is sorted for each of these.
func TestAWalkSortsAListAFewTimes(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		c := plantCompany(t, db, 200, 1)
		watchedDB, sent := models.Watch(db)
		for name, scope := range map[string]collection.Scope{"everything": collection.Everything(), "key": collection.Subtree(c.head)} {
			n := len(walkThrough(t, watchedDB, models.Users, scope, "sort=firstName", nil))
			if sorted := sent.Take("ORDER BY"); n < 1_200 || len(sorted) != 2 {
				t.Errorf("as %s: %d people were sorted %d times", name, n, len(sorted))
			}
		}
	})
}

// TestAWalkLeavesOutWhatTheListHasNoMore changes what was looked up and was not read yet.
func TestAWalkLeavesOutWhatTheListHasNoMore(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		left := organization(t, db, "Left", "").ID
		here := organization(t, db, "Here", left).ID
		var people, memberships []string
		for i := range 207 {
			id := modelstest.User(t, db, modelstest.With("externalId", fmt.Sprintf("%03d", i))).ID
			people = append(people, id)
			memberships = append(memberships, modelstest.Membership(t, db, id, here).ID)
			modelstest.Membership(t, db, id, left)
		}
		owner := modelstest.User(t, db).ID
		for _, person := range []string{owner, modelstest.User(t, db).ID} { // the last owner could not leave
			modelstest.Membership(t, db, person, left, modelstest.To("roles", models.RoleOwner))
		}
		query := "sort=externalId&filter[ancestor]=" + here + "&filter[active]=true"
		got := walkThrough(t, db, models.Users, collection.Person(owner), query, func(part int) {
			if part > 1 {
				return
			}
			by := models.System("test")
			must(0, models.DeleteUser(t.Context(), db, by, people[200], nil))(t)
			must(models.UpdateUser(t.Context(), db, by, people[201], &models.Change{Attributes: attributes{"active": false}}))(t)
			must(0, models.DeleteMembership(t.Context(), db, by, memberships[202], nil))(t) // still seen, by another membership
			must(models.UpdateUser(t.Context(), db, by, people[203], &models.Change{Attributes: attributes{"externalId": "000"}}))(t)
		})
		want := append(slices.Clone(people[:200]), people[203:]...)
		if !slices.Equal(got, want) {
			t.Errorf("%d of %d: behind the first part %v, want %v", len(got), len(want), got[200:], want[200:])
		}
		seen := walkThrough(t, db, models.Users, collection.Person(owner), query, func(part int) {
			if part == 1 {
				must(0, models.DeleteMembership(t.Context(), db, models.System("test"), texts(t, db,
					"SELECT id FROM memberships WHERE user_id = '"+owner+"'")[0], nil))(t)
			}
		})
		if len(seen) != 200 {
			t.Errorf("%d were read, although nothing of it was seen after 200", len(seen))
		}
	})
}
