package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"roster/models/modelstest"
	"roster/models/store"
)

const (
	flatEnough   = 0.9  // of the list's rate on the small table, on the large one, or the run fails
	flatGoal     = 0.95 // is what it should be
	memoryGoal   = 80   // MiB, at most
	startGoal    = 60   // milliseconds from the start to the first answer
	smallTable   = 1000
	largeTable   = 1_000_000
	pagedTable   = 100_000                      // of which pages are read at random
	sizeVariable = "ROSTER_BENCH_ORGANIZATIONS" // of the large table, for a quick look
	rowsVariable = "ROSTER_BENCH_ROWS"          // a regular expression: the rows that are measured
	// beforeVariable names an older program, whose rate is what the rows without a bare handler are compared with.
	beforeVariable = "ROSTER_BENCH_BEFORE"
)

// measured is a row at one place: the service, and who answers beside it.
type measured struct {
	*row
	*site
	service, beside *cell // beside is nil where there is no older program
	answer          *bareAnswer
	peak            float64 // MiB of the service at most
}

// BenchmarkService measures the built program, in a process of its own, on databases of two sizes next to bare handlers. It prints one
// table, and what of its goals is reached; "make bench" runs it.
func BenchmarkService(b *testing.B) {
	selected, err := regexp.Compile(os.Getenv(rowsVariable))
	if err != nil {
		b.Fatalf("%s: %v", rowsVariable, err)
	}
	rows := rowsOf(fromEnvironment(b, sizeVariable, largeTable))
	rows = slices.DeleteFunc(rows, func(r row) bool { return !selected.MatchString(r.name) })
	postgres := describePostgres(b, modelstest.URL(b, store.Postgres))
	printMachine(b, "begins", postgres)
	sites, table := prepare(b, rows)
	for _, lines := range table {
		measureLines(b, lines)
	}
	printMachine(b, "ends", postgres)
	report(b, sites, slices.Concat(table...))
}

// prepare makes the databases, starts what answers, and returns the lines of each row. It fails unless the answers of a service and of the
// handler beside it are the same.
func prepare(b *testing.B, rows []row) ([]*site, [][]*measured) {
	b.Helper()
	program := buildProgram(b)
	var sites []*site
	specs := map[*site]*bareSpec{}
	table := make([][]*measured, len(rows))
	for n := range rows {
		for _, at := range rows[n].at {
			known := slices.IndexFunc(sites, func(s *site) bool { return s.spot == at })
			if known < 0 {
				known, sites = len(sites), append(sites, newSite(b, program, at))
			}
			m := &measured{row: &rows[n], site: sites[known]}
			m.service = &cell{asked: m.ask(b, m.site), name: m.name, base: m.site.service.base, clients: m.clients}
			if m.row.bare == nil {
				m.beside = m.besideBefore(b)
			} else {
				if specs[m.site] == nil {
					specs[m.site] = &bareSpec{Dialect: at.dialect, URL: m.url}
				}
				m.beside = m.besideBare(b, specs[m.site])
			}
			table[n] = append(table[n], m)
		}
	}
	for _, m := range slices.Concat(table...) { // now that what is learned by creating is there
		if m.answer != nil && m.answer.List.Type != "" {
			if err := m.answer.List.learn(m.service.answer(b, 0)); err != nil {
				b.Fatalf("%s: %v", m.name, err)
			}
		}
	}
	for s, spec := range specs {
		s.bare = serveBareHandlers(b, spec)
	}
	for _, m := range slices.Concat(table...) {
		if m.row.bare != nil {
			m.beside.base = m.site.bare.base + m.beside.base
			m.compare(b)
		}
	}
	return sites, table
}

// besideBare adds the handler of a line to what is to be served, and returns its cell with the path that it is going to be below.
func (m *measured) besideBare(b *testing.B, spec *bareSpec) *cell {
	b.Helper()
	m.answer = m.row.bare(b, m.site)
	spec.Answers = append(spec.Answers, m.answer)
	return &cell{asked: m.service.asked, name: m.name, base: "/" + strconv.Itoa(len(spec.Answers)-1), clients: m.clients}
}

// besideBefore starts the older program on a database that it makes itself, as large.
func (m *measured) besideBefore(b *testing.B) *cell {
	b.Helper()
	path := os.Getenv(beforeVariable)
	if path == "" {
		return nil
	}
	older := install(b, path, modelstest.UnmigratedURL(b, m.dialect))
	older.command(b, "demo", "--organizations", strconv.Itoa(m.size), "--users", strconv.Itoa(m.size/10), "--migrate")
	s := &site{spot: m.spot, keys: map[string]string{"management": older.command(b, "key", "create", "--kind", "management", "--name",
		"bench")}}
	vacuum(b, older.url)
	return &cell{asked: m.ask(b, s), name: m.name + ", before", base: older.serve(b, s.keys["management"]).base, clients: m.clients}
}

// compare fails unless both answer with the same bytes; of what they create, both must have written the same.
func (m *measured) compare(b *testing.B) {
	b.Helper()
	if m.answer.Kind != "create" {
		m.service.compare(b, m.beside)
		return
	}
	written := func(by *cell, seed uint64) (rows string, answer []byte) {
		before := m.rows(b)
		answer = by.answer(b, seed)
		for n, count := range m.rows(b) {
			rows += fmt.Sprint(countedTables[n], " ", count-before[n], " ")
		}
		return rows, answer
	}
	service, _ := written(m.service, 1)
	bare, answer := written(m.beside, 2)
	if service != bare {
		b.Fatalf("%s: the bare handler writes %s, the service %s", m.name, bare, service)
	}
	var made struct{ Data struct{ ID string } }
	if err := json.Unmarshal(answer, &made); err != nil {
		b.Fatal(err)
	}
	read, err := m.exchange(b, "GET", listPath+"/"+made.Data.ID, "")
	if answer = token.ReplaceAll(answer, []byte(`"token":null`)); err != nil || !bytes.Equal(read, answer) {
		b.Fatalf("%s: the bare handler answers %s, the service reads %v %s", m.name, answer, err, read)
	}
}

var token = regexp.MustCompile(`"token":"[^"]*"`)

// countedTables are those that creating an organization writes to, besides the queue, which the service empties.
var countedTables = []string{"organizations", "organization_paths", "credentials", "events"}

// rows returns how many rows there are in these.
func (s *site) rows(b *testing.B) []int {
	b.Helper()
	counts := make([]int, len(countedTables))
	for n, table := range countedTables {
		if err := s.pool.QueryRowContext(b.Context(), "SELECT COUNT(*) FROM "+table).Scan(&counts[n]); err != nil {
			b.Fatal(err)
		}
	}
	return counts
}

// measureLines measures the lines of one row in the same rounds.
func measureLines(b *testing.B, lines []*measured) {
	b.Helper()
	var cells []*cell
	for _, m := range lines {
		m.site.service.forgetPeak()
		if cells = append(cells, m.service); m.beside != nil {
			cells = append(cells, m.beside)
		}
	}
	measureInTurns(b, cells)
	for _, m := range lines {
		m.peak = m.site.service.memory("VmHWM")
	}
}

// goals are counted as they are judged.
type goals struct{ met, missed int }

func (g *goals) judge(met bool) string {
	if met {
		g.met++
		return "met"
	}
	g.missed++
	return "missed"
}

// middle returns how far the middle half of some values goes.
func middle(values []float64, format string) string {
	return fmt.Sprintf(format+"–"+format, quantile(values, 0.25), quantile(values, 0.75))
}

// report prints the table and what of its goals is reached. Of these the flat list alone fails the run.
func report(b *testing.B, sites []*site, table []*measured) {
	b.Helper()
	var out strings.Builder
	var g goals
	lines := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(lines, "request\tdatabase\torganizations\tservice/s\tbeside it/s\tratio\tmiddle half\tgoal\t\tMiB at most\t")
	for _, m := range table {
		beside, ratio, spread, verdict := "", "", "", "not measured: no "+beforeVariable
		if m.beside != nil {
			shares := m.service.shares(m.beside)
			share := quantile(shares, 0.5)
			beside, ratio, spread = fmt.Sprintf("%.0f", m.beside.rate()), fmt.Sprintf("%.2f", share), middle(shares, "%.2f")
			verdict = g.judge(share >= m.goal)
		}
		fmt.Fprintf(lines, "%s\t%s\t%d\t%.0f\t%s\t%s\t%s\t%.1f\t%s\t%.0f\t%s\n", m.name, m.dialect, m.size, m.service.rate(), beside,
			ratio, spread, m.goal, verdict, m.peak, g.judge(m.peak < memoryGoal))
	}
	if err := lines.Flush(); err != nil {
		b.Fatal(err)
	}
	for _, s := range sites {
		started := quantile(s.starts, 0.5)
		fmt.Fprintf(&out, "start to first answer, %s, %d organizations: %.0f ms (%s), goal %d: %s\n", s.dialect, s.size, started,
			middle(s.starts, "%.0f"), startGoal, g.judge(started < startGoal))
	}
	reportFlat(b, &out, &g, table)
	fmt.Printf("\n%sgoals: %d met, %d missed\n", &out, g.met, g.missed)
}

// reportFlat compares the list on the large table with that on the small one.
func reportFlat(b *testing.B, out *strings.Builder, g *goals, table []*measured) {
	b.Helper()
	var lists []*measured
	for _, m := range table {
		if m.name == "list-25" && m.dialect == store.Postgres {
			lists = append(lists, m)
		}
	}
	if len(lists) < 2 {
		return
	}
	shares := lists[1].service.shares(lists[0].service)
	flat := quantile(shares, 0.5)
	fmt.Fprintf(out, "list-25 at %d has %.2f (%s) of its rate at %d, goal %.2f: %s\n", lists[1].size, flat, middle(shares, "%.2f"),
		lists[0].size, flatGoal, g.judge(flat >= flatGoal))
	if flat < flatEnough {
		b.Errorf("the list is not flat: on the large table it has %.2f of its rate on the small one", flat)
	}
}
