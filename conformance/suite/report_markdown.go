package suite

import (
	"io"
	"strings"
)

// Markdown writes the report as a page. It holds nothing that changes from run to run
// unless an outcome does.
func (r *Report) Markdown(w io.Writer) error {
	out := &writer{w: w}
	out.line("# JSON:API 1.1 conformance of %s\n", r.Server)
	out.line("| | passed | failed | documented exception | not applicable | no black-box test |")
	out.line("|---|---:|---:|---:|---:|---:|")
	for _, h := range headings {
		n := r.tally(h.levels)
		out.line("| %s | %d | %d | %d | %d | %d |", h.title, n[Passed], n[Failed], n[Excepted], n[NotApplicable], n[Untestable])
	}
	r.markdownExceptions(out)
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

func (r *Report) markdownExceptions(out *writer) {
	for _, result := range r.Results {
		if result.Outcome == Excepted {
			out.line("\n**%s has a documented exception.** %s Not so: %s.", result.ID, result.Requirement, result.Reason)
		}
	}
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
