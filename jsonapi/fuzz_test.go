package jsonapi_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"roster/jsonapi"
	"roster/jsonapi/jsonapitest"
)

// FuzzReadJSON: what is taken is JSON for others too, and means the same to them.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{"data":{"type":"things","id":null,"attributes":{"name":"\ud83d\ude00"}}}`, `{"a":1,"\u0061":2}`, `[1e400,-0,"\ud800"]`,
		"\xEF\xBB\xBF{}",
		strings.Repeat("[", 33), `{"a":` + strings.Repeat(`[`, 31) + strings.Repeat(`]`, 31) + `}`, "nul", "{} x", `"\u0000"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, e := jsonapi.ReadJSON(body)
		if e != nil {
			if v != nil || e.Source != nil || !utf8.ValidString(e.Detail) || len(e.Detail) > 600 {
				t.Fatalf("refused with the value %v, the source %v and the detail %q", v, e.Source, e.Detail)
			}
			return
		}
		dec := json.NewDecoder(strings.NewReader(string(body)))
		dec.UseNumber()
		var other any
		if err := dec.Decode(&other); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if !reflect.DeepEqual(v, other) {
			t.Fatalf("read as %#v, encoding/json reads %#v", v, other)
		}
	})
}

// FuzzDecodeResource: never a panic, every pointer leads somewhere, and what is taken fits the schema.
func FuzzDecodeResource(f *testing.F) {
	f.Add([]byte(minimal("")), false)
	f.Add([]byte(minimal(`,"id":"`+idA+`","relationships":{"owner":{"data":null},"fans":{"data":[{"type":"people","id":"a"}]}}`)), true)
	f.Add([]byte(`{"data":{"type":"people","id":"x","lid":"y","meta":[],"attributes":{"note":7,"a/b":1,"~":2},`+
		`"relationships":{"subject":{"data":{"type":"","id":""}}}}}`), false)
	f.Add([]byte(`{"data":{"type":"things","attributes":{"name":"a","size":1e2,"since":"2026-01-02T03:04:05.5+01:00",`+
		`"tags":["red","red"],"words":[""],"made":{}}}}`), true)
	f.Fuzz(func(t *testing.T, body []byte, update bool) {
		purpose := jsonapi.Create
		if update {
			purpose = jsonapi.Update
		}
		in, err := jsonapi.DecodeResource(body, things, purpose, idA)
		if err != nil {
			checkPointers(t, body, err)
			return
		}
		for _, field := range append(things.FieldNames(), "id", "nope") {
			if p := in.PointerTo(field); !jsonapitest.Resolves(string(body), p) {
				t.Errorf("PointerTo(%q) is %q", field, p)
			}
		}
		for name, linkage := range in.Relationships {
			rel := things.Relationship(name)
			if rel == nil || rel.Many != linkage.Many || !rel.Many && len(linkage.Refs) > 1 {
				t.Errorf("%s has the linkage %+v", name, linkage)
			}
			for i, ref := range linkage.Refs {
				if ref.ID == "" || ref.Type != rel.Target.Type || !jsonapitest.Resolves(string(body), in.PointerToRef(name, i)) {
					t.Errorf("identifier %d of %s is %+v at %q", i, name, ref, in.PointerToRef(name, i))
				}
			}
		}
		things.Apply(&thing{}, in.Attributes) // panics if a value has another type than its field
	})
}

// FuzzParseQuery: never a panic, every error names a parameter, and what is printed again means the same.
func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"filter[name][contains]=a+b&sort=-made,name&include=owner.things&fields[people]=name&page[number]=2&page[size]=10",
		"filter%5Bid%5D%5B%5D=a&filter[id][]=b&page[offset]=3&page[limit]=4", "filter[made]=2026-01-02T03:04:05%2B01:00", "%zz=1;&&=",
		"filter[[]]=",
		"page[after]=abc", "filter[owner][null]=true&filter[near]=%F0%9F%98%80",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parse(raw)
		if err != nil {
			for _, e := range errorsOf(t, err) {
				if e.Pointer != none || e.Header != "" || !utf8.ValidString(e.Parameter) {
					t.Fatalf("%+v", e)
				}
			}
			return
		}
		again, err := parse(strings.TrimPrefix(q.Encode(), "?"))
		if err != nil {
			t.Fatalf("%q is taken, and printed as %q, which is not: %v", raw, q.Encode(), err)
		}
		if asked(q) != asked(again) && len(q.Fields) < 2 {
			t.Fatalf("%q asks for %s, and printed as %q for %s", raw, asked(q), q.Encode(), asked(again))
		}
		if again.Encode() != q.Encode() {
			t.Fatalf("%q is printed as %q and then as %q", raw, q.Encode(), again.Encode())
		}
		if size := q.Page.Size; size < 1 || size > jsonapi.MaxPageSize || q.Page.Start() < 0 {
			t.Fatalf("%q: page %+v", raw, q.Page)
		}
	})
}

// FuzzNegotiate: never a panic, an error has its header, and a profile is one that is known.
func FuzzNegotiate(f *testing.F) {
	f.Add(mt, mt+`; profile="`+jsonapi.CursorProfile+`";q=0.5, */*`, true, false)
	f.Add(mt+`; ext="`+jsonapi.AtomicExt+`"`, mt+`; ext="`+jsonapi.AtomicExt+`"`, true, true)
	f.Add(`"\`, `"\",,;`, false, false)
	f.Fuzz(func(t *testing.T, contentType, accept string, hasBody, atomic bool) {
		var ext []string
		if atomic {
			ext = []string{jsonapi.AtomicExt}
		}
		got, err := jsonapi.Negotiate(http.Header{"Content-Type": {contentType}, "Accept": {accept}}, hasBody, ext)
		if err != nil {
			errs := errorsOf(t, err)
			if len(errs) != 1 || errs[0].Header == "" || len(got.Profiles) > 0 {
				t.Fatalf("%+v with profiles %v", errs, got.Profiles)
			}
			return
		}
		if len(got.Profiles) > 1 || len(got.Profiles) == 1 && got.Profiles[0] != jsonapi.CursorProfile {
			t.Fatalf("profiles %v", got.Profiles)
		}
	})
}
