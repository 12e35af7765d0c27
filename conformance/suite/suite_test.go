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
        {"name": "children", "kind": "many", "target": "articles", "inverse": "parent"},
        {"name": "author", "kind": "one", "target": "people", "writable": true, "inverse": "articles"},
        {"name": "tags", "kind": "many", "target": "tags", "writable": true, "inverse": "articles"}
      ]
    },
    {
      "type": "people", "path": "/people",
      "create": {"attributes": {"name": "{{unique}}"}},
      "update": {"attribute": "name", "value": "{{unique}}"},
      "sort": {"attribute": "name"},
      "relationships": [{"name": "articles", "kind": "many", "target": "articles", "inverse": "author"}]
    },
    {"type": "tags", "path": "/tags", "create": {"attributes": {"name": "{{unique}}"}},
      "relationships": [{"name": "articles", "kind": "many", "target": "articles", "inverse": "tags"}]},
    {"type": "comments", "path": "/comments",
      "create": {"attributes": {"text": "{{unique}}"}, "relationships": {"article": {"data": {"type": "articles", "id": "{{new:articles}}"}}}},
      "relationships": [{"name": "article", "kind": "one", "target": "articles", "writable": true, "required": true}]},
    {"type": "entries", "path": "/entries", "operations": ["list", "read"], "create": {}}
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

// try runs the suite against a small server that breaks a rule ("" for none).
func try(t *testing.T, broken string, only ...string) (*Report, *server) {
	t.Helper()
	s := newServer(broken)
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	report, err := Run(t.Context(), listening.URL, describe(t), Options{Only: only})
	if err != nil {
		t.Fatal(err)
	}
	return report, s
}

func TestServerThatKeepsTheRulesPasses(t *testing.T) {
	t.Parallel()
	report, s := try(t, "")
	if failed := report.Failed(); len(failed) > 0 {
		var b strings.Builder
		if err := report.Text(&b); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%v failed:\n%s", failed, b.String())
	}
	if left := len(s.store.records); left != 1 {
		t.Errorf("%d resources are left after the run, want the one that was there before", left)
	}
}

// A description that says little must make rows not applicable, never fail them.
func TestMinimalDescriptionFailsNothing(t *testing.T) {
	t.Parallel()
	listening := httptest.NewServer(newServer(""))
	t.Cleanup(listening.Close)
	d, err := ReadDescription(strings.NewReader(`{"name": "library", "resources": [
		{"type": "articles", "path": "/articles", "clientIds": true, "create": {"attributes": {"title": "{{group}} title {{n}}"}},
			"update": {"attribute": "title", "value": "changed {{unique}}"}, "scope": "filter[title][prefix]={{group}}"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), listening.URL, d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if failed := report.Failed(); len(failed) > 0 {
		t.Errorf("failed rows: %v", failed)
	}
	for _, result := range report.Results {
		if result.ID == "ATOM-1" && !strings.Contains(result.Reason, "no atomic endpoint") {
			t.Errorf("ATOM-1 is %s: %q, want the reason that there is no atomic endpoint", result.Outcome, result.Reason)
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
	want := "NEG-10 NEG-11 NEG-12 NEG-13 NEG-14 NEG-15 NEG-16 NEG-17 NEG-18 NEG-19 REL-2"
	if strings.Join(got, " ") != want {
		t.Errorf("rows %v, want %s", got, want)
	}
}
