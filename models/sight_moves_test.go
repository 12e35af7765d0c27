package models_test

import (
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestWhatWasOutOfSightForATime asks after several moves whether all was in sight between any two of them, which the tree at the end does
// not tell.
func TestWhatWasOutOfSightForATime(t *testing.T) {
	t.Parallel()
	const there, swallowed = "branch>other branch>top", "branch>other other>top"
	cases := []struct {
		of     *collection.Collection
		seen   string // where they are viewers, or what the key is bound to
		filter string
		moves  string
		whole  bool
	}{
		{models.Users, "top", "", swallowed, false},
		{models.Users, "key top", "", swallowed, false},
		{models.Memberships, "top", "", there, false},
		{models.Roles, "leaf", "", there, false},
		{models.Roles, "leaf top", "", "leaf>top leaf>branch", true},
		{models.Roles, "leaf", "", "branch>other leaf>aside", false},
		{models.Roles, "leaf", "", "branch>other leaf>other", false},
		{models.Roles, "branch", "", "branch>other top>branch", false},
		{models.Roles, "leaf", "", "leaf>aside", true},
		{models.Roles, "leaf", "organizationId=aside", "branch>other", true},
		{models.Roles, "key branch", "", "branch>other branch>top", false},
		{models.Users, "key top", "", "branch>aside top>other", true},
		{models.Users, "top", "", "branch>aside aside>other", false},
		{models.Users, "top branch", "", there, true},
		{models.Users, "top branch", "", swallowed, true},
		{models.Users, "top other", "", there, true},
		{models.Users, "top", "organizationId=aside", "branch>other", true},
		{models.Users, "top", "ancestor=aside", there, true},
		{models.Users, "top", "organizationId=leaf", "branch>other", false},
		{models.Users, "top", "ancestor=leaf", "branch>other", false},
		{models.Users, "top", "ancestor=top", "branch>other", false},
		{models.Users, "top", "organizationId=top", "branch>other", true},
		{models.Roles, "leaf", "organizationId=top", there, false},
		{models.Files, "top", "", "branch>other", false},
		{models.Files, "key top", "", there, false},
		{models.Files, "top", "", "branch>aside", true},
	}
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, system := t.Context(), models.System("test")
		for _, c := range cases {
			at := map[string]string{}
			at["top"], at["other"], at["aside"], at["branch"], at["leaf"] = oneFamily(t, db)
			must(models.CreateRole(ctx, db, system, &models.Change{
				Attributes: map[string]any{"key": "here", "name": "Here", "permissions": jsonapi.Strings{"users:read"}},
				Links:      map[string]models.Links{"organization": {at["top"]}},
			}))(t)
			var scope collection.Scope
			if root, ok := strings.CutPrefix(c.seen, "key "); ok {
				scope = collection.Subtree(at[root])
			} else {
				user := modelstest.User(t, db).ID
				for where := range strings.FieldsSeq(c.seen) {
					modelstest.Membership(t, db, user, at[where], modelstest.To("roles", models.RoleViewer))
				}
				scope = collection.Person(user)
			}
			var filters []jsonapi.Condition
			if field, value, ok := strings.Cut(c.filter, "="); ok {
				filters = append(filters, jsonapi.Condition{Field: field, Op: jsonapi.OpEqual, Value: at[value]})
			}
			sight := must(models.SightOf(ctx, db, c.of, scope, filters...))(t)
			for move := range strings.FieldsSeq(c.moves) {
				what, to, _ := strings.Cut(move, ">")
				must(models.MoveBranch(ctx, db, system, models.Move{Organization: at[what], To: at[to]}))(t)
			}
			if got := must(sight.IsWhole(ctx, db, scope))(t); got != c.whole {
				t.Errorf("%s of %q by %q, %s: all was in sight: %t", c.of.Schema.Type, c.seen, c.filter, c.moves, got)
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

		ofAll := sight(models.Users, collection.Everything())
		ofTop := must(models.SightOf(ctx, db, models.Users, collection.Everything(),
			jsonapi.Condition{Field: collection.FilterAncestor, Op: jsonapi.OpEqual, Value: top}))(t)
		if err := models.DeleteOrganization(ctx, db, system, aside, nil); err != nil {
			t.Fatal(err)
		}
		must(restore(t, db, system, aside, nil, nil))(t)
		want("everybody, after another deletion", ofAll(), true)
		want("the people of a branch, after that", must(ofTop.IsWhole(ctx, db, collection.Everything()))(t), false)
	})
}
