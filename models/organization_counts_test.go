package models_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestCountsAreTheLengthsOfLists compares what is counted of organizations and of roles with the lists that the caller could read, for
// every kind of caller.
func TestCountsAreTheLengthsOfLists(t *testing.T) {
	t.Parallel()
	lists := map[string]struct {
		of     *collection.Collection
		filter string
	}{
		"children": {models.Organizations, "filter[parent]="}, "descendants": {models.Organizations, "filter[ancestor]="},
		"memberships": {models.Memberships, "filter[organizationId]="}, "endpoints": {models.Webhooks, "filter[organizationId]="},
		"pendingInvitations": {models.Invitations, "filter[state]=pending&filter[organizationId]="},
	}
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		seed := rand.Uint64()
		b := plantBranches(t, db, clock, rand.New(rand.NewPCG(seed, 0)))
		for name, scope := range b.scopes {
			query := "page[size]=200&withCounts=children,descendants,memberships,endpoints,pendingInvitations"
			for id, got := range counted(t, db, models.Organizations, scope, query) {
				want := map[string]int64{}
				for count, list := range lists {
					want[count] = listPage(t, db, list.of, scope, list.filter+id).Total
				}
				if !maps.Equal(got, want) {
					t.Errorf("as %s, with the seed %d, %s has %v, want %v", name, seed, id, got, want)
				}
			}
			for id, got := range counted(t, db, models.Roles, scope, "withCounts=memberships") {
				if want := listPage(t, db, models.Memberships, scope, "filter[roles]="+id).Total; got["memberships"] != want {
					t.Errorf("as %s, with the seed %d, the role %s has %v, want %d", name, seed, id, got, want)
				}
			}
		}
	})
}

// TestWhatACredentialMayNotReadIsNotCounted counts with a key that holds no more than it needs to read organizations.
func TestWhatACredentialMayNotReadIsNotCounted(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		user(t, db, "ada", org.ID)
		scope := collection.Everything().Holding([]string{"organizations:read"})
		got := counted(t, db, models.Organizations, scope, "withCounts=memberships,children")[org.ID]
		if want := map[string]int64{"children": 0}; !maps.Equal(got, want) {
			t.Errorf("it is told %v, want %v", got, want)
		}
	})
}

// counted returns the counts of each resource of a list.
func counted(t *testing.T, db *store.DB, c *collection.Collection, scope collection.Scope, query string) map[string]map[string]int64 {
	t.Helper()
	q := parse(t, c, query)
	page, err := collection.List(t.Context(), db, c, scope, q)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := page.Render(t.Context(), db, c, scope, c.Schema.URL(), q)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]map[string]int64{}
	for _, resource := range resources {
		of, ok := resource.Meta["counts"].(map[string]int64)
		if !ok {
			t.Fatal(fmt.Errorf("%s %s has no counts", c.Schema.Type, resource.ID))
		}
		counts[resource.ID] = of
	}
	return counts
}
