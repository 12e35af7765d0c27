package models_test

import (
	"fmt"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// BenchmarkCounts counts what belongs to a page of roles and to one of organizations, as who sees all of a tree: a key that is bound to it,
// and somebody who owns it. It has six people for each organization, 1,000 of them or 60,000.
func BenchmarkCounts(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		for _, size := range []int{167, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", dialect, 6*size), func(b *testing.B) {
				db := modelstest.Open(b, dialect)
				c := plantCompany(b, db, size, 50)
				owner := user(b, db, "owner").ID
				modelstest.Membership(b, db, owner, c.head, modelstest.To("roles", models.RoleOwner))
				for name, scope := range map[string]collection.Scope{"key": collection.Subtree(c.head), "owner": collection.Person(owner)} {
					for _, list := range []struct {
						of    *collection.Collection
						query string
					}{
						{models.Roles, "withCounts=memberships"},
						{models.Organizations, "page[size]=100&withCounts=children,descendants,memberships,endpoints,pendingInvitations"},
					} {
						b.Run(name+"/"+list.of.Schema.Type, func(b *testing.B) { benchmarkCounts(b, db, list.of, scope, list.query) })
					}
				}
			})
		}
	}
}

func benchmarkCounts(b *testing.B, db *store.DB, c *collection.Collection, scope collection.Scope, query string) {
	q := parse(b, c, query)
	for b.Loop() {
		page, err := collection.List(b.Context(), db, c, scope, q)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := page.Render(b.Context(), db, c, scope, c.Schema.URL(), q); err != nil {
			b.Fatal(err)
		}
	}
}
