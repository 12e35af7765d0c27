package models_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// orchard is organizations with people, roles and endpoints that change at random.
type orchard struct {
	t             testing.TB
	db            *store.DB
	rand          *rand.Rand
	organizations []string
	users, roles  []string
	made          int
}

// newOrchard plants two trees.
func newOrchard(t testing.TB, db *store.DB) *orchard {
	t.Helper()
	g := &orchard{t: t, db: db, rand: modelstest.Rand(t)}
	for n := range 14 {
		parent := ""
		if n > 1 {
			parent = pick(g.rand, g.organizations)
		}
		g.organizations = append(g.organizations, organization(t, db, fmt.Sprint("o", n), parent).ID)
	}
	for n := range 7 {
		g.users = append(g.users, user(t, db, fmt.Sprint("u", n)).ID)
	}
	for range 150 {
		g.done(g.step(everything))
	}
	return g
}

// done reports whether something was done.
func (g *orchard) done(err error) bool {
	g.t.Helper()
	if err != nil && !refused(err) {
		g.t.Error(err)
	}
	return err == nil
}

// step changes something that a move depends on.
func (g *orchard) step(by models.Caller) error {
	ctx, at, who := g.t.Context(), pick(g.rand, g.organizations), pick(g.rand, g.users)
	roles := many(store.SortedUnique([]string{g.role(at), g.role(at)})...)
	words := []string{"users:read", "users:write", "invoices:read", "invoices:write", "read", "events:read"}
	found := texts(g.t, g.db, "SELECT id FROM memberships WHERE organization_id = '"+at+"' AND user_id = '"+who+"'")
	switch n := g.rand.IntN(12); {
	case n < 5 && len(found) == 0:
		_, err := models.CreateMembership(ctx, g.db, by, input(nil, relations{"organization": one(at), "user": one(who), "roles": roles}))
		return err
	case n < 5:
		_, err := models.UpdateMembership(ctx, g.db, by, found[0], input(nil, relations{"roles": roles}))
		return err
	case n < 7 && len(found) > 0:
		return models.DeleteMembership(ctx, g.db, by, found[0], nil)
	case n == 7:
		g.made++
		role, err := models.CreateRole(ctx, g.db, by, input(attributes{"key": fmt.Sprintf("r%d-%d", g.made, g.rand.IntN(1e6)), "name": "R",
			"inheritable": g.rand.IntN(3) > 0, "permissions": jsonapi.Strings{pick(g.rand, words), pick(g.rand, words)}},
			relations{"organization": one(at)}))
		if err == nil {
			g.roles = append(g.roles, role.ID)
		}
		return err
	case n == 8 && len(g.roles) > 0:
		_, err := models.UpdateRole(ctx, g.db, by, pick(g.rand, g.roles), input(attributes{"inheritable": g.rand.IntN(3) > 0,
			"permissions": jsonapi.Strings{pick(g.rand, words), pick(g.rand, words)}}, nil))
		return err
	case n == 9:
		_, err := models.UpdateUser(ctx, g.db, by, who, input(attributes{"active": g.rand.IntN(3) > 0}, nil))
		return err
	case n == 10 && g.rand.IntN(3) > 0:
		if hooks := texts(g.t, g.db, "SELECT id FROM webhooks WHERE subtree ORDER BY id"); len(hooks) > 8 {
			return models.DeleteWebhook(ctx, g.db, by, pick(g.rand, hooks), nil)
		}
		_, err := models.CreateWebhook(ctx, g.db, by, input(attributes{"url": "https://hooks.example.com/",
			"eventTypes": jsonapi.Strings{"*"}, "subtree": g.rand.IntN(2) == 0}, relations{"organization": one(at)}))
		return err
	default:
		return nil
	}
}

// role returns one that can be given at an organization: as often one that is built in and one that is not.
func (g *orchard) role(at string) string {
	own := texts(g.t, g.db, "SELECT r.id FROM roles r JOIN organization_paths p ON p.ancestor_id = r.organization_id "+
		"WHERE p.descendant_id = '"+at+"' ORDER BY r.id")
	if len(own) > 0 && g.rand.IntN(2) == 0 {
		return pick(g.rand, own)
	}
	return pick(g.rand, []string{models.RoleOwner, models.RoleAdmin, models.RoleManager, models.RoleMember, models.RoleViewer})
}

// some returns a move that may be possible, with replacements for some of the roles that it would leave behind.
func (g *orchard) some() models.Move {
	m := models.Move{Organization: pick(g.rand, g.organizations), To: pick(g.rand, append([]string{""}, g.organizations...))}
	f := readFacts(g.t, g.db)
	for _, role := range sortedKeys(f.lostRoles(m.Organization, m.To)) {
		if to := m.To; to != "" && g.rand.IntN(20) > 0 {
			m.Replacements = append(m.Replacements, models.RoleReplacement{From: role, To: g.role(to)})
		}
	}
	return m
}

// TestAPreviewSaysWhatTheMoveDoes moves branches of random trees, with and without replacements, changes things in between, and works out
// what each move has done from the rows before it and after it.
func TestAPreviewSaysWhatTheMoveDoes(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := newOrchard(t, db)
		made, stale, refusals, replaced := 0, 0, 0, 0
		for made < 40 && !t.Failed() {
			m := g.some()
			preview, err := models.PreviewMove(t.Context(), db, everything, m)
			if err != nil {
				refusals++
				if _, again := models.MoveBranch(t.Context(), db, everything, m); !refused(again) {
					t.Errorf("%s: the preview is refused with %v, the move: %v", moveSaid(m), err, again)
				}
				continue
			}
			if g.rand.IntN(3) == 0 {
				g.done(g.step(everything))
			}
			before := readFacts(t, db)
			m.Digest = &preview.Digest
			done, err := models.MoveBranch(t.Context(), db, everything, m)
			after := readFacts(t, db)
			if err != nil {
				if diff := gocmp.Diff(before, after, gocmp.AllowUnexported(facts{}, fact{}, member{})); diff != "" {
					t.Errorf("%s is refused and does %s", moveSaid(m), diff)
				}
				if stale++; !refused(err) {
					t.Error(err)
				}
				continue
			}
			made++
			replaced += len(m.Replacements)
			if diff := gocmp.Diff(preview, done); diff != "" {
				t.Errorf("%s does something else than its preview says: %s", moveSaid(m), diff)
			}
			if before.parent[m.Organization] == m.To {
				sameOutcome(t, moveSaid(m), outcome{Loses: map[string][]string{}, Gains: map[string][]string{}}, said(t, done))
				continue
			}
			sameOutcome(t, moveSaid(m), outcomeOf(before, after, m.Organization), said(t, done))
			if want, got := before.lostRoles(m.Organization, m.To), rolesOfOutcome(done); len(want) > 0 && !subset(want, got) {
				t.Errorf("%s loses the roles %v, and says %v", moveSaid(m), want, got)
			}
		}
		t.Logf("%d moves, %d replacements, %d refused before, %d after a preview", made, replaced, refusals, stale)
		modelstest.CheckConsistency(t, db)
	})
}

// subset reports whether a map has at least what another one has.
func subset(want, got map[string]int) bool {
	return !slices.ContainsFunc(sortedKeys(want), func(id string) bool { return got[id] < want[id] })
}

// TestNothingComesBetweenADigestAndItsMove has others change everything that moves depend on while branches move by the digests of
// previews. Within the transaction of each move its digest still says what the move does; on PostgreSQL others commit meanwhile.
func TestNothingComesBetweenADigestAndItsMove(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := newOrchard(t, db)
		ends := make(chan struct{})
		var others sync.WaitGroup
		for n := range 3 {
			others.Go(func() {
				other := *g
				other.rand, other.roles = rand.New(rand.NewPCG(uint64(n), 7)), slices.Clone(g.roles)
				for {
					select {
					case <-ends:
						return
					default:
						other.done(other.step(everything))
					}
				}
			})
		}
		made, stale := 0, 0
		for tries := 0; made < 25 && tries < 2000 && !t.Failed(); tries++ {
			m := g.some()
			m.Replacements = nil
			preview, err := models.PreviewMove(t.Context(), db, everything, m)
			if err != nil {
				continue
			}
			if g.rand.IntN(4) == 0 {
				g.done(g.step(everything))
			}
			m.Digest = &preview.Digest
			var was, is *facts
			var from string
			err = store.Transaction(store.Alone(t.Context()), db, func(tx *store.DB) error {
				from = parentOf(t, tx, m.Organization)
				if _, err := models.MoveBranch(t.Context(), tx, everything, m); err != nil {
					return err
				}
				is = readFacts(t, tx)
				was = is.moved(m.Organization, from)
				return nil
			})
			switch {
			case store.IsKind(err, store.PreconditionFailed):
				stale++
			case err != nil && !refused(err):
				t.Error(err)
			case err == nil && from != m.To:
				made++
				sameOutcome(t, moveSaid(m), outcomeOf(was, is, m.Organization), said(t, preview))
			}
		}
		close(ends)
		others.Wait()
		t.Logf("%d moves, %d stale", made, stale)
		if made < 25 {
			t.Errorf("only %d moves were made", made)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// parentOf returns the parent of an organization, "" for none.
func parentOf(t testing.TB, db *store.DB, id string) string {
	t.Helper()
	return readFacts(t, db).parent[id]
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
