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

// TestWhoSeesManyOrganizationsSeesEachOnce pages through the organizations of somebody who owns a tree that is too large to be found at
// once, and of somebody who owns two such trees and loses one of them.
func TestWhoSeesManyOrganizationsSeesEachOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		const below = 50 // more than forty times the rows of a page
		var heads []string
		var trees [2][]string
		for i := range trees {
			head := organization(t, db, fmt.Sprint("Head ", i), "").ID
			heads, trees[i] = append(heads, head), []string{head}
			for n := range below {
				trees[i] = append(trees[i], organization(t, db, fmt.Sprint("Below ", n%7), head).ID)
			}
		}
		owner, both := user(t, db, "owner").ID, user(t, db, "both").ID
		own := func(user, head string) string {
			return modelstest.Membership(t, db, user, head, modelstest.To("roles", models.RoleOwner)).ID
		}
		own(owner, heads[0])
		own(both, heads[0])
		second := own(both, heads[1])
		own(user(t, db, "other").ID, heads[1])
		check := func(who string, want ...string) {
			t.Helper()
			slices.Sort(want)
			for _, sort := range []string{"", "&sort=-name", "&sort=number"} {
				var got []string
				for number := range len(want) + 1 {
					page := listPage(t, db, models.Organizations, collection.Person(who),
						fmt.Sprintf("page[size]=1&page[number]=%d%s", number+1, sort))
					if page.Total != int64(len(want)) || page.TotalUnfiltered != page.Total {
						t.Fatalf("%s, page %d: totals of %d and %d, want %d", sort, number+1, page.Total, page.TotalUnfiltered, len(want))
					}
					for _, item := range page.Items {
						got = append(got, models.Organizations.ID(item))
					}
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%s: the pages have %d organizations, want %d", sort, len(got), len(want))
				}
			}
		}
		check(owner, trees[0]...)
		check(both, slices.Concat(trees[0], trees[1])...)
		gone := trees[0][below]
		if err := models.DeleteOrganization(t.Context(), db, everything, gone, nil); err != nil {
			t.Fatal(err)
		}
		check(owner, trees[0][:below]...)
		if err := models.DeleteMembership(t.Context(), db, everything, second, nil); err != nil {
			t.Fatal(err)
		}
		check(both, trees[0][:below]...)
	})
}
