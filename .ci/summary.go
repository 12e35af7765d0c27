//go:build ignore

// Summary reads what "go test -json" writes and prints what "go test" would, then how many tests passed on each database. It exits 1 if
// a test failed, or if one of the databases was not tested at all.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// event is one line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// tally counts the outcomes of tests.
type tally map[string]int

// report is what has been read so far.
type report struct {
	outputs   map[string]*strings.Builder // of the tests that run, by package and name
	databases map[string]tally            // of the subtests that bear the database's name, and theirs
	all       tally
	failed    bool
}

func main() {
	r := report{
		outputs:   map[string]*strings.Builder{},
		databases: map[string]tally{"sqlite": {}, "postgres": {}},
		all:       tally{},
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20) // a line is as long as what a test printed
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Println(lines.Text()) // from the go command itself
			continue
		}
		r.take(e)
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "read test output:", err)
		os.Exit(1)
	}
	for name := range r.outputs {
		r.show(name) // it never ended, because its process did
	}
	r.printTotals()
	if r.failed {
		os.Exit(1)
	}
}

// take counts and prints one event. The output of a test is kept until it has ended, and shown unless it passed.
func (r *report) take(e event) {
	name := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		switch {
		case e.Test == "" && e.Output != "PASS\n":
			fmt.Print(e.Output)
		case e.Test != "" && !strings.HasPrefix(e.Output, "=== "):
			if r.outputs[name] == nil {
				r.outputs[name] = new(strings.Builder)
			}
			r.outputs[name].WriteString(e.Output)
		}
	case "build-fail":
		r.failed = true
	case "pass", "fail", "skip":
		r.failed = r.failed || e.Action == "fail"
		if e.Test == "" {
			return
		}
		r.all[e.Action]++
		for _, part := range strings.Split(e.Test, "/") {
			if t, ok := r.databases[part]; ok {
				t[e.Action]++
			}
		}
		if e.Action != "pass" {
			r.show(name)
		}
		delete(r.outputs, name)
	}
}

func (r *report) show(name string) {
	if output := r.outputs[name]; output != nil {
		fmt.Print(output)
	}
}

func (r *report) printTotals() {
	line := func(name string, t tally) {
		fmt.Printf("%-9s %6d %6d %7d\n", name, t["pass"], t["fail"], t["skip"])
	}
	fmt.Printf("\n%-9s %6s %6s %7s\n", "", "passed", "failed", "skipped")
	for _, name := range []string{"sqlite", "postgres"} {
		line(name, r.databases[name])
		if r.databases[name]["pass"] == 0 {
			fmt.Printf("no test passed on %s\n", name)
			r.failed = true
		}
	}
	line("all tests", r.all)
}
