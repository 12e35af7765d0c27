package collection_test

import (
	"fmt"
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestEveryWayFindsTheSamePage compares the page that each way finds with a read of everything, from which what the scope does not see is
// left out row by row.
func TestEveryWayFindsTheSamePage(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		r := modelstest.Rand(t)
		organizations := modelstest.Grove(t, db, clock, r)
		people := ids(modelstest.Collection("users"), everything(t, db, modelstest.Collection("users"), ""))
		for _, read := range []struct {
			typ     string
			queries []string
		}{
			{"users", []string{"", "sort=createdAt", "sort=-createdAt"}}, {"memberships", []string{"", "sort=-createdAt"}},
			{"apiKeys", []string{"", "sort=-createdAt"}}, {"webhooks", []string{"", "sort=-createdAt"}},
			{"events", []string{"", "sort=-position"}}, {"webhookDeliveries", []string{"", "sort=-createdAt"}},
			{"organizations", []string{"", "sort=-createdAt"}},
		} {
			c := modelstest.Collection(read.typ)
			for _, query := range read.queries {
				all := everything(t, db, c, query)
				for range 12 {
					scope := collection.Subtree(organizations[r.IntN(len(organizations))])
					if read.typ == "users" && r.IntN(4) == 0 {
						scope = collection.OnlyOrganization(scope.Root())
					}
					if !c.Reached.Own && r.IntN(2) == 0 {
						scope = collection.Person(people[r.IntN(len(people))])
					}
					p := part{start: r.IntN(3) * r.IntN(20), size: 1 + r.IntN(30), at: -1}
					if len(all) > 0 && r.IntN(2) == 0 {
						p.at = r.IntN(len(all))
					}
					p.compare(t, db, c, scope, query, all)
				}
			}
		}
	})
}

// everything returns all that is there, in the order of the query.
func everything(t *testing.T, db *store.DB, c *collection.Collection, query string) (all []any) {
	t.Helper()
	for n := 1; len(all) == 200*(n-1); n++ {
		q := parse(t, c, fmt.Sprintf("%s&page[size]=200&page[number]=%d", query, n))
		page, err := collection.List(t.Context(), db, c, collection.Everything(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Items...)
	}
	return all
}

func parse(t *testing.T, c *collection.Collection, query string) *jsonapi.Query {
	t.Helper()
	schemaOf := func(typ string) *jsonapi.Schema { return modelstest.Collection(typ).Schema }
	q, err := jsonapi.ParseQuery(query, jsonapi.ListQuery, c.Schema, schemaOf)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// part is rows of a list: size of them behind the first start that are seen behind the one at a place of the list of everything.
type part struct{ start, size, at int }

func (p part) compare(t *testing.T, db *store.DB, c *collection.Collection, scope collection.Scope, query string, all []any) {
	t.Helper()
	var behind any
	if p.at >= 0 {
		behind = all[p.at]
	}
	want := ids(c, all[p.at+1:])
	visible, err := collection.FindAll(t.Context(), db, c, scope, want, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := ids(c, visible)
	want = slices.DeleteFunc(want, func(id string) bool { return !slices.Contains(seen, id) })
	want = want[min(p.start, len(want)):min(p.start+p.size, len(want))]
	found, err := collection.FoundBy(t.Context(), db, c, scope, parse(t, c, query), behind, p.start, p.size)
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{"merged", "few", "walked", "gathered"} {
		items, right := found[way]
		if way == "merged" && len(c.Reached.InOrder) == 0 {
			continue // organizations have no lists
		}
		if got := ids(c, items); !right || !slices.Equal(got, want) {
			t.Errorf("%s?%s of %v, %+v, %s: %v, want %v", c.Schema.Type, query, scope, p, way, got, want)
		}
	}
}

func ids(c *collection.Collection, items []any) []string {
	out := []string{}
	for _, item := range items {
		out = append(out, c.ID(item))
	}
	return out
}
