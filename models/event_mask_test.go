package models_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// told returns the events of an organization as a scope is told them, by type, the last of each.
func told(t *testing.T, db *store.DB, scope collection.Scope, organization string) map[string]string {
	t.Helper()
	byType := map[string]string{}
	for _, item := range listPage(t, db, models.Events, scope, "page[size]=200&filter[organizationId]="+organization).Items {
		rendered := must(collection.Render(t.Context(), db, models.Events, scope, []any{item}, models.Events.Schema.URL(), nil))(t)
		byType[item.(*models.Event).EventType] = string(must(jsonapi.Marshal(rendered[0]))(t))
	}
	return byType
}

// attributeOf returns the JSON of a member somewhere in the attributes of an event.
func attributeOf(t *testing.T, event string, path ...string) string {
	t.Helper()
	raw := json.RawMessage(event)
	for _, name := range append([]string{"attributes"}, path...) {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatalf("%s of %s: %v", name, raw, err)
		}
		raw = members[name]
	}
	return string(raw)
}

// called is what changes say of a resource with a name.
func called(id, name string) string { return `{"id":"` + id + `","name":"` + name + `"}` }

// TestAnEventNamesNothingThatTheReaderDoesNotSee moves a branch, and reads of it from within, from above and from everywhere.
func TestAnEventNamesNothingThatTheReaderDoesNotSee(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		from, to, away := organization(t, db, "From", top).ID, organization(t, db, "To", top).ID, organization(t, db, "Away", "").ID
		child := organization(t, db, "Child", from).ID
		key := apiKey(t, db, models.ManagementKey, "", "*")
		by := models.Caller{Kind: models.ByManagementKey, ID: key.ID, Name: "the partner's key", Scope: collection.Everything(),
			Rights: all}
		move := func(parent string) {
			must(models.UpdateOrganization(t.Context(), db, by, child, input(nil, below(parent))))(t)
		}
		move(to)
		for name, c := range map[string]struct {
			scope                         collection.Scope
			actor, before, after, present string
		}{
			"the organization itself": {
				collection.OnlyOrganization(child), `{"kind":"management_key","id":null,"name":null}`, "null", "null", "null"},
			"the new parent": {collection.Subtree(to), `{"kind":"management_key","id":null,"name":null}`, "null", called(to, "To"),
				`{"type":"organizations","id":"` + to + `"}`},
			"the head of both": {
				collection.Subtree(top), `{"kind":"management_key","id":null,"name":null}`, called(from, "From"), called(to, "To"),
				`{"type":"organizations","id":"` + to + `"}`,
			},
			"everything": {
				collection.Everything(), `{"kind":"management_key","id":"` + key.ID + `","name":"the partner's key"}`,
				called(from, "From"), called(to, "To"),
				`{"type":"organizations","id":"` + to + `"}`,
			},
		} {
			event := told(t, db, c.scope, child)["organization.updated"]
			for what, pair := range map[string][2]string{
				"the actor":              {attributeOf(t, event, "actor"), c.actor},
				"the former parent":      {attributeOf(t, event, "changes", "parent", "before"), c.before},
				"the new parent":         {attributeOf(t, event, "changes", "parent", "after"), c.after},
				"the parent as it is":    {attributeOf(t, event, "resource", "relationships", "parent", "data"), c.present},
				"the name in the change": {attributeOf(t, event, "resource", "attributes", "name"), `"Child"`},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s is told %s as %s, want %s", name, what, pair[0], pair[1])
				}
			}
		}
		// Moved to where the old head does not see it, the head is told where from, and nothing else is left of the branch for it.
		move(away)
		for _, event := range told(t, db, collection.OnlyOrganization(child), child) {
			for _, id := range []string{top, from, to, away, key.ID, "the partner's key"} {
				if strings.Contains(event, id) {
					t.Errorf("the organization is told %s: %s", id, event)
				}
			}
		}
	})
}

// TestTheActorOfAnEventIsToldToWhoSeesIt has every kind of actor act in an organization.
func TestTheActorOfAnEventIsToldToWhoSeesIt(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		head := organization(t, db, "Head", "").ID
		org, other := organization(t, db, "Acme", head).ID, organization(t, db, "Other", "").ID
		all, bound := apiKey(t, db, models.ManagementKey, "", "*").ID, apiKey(t, db, models.ManagementKey, org, "*").ID
		own, foreign := apiKey(t, db, models.OrganizationKey, org, "*").ID, apiKey(t, db, models.OrganizationKey, other, "*").ID
		gone := apiKey(t, db, models.OrganizationKey, org, "*").ID
		boss := user(t, db, "Boss").ID
		modelstest.Membership(t, db, boss, org, modelstest.To("roles", models.RoleOwner))
		if err := models.DeleteAPIKey(t.Context(), db, everything, gone, nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, kind, id string
			own, above     bool // whether the organization and its owner, and who manages the tree, are told
		}{
			{"a management key of everything", models.ByManagementKey, all, false, false},
			{"a management key of the organization", models.ByManagementKey, bound, false, true},
			{"the organization's key", models.ByOrganizationKey, own, true, true},
			{"a key of the organization that is deleted", models.ByOrganizationKey, gone, true, true},
			{"the token of the organization", models.ByOrganizationToken, org, true, true},
			{"a key of another organization", models.ByOrganizationKey, foreign, false, false},
			{"the token of another organization", models.ByOrganizationToken, other, false, false},
		} {
			event := &models.Event{
				ID: models.NewID(), EventType: "user.updated", OccurredAt: jsonapi.Stamp{Time: db.Now()},
				OrganizationID: &org, SubjectType: "users", SubjectID: models.NewID(),
				ActorKind: c.kind, ActorID: &c.id, ActorName: &c.name, Resource: jsonapi.Raw(`{"type":"users","id":"1"}`),
			}
			err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				err := models.Capture(t.Context(), tx, event)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for scope, seen := range map[collection.Scope]bool{collection.OnlyOrganization(org): c.own, collection.Person(boss): c.own,
				collection.Subtree(head): c.above, collection.Everything(): true} {
				want := fmt.Sprintf(`{"kind":%q,"id":null,"name":null}`, c.kind)
				if seen {
					want = fmt.Sprintf(`{"kind":%q,"id":%q,"name":%q}`, c.kind, c.id, c.name)
				}
				if got := attributeOf(t, told(t, db, scope, org)["user.updated"], "actor"); got != want {
					t.Errorf("%s, as %+v is told it: %s, want %s", c.name, scope, got, want)
				}
				found := listPage(t, db, models.Events, scope, "filter[actorId]="+c.id+"&filter[eventType]=user.updated")
				if n := len(found.Items); n != map[bool]int{true: 1}[seen] || found.Total != int64(n) {
					t.Errorf("%s: a filter of %+v finds %d events, and counts %d", c.name, scope, n, found.Total)
				}
			}
		}
	})
}

// TestATokenDoesNotTellWhatItsOrganizationIsCalled to readers of events who may not read organizations: neither keys nor people.
func TestATokenDoesNotTellWhatItsOrganizationIsCalled(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		acme := organization(t, db, "Acme", "")
		org := acme.ID
		by := models.Caller{Kind: models.ByOrganizationToken, ID: org, Name: acme.Name, Rights: all}
		by.Scope = collection.OnlyOrganization(org)
		must(models.UpdateOrganization(t.Context(), db, by, org, input(attributes{"description": "Anvils"}, nil)))(t)
		reader := func(key string, words ...string) collection.Scope {
			role := must(models.CreateRole(t.Context(), db, everything, input(attributes{"key": key, "name": key,
				"permissions": jsonapi.Strings(words)}, relations{"organization": one(org)})))(t)
			person := user(t, db, key).ID
			modelstest.Membership(t, db, person, org, modelstest.To("roles", role.ID))
			return collection.Person(person)
		}
		for name, c := range map[string]struct {
			scope collection.Scope
			want  bool
		}{
			"the organization":              {collection.OnlyOrganization(org), true},
			"its key for events":            {by.Scope.Holding([]string{"events:read"}), false},
			"its key for both":              {by.Scope.Holding([]string{"events:read", "organizations:read"}), true},
			"a management key for events":   {collection.Everything().Holding([]string{"events:read"}), false},
			"somebody who reads events":     {reader("events", "events:read"), false},
			"somebody who reads both":       {reader("both", "events:read", "organizations:read"), true},
			"a key of theirs for less":      {reader("less", "events:read", "organizations:read").Holding([]string{"events:read"}), false},
			"a management key for a branch": {collection.Subtree(org), true},
		} {
			event := told(t, db, c.scope, org)["organization.updated"]
			if id := attributeOf(t, event, "actor", "id"); id != `"`+org+`"` {
				t.Errorf("%s is told that the actor is %s", name, id)
			}
			for _, of := range [][]string{{"actor", "name"}, {"organizationName"}} {
				if got := attributeOf(t, event, of...); got != map[bool]string{true: `"Acme"`, false: "null"}[c.want] {
					t.Errorf("%s is told %s: %s", name, of, got)
				}
			}
		}
	})
}

// TestWhoLeavesAnOrganizationIsToldToIt keeps what it knew: the person of a membership, who may be nobody it sees any more.
func TestWhoLeavesAnOrganizationIsToldToIt(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org, other := organization(t, db, "Acme", "").ID, organization(t, db, "Other", "").ID
		person := user(t, db, "Ada", org, other)
		err := models.ChangeMembers(t.Context(), db, everything, models.Users, person.ID, "organizations", models.RemoveMembers, many(org))
		if err != nil {
			t.Fatal(err)
		}
		events := told(t, db, collection.OnlyOrganization(org), org)
		want := `{"id":"` + person.ID + `","name":"Ada"}`
		if got := attributeOf(t, events["membership.deleted"], "changes", "user", "before"); got != want {
			t.Errorf("who left is told as %s, want %s", got, want)
		}
		for _, event := range events {
			if strings.Contains(event, other) {
				t.Errorf("it is told the other organization: %s", event)
			}
		}
	})
}

// TestAnOrganizationIsToldNothingOfTheKeysThatManageIt: that there is one, as it must be to leave no gap, and nothing about it.
func TestAnOrganizationIsToldNothingOfTheKeysThatManageIt(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "").ID
		key := apiKey(t, db, models.ManagementKey, org, "*").ID
		for scope, want := range map[collection.Scope]bool{collection.OnlyOrganization(org): false, collection.Subtree(org): true} {
			event := told(t, db, scope, org)["apiKey.created"]
			if strings.Contains(event, key) != want {
				t.Errorf("%+v is told %s", scope, event)
			}
		}
		page := listPage(t, db, models.Events, collection.OnlyOrganization(org), "filter[eventType]=apiKey.created&fields[events]=changes")
		rendered := must(collection.Render(t.Context(), db, models.Events, collection.OnlyOrganization(org), page.Items,
			models.Events.Schema.URL(), &jsonapi.Query{
				Fields: map[string]map[string]bool{"events": {"changes": true}},
			}))(t)
		if got := string(must(jsonapi.Marshal(rendered[0]))(t)); strings.Contains(got, `"scopes"`) {
			t.Errorf("the changes alone tell of it: %s", got)
		}
	})
}
