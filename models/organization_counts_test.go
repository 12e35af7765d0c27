package models_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestCountsAreTheLengthsOfLists compares what is counted of organizations and of roles with the lists that the caller could read, for
// every kind of caller. Only where the list is empty there may be no number.
func TestCountsAreTheLengthsOfLists(t *testing.T) {
	modelstest.Sequential(t)
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
		b := plantBranches(t, db, clock, modelstest.Rand(t))
		for name, scope := range b.scopes {
			query := "page[size]=200&withCounts=children,descendants,memberships,endpoints,pendingInvitations"
			for id, got := range counted(t, db, models.Organizations, scope, query) {
				want := map[string]int64{}
				for count, list := range lists {
					want[count] = listPage(t, db, list.of, scope, list.filter+id).Total
				}
				if !countsAre(got, want) {
					t.Errorf("as %s, %s has %v, want %v", name, id, got, want)
				}
			}
			for id, got := range counted(t, db, models.Roles, scope, "withCounts=memberships") {
				want := map[string]int64{"memberships": listPage(t, db, models.Memberships, scope, "filter[roles]="+id).Total}
				if !countsAre(got, want) {
					t.Errorf("as %s, the role %s has %v, want %v", name, id, got, want)
				}
			}
		}
	})
}

// countsAre reports whether numbers are those that are wanted, of which some that are zero may not be told.
func countsAre(got, want map[string]int64) bool {
	told := maps.Clone(want)
	for name, n := range want {
		if _, counted := got[name]; !counted && n == 0 {
			delete(told, name)
		}
	}
	return maps.Equal(got, told)
}

// TestWhatSomebodyMayNotReadHasNoNumber counts where callers read some of it: 0 would say that there is none.
func TestWhatSomebodyMayNotReadHasNoNumber(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		middle := organization(t, db, "Middle", top).ID
		leaf := organization(t, db, "Leaf", middle).ID
		person := user(t, db, "ada").ID
		sighted := func(key, at string, inheritable bool, words ...string) string {
			in := input(attributes{"key": key, "name": key, "inheritable": inheritable, "permissions": jsonapi.Strings(words)},
				relations{"organization": one(at)})
			return must(models.CreateRole(t.Context(), db, everything, in))(t).ID
		}
		here := sighted("here", top, false, "organizations:read", "roles:read")
		all := sighted("all", middle, true, "organizations:read", "memberships:read", "webhooks:read", "invitations:read",
			"roles:read")
		modelstest.Membership(t, db, person, top, modelstest.To("roles", here))
		names := "withCounts=children,descendants,memberships,endpoints,pendingInvitations"
		check := func(what string, c *collection.Collection, scope collection.Scope, query string, want map[string]map[string]int64) {
			t.Helper()
			if diff := cmp.Diff(want, counted(t, db, c, scope, query)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		// Of the members of the top a person sees itself.
		check("at the top", models.Organizations, collection.Person(person), names, map[string]map[string]int64{top: {"memberships": 1}})
		check("of roles", models.Roles, collection.Person(person), "filter[organizationId]="+top+"&withCounts=memberships",
			map[string]map[string]int64{here: {"memberships": 1}})
		check("as the top alone", models.Organizations, collection.OnlyOrganization(top), names,
			map[string]map[string]int64{top: {"memberships": 1, "endpoints": 0, "pendingInvitations": 0}})
		modelstest.Membership(t, db, person, middle, modelstest.To("roles", all))
		none := map[string]int64{"memberships": 0, "endpoints": 0, "pendingInvitations": 0, "children": 0, "descendants": 0}
		check("in the middle", models.Organizations, collection.Person(person), names, map[string]map[string]int64{
			top:    {"memberships": 1, "children": 1, "descendants": 2},
			middle: {"memberships": 1, "endpoints": 0, "pendingInvitations": 0, "children": 1, "descendants": 1},
			leaf:   none,
		})
		check("of roles in the middle", models.Roles, collection.Person(person), "filter[builtIn]=false&withCounts=memberships",
			map[string]map[string]int64{here: {"memberships": 1}, all: {"memberships": 1}})
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
