package modelstest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// Collection returns the collection of a type of resource, for tests that stand too low to know the resources.
func Collection(typ string) *collection.Collection { return models.CollectionOf(typ) }

// Grove grows trees at random, and returns their organizations, deleted ones too. In them are people with times in common, some in several
// organizations, with keys, endpoints, deliveries and events.
func Grove(t testing.TB, db *store.DB, clock *Clock, r *rand.Rand) (organizations []string) {
	t.Helper()
	some := func(ids []string) string { return ids[r.IntN(len(ids))] }
	for range 24 {
		parent := ""
		if len(organizations) > 1 && r.IntN(8) > 0 {
			parent = some(organizations)
		}
		organizations = append(organizations, Organization(t, db, With("name", "grove"), To("parent", parent)).ID)
	}
	var people []string
	for range 90 {
		clock.Advance(time.Duration(r.IntN(2)) * time.Second)
		in := []string{some(organizations)}
		for r.IntN(3) == 0 {
			in = append(in, some(organizations))
		}
		people = append(people, User(t, db, To("organizations", slices.Compact(slices.Sorted(slices.Values(in)))...)).ID)
	}
	for n := range 30 {
		clock.Advance(time.Duration(r.IntN(2)) * time.Second)
		busy(t, db, n, some(organizations), people[n])
	}
	for range 6 { // those with organizations below stay
		unless(t, models.DeleteOrganization(t.Context(), db, author, some(organizations), nil), store.Conflict, store.NotFound)
	}
	return organizations
}

// busy makes one of several changes to a person or in an organization.
func busy(t testing.TB, db *store.DB, n int, organization, person string) {
	t.Helper()
	switch n % 5 {
	case 0: // late members stand among the people by when they were created
		_, err := models.CreateMembership(t.Context(), db, author, input([]Option{To("user", person), To("organization", organization)}))
		unless(t, err, store.Conflict)
	case 1:
		unless(t, models.DeleteUser(t.Context(), db, author, person, nil))
	case 2:
		user, err := models.UpdateUser(t.Context(), db, author, person, input([]Option{With("active", false)}))
		made(t, user, err)
	case 3:
		Key(t, db, models.OrganizationKey, organization)
	default:
		Delivery(t, db, Webhook(t, db, organization, "https://hooks.example.com/"))
	}
}

// unless fails the test because of an error that is not a refusal of those kinds.
func unless(t testing.TB, err error, kinds ...store.Kind) {
	t.Helper()
	if err != nil && !slices.ContainsFunc(kinds, func(kind store.Kind) bool { return store.IsKind(err, kind) }) {
		t.Fatal(err)
	}
}
