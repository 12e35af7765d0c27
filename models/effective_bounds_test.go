package models_test

import (
	"fmt"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestWordsAreToldUpToABound gives somebody more words than one answer has, of each way in which they can come: by roles that name them,
// and by the one that stands for all.
func TestWordsAreToldUpToABound(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "").ID
		const each = 50
		role := func(n int) string {
			words := jsonapi.Strings{}
			for i := range each {
				words = append(words, fmt.Sprintf("app%03d:%03d", n, i))
			}
			in := input(attributes{"key": fmt.Sprint("app-", n), "name": "App", "permissions": words}, relations{"organization": one(org)})
			return must(models.CreateRole(t.Context(), db, everything, in))(t).ID
		}
		var roles []string
		for n := range models.MaxWords/each - 1 {
			roles = append(roles, role(n))
		}
		clerk, owner := user(t, db, "clerk").ID, user(t, db, "owner").ID
		m := modelstest.Membership(t, db, clerk, org, modelstest.To("roles", roles...)).ID
		modelstest.Membership(t, db, owner, org, modelstest.To("roles", models.RoleOwner))
		check := func(what, user string, want int, wantMore bool) {
			t.Helper()
			held, more, err := models.EffectivePermissions(t.Context(), db, everything, user, org)
			if err != nil || len(held) != want || more != wantMore {
				t.Errorf("%s: %d words, %t, %v; want %d, %t", what, len(held), more, err, want, wantMore)
			}
		}
		words, more, err := models.ApplicationWords(t.Context(), db, everything.Scope, org)
		known := len(words)
		if err != nil || more || known < each*len(roles) {
			t.Fatalf("%d words are known, %t, %v", known, more, err)
		}
		check("below the bound", clerk, each*len(roles), false)
		check("an owner below the bound", owner, known+len(models.OwnPermissions())+1, false) // with the service's own, and that for all
		for n := range 3 {
			roles = append(roles, role(models.MaxWords+n))
		}
		in := input(nil, map[string]models.Links{"roles": roles})
		if _, err := models.UpdateMembership(t.Context(), db, everything, m, in); err != nil {
			t.Fatal(err)
		}
		check("beyond the bound", clerk, models.MaxWords, true)
		check("an owner", owner, models.MaxWords, true)
		words, more, err = models.ApplicationWords(t.Context(), db, everything.Scope, org)
		if err != nil || !more || len(words) > models.MaxWords {
			t.Errorf("%d words are known, %t, %v", len(words), more, err)
		}
	})
}
