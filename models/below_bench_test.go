package models_test

import (
	"fmt"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
)

// BenchmarkBelow reads a page of the people and of the memberships of a tree, and of those at an organization or below it, with the key of
// the tree and as its owner. There are six people for each organization, 1,000 of them or 100,000.
func BenchmarkBelow(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		for _, size := range []int{167, 16_667} {
			b.Run(fmt.Sprintf("%s/%d", dialect, 6*size), func(b *testing.B) {
				db := modelstest.Open(b, dialect)
				c := plantCompany(b, db, size, 50)
				owner := user(b, db, "owner").ID
				modelstest.Membership(b, db, owner, c.head, modelstest.To("roles", models.RoleOwner))
				for name, scope := range map[string]collection.Scope{"key": collection.Subtree(c.head), "owner": collection.Person(owner)} {
					for _, list := range []*collection.Collection{models.Users, models.Memberships} {
						for what, query := range map[string]string{
							"all": "page[number]=1", "below": "page[number]=1&filter[ancestor]=" + c.branch,
							"sorted": "page[number]=1&sort=-createdAt&filter[ancestor]=" + c.branch,
						} {
							b.Run(name+"/"+list.Schema.Type+"/"+what, func(b *testing.B) {
								q := parse(b, list, query)
								for b.Loop() {
									if _, err := collection.List(b.Context(), db, list, scope, q); err != nil {
										b.Fatal(err)
									}
								}
							})
						}
					}
				}
			})
		}
	}
}
