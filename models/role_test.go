package models_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// The size of the model check: worlds on each database, what is changed in each, and the organizations of the largest. About every third
// step is one that is done.
const (
	worlds            = 5
	changesInWorld    = 120
	mostOrganizations = 50
)

// TestWhatPeopleMayIsWhatTheirRolesSay lets trees, roles, memberships and people change at random, by the management and by people, who are
// refused what they may not. It compares after each change what the database answers, for everybody, everywhere, with the rules in memory.
func TestWhatPeopleMayIsWhatTheirRolesSay(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		t.Run("worlds", func(t *testing.T) {
			several := worlds
			if testing.Short() {
				several = 1 // whoever looks for races finds them in one
			}
			for n := range several {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					t.Parallel()
					newRandomWorld(t, db, modelstest.Rand(t)).live()
				})
			}
		})
		modelstest.CheckConsistency(t, db)
	})
}

// randomWorld is a part of a database with a belief that says what it is.
type randomWorld struct {
	believed
	t             *testing.T
	db            *store.DB
	rand          *rand.Rand
	organizations []string
	users         []string
	own           []string // roles that are not built in
	memberships   map[place]string
	words         []string
	most          int // organizations
	made          int // roles, which need keys

	steps, changed, grants, refusals int
}

func newRandomWorld(t *testing.T, db *store.DB, r *rand.Rand) *randomWorld {
	w := &randomWorld{
		believed: believed{parent: map[string]string{}, deleted: map[string]bool{}, roles: map[string]*models.Role{},
			members: map[place][]string{}, away: map[string]bool{}},
		t: t, db: db, rand: r, memberships: map[place]string{}, most: 10 + r.IntN(mostOrganizations-9),
		words: []string{"organizations:read", "organizations:write", "users:read", "memberships:write", "roles:write", "read",
			"invoices:approve", "invoices:read", "*", "nothing"},
	}
	for _, item := range listPage(t, db, models.Roles, collection.Everything(), "filter[builtIn]=true").Items {
		role := item.(*models.Role)
		w.roles[role.ID] = role
	}
	for i := range w.most * 2 / 3 {
		parent := ""
		if i > 1 {
			parent = pick(r, w.organizations)
		}
		w.grow(parent)
	}
	for i := range 4 {
		w.users = append(w.users, user(t, db, fmt.Sprint("u", i)).ID)
	}
	w.changed = 0
	return w
}

// live changes the world, and looks at it after each change: what was refused before would be seen then, too.
func (w *randomWorld) live() {
	for w.changed < changesInWorld && !w.t.Failed() {
		was := w.changed
		w.steps++
		if w.step(); w.changed == was {
			continue
		}
		w.compare()
		if w.changed%4 == 0 {
			w.write()
			w.look(pick(w.rand, w.users))
		}
	}
	w.t.Logf("%d steps, %d changes, of %d grants %d were refused; %d organizations", w.steps, w.changed, w.grants+w.refusals, w.refusals,
		len(w.organizations))
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// grow adds an organization, unless its tree is too deep or what is above it is deleted.
func (w *randomWorld) grow(parent string) {
	org, err := models.CreateOrganization(w.t.Context(), w.db, everything, input(attributes{"name": "O"}, below(parent)))
	if w.done(err) {
		w.organizations, w.parent[org.ID] = append(w.organizations, org.ID), parent
	}
}

// done reports whether something was done; what was refused changes nothing.
func (w *randomWorld) done(err error) bool {
	w.t.Helper()
	if err != nil && !refused(err) {
		w.t.Fatal(err)
	}
	if err == nil {
		w.changed++
	}
	return err == nil
}

// by returns somebody active who makes a step, as often the management, and the caller that they are.
func (w *randomWorld) by() (string, models.Caller) {
	if u := pick(w.rand, w.users); w.rand.IntN(2) == 0 && !w.away[u] {
		return u, as(u)
	}
	return "", everything
}

// step changes something, if it can be changed.
func (w *randomWorld) step() {
	who, by := w.by()
	at := place{pick(w.rand, w.users), pick(w.rand, w.organizations)}
	switch w.rand.IntN(12) {
	case 0, 1, 2, 3, 4:
		w.grant(who, by, at, w.someRoles())
	case 5:
		w.grant(who, by, at, nil)
	case 6:
		w.createRole(by, at.organization)
	case 7:
		w.updateRole(by)
	case 8:
		w.move(by, at.organization, pick(w.rand, append([]string{""}, w.organizations...)))
	case 9:
		_, err := models.UpdateUser(w.t.Context(), w.db, by, at.user, input(attributes{"active": w.away[at.user]}, nil))
		if w.done(err) {
			w.away[at.user] = !w.away[at.user]
		}
	case 10:
		if w.deleted[at.organization] {
			w.restore(at.organization)
		} else if w.done(models.DeleteOrganization(w.t.Context(), w.db, by, at.organization, nil)) {
			w.deleted[at.organization] = true
		}
	case 11:
		if len(w.organizations) < w.most {
			w.grow(pick(w.rand, w.organizations))
		}
	}
}

// someRoles returns one or two roles.
func (w *randomWorld) someRoles() []string {
	all := append([]string{models.RoleOwner, models.RoleAdmin, models.RoleManager, models.RoleMember, models.RoleViewer}, w.own...)
	return store.SortedUnique([]string{pick(w.rand, all), pick(w.rand, all)})
}

// grant gives a user roles at a place, as a new membership or instead of those that they have there; without any it ends the membership.
// It is done if the reference says so.
func (w *randomWorld) grant(who string, by models.Caller, at place, roles []string) {
	ctx, id := w.t.Context(), w.memberships[at]
	var err error
	can, after := w.joins(who, at, roles), roles
	switch {
	case id == "" && roles == nil:
		return
	case id == "":
		var m *models.Membership
		m, err = models.CreateMembership(ctx, w.db, by,
			input(nil, relations{"organization": one(at.organization), "user": one(at.user), "roles": many(roles...)}))
		if err == nil {
			w.memberships[at] = m.ID
		}
	case roles == nil:
		after, can = w.changes(who, at, nil)
		err = models.DeleteMembership(ctx, w.db, by, id, nil)
	default:
		after, can = w.changes(who, at, roles)
		_, err = models.UpdateMembership(ctx, w.db, by, id, input(nil, relations{"roles": many(roles...)}))
	}
	if done := w.done(err); done != can {
		w.t.Fatalf("%q gives %+v the roles %v, as %v: %v, want %v", who, at, roles, w.members[at], err, can)
	} else if !done {
		w.refusals++
		return
	}
	w.grants++
	if w.members[at] = after; after == nil {
		delete(w.members, at)
		delete(w.memberships, at)
	}
}

func (w *randomWorld) someWords() jsonapi.Strings {
	return jsonapi.Strings{pick(w.rand, w.words[:8]), pick(w.rand, w.words[:8])}
}

func (w *randomWorld) createRole(by models.Caller, organization string) {
	w.made++
	role, err := models.CreateRole(w.t.Context(), w.db, by, input(attributes{
		"key": fmt.Sprint("r", w.made), "name": "R", "inheritable": w.rand.IntN(2) == 0, "rank": int64(1 + w.rand.IntN(99)),
		"permissions": w.someWords(),
	}, relations{"organization": one(organization)}))
	if w.done(err) {
		w.own, w.roles[role.ID] = append(w.own, role.ID), role
	}
}

func (w *randomWorld) updateRole(by models.Caller) {
	if len(w.own) == 0 {
		return
	}
	id := pick(w.rand, w.own)
	role, err := models.UpdateRole(w.t.Context(), w.db, by, id,
		input(attributes{"inheritable": w.rand.IntN(2) == 0, "permissions": w.someWords()}, nil))
	if w.done(err) {
		w.roles[id] = role
	}
}

func (w *randomWorld) move(by models.Caller, organization, to string) {
	shown := w.parent[organization]
	if shown == to || !w.done(moveTo(w.t, w.db, by, organization, to)) {
		return
	}
	if who := by.User(); to == "" && who != "" && !w.may(who, "organizations:read", shown) {
		return // it says what they are shown
	}
	if w.above(organization, to) {
		w.t.Fatalf("%s moved below itself", organization)
	}
	w.parent[organization] = to
}

func (w *randomWorld) restore(organization string) {
	in := input(nil, nil)
	in.Echo = map[string]any{"deletedAt": nil}
	if _, err := models.UpdateOrganization(w.t.Context(), w.db, everything, organization, in); w.done(err) {
		delete(w.deleted, organization)
	}
}

// checks asks for everything about some users.
func (w *randomWorld) checks(users ...string) (checks []models.Check) {
	for _, u := range users {
		for _, o := range w.organizations {
			for _, word := range w.words {
				checks = append(checks, models.Check{User: u, Permission: word, Organization: o})
			}
		}
	}
	return checks
}

// compare asks who may do what, of everybody, everywhere, in one statement.
func (w *randomWorld) compare() {
	checks := w.checks(w.users...)
	decisions := must(models.Decide(w.t.Context(), w.db, checks))(w.t)
	for i, c := range checks {
		if want := w.may(c.User, c.Permission, c.Organization); decisions[i].Allowed != want {
			w.t.Errorf("%+v: %v, want %v", c, decisions[i].Allowed, want)
		}
	}
}

// those returns what a condition holds of, in order.
func those(ids []string, holds func(id string) bool) []string {
	found := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !holds(id) })
	slices.Sort(found)
	return found
}

// lists makes sure that a list has what is wanted, and tells so many.
func (w *randomWorld) lists(who string, c *collection.Collection, query string, want []string) *collection.Page {
	w.t.Helper()
	page := listPage(w.t, w.db, c, collection.Person(who), "page[size]=200"+query)
	if got := sortedIDs(page.Items, c); !slices.Equal(got, want) || page.Total != int64(len(want)) {
		w.t.Errorf("%s is listed of %s%s %v and %d in all, want %v", who, c.Schema.Type, query, got, page.Total, want)
	}
	return page
}

// look asks for everything as somebody, in every way.
func (w *randomWorld) look(who string) {
	if w.away[who] {
		return // nobody gets so far
	}
	sees := func(o string) bool { return w.may(who, "organizations:read", o) }
	w.lists(who, models.Organizations, "", those(w.organizations, sees))
	w.lists(who, models.Organizations, "&filter[root]=true",
		those(w.organizations, func(o string) bool { return sees(o) && (w.parent[o] == "" || !sees(w.parent[o])) }))
	w.lists(who, models.Users, "", those(w.users, func(u string) bool { return w.seesUser(who, u) }))
	at := pick(w.rand, w.organizations)
	w.lists(who, models.Users, "&filter[organizationId]="+at,
		those(w.users, func(u string) bool { return w.members[place{u, at}] != nil && w.may(who, "users:read", at) }))
	w.include(who, sees)
	w.decide(who, at)
}

// include makes sure that of the parents of a few organizations those are included which somebody sees.
func (w *randomWorld) include(who string, sees func(string) bool) {
	scope := collection.Person(who)
	q, err := jsonapi.ParseQuery("page[size]=3&include=parent", jsonapi.ListQuery, models.Organizations.Schema, models.SchemaOf)
	page := must(collection.List(w.t.Context(), w.db, models.Organizations, scope, must(q, err)(w.t)))(w.t)
	resources := models.Organizations.Schema.Form("").Resources(page.Items)
	included := must(collection.Include(w.t.Context(), w.db, models.Organizations, scope, page.Items, resources, q))(w.t)
	var got, primary, parents []string
	for _, item := range page.Items {
		id := models.Organizations.ID(item)
		primary, parents = append(primary, id), append(parents, w.parent[id])
	}
	for _, resource := range included {
		got = append(got, resource.ID)
	}
	slices.Sort(got)
	want := those(store.SortedUnique(parents), func(o string) bool { return o != "" && sees(o) && !slices.Contains(primary, o) })
	if !slices.Equal(got, want) {
		w.t.Errorf("%s has included %v, want %v", who, got, want)
	}
}

// decide asks, as authorize and AuthZEN do, what somebody is told: of themselves all, of others what they see, where they read memberships.
// Searches find the same.
func (w *randomWorld) decide(who, at string) {
	ctx, other, word := w.t.Context(), pick(w.rand, w.users), pick(w.rand, w.words)
	checks := w.checks(store.SortedUnique([]string{who, other})...)
	told := func(c models.Check) bool {
		known := c.User == who || w.seesUser(who, c.User) && w.may(who, "memberships:read", c.Organization)
		return known && w.may(c.User, c.Permission, c.Organization)
	}
	for i, d := range must(models.DecideFor(ctx, w.db, as(who), checks))(w.t) {
		if want := told(checks[i]); d.Allowed != want {
			w.t.Errorf("%s is told of %+v %v, want %v", who, checks[i], d.Allowed, want)
		}
	}
	users, _, err := models.WhoMay(ctx, w.db, as(who), word, at, "", 200)
	if want := those(w.users, func(u string) bool { return told(models.Check{User: u, Permission: word, Organization: at}) }); err != nil ||
		!slices.Equal(users, want) {
		w.t.Errorf("%s finds who may %s at %s: %v, want %v: %v", who, word, at, users, want, err)
	}
	places, _, err := models.WhereMay(ctx, w.db, as(who), other, word, "", 200)
	if want := those(w.organizations, func(o string) bool {
		return told(models.Check{User: other, Permission: word, Organization: o})
	}); err != nil || !slices.Equal(places, want) {
		w.t.Errorf("%s finds where %s may %s: %v, want %v: %v", who, other, word, places, want, err)
	}
}

// write has somebody change an organization: it is not there, not allowed or done, as the rule has it.
func (w *randomWorld) write() {
	o, u := pick(w.rand, w.organizations), pick(w.rand, w.users)
	if w.away[u] {
		return
	}
	_, err := models.UpdateOrganization(w.t.Context(), w.db, as(u), o, input(attributes{"description": fmt.Sprint(w.rand.Int())}, nil))
	want := store.NotFound
	switch {
	case w.may(u, "organizations:write", o):
		want = ""
	case w.may(u, "organizations:read", o):
		want = store.Forbidden
	}
	if want == "" && err != nil || want != "" && !store.IsKind(err, want) {
		w.t.Errorf("%s changes %s: %v, want %q", u, o, err, want)
	}
}

// sortedIDs returns the ids of models, sorted.
func sortedIDs(items []any, c *collection.Collection) (ids []string) {
	for _, item := range items {
		ids = append(ids, c.ID(item))
	}
	slices.Sort(ids)
	return ids
}
