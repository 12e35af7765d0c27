package models_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAnExportIsNotWholeWhenSomethingWasOutOfSight moves, deletes and restores branches of random trees, and gives and takes roles, while
// keys and people have lists before them, each narrowed by some filters or none: no list in which something was missing for any time is
// called whole. What was moved out of the branch that a list is of was not missing: it is not what was asked for.
func TestAnExportIsNotWholeWhenSomethingWasOutOfSight(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		const lists = 14
		rounds := 25
		if db.Dialect() == store.Postgres { // what is judged is the same, and takes three times as long
			rounds = 8
		}
		w := newSights(t, db)
		judged := map[bool]int{}
		for range rounds {
			before := make([]*sightedList, lists)
			for i := range before {
				before[i] = w.list(t)
			}
			did := w.change(t, before)
			for _, l := range before {
				whole := l.rights && must(l.sight.IsWhole(t.Context(), db, l.scope))(t)
				lost := l.lost(t, db)
				if whole && len(lost) > 0 {
					t.Errorf("%s of %s%s: %d of %d were out of sight for a time, and it is called whole: %s",
						l.of.Schema.Type, l.whose, w.named(l.query), len(lost), len(l.was), strings.Join(did, ", "))
				}
				if whole || len(lost) > 0 {
					judged[whole]++
				}
			}
		}
		if judged[true] == 0 || judged[false] == 0 {
			t.Errorf("it has tried nothing: %v", judged)
		}
	})
}

// sights is a random tree with people and roles, and those who look at it.
type sights struct {
	db            *store.DB
	random        *rand.Rand
	organizations []string
	callers       []sightCaller
	memberships   []*models.Membership // of the callers
	roles         map[string]string    // by the organization that they are of
	users         []string
	webhooks      []string
}

type sightCaller struct {
	whose string
	scope collection.Scope
}

func newSights(t *testing.T, db *store.DB) *sights {
	t.Helper()
	w := &sights{db: db, random: modelstest.Rand(t)}
	for i := range 14 {
		as := []modelstest.Option{modelstest.With("name", fmt.Sprint("o", i))}
		if i > 2 {
			as = append(as, modelstest.To("parent", w.some()))
		}
		w.organizations = append(w.organizations, modelstest.Organization(t, db, as...).ID)
	}
	w.roles = map[string]string{}
	for i, at := range w.organizations {
		w.roles[at] = w.role(t, fmt.Sprint("role", i), at)
	}
	for i := range 30 {
		in := []string{w.some(), w.some()}
		slices.Sort(in)
		w.users = append(w.users, modelstest.User(t, db, modelstest.To("organizations", slices.Compact(in)...)).ID)
		if i < 12 {
			w.hang(t, i, in[0])
		}
	}
	w.callers = append(w.callers, sightCaller{"all", collection.Everything()})
	for range 5 {
		at := w.some()
		w.callers = append(w.callers, sightCaller{"a key of " + w.named(at), collection.Subtree(at)},
			sightCaller{"a key of nothing but " + w.named(at), collection.OnlyOrganization(at)})
	}
	for range 14 {
		user, whose := modelstest.User(t, db).ID, "a person with"
		at := []string{w.some(), w.some(), w.some()}
		slices.Sort(at)
		for _, organization := range slices.Compact(at) {
			role := models.RoleViewer
			if w.random.IntN(2) == 0 {
				role = w.roles[organization]
			}
			m := modelstest.Membership(t, db, user, organization, modelstest.To("roles", role))
			w.memberships, whose = append(w.memberships, m), whose+" "+w.says(t, role)+" at "+w.named(organization)
		}
		w.callers = append(w.callers, sightCaller{whose, collection.Person(user)})
	}
	return w
}

// role makes a role that lets its holders read some things. It is given at its own organization, so no move takes it away.
func (w *sights) role(t *testing.T, key, organization string) string {
	t.Helper()
	words := jsonapi.Strings{"calls:answer"}
	for _, subject := range []string{"organizations", "users", "memberships", "roles", "invitations", "apiKeys", "events", "webhooks"} {
		if w.random.IntN(2) == 0 {
			words = append(words, subject+":read")
		}
	}
	return must(models.CreateRole(t.Context(), w.db, models.System("test"), &models.Change{
		Attributes: map[string]any{"key": key, "name": key, "permissions": words, "inheritable": w.random.IntN(2) == 0},
		Links:      map[string]models.Links{"organization": {organization}},
	}))(t).ID
}

// says returns what a role permits.
func (w *sights) says(t *testing.T, id string) string {
	t.Helper()
	role := must(collection.Find(t.Context(), w.db, models.Roles, collection.Everything(), id, nil))(t).(*models.Role)
	return fmt.Sprint(role.Key, role.Permissions, role.Inheritable)
}

// hang hangs one of everything on an organization.
func (w *sights) hang(t *testing.T, i int, at string) {
	t.Helper()
	modelstest.Invitation(t, w.db, fmt.Sprintf("guest%d@example.com", i), at)
	modelstest.Key(t, w.db, models.OrganizationKey, at)
	hook := modelstest.Webhook(t, w.db, at, "https://example.com/")
	w.webhooks = append(w.webhooks, hook.ID)
	modelstest.Delivery(t, w.db, hook)
	modelstest.Logo(t, w.db, at, "logo.png")
	must(models.CreatePortalLink(t.Context(), w.db, models.System("test"), &models.Change{
		Attributes: map[string]any{}, Links: map[string]models.Links{"organization": {at}}}))(t)
	must(models.CreateWebhookReplay(t.Context(), w.db, models.System("test"), &models.Change{
		Attributes: map[string]any{"since": jsonapi.Time{Time: w.db.Now().Add(-time.Hour)}},
		Links:      map[string]models.Links{"webhook": {hook.ID}}}))(t)
}

func (w *sights) some() string { return w.organizations[w.random.IntN(len(w.organizations))] }

// named returns a text with names in the place of ids.
func (w *sights) named(text string) string {
	for i, id := range w.organizations {
		text = strings.ReplaceAll(text, id, fmt.Sprint("o", i))
	}
	return text
}

// sightedList is what somebody has before them of a collection.
type sightedList struct {
	sightCaller
	of      *collection.Collection
	query   string
	sight   *models.Sight
	was     []string
	hidden  map[string]bool // what was there and not in the list, at some time
	deleted map[string]bool // what was not there, at some time
	rights  bool            // the caller had them at any time
}

// list returns a list that is not empty, unless that does not come by chance.
func (w *sights) list(t *testing.T) (l *sightedList) {
	t.Helper()
	for range 10 {
		if l = w.anyList(t); len(l.was) > 0 {
			break
		}
	}
	return l
}

func (w *sights) anyList(t *testing.T) *sightedList {
	t.Helper()
	of := models.Collections()
	l := &sightedList{
		sightCaller: w.callers[w.random.IntN(len(w.callers))], of: of[w.random.IntN(len(of))],
		hidden: map[string]bool{}, deleted: map[string]bool{}, rights: true,
	}
	one := func(ids []string) string { return ids[w.random.IntN(len(ids))] }
	for filter, value := range map[string]string{
		"organizationId": w.some(), collection.FilterAncestor: w.some(), "organization": w.some(), "effectiveAt": w.some(),
		"usableAt": w.some(), "descendant": w.some(), "user": one(w.users), "webhook": one(w.webhooks),
		"organizations": w.some(), "parent": w.some(),
	} {
		if w.random.IntN(3) == 0 && l.takes(filter) {
			l.query += "&filter[" + filter + "]=" + value
		}
	}
	l.sight = must(models.SightOf(t.Context(), w.db, l.of, l.scope, parse(t, l.of, l.query).Filters...))(t)
	l.was = walkThrough(t, w.db, l.of, l.scope, l.query, nil)
	return l
}

// takes reports whether the list has a filter.
func (l *sightedList) takes(filter string) bool {
	r := l.of.Schema.Relationship(filter)
	return r != nil && !r.Derived || slices.ContainsFunc(l.of.Schema.Filters, func(f jsonapi.Filter) bool { return f.Name == filter })
}

// change does some of what takes something out of somebody's sight, and returns what it did.
func (w *sights) change(t *testing.T, lists []*sightedList) (did []string) {
	t.Helper()
	ctx, system := t.Context(), models.System("test")
	for range 1 + w.random.IntN(4) {
		if w.random.IntN(4) == 0 {
			did = append(did, w.changeRole(t))
			look(t, w.db, lists)
			continue
		}
		branch, to := w.some(), w.some()
		if w.random.IntN(6) == 0 {
			to = ""
		}
		if w.random.IntN(8) > 0 {
			if _, err := models.MoveBranch(ctx, w.db, system, models.Move{Organization: branch, To: to}); err == nil { // into itself
				did = append(did, w.named(branch+" moved to "+to))
			}
			look(t, w.db, lists)
			continue
		}
		if err := models.DeleteOrganization(ctx, w.db, system, branch, nil); err != nil { // it has children
			continue
		}
		look(t, w.db, lists)
		must(models.UpdateOrganization(ctx, w.db, system, branch, &models.Change{Echo: attributes{"deletedAt": nil}}))(t)
		did = append(did, w.named(branch+" deleted and restored"))
	}
	return did
}

// changeRole gives somebody another role than they have.
func (w *sights) changeRole(t *testing.T) string {
	t.Helper()
	m := w.memberships[w.random.IntN(len(w.memberships))]
	role := models.RoleViewer
	if w.random.IntN(2) == 0 {
		role = w.roles[m.OrganizationID]
	}
	must(models.UpdateMembership(t.Context(), w.db, models.System("test"), m.ID, &models.Change{
		Links: map[string]models.Links{"roles": {role}}}))(t)
	return "somebody at " + w.named(m.OrganizationID) + " got " + w.says(t, role)
}

// look notes what is missing in lists, and whose rights are less than they were.
func look(t *testing.T, db *store.DB, lists []*sightedList) {
	t.Helper()
	for _, l := range lists {
		l.rights = l.rights && must(l.sight.HasRights(t.Context(), db, l.scope))(t)
		now := walkThrough(t, db, l.of, l.scope, l.query, nil)
		missing := slices.DeleteFunc(slices.Clone(l.was), func(id string) bool { return slices.Contains(now, id) })
		if len(missing) == 0 {
			continue
		}
		asked := walkThrough(t, db, l.of, collection.Everything(), l.query, nil)
		there := walkThrough(t, db, l.of, collection.Everything(), "", nil)
		for _, id := range missing {
			switch {
			case slices.Contains(asked, id):
				l.hidden[id] = true
			case !slices.Contains(there, id):
				l.deleted[id] = true
			}
		}
	}
}

// lost returns what was out of sight for a time, and what was not there for a time and is now.
func (l *sightedList) lost(t *testing.T, db *store.DB) []string {
	t.Helper()
	now := walkThrough(t, db, l.of, l.scope, l.query, nil)
	return slices.DeleteFunc(slices.Clone(l.was), func(id string) bool {
		return !l.hidden[id] && (!l.deleted[id] || !slices.Contains(now, id))
	})
}
