package suite

import (
	"net/http/httptest"
	"strings"
	"testing"
)

const library = `{
  "name": "library",
  "credential": {"header": "Authorization", "wrong": "wrong"},
  "openapi": "/openapi.json",
  "atomic": {"path": "/operations", "maxOperations": 10, "href": true},
  "paging": {"style": "number", "sizeDefault": 6, "sizeMax": 10, "cursor": true},
  "limits": {"includeDepth": 3, "bodyBytes": 1048576},
  "conditional": ["resources", "relationships"],
  "resources": [
    {
      "type": "articles", "path": "/articles", "clientIds": true,
      "create": {"attributes": {"title": "{{group}} title {{n}}", "slug": "{{unique}}", "kind": "note"}},
      "update": {"attribute": "title", "value": "changed {{unique}}"},
      "nullable": {"attribute": "body", "value": "text"},
      "required": "title",
      "unique": {"attribute": "slug", "value": "{{unique}}"},
      "readOnly": {"attribute": "number", "value": -1},
      "timestamp": {"attribute": "publishedAt"},
      "sort": {"attribute": "title", "ties": "kind", "unsortable": "number"},
      "scope": "filter[title][prefix]={{group}}",
      "filter": {"parameter": "filter[title]", "attribute": "title"},
      "relationshipFilter": {"parameter": "filter[author]", "relationship": "author", "multiple": true},
      "relationships": [
        {"name": "parent", "kind": "one", "target": "articles", "writable": true, "inverse": "children"},
        {"name": "children", "kind": "many", "target": "articles", "inverse": "parent", "writable": false},
        {"name": "author", "kind": "one", "target": "people", "writable": true, "inverse": "articles"},
        {"name": "tags", "kind": "many", "target": "tags", "writable": true, "inverse": "articles"}
      ]
    },
    {
      "type": "people", "path": "/people", "clientIds": false,
      "create": {"attributes": {"name": "{{unique}}"}},
      "update": {"attribute": "name", "value": "{{unique}}"},
      "sort": {"attribute": "name"},
      "relationships": [{"name": "articles", "kind": "many", "target": "articles", "inverse": "author", "writable": false}]
    },
    {"type": "tags", "path": "/tags", "clientIds": false, "update": {"attribute": "name", "value": "{{unique}}"},
      "create": {"attributes": {"name": "{{unique}}"}},
      "relationships": [{"name": "articles", "kind": "many", "target": "articles", "inverse": "tags", "writable": false}]},
    {"type": "comments", "path": "/comments",
      "create": {"attributes": {"text": "{{unique}}"},
        "relationships": {"article": {"data": {"type": "articles", "id": "{{new:articles}}"}}}},
      "relationships": [{"name": "article", "kind": "one", "target": "articles", "writable": true, "required": true}]},
    {"type": "entries", "path": "/entries", "operations": ["list", "read"]}
  ]
}`

// describe returns the description of the small server.
func describe(t *testing.T) *Description {
	t.Helper()
	d, err := ReadDescription(strings.NewReader(library))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// try runs the suite against a small server with a twist ("" for none).
func try(t *testing.T, twist string, only ...string) (*Report, *server) {
	t.Helper()
	s := newServer(twist)
	return examine(t, s, describe(t), only...), s
}

// examine runs the suite against a small server.
func examine(t *testing.T, s *server, d *Description, only ...string) *Report {
	t.Helper()
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	report, err := Run(t.Context(), listening.URL, d, Options{Only: only})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func textOf(t *testing.T, report *Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestServerThatKeepsTheRulesPasses(t *testing.T) {
	t.Parallel()
	report, s := try(t, "")
	if failed := report.Failed(); len(failed) > 0 {
		t.Errorf("%v failed:\n%s", failed, textOf(t, report))
	}
	if left := len(s.store.records); left != 1 {
		t.Errorf("%d resources are left after the run, want the one that was there before", left)
	}
}

// minimal describes one type of the small server, and as little of it as there is to say.
func minimal(t *testing.T) *Description {
	t.Helper()
	d, err := ReadDescription(strings.NewReader(`{"name": "library", "resources": [
		{"type": "articles", "path": "/articles", "create": {"attributes": {"title": "{{group}} title {{n}}"}},
			"update": {"attribute": "title", "value": "changed {{unique}}"}, "scope": "filter[title][prefix]={{group}}",
			"relationships": [{"name": "children", "kind": "many", "target": "articles"},
				{"name": "author", "kind": "one", "target": "people"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What a description leaves out makes rows not applicable, and never fails them, whatever the server does there.
func TestMinimalDescriptionFailsNothing(t *testing.T) {
	t.Parallel()
	for _, twist := range []string{"", "CRUD-6", "no conditional requests", "ROB-8"} {
		report := examine(t, newServer(twist), minimal(t))
		if failed := report.Failed(); len(failed) > 0 {
			t.Errorf("failed rows of a server with the twist %q: %v", twist, failed)
		}
		for id, missing := range map[string]string{
			"ATOM-1": "no atomic endpoint", "CRUD-6": "clientIds", "REL-15": "writable", "ROB-8": "conditional",
		} {
			for _, result := range report.Results {
				if result.ID == id && (result.Outcome != NotApplicable || !strings.Contains(result.Reason, missing)) {
					t.Errorf("%s is %s: %q, want the reason that %s is missing", id, result.Outcome, result.Reason, missing)
				}
			}
		}
	}
}

// The suite makes what it looks at: neither an empty server nor one full of other people's data makes a difference.
func TestRunDependsOnNoData(t *testing.T) {
	t.Parallel()
	empty, full := newServer(""), newServer("")
	empty.store.records = map[string]*record{}
	for _, typ := range []string{"articles", "people", "tags", "comments", "entries"} {
		for range 400 {
			attrs := Object{"title": "Some title", "slug": newUUID(), "kind": "note", "name": "Somebody", "text": "words"}
			full.insert(&record{typ: typ, id: newUUID(), attrs: attrs})
		}
	}
	for name, s := range map[string]*server{"empty": empty, "full": full} {
		before := len(s.store.records)
		report := examine(t, s, describe(t))
		if failed := report.Failed(); len(failed) > 0 {
			t.Errorf("failed rows on a server that is %s: %v\n%s", name, failed, textOf(t, report))
		}
		if left := len(s.store.records) - before; left != 0 {
			t.Errorf("%d resources are left on a server that is %s", left, name)
		}
	}
}

func TestOnlySelectsRows(t *testing.T) {
	t.Parallel()
	report, _ := try(t, "", "NEG-1?", "REL-2")
	var got []string
	for _, result := range report.Results {
		got = append(got, result.ID)
	}
	want := "NEG-10 NEG-11 NEG-11/pick NEG-12 NEG-12/pick NEG-13 NEG-14 NEG-15 NEG-16 NEG-16/pick NEG-17 NEG-18 NEG-19 REL-2 REL-2/pick"
	if strings.Join(got, " ") != want {
		t.Errorf("rows %v, want %s", got, want)
	}
}
