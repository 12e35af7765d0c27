package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
)

// atMost is what a page of a subtree may cost, in pages of everything.
const atMost = 2.0

// BenchmarkSubtree measures lists of people as a key of a subtree and a key of everything see them, in the same rounds. Three in thirteen
// people are in the subtree: by createdAt they stand among the others, by externalId behind all of them.
func BenchmarkSubtree(b *testing.B) {
	size := largeTable
	if text := os.Getenv(sizeVariable); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil {
			b.Fatalf("%s: %v", sizeVariable, err)
		}
	}
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			dir, cfg := b.TempDir(), modelstest.Config(b, dialect)
			everything, below := plantSubtree(b, dir, cfg, size)
			if dialect == models.Postgres {
				vacuum(b, cfg.URL)
			}
			base := serveForBench(b, dir, cfg.URL)
			first := func(path string) func(*rand.Rand) (string, string, string) {
				return func(*rand.Rand) (string, string, string) { return "GET", "/public/v2/users?" + path, "" }
			}
			// The cursor profile counts nothing, so that what is compared is how rows are found.
			cells := []*cell{}
			for _, c := range []struct{ job, path string }{
				{"cursor", "page[after]=" + firstCursor(b, base, everything)}, {"numbered", ""}, {"far", "sort=externalId"},
			} {
				cells = append(cells, &cell{job: c.job, size: size, base: base, key: everything, next: first(c.path)})
				if c.job == "cursor" {
					c.path = "page[after]=" + firstCursor(b, base, below)
				}
				cells = append(cells, &cell{job: c.job + " of a subtree", size: size, base: base, key: below, next: first(c.path)})
			}
			for range rounds {
				for _, c := range cells {
					c.rates = append(c.rates, c.measure(b, roundTime))
				}
			}
			reportSubtree(b, cells)
		})
	}
}

// plantSubtree fills a database and returns a key of everything and one of a tree with three people for ten others.
func plantSubtree(b *testing.B, dir string, cfg models.Config, others int) (everything, below string) {
	b.Helper()
	program := func(args ...string) string {
		var out, problems strings.Builder
		args = append(append([]string{"roster"}, args...), "--data-dir", dir, "--database-url", cfg.URL)
		if code := run(b.Context(), args, func(string) string { return "" }, &out, &problems, frontDoors); code != 0 {
			b.Fatalf("%v: %s", args, problems.String())
		}
		return strings.TrimSpace(out.String())
	}
	program("demo", "--organizations", strconv.Itoa(max(1, others/100)), "--users", strconv.Itoa(others))
	everything = program("key", "create", "--kind", "management", "--name", "everything")
	db := modelstest.OpenConfig(b, cfg)
	r := rand.New(rand.NewPCG(26, 26))
	tree := &models.Batch{}
	add := func(kind string, parent *string) *string {
		slug := fmt.Sprintf("bench-%d", len(tree.Organizations))
		org := &models.Organization{ID: models.NewID(), Name: "Bench", Slug: slug, Kind: kind, ParentID: parent, Version: 1}
		tree.Organizations = append(tree.Organizations, org)
		return &org.ID
	}
	head := add("company", nil)
	for n := range others * 3 / 10 {
		if n%100 == 0 {
			add("branch", head)
		}
		at := jsonapi.Stamp{Time: demoBegin.Add(time.Duration(r.Int64N(int64(demoEnd.Sub(demoBegin)))))}
		last, external := "Bench", fmt.Sprintf("zz-%07d", n)
		user := &models.User{ID: models.NewID(), LastName: &last, ExternalID: &external, CreatedAt: at, UpdatedAt: at, Active: true, Version: 1}
		tree.Users = append(tree.Users, user)
		in := tree.Organizations[len(tree.Organizations)-1].ID
		tree.Memberships = append(tree.Memberships,
			&models.Membership{ID: models.NewID(), CreatedAt: at, UpdatedAt: at, OrganizationID: in, UserID: user.ID, Version: 1})
	}
	if err := models.InsertBatch(b.Context(), db, tree); err != nil {
		b.Fatal(err)
	}
	return everything, program("key", "create", "--kind", "management", "--name", "below", "--organization", *head)
}

// firstCursor returns the cursor of the first user that a key sees.
func firstCursor(b *testing.B, base, key string) string {
	b.Helper()
	answer, read, err := request(b.Context(), &http.Transport{DisableKeepAlives: true}, "GET", base+"/public/v2/users?page[size]=1", nil,
		"Authorization", key, "Accept", jsonapi.MediaType+`; profile="`+jsonapi.CursorProfile+`"`)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%v %s", err, read)
	}
	var page struct{ Links struct{ Next string } }
	if err := json.Unmarshal(read, &page); err != nil {
		b.Fatal(err)
	}
	next, err := url.Parse(page.Links.Next)
	if err != nil {
		b.Fatal(err)
	}
	return next.Query().Get("page[after]")
}

// reportSubtree prints the table and fails if the rows of a subtree cost too much.
func reportSubtree(b *testing.B, cells []*cell) {
	b.Helper()
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "first page\tpeople\tof everything/s\tof a subtree/s\tshare\t")
	for i := 0; i < len(cells); i += 2 {
		everything, below := cells[i], cells[i+1]
		share := below.share(everything)
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.2f\t\n", everything.job, everything.size*13/10, everything.rate(), below.rate(), share)
		if everything.job == "cursor" && share < 1/atMost {
			b.Errorf("a page of a subtree costs %.1f of everything, want at most %.1f", 1/share, atMost)
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%s\n", out.String())
}
