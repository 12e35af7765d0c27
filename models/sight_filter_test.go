package models_test

import (
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestWhatFiltersGoByIsInSight has somebody see rows by a role in a branch itself, and what their filters go by only from above.
func TestWhatFiltersGoByIsInSight(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, system := t.Context(), models.System("test")
		top, other, aside, branch, leaf := oneFamily(t, db)
		role := func(at string, words ...string) string {
			return must(models.CreateRole(ctx, db, system, &models.Change{
				Attributes: map[string]any{"key": "reader", "name": "Reader", "permissions": jsonapi.Strings(words)},
				Links:      map[string]models.Links{"organization": {at}},
			}))(t).ID
		}
		user := modelstest.User(t, db).ID
		modelstest.Membership(t, db, user, top, modelstest.To("roles", role(top, "organizations:read", "users:read", "webhooks:read")))
		modelstest.Membership(t, db, user, branch, modelstest.To("roles", role(branch, "memberships:read")))
		member := modelstest.User(t, db, modelstest.To("organizations", leaf)).ID
		person := collection.Person(user)

		cases := []struct {
			of         *collection.Collection
			scope      collection.Scope
			query      string
			away, gone bool // whether it is whole when the branch went away, and came back; and when the leaf was deleted
		}{
			{models.Memberships, person, "", true, true},
			{models.Memberships, person, "filter[ancestor]=" + branch, false, true},
			{models.Memberships, person, "filter[ancestor]=" + aside, true, true},
			{models.Memberships, person, "filter[effectiveAt]=" + leaf, false, false},
			{models.Memberships, person, "filter[user]=" + member, false, false},
			{models.Memberships, person, "filter[userId]=" + member, true, true},
			{models.WebhookDeliveries, person, "", false, false},
			{models.WebhookDeliveries, collection.Subtree(top), "filter[organization]=" + leaf, false, true},
			{models.WebhookReplays, person, "", false, false},
			{models.Users, collection.Everything(), "filter[organizations]=" + leaf, true, true},
		}
		judge := func(when string, change func(), whole func(i int) bool) {
			t.Helper()
			sights := make([]*models.Sight, len(cases))
			for i, c := range cases {
				sights[i] = must(models.SightOf(ctx, db, c.of, c.scope, parse(t, c.of, c.query).Filters...))(t)
			}
			change()
			for i, c := range cases {
				if got := must(sights[i].IsWhole(ctx, db, c.scope))(t); got != whole(i) {
					t.Errorf("%s %q, %s: it is whole: %t", c.of.Schema.Type, c.query, when, got)
				}
			}
		}
		judge("a branch away and back", func() {
			for _, to := range []string{other, top} {
				must(models.MoveBranch(ctx, db, system, models.Move{Organization: branch, To: to}))(t)
			}
		}, func(i int) bool { return cases[i].away })
		judge("an organization deleted", func() {
			if err := models.DeleteOrganization(ctx, db, system, leaf, nil); err != nil {
				t.Fatal(err)
			}
		}, func(i int) bool { return cases[i].gone })
	})
}

// TestOwnMembershipsGoWithTheirOrganization deletes and restores an organization whose memberships somebody does not read, but for theirs.
func TestOwnMembershipsGoWithTheirOrganization(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		at := organization(t, db, "Acme", "").ID
		agent := must(models.CreateRole(t.Context(), db, everything, input(
			attributes{"key": "agent", "name": "Agent", "permissions": jsonapi.Strings{"calls:answer"}},
			relations{"organization": one(at)})))(t).ID
		ada := modelstest.User(t, db).ID
		modelstest.Membership(t, db, ada, at, modelstest.To("roles", agent))
		person := collection.Person(ada)
		other := collection.Person(user(t, db, "Bob").ID)
		theirs := must(models.SightOf(t.Context(), db, models.Memberships, person))(t)
		others := must(models.SightOf(t.Context(), db, models.Memberships, other))(t)
		if err := models.DeleteOrganization(t.Context(), db, everything, at, nil); err != nil {
			t.Fatal(err)
		}
		must(restore(t, db, everything, at, nil, nil))(t)
		if must(theirs.IsWhole(t.Context(), db, person))(t) || !must(others.IsWhole(t.Context(), db, other))(t) {
			t.Error("a membership was not there for a time, and its list is whole, or that of somebody else is not")
		}
	})
}

// TestWhatIsNotKnownAnyMoreIsNotWhole removes the events that would tell what went out of sight.
func TestWhatIsNotKnownAnyMoreIsNotWhole(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		top, other, _, branch, _ := oneFamily(t, db)
		purge := func() {
			t.Helper()
			positions(t, db, "")                                                      // which numbers them
			if _, err := db.Run(t.Context(), `DELETE FROM event_queue`); err != nil { // as the fan-out does
				t.Fatal(err)
			}
			clock.Advance(time.Hour)
			must(models.PurgeEvents(t.Context(), db, clock.Now()))(t)
		}
		sight := must(models.SightOf(t.Context(), db, models.Users, collection.Subtree(top)))(t)
		purge()
		if !must(sight.IsWhole(t.Context(), db, collection.Subtree(top)))(t) {
			t.Error("it is not whole when what happened before is not known any more")
		}
		must(models.MoveBranch(t.Context(), db, everything, models.Move{Organization: branch, To: other}))(t)
		purge()
		if must(sight.IsWhole(t.Context(), db, collection.Subtree(top)))(t) {
			t.Error("it is whole when what happened since is not known any more")
		}
	})
}
