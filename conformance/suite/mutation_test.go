package suite

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mutations names, for each rule the small server can break, what must fail then beside
// the rule's own row: rows that state the same rule once more, or build on it.
var mutations = map[string][]string{
	"NEG-1":   nil,
	"NEG-2":   {"DOC-8", "FETCH-8"}, // links.self.type and HEAD no longer agree with the Content-Type
	"NEG-4":   {"CUR-23", "DOC-8", "NEG-12"},
	"NEG-6":   {"NEG-19", "NEG-22"},
	"NEG-7":   {"NEG-18"},
	"NEG-8":   {"NEG-18"},
	"NEG-14":  nil,
	"NEG-22":  {"NEG-17"},
	"DOC-3":   nil,
	"DOC-8":   nil,
	"DOC-9":   nil,
	"DOC-11":  {"CUR-11", "DOC-22"},
	"DOC-13":  nil,
	"DOC-18":  nil,
	"DOC-23":  nil,
	"DOC-24":  nil,
	"DOC-29":  {"FETCH-21", "FETCH-22", "FETCH-23", "FETCH-30", "FETCH-33"},
	"DOC-31":  nil,
	"DOC-37":  nil,
	"DOC-39":  nil,
	"DOC-41":  nil,
	"FETCH-4": {"DOC-10", "DOC-22", "FETCH-1", "FETCH-13", "FETCH-6"},
	// An unsupported path is also what FETCH-24/pick and ROB-5 ask for.
	"FETCH-21": {"FETCH-23"},
	"FETCH-24": {"FETCH-24/pick", "ROB-5"},
	"FETCH-32": {"FETCH-30", "FETCH-31", "FETCH-34"},
	"FETCH-40": {"FETCH-45", "FETCH-53"},
	"FETCH-42": {"FETCH-42/pick"},
	"FETCH-52": nil,
	"FETCH-55": nil,
	"CRUD-1":   nil,
	"CRUD-4":   {"ATOM-23", "CRUD-4/pick"},
	"CRUD-6":   {"ATOM-23", "CRUD-6/pick"},
	"CRUD-8":   {"ATOM-23"},
	"CRUD-11":  nil,
	"CRUD-16":  {"CRUD-31"},
	"CRUD-22":  nil,
	"CRUD-26":  nil,
	"CRUD-32":  {"CRUD-32/pick"},
	"CRUD-33":  {"ATOM-30"},
	"CRUD-34":  {"DOC-16/pick", "ERR-15"},
	"CRUD-35":  nil,
	"CRUD-38":  {"FETCH-7"},
	"CRUD-39":  {"ATOM-14", "ERR-15"},
	"REL-2":    nil,
	"REL-7":    {"ATOM-22"},
	"REL-10":   {"ATOM-22"},
	"REL-17":   nil,
	"QUERY-2":  nil,
	"QUERY-4":  nil,
	"QUERY-8":  nil,
	"ERR-2":    nil,
	"ERR-3":    nil,
	"ERR-8":    {"CRUD-2/pick", "DOC-2/pick"},
	"ATOM-11":  {"ATOM-20"},
	"ATOM-12":  nil,
	"ATOM-14":  {"ATOM-14/pick", "ATOM-6/pick", "ATOM-8/pick"},
	"CUR-5":    nil,
	"CUR-10":   {"CUR-17"},
	"CUR-14":   nil,
	"CUR-15":   nil,
	"CUR-24":   nil,
	"ROB-8":    nil,
	"ROB-9":    nil,
}

// Every row is run where one alone must fail. Where others fail with it, these are run and no
// more, because a whole run takes most of a second.
func TestBrokenRuleFailsItsRowAndNoOther(t *testing.T) {
	t.Parallel()
	for rule, also := range mutations {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			want := slices.Sorted(slices.Values(append([]string{rule}, also...)))
			var only []string
			if len(also) > 0 {
				for _, id := range want {
					only = append(only, strings.TrimSuffix(id, pickSuffix))
				}
			}
			report, _ := try(t, rule, only...)
			got := slices.Sorted(slices.Values(report.Failed()))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("failed rows of a server that breaks %s (-want +got):\n%s", rule, diff)
			}
		})
	}
}
