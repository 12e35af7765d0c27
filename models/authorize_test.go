package models_test

import (
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestChecksAreAnsweredEachByItsWords asks about several words at one place and at two: none is answered by what another one is asked for,
// whatever the words look like.
func TestChecksAreAnsweredEachByItsWords(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		leaf := organization(t, db, "Leaf", top).ID
		role := must(models.CreateRole(t.Context(), db, everything, input(attributes{
			"key": "clerk", "name": "Clerk", "permissions": jsonapi.Strings{"approve", "users:write"}, "inheritable": false,
		}, relations{"organization": {top}})))(t)
		ada := user(t, db, "ada").ID
		held := modelstest.Membership(t, db, ada, top, modelstest.To("roles", role.ID)).ID
		check := func(word, at string) models.Check { return models.Check{User: ada, Permission: word, Organization: at} }
		checks := []models.Check{check("approve", top), check("refuse", top), check("refuse approve", top), check("approve ", top),
			check("users:read", top), check("users:write", top), check("approve", "top"), check("*", top), check("approve", top)}
		want := []bool{true, false, false, false, true, true, false, false, true}
		ask := func(checks []models.Check, want []bool) {
			t.Helper()
			for i, d := range must(models.Decide(t.Context(), db, checks))(t) {
				if d.Allowed != want[i] || d.Allowed != slices.Equal(d.Memberships, []string{held}) ||
					d.Allowed != slices.Equal(d.Roles, []string{role.ID}) {
					t.Errorf("%+v: %+v, want %v", checks[i], d, want[i])
				}
			}
		}
		for i := range checks {
			ask(checks[i:i+1], want[i:i+1])
		}
		ask(checks, want)
		ask(append(checks, check("approve", leaf), check("nothing", leaf)), append(want, false, false))
		ask([]models.Check{check("refuse approve", leaf), check("refuse approve", top)}, []bool{false, false})
	})
}
