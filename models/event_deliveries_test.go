package models_test

import (
	"fmt"
	"maps"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestTheDeliveriesOfAnEventAreCounted counts deliveries in each state, as callers who see some of the endpoints.
func TestTheDeliveriesOfAnEventAreCounted(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		leaf := organization(t, db, "Leaf", top).ID
		event := list(t, db, models.Events, collection.Everything(), "filter[organizationId]="+leaf)[0]
		member, viewer := user(t, db, "member").ID, user(t, db, "viewer").ID
		in := input(attributes{"key": "listener", "name": "Listener", "permissions": jsonapi.Strings{"events:read"}},
			relations{"organization": one(top)})
		listener := must(models.CreateRole(t.Context(), db, everything, in))(t).ID
		modelstest.Membership(t, db, member, top, modelstest.To("roles", listener))
		modelstest.Membership(t, db, viewer, top, modelstest.To("roles", models.RoleAdmin))
		for n, c := range []struct {
			at, state       string
			attempts, round int
		}{
			{leaf, "pending", 0, 0}, {leaf, "pending", 3, 2}, {leaf, "failed", 10, 10}, {leaf, "cancelled", 1, 1},
			{leaf, "succeeded", 0, 0},
			{top, "failed", 10, 10}, {top, "pending", 4, 0}, // which is sent again, and has not failed since
		} {
			hook := modelstest.Webhook(t, db, c.at, "https://hooks.example.com/").ID
			delivery := models.NewID()
			for _, statement := range []string{
				`INSERT INTO webhook_dispatches (id, event_id, webhook_id, organization_id, event_type, ordinal, created_at)
					SELECT '` + delivery + `', '` + event + `', '` + hook + `', '` + c.at + `', 'organization.created', 1, created_at
					FROM organizations WHERE id = '` + leaf + `'`,
				`INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, state, trigger, attempts, round_attempts,
						finished_at)
					SELECT '` + delivery + `', '` + hook + `', 1, created_at, '` + c.state + `', 'event', ` +
					fmt.Sprintf("%d, %d", c.attempts, c.round) + `, CASE WHEN '` + c.state + `' = 'pending' THEN NULL ELSE created_at END
					FROM organizations WHERE id = '` + leaf + `' AND '` + c.state + `' <> 'succeeded'`,
			} {
				if _, err := pool(db).ExecContext(t.Context(), statement); err != nil {
					t.Fatal(n, err)
				}
			}
		}
		for name, c := range map[string]struct {
			scope collection.Scope
			want  map[string]int64
		}{
			"everything":          {collection.Everything(), map[string]int64{"total": 7, "failing": 3}},
			"the tree":            {collection.Subtree(top), map[string]int64{"total": 7, "failing": 3}},
			"the organization":    {collection.OnlyOrganization(leaf), map[string]int64{"total": 5, "failing": 2}},
			"who is a member":     {collection.Person(member), nil},
			"who reads the tree":  {collection.Person(viewer), map[string]int64{"total": 7, "failing": 3}},
			"who reads no others": {collection.Everything().Holding([]string{"events:read"}), nil},
		} {
			q := parse(t, models.Events, "withCounts=deliveries&filter[id]="+event)
			page := must(collection.List(t.Context(), db, models.Events, c.scope, q))(t)
			resources := must(page.Render(t.Context(), db, models.Events, c.scope, "", q))(t)
			got, _ := resources[0].Meta["deliveries"].(map[string]int64)
			if !maps.Equal(got, c.want) || resources[0].Meta["counts"] != nil {
				t.Errorf("%s: %v, want %v", name, resources[0].Meta, c.want)
			}
		}
		// One that was sent to nobody has none.
		q := parse(t, models.Events, "withCounts=deliveries&filter[organizationId]="+top+"&page[size]=1")
		page := must(collection.List(t.Context(), db, models.Events, collection.Everything(), q))(t)
		resources := must(page.Render(t.Context(), db, models.Events, collection.Everything(), "", q))(t)
		if got, _ := resources[0].Meta["deliveries"].(map[string]int64); !maps.Equal(got, map[string]int64{"total": 0, "failing": 0}) {
			t.Errorf("of an event that was sent to nobody it says %v", resources[0].Meta)
		}
	})
}
