package suite

import (
	"io"
	"strings"
)

// TAP writes the report in version 13 of the Test Anything Protocol. A failure that does not count is a TODO, which is the
// protocol's word for it; what was not tested is a SKIP.
func (r *Report) TAP(w io.Writer) error {
	out := &writer{w: w}
	out.line("TAP version 13")
	out.line("1..%d", len(r.Results))
	for i, result := range r.Results {
		verdict, directive := "ok", ""
		switch {
		case result.Outcome == Failed && r.counts(result.Level):
			verdict = "not ok"
		case result.Outcome == Failed:
			verdict, directive = "not ok", " # TODO "+string(result.Level)+" does not count"
		case result.Outcome != Passed:
			directive = " # SKIP " + tapText(string(result.Outcome)+": "+result.Reason)
		}
		out.line("%s %d - %s (%s) %s%s", verdict, i+1, result.ID, result.Level, tapText(result.Requirement), directive)
		if result.Outcome == Failed {
			for line := range strings.Lines(result.details()) {
				out.line("# %s", strings.TrimRight(line, "\n"))
			}
		}
	}
	return out.err
}

// tapText keeps a text from being read as a directive, or as another line.
func tapText(s string) string { return strings.NewReplacer("#", "\\#", "\n", " ").Replace(s) }
