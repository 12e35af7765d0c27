package models_test

import (
	"cmp"
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
	modelstest.Sequential(t)
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		r := modelstest.Rand(t)
		organizations := modelstest.Grove(t, db, clock, r)
		live := texts(t, db, `SELECT id FROM organizations WHERE deleted_at IS NULL`)
		plantMore(t, db, r, organizations)
		someone := texts(t, db, `SELECT user_id FROM memberships ORDER BY user_id`)
		for range 8 {
			person := modelstest.User(t, db).ID
			for range 1 + r.IntN(2) {
				joinSomewhere(t, db, r, person, live[r.IntN(len(live))])
			}
			for range 2 {
				_, err := models.CreateAPIKey(t.Context(), db, everything, input(attributes{"name": "Mine", "kind": "user",
					"scopes": jsonapi.Strings{"*"}}, relations{"user": one(person)}))
				if err != nil {
					t.Fatal(err)
				}
			}
			some := choice{at: organizations[r.IntN(len(organizations))], other: live[r.IntN(len(live))],
				someone: someone[r.IntN(len(someone))], themselves: person}
			compareWithTheRule(t, db, collection.Person(person), some)
			compareWithTheRule(t, db, collection.Subtree(live[r.IntN(len(live))]), some)
			compareWithTheRule(t, db, collection.Everything(), some)
			if t.Failed() {
				t.Fatalf("as %s", person)
			}
		}
	})
}

// choice is what lists are filtered by.
type choice struct{ at, other, someone, themselves string }

// compareWithTheRule compares what lists have for a scope with what they have if the rule is asked of each row.
func compareWithTheRule(t *testing.T, db *store.DB, scope collection.Scope, by choice) {
	t.Helper()
	for _, c := range []*collection.Collection{models.Users, models.Memberships, models.Organizations, models.APIKeys, models.Webhooks,
		models.Invitations, models.PortalLinks, models.Events, models.WebhookDeliveries} {
		rule := c.Few(collection.Condition("1 = 1"))
		for _, query := range queriesOf(c, by) {
			got, want := listPage(t, db, c, scope, query+"&page[size]=200"), listPage(t, db, rule, scope, query+"&page[size]=200")
			if !slices.Equal(idsOf(c, got), idsOf(c, want)) || got.Total != want.Total || got.TotalUnfiltered != want.TotalUnfiltered {
				t.Errorf("%s?%s: %d (%d of %d), want %d (%d of %d)", c.Schema.Type, query, len(got.Items), got.Total,
					got.TotalUnfiltered, len(want.Items), want.Total, want.TotalUnfiltered)
			}
			if whole := walkThrough(t, db, c, scope, query, nil); want.Total <= 200 && !slices.Equal(whole, idsOf(c, want)) {
				t.Errorf("%s?%s, whole: %d, want %d", c.Schema.Type, query, len(whole), len(want.Items))
			}
		}
	}
}

// queriesOf returns what is asked of a collection.
func queriesOf(c *collection.Collection, by choice) []string {
	backwards := map[*collection.Collection]string{models.Events: "-position"}[c]
	queries := []string{"page[number]=1", "page[number]=1&sort=" + cmp.Or(backwards, "-createdAt"), "filter[ancestor]=" + by.at,
		"filter[ancestor]=" + by.other, "filter[ancestor]="}
	if c == models.Organizations {
		return append(queries, "filter[root]=true", "filter[root]=false", "filter[parent]="+by.at, "filter[descendant]="+by.at,
			"filter[children]="+by.at, "filter[users]="+by.someone, "filter[ancestor]="+by.other+"&filter[root]=false",
			"filter[ancestor]="+by.other+"&filter[parent]="+by.other)
	}
	queries = append(queries, "filter[ancestor]="+by.other+"&filter[organizationId]="+by.at, "filter[organizationId]="+by.other)
	switch c {
	case models.Memberships:
		queries = append(queries, "filter[user]="+by.someone, "filter[effectiveAt]="+by.other,
			"filter[ancestor]="+by.other+"&filter[effectiveAt]="+by.other)
	case models.APIKeys:
		queries = append(queries, "filter[user]="+by.themselves, "filter[ancestor]="+by.other+"&filter[organization]="+by.at)
	case models.Invitations:
		queries = append(queries, "filter[invitedBy]="+by.someone, "filter[ancestor]="+by.other+"&filter[invitedBy]="+by.someone,
			"filter[ancestor]="+by.other+"&filter[invitedBy]="+by.themselves)
	case models.Events:
		queries = append(queries, "filter[actorId]="+by.someone, "filter[ancestor]="+by.other+"&filter[actorId]="+by.someone,
			"filter[ancestor]="+by.other+"&filter[actorId]="+by.themselves, "filter[ancestor]="+by.other+"&filter[actorKind]=session")
	}
	return queries
}

// plantMore adds to a grove what belongs to its organizations, made by its people or by the management, with management keys.
func plantMore(t *testing.T, db *store.DB, r *rand.Rand, organizations []string) {
	t.Helper()
	people := texts(t, db, `SELECT user_id FROM memberships ORDER BY user_id`)
	for n := range 30 {
		by := everything
		if n%2 == 0 {
			by.ID = people[r.IntN(len(people))]
			by.Kind = models.ByUserKey
		}
		at := relations{"organization": one(organizations[r.IntN(len(organizations))])}
		var err error
		switch n % 5 {
		case 0:
			key := attributes{"name": "Key", "kind": "management", "scopes": jsonapi.Strings{}}
			_, err = models.CreateAPIKey(t.Context(), db, by, input(key, at))
		case 1:
			key := attributes{"name": "Key", "kind": "organization", "scopes": jsonapi.Strings{}}
			_, err = models.CreateAPIKey(t.Context(), db, by, input(key, at))
		case 2:
			_, err = models.CreatePortalLink(t.Context(), db, by, input(attributes{}, at))
		default:
			_, err = models.CreateInvitation(t.Context(), db, by, input(attributes{"email": fmt.Sprint(n, "@example.com")}, at))
		}
		if err != nil && !store.IsKind(err, store.RelatedNotFound) && !store.IsKind(err, store.NotFound) {
			t.Fatal(err)
		}
	}
}

// joinSomewhere makes somebody a member, mostly with a role that has some of the words of which lists are made.
func joinSomewhere(t *testing.T, db *store.DB, r *rand.Rand, person, organization string) {
	t.Helper()
	role := []string{models.RoleOwner, models.RoleMember, models.RoleViewer}[r.IntN(3)]
	words := jsonapi.Strings{}
	for _, word := range []string{"users:read", "memberships:read", "organizations:read", "apiKeys:read", "webhooks:read",
		"invitations:read", "events:read"} {
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
