package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// What finding something may cost: milliseconds at the median on the large table, and times as much as on the small one.
const (
	findingGoal   = 50.0
	findingGrowth = 3.0
	// liteTable is how large the large table of SQLite is.
	liteTable = 100_000
	// findings is how often each question is asked in a round.
	findings = 15
	// crowdSize is how many people an organization has whose memberships are asked for, fewOwned how many organizations somebody owns who
	// sees little, someBelow how many a key of a small subtree sees.
	crowdSize, fewOwned, someBelow = 1000, 3, 1000
)

// consoleQuestion is a row of the table of what a console asks.
type consoleQuestion struct{ name, key, path string }

// questions are asked beside the plain list. The texts are those of names of the demo: a word of many, a piece out of its middle, and what
// is nowhere. Who sees little finds none of the many.
func (s *finding) questions() (all []consoleQuestion) {
	search := "/public/v2/search?filter[text]="
	add := func(name, path string, keys ...string) {
		for _, key := range keys {
			all = append(all, consoleQuestion{name, key, path})
		}
	}
	add("list-25", listPath, "management")
	add("filter[descendant], 16 levels", listPath+"?filter[descendant]="+s.chain[chainDepth-1], "management")
	add("withCounts, a page of 100", listPath+"?page[size]=100&withCounts=children,descendants,memberships,endpoints,pendingInvitations",
		"management")
	add("filter[root]", "/public/v2/organizations?filter[root]=true", "management", "owner", "thousand")
	add("effective memberships of 1,000", "/public/v2/memberships?filter[effectiveAt]="+s.crowd, "management")
	for _, one := range []struct{ name, text string }{
		{"search by two letters", "zu"}, {"search by two letters within words", "zz"}, {"search by a word", "plastics"},
		{"search by a word in the middle", "lasti"}, {"search by words", "hazel%20plas"}, {"search by what is nowhere", "quetzalcoatl"},
		{"search by an id", s.ids[0]}, {"search by a number", "%23500"}, {"search by a slug", s.slug},
	} {
		add(one.name, search+one.text, "management", "owner", "thousand", "subtree")
	}
	return all
}

// finding is a site with what is found in it.
type finding struct {
	*site
	crowd, slug string
}

// newFinding fills a database. Beside what every site has there are an organization of a thousand people, somebody who owns three
// organizations, and a tree of a thousand with a key of it.
func newFinding(b *testing.B, program string, at spot) *finding {
	b.Helper()
	f := &finding{site: newSite(b, program, at)}
	crowded := plantedTree("crowd", crowdSize, 1, demoBegin, demoEnd)
	thousand := plantedTree("thousand", 2*someBelow, someBelow, demoBegin, demoEnd)
	owned := plantedTree("owned", 0, fewOwned, demoBegin, demoEnd)
	email := "owner@bench.example"
	owner := &models.User{ID: models.NewID(), Email: &email, Active: true, Version: 1}
	owned.Users, owned.Roles = append(owned.Users, owner), map[string][]string{}
	for n, org := range owned.Organizations {
		org.ParentID, org.Kind, org.Name = nil, "company", fmt.Sprint("Owned ", n)
		m := &models.Membership{ID: models.NewID(), OrganizationID: org.ID, UserID: owner.ID, Version: 1}
		owned.Memberships, owned.Roles[m.ID] = append(owned.Memberships, m), []string{models.RoleOwner}
	}
	db := modelstest.OpenConfig(b, modelstest.ConfigAt(f.url))
	for _, batch := range []*models.Batch{crowded, thousand, owned} {
		if err := models.InsertBatch(b.Context(), db, batch); err != nil {
			b.Fatal(err)
		}
	}
	f.crowd = crowded.Organizations[0].ID
	f.keys["owner"] = f.command(b, "key", "create", "--kind", "user", "--user", email, "--name", "owner")
	f.keys["thousand"] = f.command(b, "key", "create", "--kind", "management", "--name", "thousand", "--organization",
		thousand.Organizations[0].ID)
	if err := f.pool.QueryRowContext(b.Context(), "SELECT slug FROM organizations WHERE id = $1", f.ids[0]).Scan(&f.slug); err != nil {
		b.Fatal(err)
	}
	if at.dialect == store.Postgres {
		vacuum(b, f.url)
	}
	return f
}

// BenchmarkFinding measures what a console asks for in a large tree, beside the plain list, as who sees everything, as who sees little, and
// on a small table and a large one in turns: the time from sending a request to the end of its answer, one after the other.
func BenchmarkFinding(b *testing.B) {
	program := buildProgram(b)
	var out strings.Builder
	var g goals
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "question\tdatabase\tas\tms at %d\tms at the larger\tmiddle half\tgoal %.0f\ttimes\tgoal %.0f\n",
		smallTable, findingGoal, findingGrowth)
	for dialect, size := range map[store.Dialect]int{
		store.Postgres: fromEnvironment(b, sizeVariable, largeTable),
		store.SQLite:   min(fromEnvironment(b, sizeVariable, liteTable), liteTable),
	} {
		small, large := newFinding(b, program, spot{dialect, smallTable}), newFinding(b, program, spot{dialect, size})
		for i, q := range small.questions() {
			took := [2][]float64{}
			for range rounds {
				took[0] = append(took[0], small.took(b, q)...)
				took[1] = append(took[1], large.took(b, large.questions()[i])...)
			}
			before, after := quantile(took[0], 0.5), quantile(took[1], 0.5)
			fmt.Fprintf(table, "%s\t%s %d\t%s\t%.2f\t%.2f\t%s\t%s\t%.2f\t%s\n", q.name, dialect, size, q.key, before, after,
				middle(took[1], "%.2f"), g.judge(after <= findingGoal), after/before, g.judge(after <= findingGrowth*before))
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%sgoals: %d met, %d missed\n", &out, g.met, g.missed)
}

// took asks a question several times over one connection, and returns the milliseconds that each answer took. The first does not count.
func (s *finding) took(b *testing.B, q consoleQuestion) (milliseconds []float64) {
	b.Helper()
	at, err := url.Parse(s.service.base)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", at.Host)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing is left to lose
	c := cell{asked: get(q.path, by(s.keys[q.key])...)}
	answers := bufio.NewReader(conn)
	for range findings + 1 {
		began := time.Now()
		if _, err := conn.Write(c.request(at, rand.New(rand.NewPCG(1, 1)))); err != nil {
			b.Fatal(err)
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			b.Fatal(err)
		}
		read, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			b.Fatalf("%s as %s: %d %v %.300s", q.name, q.key, answer.StatusCode, err, read)
		}
		milliseconds = append(milliseconds, float64(time.Since(began).Microseconds())/1000)
	}
	return slices.Delete(milliseconds, 0, 1)
}
