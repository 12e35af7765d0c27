package suite

import "strings"

// Level says how binding a row is.
type Level string

// The levels, in the words of RFC 2119 where they come from the specification.
const (
	Must    Level = "MUST"
	MustNot Level = "MUST NOT"
	Should  Level = "SHOULD"
	// HTTP rows follow from RFC 9110 and its neighbours, not from JSON:API itself.
	HTTP Level = "HTTP"
	// Note rows are consequences of other rules.
	Note Level = "NOTE"
	// Pick rows decide what the specification leaves open. They are expectations of a
	// description, which may opt out of each with a reason.
	Pick Level = "PICK"
)

// pickSuffix marks the part of a row's result that is an expectation rather than the rule itself.
const pickSuffix = "/pick"

// Row is one rule. Exactly one of Test and Untestable is set.
type Row struct {
	ID          string
	Level       Level
	Requirement string
	// section is a fragment of the specification, or "atomic:" or "cursor:" plus one of theirs.
	section string
	Test    func(*T)
	// Untestable says why no test from outside a server can exist.
	Untestable string
	// overAll rows look at everything recorded and run after all others.
	overAll bool
}

// Section returns the URL of the section the row comes from.
func (r Row) Section() string {
	if fragment, ok := strings.CutPrefix(r.section, "atomic:"); ok {
		return "https://jsonapi.org/ext/atomic/#" + fragment
	}
	if fragment, ok := strings.CutPrefix(r.section, "cursor:"); ok {
		return "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/#" + fragment
	}
	if strings.HasPrefix(r.section, "https:") {
		return r.section
	}
	return "https://jsonapi.org/format/1.1/#" + r.section
}

// Area returns the first part of the id: NEG, DOC, …
func (r Row) Area() string {
	area, _, _ := strings.Cut(r.ID, "-")
	return area
}

// Rows returns every row in the order of the report.
func Rows() []Row {
	var rows []Row
	for _, area := range [][]Row{
		negRows, docRows, fetchRows, crudRows, relRows, queryRows, errRows, atomRows, curRows, robRows,
	} {
		rows = append(rows, area...)
	}
	return rows
}

// walk is the test of a row whose rule the document checker applies to every recorded response.
func walk(id string) func(*T) {
	return func(t *T) { t.walk(id) }
}
