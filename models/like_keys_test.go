package models_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestPeopleSeeOfABranchWhatTheRuleSays compares lists that are read as a key of a branch reads them with the rule, asked of each row: for
// people with any words at any organizations.
func TestPeopleSeeOfABranchWhatTheRuleSays(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		r := modelstest.Rand(t)
		organizations := modelstest.Grove(t, db, clock, r)
		live := texts(t, db, `SELECT id FROM organizations WHERE deleted_at IS NULL`)
		rule := map[*collection.Collection]*collection.Collection{
			models.Users:         models.Users.Few(collection.Condition("1 = 1")),
			models.Memberships:   models.Memberships.Few(collection.Condition("1 = 1")),
			models.Organizations: models.Organizations.Few(collection.Condition("1 = 1")),
		}
		for range 25 {
			person := modelstest.User(t, db).ID
			for range 1 + r.IntN(2) {
				joinSomewhere(t, db, r, person, live[r.IntN(len(live))])
			}
			at, other := organizations[r.IntN(len(organizations))], live[r.IntN(len(live))]
			someone := texts(t, db, `SELECT user_id FROM memberships ORDER BY user_id`)
			for c, few := range rule {
				queries := []string{"page[number]=1", "sort=-createdAt&page[number]=1", "filter[ancestor]=" + at,
					"filter[ancestor]=" + other}
				if c == models.Organizations {
					queries = append(queries, "filter[root]=true", "filter[root]=false", "filter[parent]="+at, "filter[descendant]="+at,
						"filter[children]="+at, "filter[users]="+someone[r.IntN(len(someone))])
				} else {
					queries = append(queries, "filter[ancestor]="+other+"&filter[organizationId]="+at, "filter[organizationId]="+other)
				}
				if c == models.Memberships {
					queries = append(queries, "filter[user]="+someone[r.IntN(len(someone))], "filter[effectiveAt]="+other,
						"filter[ancestor]="+other+"&filter[effectiveAt]="+other)
				}
				for _, query := range queries {
					scope := collection.Person(person)
					got, want := listPage(t, db, c, scope, query+"&page[size]=200"), listPage(t, db, few, scope, query+"&page[size]=200")
					if !slices.Equal(idsOf(c, got), idsOf(c, want)) || got.Total != want.Total ||
						got.TotalUnfiltered != want.TotalUnfiltered {
						t.Errorf("%s?%s: %d (%d of %d), want %d (%d of %d)", c.Schema.Type, query, len(got.Items), got.Total,
							got.TotalUnfiltered, len(want.Items), want.Total, want.TotalUnfiltered)
					}
					if whole := walkThrough(t, db, c, scope, query, nil); !slices.Equal(whole, idsOf(c, want)) {
						t.Errorf("%s?%s, whole: %d, want %d", c.Schema.Type, query, len(whole), len(want.Items))
					}
				}
			}
			if t.Failed() {
				t.Fatalf("as %s", person)
			}
		}
	})
}

// joinSomewhere makes somebody a member, mostly with a role that has some of the words of which lists are made.
func joinSomewhere(t *testing.T, db *store.DB, r *rand.Rand, person, organization string) {
	t.Helper()
	role := []string{models.RoleOwner, models.RoleMember, models.RoleViewer}[r.IntN(3)]
	words := jsonapi.Strings{}
	for _, word := range []string{"users:read", "memberships:read", "organizations:read"} {
		if r.IntN(3) > 0 {
			words = append(words, word)
		}
	}
	if r.IntN(3) > 0 && len(words) > 0 {
		in := input(attributes{"key": "some-" + fmt.Sprint(r.Uint32()), "name": "Some", "inheritable": r.IntN(4) > 0, "permissions": words},
			relations{"organization": one(organization)})
		role = must(models.CreateRole(t.Context(), db, everything, in))(t).ID
	}
	_, err := models.CreateMembership(t.Context(), db, everything, input(nil,
		relations{"user": one(person), "organization": one(organization), "roles": {role}}))
	if !store.IsKind(err, store.Conflict) && err != nil { // twice at one
		t.Fatal(err)
	}
}
