//go:build unix

package models_test

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// BenchmarkWalk reads lists of 100,000 that no index has in order, or of another number in ROSTER_BENCH_PEOPLE, as who sees everything,
// with a key of their tree, and as its owner. It tells the processor time of this process, which on SQLite is everything.
func BenchmarkWalk(b *testing.B) {
	people := 100_000
	if n, err := strconv.Atoi(os.Getenv("ROSTER_BENCH_PEOPLE")); err == nil {
		people = n
	}
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			db := modelstest.Open(b, dialect)
			head, leaf := plantCrowd(b, db, people)
			owner := modelstest.User(b, db).ID
			modelstest.Membership(b, db, owner, head, modelstest.To("roles", models.RoleOwner))
			for _, who := range []struct {
				name  string
				scope collection.Scope
			}{{"everything", collection.Everything()}, {"key", collection.Subtree(head)}, {"owner", collection.Person(owner)}} {
				for _, list := range []struct {
					name  string
					of    *collection.Collection
					query string
				}{
					{"users", models.Users, "sort=firstName"}, {"users below", models.Users, "filter[ancestor]=" + head},
					{"effective", models.Memberships, "filter[effectiveAt]=" + leaf},
				} {
					b.Run(who.name+"/"+list.name, func(b *testing.B) {
						benchmarkWalk(b, db, list.of, who.scope, list.query)
					})
				}
			}
		})
	}
}

func benchmarkWalk(b *testing.B, db *store.DB, c *collection.Collection, scope collection.Scope, query string) {
	n, before := 0, processorTime()
	for b.Loop() {
		n = 0
		walk, err := collection.NewWalk(b.Context(), db, c, parse(b, c, query))
		if err != nil {
			b.Fatal(err)
		}
		for {
			items, err := walk.Next(b.Context(), scope, jsonapi.MaxPageSize)
			if err != nil {
				b.Fatal(err)
			}
			if n += len(items); len(items) == 0 {
				break
			}
		}
	}
	b.ReportMetric(float64(n), "rows")
	b.ReportMetric((processorTime()-before).Seconds()/float64(b.N), "cpu-s/op")
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// plantCrowd plants a head with people, and an organization below it.
func plantCrowd(t testing.TB, db *store.DB, people int) (head, leaf string) {
	t.Helper()
	at := jsonapi.Stamp{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	batch := &models.Batch{Roles: map[string][]string{}}
	head = models.NewID()
	batch.Organizations = []*models.Organization{
		{ID: head, Name: "Head", Slug: "crowd", Kind: "company", CreatedAt: at, UpdatedAt: at, Version: 1}}
	for n := range people {
		name := fmt.Sprint("Person ", n*7919%people)
		u := &models.User{ID: models.NewID(), FirstName: &name, Active: true, CreatedAt: at, UpdatedAt: at, Version: 1}
		m := &models.Membership{ID: models.NewID(), OrganizationID: head, UserID: u.ID, CreatedAt: at, UpdatedAt: at, Version: 1}
		batch.Users, batch.Memberships = append(batch.Users, u), append(batch.Memberships, m)
		batch.Roles[m.ID] = []string{models.RoleMember}
	}
	if err := models.InsertBatch(t.Context(), db, batch); err != nil {
		t.Fatal(err)
	}
	if err := models.Analyze(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return head, organization(t, db, "Leaf", head).ID
}
