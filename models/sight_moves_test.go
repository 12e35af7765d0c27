package models_test

import (
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestWhatWasOutOfSightForATime asks after several moves, deletions and new roles whether all was in sight between any two of them, which
// the trees at the end do not tell.
func TestWhatWasOutOfSightForATime(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, system := t.Context(), models.System("test")
		var top, other, branch, aside, leaf string
		var changes []func()
		move := func(what, to *string) {
			changes = append(changes, func() {
				must(models.MoveBranch(ctx, db, system, models.Move{Organization: *what, To: *to}))(t)
			})
		}
		join := func(user, at, role string) {
			modelstest.Membership(t, db, user, at, modelstest.To("roles", role))
		}
		viewer := func(at ...*string) func() collection.Scope {
			return func() collection.Scope {
				user := modelstest.User(t, db).ID
				for _, at := range at {
					join(user, *at, models.RoleViewer)
				}
				return collection.Person(user)
			}
		}
		key := func() collection.Scope { return collection.Subtree(top) }
		role := func(key string, inheritable bool) string {
			return must(models.CreateRole(ctx, db, system, &models.Change{
				Attributes: map[string]any{"key": key, "name": key, "permissions": jsonapi.Strings{"users:read"}, "inheritable": inheritable},
				Links:      map[string]models.Links{"organization": {top}},
			}))(t).ID
		}
		away := func() { move(&branch, &other) }
		there := func() { away(); move(&branch, &top) }
		swallowed := func() { away(); move(&other, &top) }
		for name, c := range map[string]struct {
			of      *collection.Collection
			scope   func() collection.Scope
			by      string // a filter
			at      *string
			changes func()
			whole   bool
		}{
			"out of sight, which is moved into sight":      {of: models.Users, scope: viewer(&top), changes: swallowed},
			"out of a key's, which is moved into it":       {of: models.Users, scope: key, changes: swallowed},
			"away and back":                                {of: models.Memberships, scope: viewer(&top), changes: there},
			"away and back, of a role seen from it":        {of: models.Roles, scope: viewer(&leaf), changes: there},
			"away and back, of roles seen without it":      {models.Roles, viewer(&leaf, &top), "", nil, func() { move(&leaf, &top); move(&leaf, &branch) }, true},
			"within sight, all of which goes elsewhere":    {models.Users, key, "", nil, func() { move(&branch, &aside); move(&top, &other) }, true},
			"on, and then away with what it is below":      {of: models.Users, scope: viewer(&top), changes: func() { move(&branch, &aside); move(&aside, &other) }},
			"with a role of its own":                       {models.Users, viewer(&top, &branch), "", nil, there, true},
			"with a role of its own, away and swallowed":   {models.Users, viewer(&top, &branch), "", nil, swallowed, true},
			"with roles on both sides":                     {models.Users, viewer(&top, &other), "", nil, there, true},
			"of another branch than the list is of":        {models.Users, viewer(&top), "organizationId", &aside, away, true},
			"of another branch than the list is of, below": {models.Users, viewer(&top), "ancestor", &aside, there, true},
			"with the one that the list is of":             {of: models.Users, scope: viewer(&top), by: "organizationId", at: &leaf, changes: away},
			"with the branch that the list is of":          {of: models.Users, scope: viewer(&top), by: "ancestor", at: &leaf, changes: away},
			"from below the one that the list is of":       {models.Users, viewer(&top), "organizationId", &top, away, true},
			"of a branch from which roles are seen":        {of: models.Roles, scope: viewer(&leaf), by: "organizationId", at: &top, changes: there},
			"out of the branch that the list is of":        {of: models.Users, scope: viewer(&top), by: "ancestor", at: &top, changes: away},
		} {
			top, other, aside, branch, leaf = oneFamily(t, db)
			scope := c.scope()
			var filters []jsonapi.Condition
			if c.by != "" {
				filters = append(filters, jsonapi.Condition{Field: c.by, Op: jsonapi.OpEqual, Value: *c.at})
			}
			if c.of == models.Roles {
				role("here", true)
			}
			sight := must(models.SightOf(ctx, db, c.of, scope, filters...))(t)
			changes = nil
			c.changes()
			for _, change := range changes {
				change()
			}
			if got := must(sight.IsWhole(ctx, db, scope))(t); got != c.whole {
				t.Errorf("moved %s: all was in sight: %t", name, got)
			}
		}
	})
}

// oneFamily makes organizations: a branch with a leaf and one aside of it below the top, and another one.
func oneFamily(t *testing.T, db *store.DB) (top, other, aside, branch, leaf string) {
	t.Helper()
	below := func(name, parent string) string {
		return modelstest.Organization(t, db, modelstest.With("name", name), modelstest.To("parent", parent)).ID
	}
	top, other = below("Top", ""), below("Other", "")
	aside, branch = below("Aside", top), below("Branch", top)
	return top, other, aside, branch, below("Leaf", branch)
}

// TestWhatIsInSightAgain has people get roles at a branch after it went out of their sight, or hold them there alone, and
// organizations be deleted and restored.
func TestWhatIsInSightAgain(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, system := t.Context(), models.System("test")
		top, other, aside, branch, leaf := oneFamily(t, db)
		alone := must(models.CreateRole(ctx, db, system, &models.Change{
			Attributes: map[string]any{"key": "alone", "name": "Alone", "permissions": jsonapi.Strings{"users:read"}, "inheritable": false},
			Links:      map[string]models.Links{"organization": {branch}},
		}))(t).ID
		person := func() string {
			id := modelstest.User(t, db).ID
			modelstest.Membership(t, db, id, top, modelstest.To("roles", models.RoleManager))
			return id
		}
		late, single := person(), person()
		modelstest.Membership(t, db, single, branch, modelstest.To("roles", alone))
		sight := func(of *collection.Collection, scope collection.Scope) func() bool {
			s := must(models.SightOf(ctx, db, of, scope))(t)
			return func() bool { return must(s.IsWhole(ctx, db, scope))(t) }
		}
		want := func(what string, got, want bool) {
			t.Helper()
			if got != want {
				t.Errorf("%s: all was in sight: %t", what, got)
			}
		}
		ofLate, ofSingle := sight(models.Users, collection.Person(late)), sight(models.Users, collection.Person(single))
		must(models.MoveBranch(ctx, db, system, models.Move{Organization: branch, To: other}))(t)
		modelstest.Membership(t, db, late, branch, modelstest.To("roles", models.RoleViewer))
		want("a role that came late", ofLate(), false)
		want("a role at the head alone", ofSingle(), false)

		all := map[string]func() bool{}
		for name, scope := range map[string]collection.Scope{"person": collection.Person(late), "key": collection.Subtree(top),
			"everything": collection.Everything()} {
			all[name+" memberships"], all[name+" events"] = sight(models.Memberships, scope), sight(models.Events, scope)
		}
		beside := sight(models.Memberships, collection.Subtree(leaf))
		if err := models.DeleteOrganization(ctx, db, system, aside, nil); err != nil {
			t.Fatal(err)
		}
		for name, whole := range all {
			want(name+" after a deletion", whole(), name != "person events")
		}
		must(restore(t, db, system, aside, nil, nil))(t)
		for name, whole := range all {
			want(name+" after it was restored", whole(), name == "key events" || name == "everything events")
		}
		want("memberships elsewhere", beside(), true)
	})
}
