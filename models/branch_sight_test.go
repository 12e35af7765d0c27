package models_test

import (
	"slices"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAKeyFiltersABranchByWhatItSees asks for what belongs to a branch and has to do with somebody or something that is elsewhere, which
// the key sees.
func TestAKeyFiltersABranchByWhatItSees(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		head := organization(t, db, "Head", "").ID
		branch, other := organization(t, db, "Branch", head).ID, organization(t, db, "Other", head).ID
		both := modelstest.User(t, db, modelstest.To("organizations", branch, other)).ID
		boss := modelstest.User(t, db).ID
		modelstest.Membership(t, db, boss, head, modelstest.To("roles", models.RoleOwner))
		by := models.Caller{Kind: models.ByUserKey, ID: boss, Name: "Boss", Scope: collection.Person(boss), Rights: all}
		invitation := must(models.CreateInvitation(t.Context(), db, by, input(attributes{"email": "new@example.com"},
			relations{"organization": one(branch)})))(t).ID
		for name, scope := range map[string]collection.Scope{"everything": everything.Scope, "subtree": collection.Subtree(head)} {
			for _, asked := range []struct {
				of     *collection.Collection
				filter string
				want   string
			}{
				{models.Users, "filter[organizationId]=" + other, both},
				{models.Invitations, "filter[invitedBy]=" + boss, invitation},
			} {
				if got := list(t, db, asked.of, scope, asked.filter+"&filter[ancestor]="+branch); !slices.Equal(got, []string{asked.want}) {
					t.Errorf("%s: %s?%s in the branch: %v, want %s", name, asked.of.Schema.Type, asked.filter, got, asked.want)
				}
			}
			if n := len(list(t, db, models.Events, scope, "filter[actorId]="+boss+"&filter[ancestor]="+branch)); n != 1 {
				t.Errorf("%s: %d events of the boss in the branch, want 1", name, n)
			}
		}
	})
}
