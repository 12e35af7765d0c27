package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"text/tabwriter"

	"roster/models/modelstest"
	"roster/models/store"
)

// peersVariable names the lists of other servers, as name=URL, that .ci/peers/run has started.
const peersVariable = "ROSTER_BENCH_PEERS"

// BenchmarkPeers measures the list of a thousand organizations on PostgreSQL and those of other servers in the same rounds.
func BenchmarkPeers(b *testing.B) {
	named := strings.Fields(os.Getenv(peersVariable))
	if len(named) == 0 {
		b.Skip("no " + peersVariable + ": .ci/peers/run starts other servers")
	}
	postgres := describePostgres(b, modelstest.URL(b, store.Postgres))
	printMachine(b, "begins", postgres)
	s := newSite(b, buildProgram(b), spot{store.Postgres, smallTable})
	roster := &cell{name: "Roster", base: s.service.base, asked: get(listPath, by(s.keys["management"])...)}
	cells := []*cell{roster}
	for _, peer := range named {
		name, at, _ := strings.Cut(peer, "=")
		parsed, err := url.Parse(at)
		if err != nil {
			b.Fatalf("%s: %v", peersVariable, err)
		}
		cells = append(cells, &cell{name: name, base: parsed.Scheme + "://" + parsed.Host, asked: get(parsed.RequestURI())})
	}
	measureInTurns(b, cells)
	printMachine(b, "ends", postgres)
	var out strings.Builder
	var g goals
	lines := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(lines, "first page of 25\tbytes\trequests/s\tRoster's of its\tmiddle half\tgoal\t")
	for _, c := range cells {
		shares := roster.shares(c)
		fmt.Fprintf(lines, "%s\t%d\t%.0f\t%.2f\t%s\t", c.name, len(c.answer(b, 0)), c.rate(), quantile(shares, 0.5), middle(shares, "%.2f"))
		if c != roster {
			fmt.Fprintf(lines, "> 1\t%s", g.judge(quantile(shares, 0.5) > 1))
		}
		fmt.Fprintln(lines)
	}
	if err := lines.Flush(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%sgoals: %d met, %d missed\n", &out, g.met, g.missed)
}
