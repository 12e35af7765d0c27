package models_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// believed is what a test believes of who may do what: the rule of effective permissions, in memory.
type believed struct {
	parent  map[string]string // of organizations, "" for none
	deleted map[string]bool
	roles   map[string]*models.Role
	members map[[2]string][]string // the roles of a user in an organization
	away    map[string]bool        // users who are not active
}

// may is the reference: the roles at an organization and, of those that are inherited, above it.
func (p *believed) may(user, word, organization string) bool {
	if p.away[user] || p.deleted[organization] {
		return false
	}
	for at := organization; at != ""; at = p.parent[at] {
		for _, id := range p.members[[2]string{user, at}] {
			role := p.roles[id]
			if at != organization && !role.Inheritable {
				continue
			}
			for _, held := range role.Permissions {
				subject, reads := strings.CutSuffix(word, ":read")
				if held == "*" || held == word || reads && held == subject+":write" && slices.Contains(models.OwnPermissions(), held) {
					return true
				}
			}
		}
	}
	return false
}

// TestWhatPeopleMayIsWhatTheirRolesSay lets trees, roles, memberships and people change at random, and compares after each step what the
// database answers, for everybody, everywhere, with the rule.
func TestWhatPeopleMayIsWhatTheirRolesSay(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		w := newRandomWorld(t, db, rand.New(rand.NewPCG(seed, 1)))
		for range 150 {
			w.step()
			w.compare()
			w.write()
			if t.Failed() {
				return
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}

// randomWorld is a database with a belief that says what it is.
type randomWorld struct {
	believed
	t             *testing.T
	db            *store.DB
	rand          *rand.Rand
	organizations []string
	users         []string
	own           []string // roles that are not built in
	memberships   map[[2]string]string
	words         []string
}

func newRandomWorld(t *testing.T, db *store.DB, r *rand.Rand) *randomWorld {
	w := &randomWorld{
		believed: believed{parent: map[string]string{}, deleted: map[string]bool{}, roles: map[string]*models.Role{},
			members: map[[2]string][]string{}, away: map[string]bool{}},
		t: t, db: db, rand: r, memberships: map[[2]string]string{},
		words: []string{"organizations:read", "users:read", "memberships:read", "events:read", "webhooks:write", "read", "invoices:approve",
			"invoices:read", "*", "nothing"},
	}
	for _, item := range listPage(t, db, models.Roles, collection.Everything(), "").Items {
		role := item.(*models.Role)
		w.roles[role.ID] = role
	}
	for i := range 12 {
		parent := ""
		if i > 1 {
			parent = pick(r, w.organizations)
		}
		w.add(parent)
	}
	for i := range 5 {
		w.users = append(w.users, user(t, db, fmt.Sprint("u", i)).ID)
	}
	return w
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (w *randomWorld) add(parent string) {
	id := organization(w.t, w.db, "O", parent).ID
	w.organizations, w.parent[id] = append(w.organizations, id), parent
}

// above reports whether an organization is another one, or above it.
func (w *randomWorld) above(id, other string) bool {
	for at := other; at != ""; at = w.parent[at] {
		if at == id {
			return true
		}
	}
	return false
}

// step changes something, if it can be changed; what the service refuses changes nothing.
func (w *randomWorld) step() {
	ctx, o, u := w.t.Context(), pick(w.rand, w.organizations), pick(w.rand, w.users)
	at := [2]string{u, o}
	var err error
	switch w.rand.IntN(9) {
	case 0, 1, 2: // another membership, or other roles
		roles := []string{pick(w.rand, append([]string{models.RoleOwner, models.RoleAdmin, models.RoleManager, models.RoleMember,
			models.RoleViewer}, w.own...))}
		if w.memberships[at] == "" {
			var m *models.Membership
			m, err = models.CreateMembership(ctx, w.db, everything,
				input(nil, relations{"organization": one(o), "user": one(u), "roles": many(roles...)}))
			if err == nil {
				w.memberships[at], w.members[at] = m.ID, roles
			}
			break
		}
		_, err = models.UpdateMembership(ctx, w.db, everything, w.memberships[at], input(nil, relations{"roles": many(roles...)}))
		if err == nil {
			w.members[at] = roles
		}
	case 3:
		if w.memberships[at] == "" {
			return
		}
		if err = models.DeleteMembership(ctx, w.db, everything, w.memberships[at], nil); err == nil {
			delete(w.memberships, at)
			delete(w.members, at)
		}
	case 4: // a role of the organization
		var role *models.Role
		role, err = models.CreateRole(ctx, w.db, everything, input(attributes{
			"key": fmt.Sprint("r", len(w.own)), "name": "R", "inheritable": w.rand.IntN(2) == 0, "rank": int64(1 + w.rand.IntN(99)),
			"permissions": jsonapi.Strings{pick(w.rand, w.words[:8])},
		}, relations{"organization": one(o)}))
		if err == nil {
			w.own, w.roles[role.ID] = append(w.own, role.ID), role
		}
	case 5:
		if len(w.own) == 0 {
			return
		}
		var role *models.Role
		id := pick(w.rand, w.own)
		role, err = models.UpdateRole(ctx, w.db, everything, id, input(attributes{
			"inheritable": w.rand.IntN(2) == 0, "permissions": jsonapi.Strings{pick(w.rand, w.words[:8]), pick(w.rand, w.words[:8])},
		}, nil))
		if err == nil {
			w.roles[id] = role
		}
	case 6:
		to := pick(w.rand, append([]string{""}, w.organizations...))
		_, err = models.UpdateOrganization(ctx, w.db, everything, o, input(nil, relations{"parent": one(to)}))
		if err == nil {
			if w.above(o, to) {
				w.t.Fatalf("%s moved below itself", o)
			}
			w.parent[o] = to
		}
	case 7:
		_, err = models.UpdateUser(ctx, w.db, everything, u, input(attributes{"active": w.away[u]}, nil))
		if err == nil {
			w.away[u] = !w.away[u]
		}
	case 8:
		if w.deleted[o] {
			in := input(nil, nil)
			in.Echo = map[string]any{"deletedAt": nil}
			if _, err = models.UpdateOrganization(ctx, w.db, everything, o, in); err == nil {
				delete(w.deleted, o)
			}
			break
		}
		if err = models.DeleteOrganization(ctx, w.db, everything, o, nil); err == nil {
			w.deleted[o] = true
		}
	}
	if err != nil && !refused(err) {
		w.t.Fatal(err)
	}
}

// compare asks for everything, in every way.
func (w *randomWorld) compare() {
	var checks []models.Check
	for _, u := range w.users {
		for _, o := range w.organizations {
			for _, word := range w.words {
				checks = append(checks, models.Check{User: u, Permission: word, Organization: o})
			}
		}
	}
	decisions := must(models.Decide(w.t.Context(), w.db, checks))(w.t)
	for i, c := range checks {
		if want := w.may(c.User, c.Permission, c.Organization); decisions[i].Allowed != want {
			w.t.Errorf("%+v: %v, want %v", c, decisions[i].Allowed, want)
		}
	}
	for _, u := range w.users {
		if w.away[u] {
			continue // nobody gets so far
		}
		want := slices.DeleteFunc(slices.Clone(w.organizations), func(o string) bool { return !w.may(u, "organizations:read", o) })
		got := list(w.t, w.db, models.Organizations, collection.Person(u), "page[size]=200")
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.t.Errorf("%s sees the organizations %v, want %v", u, got, want)
		}
		people := []string{u}
		for _, other := range w.users {
			in := func(o string) bool { return w.memberships[[2]string{other, o}] != "" && w.may(u, "users:read", o) }
			if other != u && slices.ContainsFunc(w.organizations, in) {
				people = append(people, other)
			}
		}
		slices.Sort(people)
		page := listPage(w.t, w.db, models.Users, collection.Person(u), "page[size]=200")
		if got = sortedIDs(page.Items, models.Users); !slices.Equal(got, people) || page.Total != int64(len(people)) {
			w.t.Errorf("%s sees the users %v of %d, want %v", u, got, page.Total, people)
		}
	}
}

// write has somebody change an organization: it is not there, not allowed or done, as the rule has it.
func (w *randomWorld) write() {
	o, u := pick(w.rand, w.organizations), pick(w.rand, w.users)
	if w.away[u] {
		return
	}
	by := models.Caller{Kind: models.ByUserKey, ID: "a key", Name: "Somebody", Scope: collection.Person(u), Rights: all}
	_, err := models.UpdateOrganization(w.t.Context(), w.db, by, o, input(attributes{"description": fmt.Sprint(w.rand.Int())}, nil))
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
