package main

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// atLeast is how many of the native list's requests a second a dialect must answer.
const atLeast = 0.8

// BenchmarkDialects measures lists of other front doors next to the native list of as many, on both databases: all that an account reaches,
// which are eight organizations, and a page of 25. Then it reads everything that is reached from the head of large trees, and prints how
// much memory the process has meanwhile, with the time to the first byte and to the last.
func BenchmarkDialects(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			s := install(b, buildProgram(b), modelstest.URL(b, dialect))
			db := modelstest.OpenConfig(b, modelstest.ConfigAt(s.url))
			keys := map[int]string{}
			for _, reach := range []int{8, 10_000, fromEnvironment(b, sizeVariable, 100_000)} {
				email := fmt.Sprintf("reach-%d@bench.example", reach)
				if err := models.InsertBatch(b.Context(), db, reachedFrom(email, reach)); err != nil {
					b.Fatal(err)
				}
				keys[reach] = s.command(b, "key", "create", "--kind", "user", "--user", email, "--name", "bench", "--scopes", "*")
			}
			managing := s.command(b, "key", "create", "--kind", "management", "--name", "bench")
			if dialect == store.Postgres {
				vacuum(b, s.url)
			}
			service := s.serve(b, managing)
			asks := func(key, path string) asked { return get(path, by(key)...) }
			cells := []*cell{
				{name: "native, 8", base: service.base, asked: asks(keys[8], "/public/v2/organizations")},
				{name: "/api/orgs/me, 8", base: service.base, asked: asks(keys[8], "/api/orgs/me")},
				{name: "native, 25", base: service.base, asked: asks(managing, "/public/v2/organizations")},
				{name: "/v1/identity, 25", base: service.base, asked: asks(managing, "/v1/identity/organizations")},
			}
			measureInTurns(b, cells)
			reportDialects(b, cells)
			for reach, key := range keys {
				if reach > 8 {
					readAll(b, service, key, reach)
				}
			}
		})
	}
}

// reachedFrom returns a tree of so many organizations, of whose head somebody is a viewer.
func reachedFrom(email string, n int) *models.Batch {
	batch := &models.Batch{Roles: map[string][]string{}}
	for i := range n {
		o := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Reach ", i), Slug: fmt.Sprintf("reach-%d-%d", n, i),
			Kind:    "company",
			Version: 1}
		if i > 0 {
			o.Kind, o.ParentID = "branch", &batch.Organizations[(i-1)/20].ID
		}
		batch.Organizations = append(batch.Organizations, o)
	}
	user := &models.User{ID: models.NewID(), Email: &email, Active: true, Version: 1}
	membership := &models.Membership{ID: models.NewID(), OrganizationID: batch.Organizations[0].ID, UserID: user.ID, Version: 1}
	batch.Users, batch.Memberships = []*models.User{user}, []*models.Membership{membership}
	batch.Roles[membership.ID] = []string{models.RoleViewer}
	return batch
}

func reportDialects(b *testing.B, cells []*cell) {
	b.Helper()
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "list\tdialect/s\tnative/s\tratio\t")
	for i := 0; i < len(cells); i += 2 {
		native, other := cells[i], cells[i+1]
		ratio := other.share(native)
		fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.2f\t\n", other.name, other.rate(), native.rate(), ratio)
		if ratio < atLeast {
			b.Errorf("%s has %.2f of the native list's rate", other.name, ratio)
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%s\n", out.String())
}

// readAll reads a list and prints what that takes. What the process holds is looked at while the list is read.
func readAll(b *testing.B, service *child, key string, reach int) {
	b.Helper()
	held := func() float64 { return service.memory("RssAnon") }
	before, began := held(), time.Now()
	first, most, bytes, err := servertest.Drain(b.Context(), service.base+"/api/orgs/me", key, 1<<20, held)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Printf("%d organizations: first byte after %s, all %.1f MB after %s; the process has %.1f MiB before, %.1f at most\n", reach,
		first.Round(time.Millisecond), float64(bytes)/1e6, time.Since(began).Round(time.Millisecond), before, max(before, most))
}
