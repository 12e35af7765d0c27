package models_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// world is what the random writers know of: ids that were once there.
type world struct {
	mu                                      sync.Mutex
	organizations, users, memberships, keys []string
}

func (w *world) add(list *[]string, id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, id)
}

func (w *world) any(r *rand.Rand, list *[]string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*list) == 0 {
		return models.NewID()
	}
	// The newer half is chosen more often, so that trees grow deep.
	n := len(*list)
	if r.IntN(2) == 0 {
		return (*list)[n/2+r.IntN(n-n/2)]
	}
	return (*list)[r.IntN(n)]
}

// scope returns one of every reach.
func (w *world) scope(r *rand.Rand) collection.Scope {
	switch r.IntN(6) {
	case 0:
		return collection.Subtree(w.any(r, &w.organizations))
	case 1:
		return collection.OnlyOrganization(w.any(r, &w.organizations))
	default:
		return collection.Everything()
	}
}

// change does one random thing.
func (w *world) change(ctx context.Context, db *store.DB, r *rand.Rand) error {
	by := caller(w.scope(r))
	organization := func() string { return w.any(r, &w.organizations) }
	switch r.IntN(16) {
	case 0, 1, 2:
		org, err := models.CreateOrganization(ctx, db, by, input(attributes{"name": fmt.Sprint("n", r.IntN(5))}, below(organization())))
		if err == nil {
			w.add(&w.organizations, org.ID)
		}
		return err
	case 3:
		org, err := models.CreateOrganization(ctx, db, by, input(attributes{"name": "root"}, nil))
		if err == nil {
			w.add(&w.organizations, org.ID)
		}
		return err
	case 4, 5:
		parent := organization()
		if r.IntN(5) == 0 {
			parent = ""
		}
		_, err := models.UpdateOrganization(ctx, db, by, organization(), input(attributes{}, relations{"parent": one(parent)}))
		return err
	case 6:
		return models.DeleteOrganization(ctx, db, by, organization(), nil)
	case 7:
		var parent relations
		if r.IntN(2) == 0 {
			parent = below(organization())
		}
		in := input(attributes{"name": fmt.Sprint("n", r.IntN(5))}, parent)
		in.Echo = map[string]any{"deletedAt": nil}
		_, err := models.UpdateOrganization(ctx, db, by, organization(), in)
		return err
	case 8:
		_, err := models.RefreshToken(ctx, db, by, organization())
		return err
	case 9:
		u, err := models.CreateUser(ctx, db, by,
			input(attributes{"firstName": "a"}, relations{"organizations": many(organization(), organization())}))
		if err == nil {
			w.add(&w.users, u.ID)
		}
		return err
	case 10:
		_, err := models.UpdateUser(ctx, db, by, w.any(r, &w.users),
			input(attributes{"lastName": fmt.Sprint(r.IntN(3))},
				relations{"organizations": many(organization(), organization(), organization())}))
		return err
	case 11:
		return models.DeleteUser(ctx, db, by, w.any(r, &w.users), nil)
	case 12:
		m, err := models.CreateMembership(ctx, db, by,
			input(nil, relations{"organization": one(organization()), "user": one(w.any(r, &w.users))}))
		if err == nil {
			w.add(&w.memberships, m.ID)
		}
		return err
	case 13:
		return models.DeleteMembership(ctx, db, by, w.any(r, &w.memberships), nil)
	case 14:
		key, err := models.CreateAPIKey(ctx, db, by, input(attributes{"name": "k"}, relations{"organization": one(organization())}))
		if err == nil {
			w.add(&w.keys, key.ID)
		}
		return err
	default:
		if r.IntN(2) == 0 {
			_, err := models.RotateAPIKey(ctx, db, by, w.any(r, &w.keys), time.Hour)
			return err
		}
		return models.DeleteAPIKey(ctx, db, by, w.any(r, &w.keys), nil)
	}
}

func TestCountersAndClosureStayTrueInEveryOrderOfChanges(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		w, r := &world{}, rand.New(rand.NewPCG(7, 7))
		done := 0
		for step := range 600 {
			err := w.change(t.Context(), db, r)
			if err != nil && !refused(err) {
				t.Fatalf("step %d: %v", step, err)
			}
			if err == nil {
				done++
			}
			if step%100 == 99 {
				modelstest.CheckConsistency(t, db)
			}
		}
		if done < 200 {
			t.Errorf("only %d changes were made", done)
		}
		checkTotals(t, db, w)
	})
}

// checkTotals compares meta totals, which come from counters, with what walking the pages finds.
func checkTotals(t *testing.T, db *store.DB, w *world) {
	t.Helper()
	scopes := []collection.Scope{collection.Everything(), {}}
	queries := map[*collection.Collection][]string{
		models.Organizations: {"", "filter[root]=true", "filter[root]=false"}, models.Users: {""}, models.Memberships: {""},
		models.APIKeys: {""}, models.Events: {""},
	}
	for _, id := range w.organizations[:min(40, len(w.organizations))] {
		scopes = append(scopes, collection.Subtree(id), collection.OnlyOrganization(id))
		queries[models.Organizations] = append(queries[models.Organizations], "filter[parent]="+id, "filter[ancestor]="+id)
		queries[models.Users] = append(queries[models.Users], "filter[organizationId]="+id, "filter[organizations]="+id)
		queries[models.Memberships] = append(queries[models.Memberships], "filter[organizationId]="+id, "filter[organization]="+id)
		queries[models.Events] = append(queries[models.Events], "filter[organizationId]="+id, "filter[organization]="+id)
	}
	for c, list := range queries {
		for i, query := range list {
			for j, scope := range scopes {
				if i > 0 && j > 3 && (i+j)%7 != 0 {
					continue // every scope without a filter, and a seventh of the others
				}
				page := listPage(t, db, c, scope, query)
				if live(t, db, scope) && int64(len(walk(t, db, c, scope, query))) != page.Total {
					t.Errorf("%s?%s as %+v: total %d, but the pages have %d", c.Schema.Type, query, scope, page.Total,
						len(walk(t, db, c, scope, query)))
				}
			}
		}
	}
}

// live reports whether the organization that bounds a scope is there: its credentials die with it, so no caller has
// the scope of a deleted one.
func live(t *testing.T, db *store.DB, scope collection.Scope) bool {
	t.Helper()
	if scope.Root() == "" {
		return true
	}
	_, err := collection.Find(t.Context(), db, models.Organizations, collection.Everything(), scope.Root(), nil)
	return err == nil
}

// walk returns the ids of every page. It asks with a second filter that is always true, so that nothing is known from a counter.
func walk(t *testing.T, db *store.DB, c *collection.Collection, scope collection.Scope, query string) []string {
	t.Helper()
	var ids []string
	for number := 1; ; number++ {
		page := list(t, db, c, scope, fmt.Sprintf("%s&filter[id][ne]=x&page[size]=200&page[number]=%d", query, number))
		ids = append(ids, page...)
		if len(page) < 200 {
			slices.Sort(ids)
			if n := len(slices.Compact(slices.Clone(ids))); n != len(ids) {
				t.Errorf("%s?%s shows %d resources twice", c.Schema.Type, query, len(ids)-n)
			}
			return ids
		}
	}
}

func TestCountersAndClosureStayTrueUnderConcurrentWriters(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		w := &world{}
		for range 6 {
			w.add(&w.organizations, organization(t, db, "root", "").ID)
		}
		var writers sync.WaitGroup
		for seed := range uint64(8) {
			writers.Go(func() {
				r := rand.New(rand.NewPCG(seed, 11))
				for range 120 {
					// Who met others each time that it was tried is told so.
					if err := w.change(t.Context(), db, r); err != nil && !refused(err) && !store.Unavailable(err) {
						t.Errorf("writer %d: %v", seed, err)
					}
				}
			})
		}
		writers.Wait()
		modelstest.CheckConsistency(t, db)
	})
}

// TestMovesAmongDeletions moves a branch while its leaves are deleted and restored: each changes the numbers of the same ancestors.
func TestMovesAmongDeletions(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		roots := []string{organization(t, db, "a", "").ID, organization(t, db, "b", "").ID}
		branch := organization(t, db, "branch", roots[0]).ID
		var leaves []string
		for range 4 {
			leaves = append(leaves, organization(t, db, "leaf", branch).ID)
		}
		var writers sync.WaitGroup
		writers.Go(func() {
			for i := range 40 {
				in := input(attributes{}, relations{"parent": one(roots[(i+1)%2])})
				if _, err := models.UpdateOrganization(t.Context(), db, everything, branch, in); err != nil {
					t.Error(err)
				}
			}
		})
		for _, leaf := range leaves {
			writers.Go(func() {
				for range 20 {
					if err := models.DeleteOrganization(t.Context(), db, everything, leaf, nil); err != nil {
						t.Error(err)
					}
					in := input(attributes{}, nil)
					in.Echo = map[string]any{"deletedAt": nil}
					if _, err := models.UpdateOrganization(t.Context(), db, everything, leaf, in); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		modelstest.CheckConsistency(t, db)
	})
}

// TestNothingLivesOnWhatIsDeleted creates keys, members and children in organizations that are deleted at the same time.
func TestNothingLivesOnWhatIsDeleted(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for range 15 {
			org, u := organization(t, db, "short-lived", "").ID, user(t, db, "Ada").ID
			start := make(chan struct{})
			var writers sync.WaitGroup
			for _, write := range []func() error{
				func() error { return models.DeleteOrganization(t.Context(), db, everything, org, nil) },
				func() error {
					_, err := models.CreateAPIKey(t.Context(), db, everything,
						input(attributes{"name": "k", "scopes": jsonapi.Strings{"*"}}, relations{"organization": one(org)}))
					return err
				},
				func() error {
					_, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "child"}, below(org)))
					return err
				},
				func() error {
					_, err := models.CreateMembership(t.Context(), db, everything,
						input(nil, relations{"organization": one(org), "user": one(u)}))
					return err
				},
				func() error { return models.DeleteUser(t.Context(), db, everything, u, nil) },
				func() error { _, err := models.RefreshToken(t.Context(), db, everything, org); return err },
			} {
				writers.Go(func() {
					<-start
					if err := write(); err != nil && !refused(err) {
						t.Error(err)
					}
				})
			}
			close(start)
			writers.Wait()
		}
		modelstest.CheckConsistency(t, db)
	})
}
