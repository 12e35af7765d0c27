package models_test

import (
	"fmt"
	"testing"

	"roster/models"
	"roster/models/modelstest"
)

// BenchmarkDecideFor answers checks about a viewer of the top of a tree at organizations below, as the management and as a person who
// administers it.
func BenchmarkDecideFor(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		db := modelstest.Open(b, dialect)
		top := organization(b, db, "Top", "").ID
		organizations := make([]string, 100)
		for i := range organizations {
			organizations[i] = organization(b, db, fmt.Sprint("Below ", i), top).ID
		}
		viewer, admin := user(b, db, "Ada").ID, user(b, db, "Grace").ID
		modelstest.Membership(b, db, viewer, top, modelstest.To("roles", models.RoleViewer))
		modelstest.Membership(b, db, admin, top, modelstest.To("roles", models.RoleAdmin))
		if _, err := modelstest.Writable(db).ExecContext(b.Context(), "ANALYZE"); err != nil { // as the database itself does in time
			b.Fatal(err)
		}
		for _, n := range []int{1, 100} {
			checks := make([]models.Check, n)
			for i := range checks {
				checks[i] = models.Check{User: viewer, Permission: "users:read", Organization: organizations[i]}
			}
			for name, by := range map[string]models.Caller{"management": everything, "person": as(admin)} {
				b.Run(fmt.Sprint(dialect, "/", name, "/", n), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						decisions, err := models.DecideFor(b.Context(), db, by, checks)
						if err != nil || !decisions[n-1].Allowed {
							b.Fatal(decisions, err)
						}
					}
				})
			}
		}
	}
}
