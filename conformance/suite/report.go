package suite

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Outcome is what became of a row.
type Outcome string

// The outcomes of a row.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed"
	// Excepted is broken nowhere but where the description declares an exception.
	Excepted      Outcome = "documented exception"
	NotApplicable Outcome = "not applicable"
	Untestable    Outcome = "no black-box test"
)

// Result is the outcome of one row, or of the expectations beside one.
type Result struct {
	Row         Row
	ID          string
	Level       Level
	Requirement string
	Outcome     Outcome
	// Reason explains the outcomes other than passed and failed.
	Reason   string
	Checks   int
	Failures []Failure
}

func (r *Result) judge(v verdict, skipped string, exceptions []*Exception) {
	r.Checks = v.checks
	met := map[*Exception]bool{}
	for _, f := range v.failures {
		if i := slices.IndexFunc(exceptions, func(e *Exception) bool { return e.covers(f) }); i >= 0 {
			met[exceptions[i]] = true
			continue
		}
		r.Failures = append(r.Failures, f)
	}
	switch {
	case len(r.Failures) > 0:
		r.Outcome = Failed
	case len(met) > 0:
		var reasons []string
		for _, e := range exceptions {
			if met[e] {
				reasons = append(reasons, e.String())
			}
		}
		r.Outcome, r.Reason = Excepted, strings.Join(reasons, "; ")
	case v.checks > 0:
		r.Outcome = Passed
		if len(exceptions) > 0 {
			r.Reason = "the exception that the description declares was not met"
		}
	case skipped != "":
		r.Outcome, r.Reason = NotApplicable, skipped
	default:
		r.Outcome, r.Reason = NotApplicable, "nothing the row speaks of was seen"
	}
}

// Report is the outcome of a run.
type Report struct {
	Server   string
	Requests int
	Results  []Result
	// Counting are the levels whose failures fail the run; empty means MUST and MUST NOT. Formats that know no more than
	// passed and failed show the others as reported, but not counted.
	Counting []Level
}

// counts tells whether a failure of the level fails the run.
func (r *Report) counts(level Level) bool {
	if len(r.Counting) == 0 {
		return level == Must || level == MustNot
	}
	return slices.Contains(r.Counting, level)
}

// Failed returns the ids of the failed results of the given levels, or of all levels.
func (r *Report) Failed(levels ...Level) []string {
	var failed []string
	for _, result := range r.Results {
		if result.Outcome == Failed && (len(levels) == 0 || slices.Contains(levels, result.Level)) {
			failed = append(failed, result.ID)
		}
	}
	return failed
}

// heading groups the levels of the report.
type heading struct {
	title  string
	levels []Level
}

var headings = []heading{
	{"MUST and MUST NOT", []Level{Must, MustNot}},
	{"SHOULD", []Level{Should}},
	{"HTTP semantics", []Level{HTTP}},
	{"Consequences", []Level{Note}},
	{"Expectations where the specification is silent", []Level{Pick}},
}

func (r *Report) tally(levels []Level) map[Outcome]int {
	n := map[Outcome]int{}
	for _, result := range r.Results {
		if slices.Contains(levels, result.Level) {
			n[result.Outcome]++
		}
	}
	return n
}

// formats maps the names of the formats to what writes them.
var formats = map[string]func(*Report, io.Writer) error{
	"text": (*Report).Text, "markdown": (*Report).Markdown, "json": (*Report).JSON, "junit": (*Report).JUnit, "tap": (*Report).TAP,
}

// Formats returns the names of the formats.
func Formats() []string { return slices.SortedFunc(maps.Keys(formats), cmp.Compare) }

// Write writes the report in the named format.
func (r *Report) Write(w io.Writer, format string) error {
	write, ok := formats[format]
	if !ok {
		return fmt.Errorf("format %q is none of %s", format, strings.Join(Formats(), ", "))
	}
	return write(r, w)
}

// writer keeps the first error of many writes.
type writer struct {
	w   io.Writer
	err error
}

func (w *writer) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.w, format+"\n", args...)
	}
}
