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
	"NEG-4":   {"CUR-23", "NEG-12", "NEG-12/pick"},
	"NEG-6":   {"NEG-19", "NEG-22/pick"},
	"NEG-7":   {"NEG-18"},
	"NEG-8":   {"NEG-18"},
	"NEG-14":  nil,
	"NEG-17":  {"NEG-22/pick"},
	"NEG-22":  {"ERR-3"},
	"DOC-3":   nil,
	"DOC-8":   nil,
	"DOC-9":   nil,
	"DOC-11":  {"CUR-11", "DOC-22"},
	"DOC-13":  nil,
	"DOC-18":  nil,
	"DOC-23":  nil,
	"DOC-24":  nil,
	"DOC-29":  {"FETCH-21", "FETCH-22", "FETCH-23", "FETCH-30"},
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
	"ERR-3":    {"NEG-22"},
	"ERR-5":    nil, // a status that is a number
	"ERR-8":    {"CRUD-2/pick", "DOC-2/pick"},
	"ATOM-11":  {"ATOM-20"},
	"ATOM-12":  nil,
	"ATOM-14":  {"ATOM-14/pick", "ATOM-6/pick", "ATOM-8/pick"},
	"CUR-5":    nil,
	"CUR-10":   {"CUR-17"},
	"CUR-14":   nil,
	"CUR-15":   nil,
	"CUR-24":   nil,
	"ROB-7":    {"ROB-8", "ROB-9"}, // no ETag at all
	"ROB-8":    {"ROB-8/pick"},
	"ROB-9":    {"ROB-9/pick"},
	"DOC-33":   {"DOC-34"}, // self is a link object where a profile was applied
	"QUERY-6":  nil,
}

// elsewhere names the rules that are broken for one type only, which is not the first, or by one method only, and the rows that must
// find it.
var elsewhere = map[string][]string{
	"FETCH-30@people":  {"FETCH-30", "FETCH-31", "FETCH-34"},
	"FETCH-32@tags":    {"FETCH-30", "FETCH-31", "FETCH-32", "FETCH-34"},
	"CRUD-32@tags":     {"CRUD-32"},
	"CRUD-35@comments": {"CRUD-35"},
	"ROB-8@people":     {"ROB-8"},
	"ROB-8 by DELETE":  {"ROB-8"},
}

func TestRuleBrokenForOneTypeIsFound(t *testing.T) {
	t.Parallel()
	for twist, rows := range elsewhere {
		t.Run(twist, func(t *testing.T) {
			t.Parallel()
			report, _ := try(t, twist, rows...)
			got := slices.DeleteFunc(report.Failed(), func(id string) bool { return strings.HasSuffix(id, pickSuffix) })
			if diff := cmp.Diff(rows, got); diff != "" {
				t.Errorf("failed rows (-want +got):\n%s", diff)
			}
		})
	}
}

// liberty is what the specification leaves to a server, which keeps every rule when it takes it.
type liberty struct {
	blamed  []string // rows that would blame it if they asked for more than the specification does
	rightly []string // rows that may: an extension or a SHOULD asks for more here
}

var liberties = map[string]liberty{
	"422 for what is malformed": {
		blamed: []string{"CRUD-2", "CRUD-20", "CRUD-3", "CRUD-5", "DOC-17", "DOC-2", "DOC-26", "REL-2", "REL-3"},
	},
	"nothing in 406 and 415": {blamed: []string{"DOC-1", "ERR-16", "NEG-1", "NEG-22"}},
	"errors of another kind": {
		blamed:  []string{"DOC-1", "ERR-1", "FETCH-5", "NEG-1"},
		rightly: []string{"CRUD-18", "ATOM-14", "CUR-4", "CUR-5", "CUR-8", "CUR-13"},
	},
	"relationships without links":      {blamed: []string{"DOC-22", "FETCH-10", "FETCH-6", "REL-1"}},
	"no pagination links":              {blamed: []string{"FETCH-50", "FETCH-52", "FETCH-56"}},
	"profiles nobody asked for":        {blamed: []string{"NEG-4"}},
	"fewer fields in collections":      {blamed: []string{"DOC-14"}},
	"attributes that change when read": {blamed: []string{"ATOM-18", "CRUD-26"}},
	"no fields":                        {blamed: []string{"FETCH-30", "FETCH-35", "QUERY-7"}},
	"include for GET only":             {blamed: []string{"FETCH-27"}},
	"any string is a cursor":           {blamed: []string{"CUR-8"}},
	"members change by PATCH only":     {blamed: []string{"REL-10", "REL-4", "REL-6"}},
	"no weights":                       {blamed: []string{"NEG-11"}},
}

func TestServerThatTakesALibertyIsNotBlamed(t *testing.T) {
	t.Parallel()
	for name, l := range liberties {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, _ := try(t, name)
			if diff := cmp.Diff(l.rightly, report.Failed(Must, MustNot, Should, HTTP, Note)); diff != "" {
				t.Errorf("failed rows, which would be %v if they asked for too much (-want +got):\n%s\n%s", l.blamed, diff,
					textOf(t, report))
			}
		})
	}
}

// Run are the rows of the rule's area and those named beside it: a whole run for each rule would take minutes.
func TestBrokenRuleFailsItsRowAndNoOther(t *testing.T) {
	t.Parallel()
	for rule, also := range mutations {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			want := slices.Sorted(slices.Values(append([]string{rule}, also...)))
			area, _, _ := strings.Cut(rule, "-")
			only := []string{area + "-*"}
			for _, id := range also {
				only = append(only, strings.TrimSuffix(id, pickSuffix))
			}
			report, _ := try(t, rule, only...)
			got := slices.Sorted(slices.Values(report.Failed()))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("failed rows of a server that breaks %s (-want +got):\n%s", rule, diff)
			}
		})
	}
}

// A filter that looks at one page only is a fault of the filter, and says nothing about how the query is read.
func TestLateFilterIsNotBlamedOnTheQuery(t *testing.T) {
	t.Parallel()
	s := newServer("FETCH-60")
	for range 2 * defaultSize {
		s.insert(&record{typ: "articles", id: newUUID(), attrs: Object{"title": "Some title", "kind": "note"}})
	}
	report := examine(t, s, describe(t), "FETCH-60", "QUERY-6")
	if diff := cmp.Diff([]string{"FETCH-60"}, report.Failed()); diff != "" {
		t.Errorf("failed rows (-want +got):\n%s", diff)
	}
}
