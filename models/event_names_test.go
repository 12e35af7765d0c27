package models_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// tellingOf is what an event says of names.
type tellingOf struct {
	Subject      *string                    `json:"subjectName"`
	Organization *string                    `json:"organizationName"`
	Changes      map[string]json.RawMessage `json:"changes"`
}

// change returns before and after of a change as JSON.
func (e tellingOf) change(name string) string { return string(e.Changes[name]) }

// toldOne returns the newest event of a query as a scope is told it.
func toldOne(t *testing.T, db *store.DB, scope collection.Scope, query string) (e tellingOf) {
	t.Helper()
	q := parse(t, models.Events, "sort=-position&page[size]=1&"+query)
	page, err := collection.List(t.Context(), db, models.Events, scope, q)
	if err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	resources, err := page.Render(t.Context(), db, models.Events, scope, models.Events.Schema.URL(), q)
	if err != nil {
		t.Fatal(err)
	}
	var one struct{ Attributes tellingOf }
	if err := json.Unmarshal(must(resources[0].MarshalJSON())(t), &one); err != nil {
		t.Fatal(err)
	}
	return one.Attributes
}

// TestAnEventKnowsWhatWasCalledHow changes names after what happened, and removes what had them.
func TestAnEventKnowsWhatWasCalledHow(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, all := t.Context(), collection.Everything()
		first, second := organization(t, db, "First", ""), organization(t, db, "Second", "")
		leaf := organization(t, db, "Leaf", first.ID)
		ada := user(t, db, "Ada", leaf.ID)
		role := must(models.CreateRole(ctx, db, everything, input(attributes{"key": "clerk", "name": "Clerk"},
			relations{"organization": one(leaf.ID)})))(t)
		membership := list(t, db, models.Memberships, all, "filter[userId]="+ada.ID)[0]
		must(models.UpdateMembership(ctx, db, everything, membership, input(nil, relations{"roles": many(role.ID)})))(t)
		must(models.UpdateMembership(ctx, db, everything, membership, input(nil, relations{"roles": many(models.RoleViewer)})))(t)
		must(models.UpdateOrganization(ctx, db, everything, leaf.ID, input(nil, below(second.ID))))(t)
		for id, name := range map[string]string{first.ID: "No more first", second.ID: "No more second", leaf.ID: "No more leaf"} {
			must(models.UpdateOrganization(ctx, db, everything, id, input(attributes{"name": name}, nil)))(t)
		}
		if err := models.DeleteRole(ctx, db, everything, role.ID, nil); err != nil {
			t.Fatal(err)
		}
		if err := models.DeleteUser(ctx, db, everything, ada.ID, nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ query, subject, organization, change, want string }{
			{"filter[eventType]=organization.created&filter[subjectId]=" + leaf.ID, "Leaf", "Leaf", "parent",
				`{"before":null,"after":` + called(first.ID, "First") + `}`},
			{"filter[eventType]=organization.updated&filter[subjectId]=" + leaf.ID, "No more leaf", "No more leaf", "name",
				`{"before":"Leaf","after":"No more leaf"}`},
			{"filter[eventType]=user.created", "Ada", "Leaf", "firstName", `{"before":null,"after":"Ada"}`},
			{"filter[eventType]=user.deleted", "Ada", "No more leaf", "firstName", `{"before":"Ada","after":null}`},
			{"filter[eventType]=role.deleted", "Clerk", "No more leaf", "organization",
				`{"before":` + called(leaf.ID, "No more leaf") + `,"after":null}`},
			{"filter[eventType]=membership.created", "Ada", "Leaf", "user", `{"before":null,"after":` + called(ada.ID, "Ada") + `}`},
			{"filter[eventType]=membership.created", "Ada", "Leaf", "roles",
				`{"before":null,"after":[` + called(models.RoleMember, "Member") + `]}`},
			{"filter[eventType]=membership.updated", "Ada", "Leaf", "roles",
				`{"before":[` + called(role.ID, "Clerk") + `],"after":[` + called(models.RoleViewer, "Viewer") + `]}`},
			{"filter[eventType]=membership.deleted", "Ada", "No more leaf", "user",
				`{"before":` + called(ada.ID, "Ada") + `,"after":null}`},
		} {
			e := toldOne(t, db, all, c.query)
			got := []string{*e.Subject, *e.Organization, e.change(c.change)}
			if diff := cmp.Diff([]string{c.subject, c.organization, c.want}, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", c.query, diff)
			}
		}
		var moved string
		for _, position := range texts(t, db, `SELECT CAST(position AS text) FROM event_feed WHERE event_type = 'organization.updated'
			AND changes LIKE '%"parent"%'`) {
			moved = toldOne(t, db, all, "filter[position]="+position).change("parent")
		}
		if want := `{"before":` + called(first.ID, "First") + `,"after":` + called(second.ID, "Second") + `}`; moved != want {
			t.Errorf("a move is told as %s, want %s", moved, want)
		}
		// Those of before this was kept have the form, and no names.
		if _, err := pool(db).ExecContext(ctx, `UPDATE events SET subject_name = NULL, names = NULL`); err != nil {
			t.Fatal(err)
		}
		e := toldOne(t, db, all, "filter[eventType]=membership.created")
		if want := `{"before":null,"after":{"id":"` + ada.ID + `","name":null}}`; e.Subject != nil || e.change("user") != want {
			t.Errorf("of an old event it tells %v, %s", e.Subject, e.change("user"))
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestNamesAreToldToWhoMayReadWhatHasThem reads the creation of an organization and of a membership as readers who may read more and less.
func TestNamesAreToldToWhoMayReadWhatHasThem(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "")
		leaf := organization(t, db, "Leaf", top.ID)
		ada := user(t, db, "Ada", leaf.ID)
		hidden := must(models.CreateRole(t.Context(), db, everything, input(attributes{"key": "clerk", "name": "Clerk"},
			relations{"organization": one(top.ID)})))(t)
		membership := list(t, db, models.Memberships, collection.Everything(), "filter[userId]="+ada.ID)[0]
		must(models.UpdateMembership(t.Context(), db, everything, membership,
			input(nil, relations{"roles": many(hidden.ID, models.RoleViewer)})))(t)
		person := func(words ...string) collection.Scope {
			t.Helper()
			who := user(t, db, "Reader").ID
			role := must(models.CreateRole(t.Context(), db, everything, input(attributes{"key": "reader-" + who[24:], "name": "Reader",
				"permissions": jsonapi.Strings(words)}, relations{"organization": one(leaf.ID)})))(t)
			modelstest.Membership(t, db, who, leaf.ID, modelstest.To("roles", role.ID))
			return collection.Person(who)
		}
		const none = "<nil>"
		text := func(s *string) string {
			if s == nil {
				return none
			}
			return *s
		}
		for name, c := range map[string]struct {
			scope                         collection.Scope
			org, parent, member, of, user string
			roles                         bool
		}{
			"everything":       {collection.Everything(), "Leaf", "Top", "Ada", "Leaf", "Ada", true},
			"the tree":         {collection.Subtree(top.ID), "Leaf", "Top", "Ada", "Leaf", "Ada", true},
			"the organization": {collection.OnlyOrganization(leaf.ID), "Leaf", "", "Ada", "Leaf", "Ada", true},
			"a key for events": {collection.OnlyOrganization(leaf.ID).Holding([]string{"events:read"}), none, "", none, none, "", false},
			"all, of events":   {collection.Everything().Holding([]string{"events:read"}), none, "", none, none, "", false},
			"no organizations": {collection.Subtree(top.ID).Holding([]string{"events:read", "memberships:read", "users:read"}),
				none, "", "Ada", none, "Ada", false},
			"no users": {collection.Subtree(top.ID).Holding([]string{"events:read", "memberships:read", "organizations:read"}),
				"Leaf", "Top", none, "Leaf", none, false},
			"a person": {person("events:read", "organizations:read", "users:read", "memberships:read"),
				"Leaf", "", "Ada", "Leaf", "Ada", false},
			"one without users": {person("events:read", "memberships:read"), none, "", none, none, none, false},
			"one of events":     {person("events:read"), none, "", none, none, "", false},
		} {
			side := func(e tellingOf, change string) string {
				var told struct{ After *struct{ Name *string } }
				_ = json.Unmarshal(e.Changes[change], &told)
				if told.After == nil {
					return ""
				}
				return text(told.After.Name)
			}
			made := toldOne(t, db, c.scope, "filter[eventType]=organization.created&filter[subjectId]="+leaf.ID)
			joined := toldOne(t, db, c.scope, "filter[eventType]=membership.created&filter[subjectId]="+membership)
			got := []string{text(made.Subject), side(made, "parent"), text(joined.Subject), text(joined.Organization), side(joined, "user")}
			if diff := cmp.Diff([]string{c.org, c.parent, c.member, c.of, c.user}, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", name, diff)
			}
			var roles struct{ After []struct{ Name *string } }
			changed := toldOne(t, db, c.scope, "filter[eventType]=membership.updated&filter[subjectId]="+membership)
			_ = json.Unmarshal(changed.Changes["roles"], &roles)
			told := map[string]bool{}
			for _, one := range roles.After {
				told[text(one.Name)] = true
			}
			if told["Clerk"] != c.roles || joined.Changes != nil && !told["Viewer"] {
				t.Errorf("%s is told the roles %v", name, told)
			}
		}
	})
}
