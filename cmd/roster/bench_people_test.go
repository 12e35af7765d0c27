package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// What is planted for BenchmarkPeople: a chain as deep as a tree may be, whose foot has branches.
const (
	chainDepth    = 16
	chainBranches = 300
	manyChecks    = 100
)

// flatBeside is how much of a ratio must be left on the large table: what both are compared in varies more than one of them alone.
const flatBeside = 0.75

// peopleSite is a database of one size with a chain of organizations in it, of whose head somebody is a viewer.
type peopleSite struct {
	size          int
	service, bare string
	managing      string // a key of the management
	viewing       string // a key of the viewer
	viewer        string
	chain         []string // from the head down
}

// BenchmarkPeople measures on PostgreSQL at two sizes what it costs to ask whether somebody may do something, next to a handler that runs
// the one statement for it with pgx and writes the same bytes; and the first page of organizations as a member sees it, next to what the
// management sees. It prints a table and fails if a check costs more, compared with what it stands beside, where there are more
// organizations, or more than one of the first level where there are more levels.
func BenchmarkPeople(b *testing.B) {
	large := fromEnvironment(b, sizeVariable, largeTable)
	var cells []*cell // each behind the one that it is compared with
	for _, size := range []int{smallTable, large} {
		s := newPeopleSite(b, size)
		for _, ask := range []struct {
			name          string
			depth, checks int
		}{{"check, depth 1", 1, 1}, {"check, depth 16", chainDepth, 1}, {"100 checks, depth 16", chainDepth, manyChecks}} {
			question := s.question(ask.depth, ask.checks)
			s.compare(b, question)
			next := func(*rand.Rand) (method, path, body string) { return "POST", checksPath, question }
			cells = append(cells, &cell{job: ask.name, size: size, bare: true, base: s.bare, next: next},
				&cell{job: ask.name, size: size, base: s.service, key: s.managing, next: next})
		}
		list := func(*rand.Rand) (method, path, body string) { return "GET", "/public/v2/organizations", "" }
		cells = append(cells, &cell{job: "management's list", size: size, base: s.service, key: s.managing, next: list},
			&cell{job: "member's list", size: size, base: s.service, key: s.viewing, next: list})
	}
	for _, c := range cells {
		c.measure(b, warmUpTime)
	}
	for range rounds {
		for _, c := range cells {
			c.rates = append(c.rates, c.measure(b, roundTime))
		}
	}
	reportPeople(b, cells)
}

func newPeopleSite(b *testing.B, size int) *peopleSite {
	b.Helper()
	dir, cfg := b.TempDir(), modelstest.Config(b, store.Postgres)
	program := programOn(b, dir, cfg.URL)
	program("demo", "--organizations", strconv.Itoa(size), "--users", strconv.Itoa(size/10))
	s := &peopleSite{size: size}
	batch := &models.Batch{Roles: map[string][]string{}}
	for n := range chainDepth + chainBranches {
		org := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Level ", n), Slug: fmt.Sprint("bench-level-", n), Kind: "company",
			Version: 1}
		if n > 0 {
			org.Kind, org.ParentID = "branch", &batch.Organizations[min(n, chainDepth-1)-1].ID
		}
		batch.Organizations = append(batch.Organizations, org)
		if n < chainDepth {
			s.chain = append(s.chain, org.ID)
		}
	}
	email := "viewer@bench.example"
	viewer := &models.User{ID: models.NewID(), Email: &email, Active: true, Version: 1}
	membership := &models.Membership{ID: models.NewID(), OrganizationID: s.chain[0], UserID: viewer.ID, Version: 1}
	batch.Users, batch.Memberships = []*models.User{viewer}, []*models.Membership{membership}
	batch.Roles[membership.ID] = []string{models.RoleViewer}
	if err := models.InsertBatch(b.Context(), modelstest.OpenConfig(b, cfg), batch); err != nil {
		b.Fatal(err)
	}
	s.viewer, s.managing = viewer.ID, program("key", "create", "--kind", "management", "--name", "bench")
	s.viewing = program("key", "create", "--kind", "user", "--user", email, "--name", "bench", "--scopes", "*")
	vacuum(b, cfg.URL)
	s.service, s.bare = serveForBench(b, dir, cfg.URL), serveBareChecks(b, cfg.URL)
	return s
}

// question asks n times whether the viewer may read users at an organization of some depth.
func (s *peopleSite) question(depth, n int) string {
	one := fmt.Sprintf(`{"type":"checks","attributes":{"permission":"users:read"},"relationships":{`+
		`"user":{"data":{"type":"users","id":%q}},"organization":{"data":{"type":"organizations","id":%q}}}}`, s.viewer, s.chain[depth-1])
	return `{"data":[` + strings.Repeat(one+",", n-1) + one + `]}`
}

// compare fails unless the service and the bare handler answer with the same bytes, and yes.
func (s *peopleSite) compare(b *testing.B, question string) {
	b.Helper()
	var answers [2][]byte
	for i, of := range []struct{ base, key string }{{s.service, s.managing}, {s.bare, ""}} {
		answer, read, err := servertest.Exchange(b.Context(), servertest.Fresh(), "POST", of.base+checksPath, strings.NewReader(question),
			"Authorization", of.key, "Content-Type", "application/vnd.api+json")
		if err != nil || answer.StatusCode != http.StatusOK || !bytes.Contains(read, []byte(`"allowed":true`)) {
			b.Fatalf("%v %s", err, read)
		}
		answers[i] = read
	}
	if !bytes.Equal(answers[0], answers[1]) {
		b.Fatalf("the bare handler answers %.600s, the service %.600s", answers[1], answers[0])
	}
}

func reportPeople(b *testing.B, cells []*cell) {
	b.Helper()
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "request\torganizations\tservice/s\tcompared with/s\tratio\tof its ratio at "+strconv.Itoa(smallTable)+"\t")
	perSite := len(cells) / 2
	for i := 0; i < len(cells); i += 2 {
		with, service := cells[i], cells[i+1]
		ratio := service.share(with)
		flat := ratio / cells[i%perSite+1].share(cells[i%perSite])
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.2f\t%.2f\t\n", service.job, service.size, service.rate(), with.rate(), ratio, flat)
		if flat < flatBeside {
			b.Errorf("%s is not flat: on the large table it has %.2f of its ratio on the small one", service.job, flat)
		}
	}
	for _, site := range [][]*cell{cells[:perSite], cells[perSite:]} {
		if deep := site[3].share(site[1]); deep < flatBeside {
			b.Errorf("at %d organizations, a check at depth %d has %.2f of the rate of one at depth 1", site[0].size, chainDepth, deep)
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%s\n", out.String())
}
