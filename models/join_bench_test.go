package models_test

import (
	"fmt"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// BenchmarkJoin creates members of an organization on a level of its tree, and gives a member other roles: what is counted for each level.
func BenchmarkJoin(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		for _, level := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("%s/%d", dialect, level), func(b *testing.B) {
				db := modelstest.Open(b, dialect)
				place := ""
				for range level {
					place = organization(b, db, "level", place).ID
				}
				b.Run("create", func(b *testing.B) {
					for b.Loop() {
						user(b, db, models.NewID(), place)
					}
				})
				b.Run("change", func(b *testing.B) { benchmarkOtherRoles(b, db, place) })
			})
		}
	}
}

func benchmarkOtherRoles(b *testing.B, db *store.DB, place string) {
	m := modelstest.Membership(b, db, user(b, db, models.NewID()).ID, place).ID
	for n := 0; b.Loop(); n++ {
		in := input(nil, relations{"roles": one([]string{models.RoleViewer, models.RoleMember}[n%2])})
		if _, err := models.UpdateMembership(b.Context(), db, everything, m, in); err != nil {
			b.Fatal(err)
		}
	}
}
