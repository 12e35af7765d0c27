package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// atMost is what a page of a subtree may cost, in pages of everything.
const atMost = 2.0

// spreadVariable sets how many organizations a subtree has; otherwise there is one for a hundred people.
const spreadVariable = "ROSTER_BENCH_SUBTREE"

// subtrees are the trees whose lists are measured, by where their people stand among the others when they are sorted by createdAt.
var subtrees = []struct {
	stand    string
	from, to time.Time
}{
	{"among", demoBegin, demoEnd},
	{"behind", demoEnd.AddDate(1, 0, 0), demoEnd.AddDate(2, 0, 0)},
	{"before", demoBegin.AddDate(-2, 0, 0), demoBegin.AddDate(-1, 0, 0)},
}

// BenchmarkSubtree measures lists of people as a key of a subtree and a key of everything see them, in the same rounds. Each subtree has
// three people for ten others. By createdAt they stand as the table says, by externalId behind all others.
func BenchmarkSubtree(b *testing.B) {
	size := fromEnvironment(b, sizeVariable, largeTable)
	organizations := fromEnvironment(b, spreadVariable, max(1, size*3/1000))
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			at := install(b, buildProgram(b), modelstest.URL(b, dialect))
			everything, keys := plantSubtrees(b, at, size, organizations)
			if dialect == store.Postgres {
				vacuum(b, at.url)
			}
			base := at.serve(b, everything).base
			cells := []*cell{}
			// The cursor profile counts nothing, so that what is compared is how rows are found. Those who stand among the others begin
			// with their second page, where the others have begun, too.
			for _, c := range []struct{ job, stand, path, cursor string }{
				{"cursor", "among", "sort=createdAt", "next"}, {"cursor", "behind", "sort=createdAt", "first"},
				{"cursor", "before", "sort=-createdAt", "first"}, {"numbered", "behind", "", ""}, {"far", "among", "sort=externalId", ""},
			} {
				for _, key := range []string{everything, keys[c.stand]} {
					path := "/public/v2/users?" + c.path
					if c.cursor != "" {
						path += "&page[after]=" + cursorOf(b, base, key, c.path, c.cursor)
					}
					cells = append(cells, &cell{name: c.job + ", " + c.stand, base: base, asked: get(path, by(key)...)})
				}
			}
			measureInTurns(b, cells)
			reportSubtree(b, cells, organizations, size*3/10)
		})
	}
}

// plantSubtrees fills a database and returns a key of everything and one of each tree, with three people for ten others.
func plantSubtrees(b *testing.B, at *installation, others, organizations int) (everything string, below map[string]string) {
	b.Helper()
	at.command(b, "demo", "--organizations", strconv.Itoa(max(1, others/100)), "--users", strconv.Itoa(others))
	everything, below = at.command(b, "key", "create", "--kind", "management", "--name", "everything"), map[string]string{}
	db := modelstest.OpenConfig(b, modelstest.ConfigAt(at.url))
	for _, s := range subtrees {
		tree := plantedTree(s.stand, others*3/10, organizations, s.from, s.to)
		if err := models.InsertBatch(b.Context(), db, tree); err != nil {
			b.Fatal(err)
		}
		below[s.stand] = at.command(b, "key", "create", "--kind", "management", "--name", s.stand, "--organization",
			tree.Organizations[0].ID)
	}
	return everything, below
}

// plantedTree returns a tree of organizations that have people by turns, who were created at any time between two.
func plantedTree(name string, people, organizations int, from, to time.Time) *models.Batch {
	r := rand.New(rand.NewPCG(26, 26))
	tree := &models.Batch{}
	for n := range organizations {
		org := &models.Organization{ID: models.NewID(), Name: "Bench", Slug: fmt.Sprintf("bench-%s-%d", name, n), Kind: "company",
			Version: 1}
		if n > 0 {
			org.Kind, org.ParentID = "branch", &tree.Organizations[0].ID
		}
		tree.Organizations = append(tree.Organizations, org)
	}
	for n := range people {
		at := jsonapi.Stamp{Time: from.Add(time.Duration(r.Int64N(int64(to.Sub(from)))))}
		last, external := "Bench", fmt.Sprintf("zz-%s-%07d", name, n)
		user := &models.User{ID: models.NewID(), LastName: &last, ExternalID: &external, CreatedAt: at, UpdatedAt: at, Active: true,
			Version: 1}
		tree.Users = append(tree.Users, user)
		tree.Memberships = append(tree.Memberships, &models.Membership{
			ID: models.NewID(), CreatedAt: at, UpdatedAt: at, OrganizationID: tree.Organizations[n%organizations].ID, UserID: user.ID,
			Version: 1,
		})
	}
	return tree
}

// reportSubtree prints the table and fails if the rows of a subtree cost too much.
func reportSubtree(b *testing.B, cells []*cell, organizations, people int) {
	b.Helper()
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "first page\torganizations\tpeople\tof everything/s\tof a subtree/s\tshare\t")
	for i := 0; i < len(cells); i += 2 {
		everything, below := cells[i], cells[i+1]
		share := below.share(everything)
		fmt.Fprintf(table, "%s\t%d\t%d\t%.0f\t%.0f\t%.2f\t\n", everything.name, organizations, people, everything.rate(),
			below.rate(), share)
		if everything.name == "cursor, among" && share < 1/atMost {
			b.Errorf("a page of a subtree costs %.1f of everything, want at most %.1f", 1/share, atMost)
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%s\n", out.String())
}
