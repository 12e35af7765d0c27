package jsonapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/jsonapi/jsonapitest"
)

const hard = "<a&b> ü\u2028\"\\\x00\xff"

// full returns a document in which nothing is empty, so that a member the encoder forgot is missed.
func full(data any, included ...*jsonapi.Resource) *jsonapi.Document {
	typed := &jsonapi.Link{Href: hard, Type: hard}
	return &jsonapi.Document{
		Data: data, Included: included,
		Links: &jsonapi.Links{Self: typed, Related: jsonapi.Href(hard), First: jsonapi.Href("/1"), Prev: &jsonapi.Link{Null: true},
			Next: jsonapi.Href(""), Last: jsonapi.Href("/9"), DescribedBy: typed},
		Meta: map[string]any{
			hard: hard, "none": nil, "yes": true, "int": -7, "int64": int64(7), "float": 1.5, "list": []string{hard},
			"page": map[string]any{"b": 1, "a": map[string]any{}}, "noMap": map[string]any(nil),
		},
		Results: []jsonapi.Result{{}, {Data: data}, {Meta: map[string]any{"a": 1}}, {Data: jsonapi.Null, Meta: map[string]any{"b": 2}}},
		Ext:     []string{"/ext", hard}, Profile: []string{hard},
	}
}

func TestADocumentIsPrintedAsEncodingJSONWould(t *testing.T) {
	t.Parallel()
	if n := reflect.TypeFor[jsonapi.Document]().NumField(); n != 7 {
		t.Errorf("a document has %d members that this test does not know", n-7)
	}
	one := printedSchema.Form("/p").Resource(&printed{ID: hard})
	other := printedSchema.Form("/p").Only(map[string]bool{}).Resource(&printed{ID: "2"})
	other.Meta, other.Links = map[string]any{"page": map[string]any{"cursor": hard}}, &jsonapi.Links{Self: jsonapi.Href(hard)}
	identifier := jsonapi.Identifier{Type: "users", ID: hard, Meta: map[string]any{"since": 7}}
	for name, data := range map[string]any{
		"a resource": one, "several": []*jsonapi.Resource{one, other}, "none": []*jsonapi.Resource{}, "null": jsonapi.Null, "nil": nil,
		"an identifier": identifier, "identifiers": []jsonapi.Identifier{identifier, {}}, "no identifiers": []jsonapi.Identifier{},
		"anything": map[string]int{"a": 1},
	} {
		for _, document := range []*jsonapi.Document{full(data, one, other), {Data: data}, full(data),
			{Data: data, Included: []*jsonapi.Resource{}, Meta: map[string]any{}, Links: &jsonapi.Links{}}} {
			got, fleeting, err := document.Append(nil)
			if err != nil || fleeting {
				t.Fatal(err, fleeting)
			}
			if diff := cmp.Diff(byReflection(t, document), string(got)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

// byReflection prints a document member by member with encoding/json, to which a resource object is JSON.
func byReflection(t *testing.T, d *jsonapi.Document) string {
	t.Helper()
	type result struct {
		Data any            `json:"data,omitempty"`
		Meta map[string]any `json:"meta,omitempty"`
	}
	type implementation struct {
		Version string   `json:"version"`
		Ext     []string `json:"ext,omitempty"`
		Profile []string `json:"profile,omitempty"`
	}
	var results []result
	for _, one := range d.Results {
		results = append(results, result(one))
	}
	var members []string
	member := func(name string, there bool, value any) {
		if there {
			encoded, err := jsonapitest.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, fmt.Sprintf("%q:%s", name, encoded))
		}
	}
	member("data", d.Data != nil, d.Data)
	member("atomic:results", len(d.Results) > 0, results)
	member("included", d.Included != nil, d.Included)
	member("links", d.Links != nil, linksOf(d.Links))
	member("meta", d.Meta != nil, d.Meta)
	member("jsonapi", true, implementation{jsonapi.Version, d.Ext, d.Profile})
	return "{" + strings.Join(members, ",") + "}"
}

func linksOf(links *jsonapi.Links) jsonapitest.Links {
	one := func(link *jsonapi.Link) any {
		switch {
		case link == nil:
			return nil
		case link.Null:
			return json.RawMessage("null")
		case link.Type != "":
			return struct {
				Href string `json:"href"`
				Type string `json:"type"`
			}{link.Href, link.Type}
		default:
			return link.Href
		}
	}
	if links == nil {
		return jsonapitest.Links{}
	}
	return jsonapitest.Links{Self: one(links.Self), Related: one(links.Related), First: one(links.First), Prev: one(links.Prev),
		Next: one(links.Next), Last: one(links.Last), DescribedBy: one(links.DescribedBy)}
}

// TestACursorStandsInTheMeta of its resource, beside what else is said there.
func TestACursorStandsInTheMeta(t *testing.T) {
	t.Parallel()
	cursor := map[string]any{"cursor": hard}
	for _, want := range []map[string]any{{"page": cursor}, {"name": hard, "page": cursor, "zone": nil}} {
		r, same := printedSchema.Form("/p").Resource(&printed{ID: "1"}), printedSchema.Form("/p").Resource(&printed{ID: "1"})
		r.Cursor, r.Meta, same.Meta = hard, maps.Clone(want), want
		delete(r.Meta, "page")
		got, err := r.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		expected, err := same.Append(nil)
		if diff := cmp.Diff(string(expected), string(got)); diff != "" || err != nil {
			t.Errorf("%s %v", diff, err)
		}
	}
}

func TestWhatJSONCannotHoldIsAnError(t *testing.T) {
	t.Parallel()
	broken := printedSchema.Form("").Resource(&printed{ID: "1", Raw: jsonapi.Raw("{")})
	for name, d := range map[string]*jsonapi.Document{
		"JSON that is none": {Data: broken}, "a function": {Meta: map[string]any{"broken": func() {}}},
		"one that is included": {Data: jsonapi.Null, Included: []*jsonapi.Resource{broken}},
	} {
		if _, _, err := d.Append(nil); err == nil {
			t.Errorf("%s was printed", name)
		}
	}
}

// TestASettledDocumentLacksWhatIsFleeting, in primary data and in what comes along.
func TestASettledDocumentLacksWhatIsFleeting(t *testing.T) {
	t.Parallel()
	type key struct {
		ID   string `jsonapi:"primary,keys"`
		Name string `jsonapi:"attr,name"`
		Used string `jsonapi:"attr,used" rule:"readonly,fleeting"`
	}
	form := jsonapi.ForModel(key{}).Form("/keys")
	one := form.Resource(&key{"1", "k", "now"})
	named := form.Only(map[string]bool{"name": true}).Resource(&key{"1", "k", "now"})
	plain := people.Form("/people").Resource(&person{ID: "1"})
	for name, c := range map[string]struct {
		document, settled *jsonapi.Document
		fleeting          bool
	}{
		"one":            {&jsonapi.Document{Data: one}, &jsonapi.Document{Data: named}, true},
		"several":        {full([]*jsonapi.Resource{plain, one}), full([]*jsonapi.Resource{plain, named}), true},
		"what comes":     {full(plain, one), full(plain, named), true},
		"nothing":        {full(plain, plain), full(plain, plain), false},
		"a fieldset":     {full(named), full(named), false},
		"no resource's":  {&jsonapi.Document{Data: jsonapi.Null}, &jsonapi.Document{Data: jsonapi.Null}, false},
		"an operation's": {full(one), full(named), true}, // among its results
	} {
		_, fleeting, err := c.document.Append(nil)
		if err != nil || fleeting != c.fleeting {
			t.Errorf("%s: fleeting %v, %v", name, fleeting, err)
		}
		got, err := c.document.AppendSettled(nil)
		if want, _, _ := c.settled.Append(nil); err != nil || string(got) != string(want) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
}
