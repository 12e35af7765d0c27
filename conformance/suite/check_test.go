package suite

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answered returns a GET that was answered with a document.
func answered(status int, body string) *Exchange {
	return &Exchange{
		Method: http.MethodGet, URL: &url.URL{Path: "/articles", RawQuery: "sort=title"}, Status: status,
		Header: http.Header{"Content-Type": {mediaType}, "Vary": {"Accept"}}, Body: []byte(body),
	}
}

// rowsOf returns the rows a document breaks.
func rowsOf(t *testing.T, ex *Exchange) []string {
	rows := map[string]bool{}
	for _, v := range checkExchange(describe(t), ex).violations {
		rows[v.row] = true
	}
	return slices.Sorted(maps.Keys(rows))
}

const article = `"type":"articles","id":"1"`

func TestCheckerFindsWhatBreaksARow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		status     int
		rows       []string
	}{
		{"a plain resource", `{"data":{` + article + `,"attributes":{"title":"x"}},"jsonapi":{"version":"1.1"}}`, 200, nil},
		{"an empty collection", `{"data":[],"links":{"self":"/articles","next":null}}`, 200, nil},
		{"no JSON", `{"data":`, 200, []string{"DOC-1", "DOC-45"}},
		{"a member twice", `{"data":null,"data":null}`, 200, []string{"DOC-45"}},
		{"an array as root", `[]`, 200, []string{"DOC-1"}},
		{"links alone", `{"links":{}}`, 200, []string{"DOC-2"}},
		{"data beside errors", `{"data":null,"errors":[{"status":"400"}]}`, 400, []string{"DOC-3"}},
		{"included without data", `{"meta":{},"included":[]}`, 200, []string{"DOC-4"}},
		{"an unknown top-level member", `{"data":null,"status":"ok"}`, 200, []string{"DOC-5"}},
		{"an @-member", `{"data":null,"@note":1}`, 200, nil},
		{"an unknown top-level link", `{"data":null,"links":{"edit":"/x"}}`, 200, []string{"DOC-7"}},
		{"a number as data", `{"data":1}`, 200, []string{"DOC-10"}},
		{"a numeric id", `{"data":{"type":"articles","id":1}}`, 200, []string{"DOC-12"}},
		{"a member beside attributes", `{"data":{` + article + `,"href":"/x"}}`, 200, []string{"DOC-13"}},
		{"a type with a slash", `{"data":{"type":"a/b","id":"1"}}`, 200, []string{"DOC-15"}},
		{"an attribute named id", `{"data":{` + article + `,"attributes":{"id":"1"}}}`, 200, []string{"DOC-16"}},
		{"a name as attribute and relationship", `{"data":{` + article + `,"attributes":{"a":1},"relationships":{"a":{"meta":{}}}}}`, 200,
			[]string{"DOC-16"}},
		{"attributes as an array", `{"data":{` + article + `,"attributes":[]}}`, 200, []string{"DOC-17"}},
		{"a foreign key", `{"data":{` + article + `,"attributes":{"authorId":1},"relationships":{"author":{"data":null}}}}`, 200,
			[]string{"DOC-18"}},
		{"a relationship that is null", `{"data":{` + article + `,"relationships":{"author":null}}}`, 200, []string{"DOC-19"}},
		{"an empty relationship", `{"data":{` + article + `,"relationships":{"author":{"links":{}}}}}`, 200, []string{"DOC-20"}},
		{"an array for a to-one", `{"data":{` + article + `,"relationships":{"author":{"data":[]}}}}`, 200, []string{"DOC-24"}},
		{"null for a to-many", `{"data":{` + article + `,"relationships":{"tags":{"data":null}}}}`, 200, []string{"DOC-24"}},
		{"an identifier with a numeric id", `{"data":{` + article + `,"relationships":{"author":{"data":{"type":"people","id":1}}}}}`, 200,
			[]string{"DOC-26"}},
		{"an identifier with attributes", `{"data":{` + article +
			`,"relationships":{"author":{"data":{"type":"people","id":"1","attributes":{}}}}}}`, 200, []string{"DOC-27"}},
		{"included as an object", `{"data":null,"included":{}}`, 200, []string{"DOC-28"}},
		{"an unlinked resource", `{"data":{` + article + `},"included":[{"type":"people","id":"1"}]}`, 200, []string{"DOC-29"}},
		{"a resource twice", `{"data":{` + article + `},"included":[{` + article + `}]}`, 200, []string{"DOC-31"}},
		{"meta that is null", `{"data":null,"meta":null}`, 200, []string{"DOC-32"}},
		{"an array as a link", `{"data":null,"links":{"self":["/x"]}}`, 200, []string{"DOC-33"}},
		{"a link object without href", `{"data":null,"links":{"self":{"title":"x"}}}`, 200, []string{"DOC-34"}},
		{"a language that is none", `{"data":null,"links":{"self":{"href":"/x","hreflang":"?"}}}`, 200, []string{"DOC-35"}},
		{"an attribute with a dot", `{"data":{` + article + `,"attributes":{"a.b":1}}}`, 200, []string{"DOC-36", "DOC-38"}},
		{"an attribute with a space", `{"data":{` + article + `,"attributes":{"a b":1}}}`, 200, []string{"DOC-38"}},
		{"a member of no extension", `{"data":null,"nope:x":1}`, 200, []string{"DOC-40"}},
		{"version 1.0", `{"data":null,"jsonapi":{"version":"1.0"}}`, 200, []string{"DOC-41/pick"}},
		{"a numeric version", `{"data":null,"jsonapi":{"version":1.1}}`, 200, []string{"DOC-41", "DOC-41/pick"}},
		{"a profile that was not applied", `{"data":null,"jsonapi":{"profile":["https://example.test/p"]}}`, 200, []string{"DOC-42"}},
		{"an empty next", `{"data":[],"links":{"next":""}}`, 200, []string{"DOC-33/pick", "FETCH-52"}},
		{"brackets in a link", `{"data":[],"links":{"self":"/articles?page[size]=1"}}`, 200, []string{"DOC-33"}},
		{"a blank in a link", `{"data":[],"links":{"self":"/a b"}}`, 200, []string{"DOC-33"}},
		{"half an escape in a link", `{"data":[],"links":{"self":{"href":"/a%2"}}}`, 200, []string{"DOC-34"}},
		{"an address as host", `{"data":[],"links":{"self":"http://[::1]:8080/articles?a=b%5Bc%5D#d"}}`, 200, nil},
		{"a link named previous", `{"data":[],"links":{"previous":"/x"}}`, 200, []string{"DOC-7", "FETCH-51"}},
		{"a string in a collection", `{"data":["x"]}`, 200, []string{"FETCH-3"}},
		{"an error without errors", `{"meta":{}}`, 404, nil},
		{"errors in a success", `{"errors":[{"status":"200"}]}`, 200, []string{"ERR-1"}},
		{"an empty array of errors", `{"errors":[]}`, 404, []string{"ERR-1"}},
		{"an error with a message", `{"errors":[{"status":"404","message":"x"}]}`, 404, []string{"ERR-2"}},
		{"a status of another kind", `{"errors":[{"status":404}]}`, 404, []string{"ERR-5"}},
		{"no status", `{"errors":[{"title":"x"}]}`, 404, []string{"ERR-3"}},
		{"a member that is null", `{"errors":[{"status":"404","detail":null}]}`, 404, []string{"ERR-2/pick"}},
		{"a member of another extension", `{"data":null,"other:x":1}`, 200, []string{"DOC-40"}},
		{"a numeric lid", `{"data":{` + article + `,"lid":1}}`, 200, []string{"DOC-43"}},
		{"a status of another answer", `{"errors":[{"status":"400"}]}`, 404, []string{"ERR-3"}},
		{"a numeric code", `{"errors":[{"status":"404","code":7}]}`, 404, []string{"ERR-5"}},
		{"an empty source", `{"errors":[{"status":"404","source":{}}]}`, 404, []string{"ERR-7"}},
		{"a pointer on a GET", `{"errors":[{"status":"404","source":{"pointer":"/data"}}]}`, 404, []string{"ERR-14"}},
		{"a parameter that was sent", `{"errors":[{"status":"400","source":{"parameter":"sort"}}]}`, 400, nil},
		{"a parameter that was not sent", `{"errors":[{"status":"400","source":{"parameter":"page"}}]}`, 400, []string{"ERR-11"}},
		{"two headers in one", `{"errors":[{"status":"400","source":{"header":"Accept, Vary"}}]}`, 400, []string{"ERR-12"}},
		{"an array as an error's link", `{"errors":[{"status":"400","links":{"type":["x"]}}]}`, 400, []string{"ERR-13"}},
		{"an internal error", `{"errors":[{"status":"500"}]}`, 500, []string{"ROB-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.rows, rowsOf(t, answered(c.status, c.body))); diff != "" {
				t.Errorf("rows broken by %s (-want +got):\n%s", c.body, diff)
			}
		})
	}
}

func TestCheckerReadsHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		rows   []string
	}{
		{"plain JSON", 200, http.Header{"Content-Type": {"application/json"}, "Vary": {"Accept"}}, []string{"NEG-1"}},
		{"a charset", 200, http.Header{"Content-Type": {mediaType + "; charset=utf-8"}, "Vary": {"Accept"}}, []string{"NEG-2"}},
		{"two spaces between URIs", 200, http.Header{"Content-Type": {mediaType + `; profile="https://a.test  https://b.test"`},
			"Vary": {"Accept"}}, []string{"NEG-5"}},
		{"a Vary that begins alike", 200, http.Header{"Content-Type": {mediaType}, "Vary": {"Accept-Encoding"}}, []string{"NEG-14"}},
		{"Accept in a list", 200, http.Header{"Content-Type": {mediaType}, "Vary": {"Origin, accept"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ex := answered(c.status, `{"data":null}`)
			ex.Header = c.header
			if diff := cmp.Diff(c.rows, rowsOf(t, ex)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPointerResolvesInWhatWasSent(t *testing.T) {
	t.Parallel()
	const body = `{"data":{"attributes":{"a/b~c":1},"list":[{"x":1}]}}`
	for pointer, want := range map[string][]string{
		"":                           nil,
		"/data/attributes/a~1b~0c":   nil,
		"/data/list/0/x":             nil,
		"/":                          {"ERR-8"},
		"data":                       {"ERR-8"},
		"/data/attributes/a/b~c":     {"ERR-8"},
		"/data/list/1":               {"ERR-8"},
		"/data/list/00":              {"ERR-8"},
		"/data/list[0]":              {"ERR-8", "ERR-9"},
		"/data/attributes/wrongName": {"ERR-8"},
	} {
		ex := answered(422, `{"errors":[{"status":"422","source":{"pointer":"`+pointer+`"}}]}`)
		ex.RequestBody = []byte(body)
		if diff := cmp.Diff(want, rowsOf(t, ex)); diff != "" {
			t.Errorf("rows for the pointer %q (-want +got):\n%s", pointer, diff)
		}
	}
}

func TestSparseFieldsetsWaiveFullLinkage(t *testing.T) {
	t.Parallel()
	ex := answered(200, `{"data":{`+article+`},"included":[{"type":"people","id":"1"}]}`)
	ex.URL.RawQuery = "fields[articles]=title"
	if rows := rowsOf(t, ex); len(rows) > 0 {
		t.Errorf("rows %v, want none", rows)
	}
}

func TestEveryRowIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range Rows() {
		if seen[row.ID] {
			t.Errorf("%s is there twice", row.ID)
		}
		seen[row.ID] = true
		if (row.Test == nil) == (row.Untestable == "") {
			t.Errorf("%s must have either a test or the reason why there is none", row.ID)
		}
		if !strings.HasSuffix(row.Requirement, ".") || row.Level == "" || !strings.HasPrefix(row.Section(), "https://") {
			t.Errorf("%s lacks a sentence, a level or a section", row.ID)
		}
	}
}

func TestErrorThatIsNoDocumentIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, contentType, body string
		rows                    []string
	}{
		{"nothing", "", "", nil},
		{"a page", "text/html", "<h1>Not Acceptable</h1>", nil},
		{"JSON of another kind", "application/json", `{"message":"no"}`, nil},
		{"error objects under another type", "application/json", `{"errors":[{"status":"406"}]}`, []string{"NEG-1"}},
		{"a broken document", mediaType, `no`, []string{"DOC-1", "DOC-45"}},
	} {
		ex := answered(406, c.body)
		ex.Header.Set("Content-Type", c.contentType)
		if diff := cmp.Diff(c.rows, rowsOf(t, ex)); diff != "" {
			t.Errorf("rows broken by %s with 406 (-want +got):\n%s", c.name, diff)
		}
	}
}

// A relationship document at a URL that does not look like one: what it includes is no repetition of its identifiers.
func TestLinkageIsKnownWhereverItIs(t *testing.T) {
	t.Parallel()
	ex := answered(200, `{"data":[{"type":"tags","id":"1"}],"included":[{"type":"tags","id":"1","attributes":{}}]}`)
	ex.URL.Path = "/articles/1/links/tags"
	if rows := rowsOf(t, ex); len(rows) > 0 {
		t.Errorf("rows %v, want none", rows)
	}
}

func TestExceptionIsSaidAndCoversItsPlaceOnly(t *testing.T) {
	t.Parallel()
	d := describe(t)
	d.Exceptions = []*Exception{{Row: "DOC-33", Type: "articles", Place: "/links/self", Reason: "old clients print it"}}
	judge := func(body string) Result {
		r := &run{client: &client{record: []*Exchange{answered(200, body)}}, desc: d}
		r.checkAll()
		return r.test(t.Context(), Row{ID: "DOC-33", Level: Must, overAll: true, Test: walk("DOC-33")})[0]
	}
	there := judge(`{"data":{` + article + `,"links":{"self":"/articles?a[b]=1"}}}`)
	if there.Outcome != Excepted || !strings.Contains(there.Reason, "old clients print it") {
		t.Errorf("the row is %s (%s), want a documented exception with its reason", there.Outcome, there.Reason)
	}
	d.Exceptions[0] = &Exception{Row: "DOC-33", URL: "/art*", Place: "/links/self", Reason: "old clients print it"}
	if top := judge(`{"data":null,"links":{"self":"/articles?a[b]=1"}}`); top.Outcome != Excepted {
		t.Errorf("the row is %s for a document of the URL, want a documented exception", top.Outcome)
	}
	if inside := judge(`{"data":{` + article + `,"links":{"self":"/articles?a[b]=1"}}}`); inside.Outcome != Failed {
		t.Errorf("the row is %s for a resource object in a document of the URL, want failed", inside.Outcome)
	}
	d.Exceptions[0] = &Exception{Row: "DOC-33", Type: "articles", Place: "/links/self", Reason: "old clients print it"}
	for name, body := range map[string]string{
		"another place": `{"data":{` + article + `,"links":{"self":"/articles?a[b]=1","more":"/articles?a[b]=1"}}}`,
		"another type":  `{"data":{"type":"tags","id":"1","links":{"self":"/tags?a[b]=1"}}}`,
		"the top level": `{"data":null,"links":{"self":"/articles?a[b]=1"}}`,
	} {
		if elsewhere := judge(body); elsewhere.Outcome != Failed {
			t.Errorf("%s: the row is %s, want failed", name, elsewhere.Outcome)
		}
	}
	if kept := judge(`{"data":{` + article + `,"links":{"self":"/articles"}}}`); kept.Outcome != Passed || kept.Reason == "" {
		t.Errorf("the row is %s (%q), want passed and a word about the exception", kept.Outcome, kept.Reason)
	}
}
