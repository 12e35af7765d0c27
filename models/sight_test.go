package models_test

import (
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAMoveTakesOutOfSight moves a branch away, and on, and asks those who see it, or something from it, whether they have lost sight of
// anything.
func TestAMoveTakesOutOfSight(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, system := t.Context(), models.System("test")
		below := func(name, parent string) string {
			return modelstest.Organization(t, db, modelstest.With("name", name), modelstest.To("parent", parent)).ID
		}
		top, other := below("Top", ""), below("Other", "")
		branch, aside := below("Branch", top), below("Aside", top)
		leaf := below("Leaf", branch)
		role := func(inheritable bool, key string) string {
			return must(models.CreateRole(ctx, db, system, &models.Change{
				Attributes: map[string]any{"key": key, "name": key, "permissions": jsonapi.Strings{"users:read", "roles:read"},
					"inheritable": inheritable},
				Links: map[string]models.Links{"organization": {top}},
			}))(t).ID
		}
		role(true, "clerk")
		here := role(false, "here")
		person := func(organization, role string) collection.Scope {
			id := modelstest.User(t, db).ID
			modelstest.Membership(t, db, id, organization, modelstest.To("roles", role))
			return collection.Person(id)
		}
		all := []struct {
			name       string
			of         *collection.Collection
			scope      collection.Scope
			away, near bool // whether it is all there when the branch goes to other, and when it goes aside
		}{
			{"people of who is over it", models.Users, person(top, models.RoleViewer), false, true},
			{"people of its key", models.Users, collection.Subtree(top), false, true},
			{"people of all", models.Users, collection.Everything(), true, true},
			{"people of who is in it", models.Users, person(leaf, models.RoleViewer), true, true},
			{"people of who is beside it", models.Users, person(top, here), true, true},
			{"people of the organization", models.Users, collection.OnlyOrganization(top), true, true},
			{"people of where it goes", models.Users, person(other, models.RoleViewer), true, true},
			{"roles of who is over it", models.Roles, person(top, models.RoleViewer), false, true},
			{"roles of who is in it", models.Roles, person(leaf, models.RoleViewer), false, true},
			{"roles of its organization", models.Roles, collection.OnlyOrganization(leaf), false, true},
			{"roles of its key", models.Roles, collection.Subtree(branch), false, true},
			{"roles of who is aside", models.Roles, person(aside, models.RoleViewer), false, true},
			{"sessions", models.Sessions, person(top, models.RoleViewer), true, true},
		}
		move := func(to string, whole func(i int) bool) {
			t.Helper()
			sights := make([]*models.Sight, len(all))
			for i, c := range all {
				sights[i] = must(models.SightOf(ctx, db, c.of, c.scope))(t)
			}
			must(models.MoveBranch(ctx, db, system, models.Move{Organization: branch, To: to}))(t)
			for i, c := range all {
				if got := must(sights[i].IsWhole(ctx, db, c.scope))(t); got != whole(i) {
					t.Errorf("%s are all there after the move: %t", c.name, got)
				}
				if !must(sights[i].HasRights(ctx, db, c.scope))(t) {
					t.Errorf("%s: who sees them lost a right", c.name)
				}
			}
		}
		move(aside, func(i int) bool { return all[i].near })
		move(other, func(i int) bool { return all[i].away })
		move("", func(i int) bool { return all[i].name != "people of where it goes" })
	})
}
