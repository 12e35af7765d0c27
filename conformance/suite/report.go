package suite

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
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
	var met []string
	for _, f := range v.failures {
		if i := slices.IndexFunc(exceptions, f.excepted); i >= 0 {
			met = append(met, fmt.Sprintf("%s of %s: %s", exceptions[i].Place, exceptions[i].Type, exceptions[i].Reason))
			continue
		}
		r.Failures = append(r.Failures, f)
	}
	switch {
	case len(r.Failures) > 0:
		r.Outcome = Failed
	case len(met) > 0:
		slices.Sort(met)
		r.Outcome, r.Reason = Excepted, strings.Join(slices.Compact(met), "; ")
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

// excepted tells whether an exception is about the place of the failure.
func (f Failure) excepted(e *Exception) bool {
	return f.place != "" && f.typ == e.Type && f.place == e.Place
}

// Report is the outcome of a run.
type Report struct {
	Server   string
	Requests int
	Results  []Result
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

func (r *Report) counts(levels []Level) map[Outcome]int {
	n := map[Outcome]int{}
	for _, result := range r.Results {
		if slices.Contains(levels, result.Level) {
			n[result.Outcome]++
		}
	}
	return n
}

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	out := &writer{w: w}
	out.line("JSON:API 1.1 conformance of %s: %d results from %d requests", r.Server, len(r.Results), r.Requests)
	out.line("")
	out.line("%-48s %8s %8s %8s %8s", "", "passed", "failed", "n/a", "no test")
	for _, h := range headings {
		n := r.counts(h.levels)
		out.line("%-48s %8d %8d %8d %8d", h.title, n[Passed], n[Failed], n[NotApplicable], n[Untestable])
	}
	for _, outcome := range []Outcome{NotApplicable, Untestable} {
		r.textReasons(out, outcome)
	}
	for _, result := range r.Results {
		if result.Outcome == Failed {
			result.text(out)
		}
	}
	return out.err
}

func (r *Report) textReasons(out *writer, outcome Outcome) {
	first := true
	for _, result := range r.Results {
		if result.Outcome != outcome {
			continue
		}
		if first {
			out.line("\n%s", strings.ToUpper(string(outcome)))
			first = false
		}
		out.line("  %-13s %s", result.ID, result.Reason)
	}
}

// The report shows this many failed checks of one row, and this much of a body.
const (
	shownFailures = 5
	shownStart    = 500
	shownEnd      = 200
)

func (r Result) text(out *writer) {
	out.line("\nFAILED %s (%s) %s", r.ID, r.Level, r.Requirement)
	out.line("  %s", r.Row.Section())
	for i, f := range r.Failures {
		if i == shownFailures {
			out.line("  … and %d more", len(r.Failures)-i)
			return
		}
		out.line("  - expected %s", f.Expected)
		for line := range strings.Lines(f.Exchange.excerpt()) {
			out.line("      %s", strings.TrimRight(line, "\n"))
		}
	}
}

// excerpt shows the parts of an exchange that matter, without the credential.
func (ex *Exchange) excerpt() string {
	if ex == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "> %s %s\n", ex.Method, ex.URL.RequestURI())
	headerLines(&b, "> ", ex.RequestHeader, "Accept", "Content-Type", "If-None-Match")
	bodyLine(&b, "> ", ex.RequestBody)
	fmt.Fprintf(&b, "< %d %s\n", ex.Status, http.StatusText(ex.Status))
	headerLines(&b, "< ", ex.Header, "Content-Type", "Location", "Vary", "Allow")
	bodyLine(&b, "< ", ex.Body)
	return b.String()
}

func headerLines(b *strings.Builder, mark string, h http.Header, names ...string) {
	for _, name := range names {
		for _, value := range h.Values(name) {
			fmt.Fprintf(b, "%s%s: %s\n", mark, name, value)
		}
	}
}

func bodyLine(b *strings.Builder, mark string, body []byte) {
	if len(body) == 0 {
		return
	}
	shown := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "\uFFFD")), " "))
	if len(shown) > shownStart+shownEnd {
		shown = slices.Concat(shown[:shownStart], []rune(" … "), shown[len(shown)-shownEnd:])
	}
	fmt.Fprintf(b, "%s%s\n", mark, string(shown))
}

// Markdown writes the report as a page. It holds nothing that changes from run to run
// unless an outcome does.
func (r *Report) Markdown(w io.Writer) error {
	out := &writer{w: w}
	out.line("# JSON:API 1.1 conformance of %s\n", r.Server)
	out.line("| | passed | failed | not applicable | no black-box test |")
	out.line("|---|---:|---:|---:|---:|")
	for _, h := range headings {
		n := r.counts(h.levels)
		out.line("| %s | %d | %d | %d | %d |", h.title, n[Passed], n[Failed], n[NotApplicable], n[Untestable])
	}
	r.markdownFailures(out)
	areas := map[string][]Result{}
	var order []string
	for _, result := range r.Results {
		area := result.Row.Area()
		if len(areas[area]) == 0 {
			order = append(order, area)
		}
		areas[area] = append(areas[area], result)
	}
	for _, area := range order {
		out.line("\n## %s: %s\n", area, areaTitles[area])
		out.line("| row | level | requirement | outcome |")
		out.line("|---|---|---|---|")
		for _, result := range areas[area] {
			outcome := string(result.Outcome)
			if result.Reason != "" {
				outcome += ": " + result.Reason
			}
			out.line("| [%s](%s) | %s | %s | %s |", result.ID, result.Row.Section(), result.Level, cell(result.Requirement), cell(outcome))
		}
	}
	return out.err
}

var areaTitles = map[string]string{
	"NEG": "content negotiation", "DOC": "document structure", "FETCH": "fetching data",
	"CRUD": "creating, updating and deleting", "REL": "relationship endpoints", "QUERY": "query parameters",
	"ERR": "errors", "ATOM": "atomic operations", "CUR": "cursor pagination", "ROB": "robustness",
}

func (r *Report) markdownFailures(out *writer) {
	for _, result := range r.Results {
		if result.Outcome != Failed {
			continue
		}
		out.line("\n### %s failed (%s)\n\n%s", result.ID, result.Level, result.Requirement)
		for _, f := range result.Failures[:min(len(result.Failures), shownFailures)] {
			out.line("\nExpected %s.\n", f.Expected)
			if f.Exchange != nil {
				out.line("```\n%s```", f.Exchange.excerpt())
			}
		}
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	type failure struct {
		Expected string `json:"expected"`
		Exchange string `json:"exchange,omitempty"`
	}
	type result struct {
		ID          string    `json:"id"`
		Level       Level     `json:"level"`
		Requirement string    `json:"requirement"`
		Section     string    `json:"section"`
		Outcome     Outcome   `json:"outcome"`
		Reason      string    `json:"reason,omitempty"`
		Checks      int       `json:"checks"`
		Failures    []failure `json:"failures,omitempty"`
	}
	page := struct {
		Server   string                    `json:"server"`
		Requests int                       `json:"requests"`
		Summary  map[Level]map[Outcome]int `json:"summary"`
		Results  []result                  `json:"results"`
	}{Server: r.Server, Requests: r.Requests, Summary: map[Level]map[Outcome]int{}}
	for _, one := range r.Results {
		if page.Summary[one.Level] == nil {
			page.Summary[one.Level] = map[Outcome]int{}
		}
		page.Summary[one.Level][one.Outcome]++
		line := result{
			ID: one.ID, Level: one.Level, Requirement: one.Requirement, Section: one.Row.Section(),
			Outcome: one.Outcome, Reason: one.Reason, Checks: one.Checks,
		}
		for _, f := range one.Failures {
			line.Failures = append(line.Failures, failure{f.Expected, f.Exchange.excerpt()})
		}
		page.Results = append(page.Results, line)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(page)
}

// Formats maps the names of the formats to what writes them.
var formats = map[string]func(*Report, io.Writer) error{
	"text": (*Report).Text, "markdown": (*Report).Markdown, "json": (*Report).JSON,
}

// Write writes the report in the named format.
func (r *Report) Write(w io.Writer, format string) error {
	write, ok := formats[format]
	if !ok {
		return fmt.Errorf("format %q is none of %v", format, slices.SortedFunc(maps.Keys(formats), cmp.Compare))
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
