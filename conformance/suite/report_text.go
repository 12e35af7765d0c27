package suite

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	out := &writer{w: w}
	out.line("JSON:API 1.1 conformance of %s: %d results from %d requests", r.Server, len(r.Results), r.Requests)
	out.line("")
	out.line("%-48s %8s %8s %8s %8s %8s", "", "passed", "failed", "excepted", "n/a", "no test")
	for _, h := range headings {
		n := r.tally(h.levels)
		out.line("%-48s %8d %8d %8d %8d %8d", h.title, n[Passed], n[Failed], n[Excepted], n[NotApplicable], n[Untestable])
	}
	for _, outcome := range []Outcome{Excepted, NotApplicable, Untestable} {
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
	headerLines(&b, "> ", ex.RequestHeader, "Accept", "Content-Type", "If-None-Match", "If-Match")
	bodyLine(&b, "> ", ex.RequestBody)
	fmt.Fprintf(&b, "< %d %s\n", ex.Status, http.StatusText(ex.Status))
	headerLines(&b, "< ", ex.Header, "Content-Type", "Location", "Vary", "Allow", "ETag")
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
