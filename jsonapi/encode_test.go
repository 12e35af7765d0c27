package jsonapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// filled returns a value of a type in which nothing is empty, so that a member the encoder forgot is missed.
func filled(t *testing.T, typ reflect.Type) reflect.Value {
	t.Helper()
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.Pointer:
		v.Set(filled(t, typ.Elem()).Addr())
	case reflect.String:
		v.SetString("<a&b> ü\u2028\"\\\x00\xff")
	case reflect.Struct:
		for i := range typ.NumField() {
			if typ != reflect.TypeFor[Link]() || typ.Field(i).Name != "Null" { // would hide the others
				v.Field(i).Set(filled(t, typ.Field(i).Type))
			}
		}
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(t, typ.Elem()), filled(t, typ.Elem())))
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		v.SetMapIndex(reflect.ValueOf("b"), filled(t, typ.Elem()))
		v.SetMapIndex(reflect.ValueOf("a"), filled(t, typ.Elem()))
	case reflect.Interface:
		v.Set(reflect.ValueOf(Identifier{Type: "users", ID: "1", Meta: map[string]any{"since": 7}}))
	default:
		t.Fatalf("no value for %s", typ)
	}
	return v
}

func TestTheEncoderPrintsWhatEncodingJSONWould(t *testing.T) {
	t.Parallel()
	text, moment := "plain", time.Date(2024, 8, 20, 12, 45, 7, 123456000, time.FixedZone("", 7200))
	full := filled(t, reflect.TypeFor[Resource]()).Interface().(Resource)
	full.Attributes = map[string]any{
		"string": full.ID, "pointer": &text, "none": (*string)(nil), "null": nil, "yes": true, "number": int64(-7), "stamp": Stamp{moment},
		"time": Time{moment}, "noTime": (*Time)(nil), "aTime": &Time{moment}, "list": Strings{"x"}, "raw": Raw(`{"a":1}`), "float": 1.5,
	}
	simple := filled(t, reflect.TypeFor[Resource]()).Interface().(Resource)
	simple.Relationships["c"] = &RelationshipObject{Links: &Links{Self: Href("/x"), Next: &Link{Null: true}},
		Data: []Identifier{{Type: "users", ID: "1"}, {Type: "users", ID: "2"}}}
	simple.Relationships["d"] = &RelationshipObject{Data: Null}
	simple.Relationships["e"] = &RelationshipObject{Data: []Identifier{}}
	for _, data := range []any{
		&full, []*Resource{&full, &simple, {Type: "users", ID: "2"}}, []*Resource{}, Identifier{Type: "users", ID: "3"}, []Identifier{},
		Null, &Resource{}, nil,
	} {
		d := filled(t, reflect.TypeFor[Document]()).Interface().(Document)
		d.Data, d.Included = data, []*Resource{&simple}
		for _, document := range []*Document{&d, {Data: data},
			{Data: data, Included: []*Resource{}, Meta: map[string]any{}, Links: &Links{}}} {
			got, err := document.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(byReflection(t, document), string(got)); diff != "" {
				t.Errorf("%T: %s", data, diff)
			}
		}
	}
}

// byReflection prints a document member by member with encoding/json.
func byReflection(t *testing.T, d *Document) string {
	t.Helper()
	var members []string
	member := func(name string, there bool, value any) {
		if there {
			var b strings.Builder
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(value); err != nil {
				t.Fatal(err)
			}
			members = append(members, fmt.Sprintf("%q:%s", name, strings.TrimSuffix(b.String(), "\n")))
		}
	}
	member("data", d.Data != nil, d.Data)
	member("atomic:results", len(d.Results) > 0, d.Results)
	member("included", d.Included != nil, d.Included)
	member("links", d.Links != nil, d.Links)
	member("meta", d.Meta != nil, d.Meta)
	member("jsonapi", true, Implementation{Version: Version, Ext: d.Ext, Profile: d.Profile})
	if n := reflect.TypeFor[Document]().NumField(); n != 7 {
		t.Errorf("a document has %d members that this test does not know", n-7)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func TestWhatJSONCannotHoldIsAnError(t *testing.T) {
	t.Parallel()
	d := &Document{Data: &Resource{Type: "users", ID: "1", Attributes: map[string]any{"broken": func() {}}}}
	if _, err := d.Encode(); err == nil {
		t.Error("it was printed")
	}
}

// What the encoder gains over reflection, for a page as the API sends it.
func BenchmarkEncode(b *testing.B) {
	page := &Document{Meta: map[string]any{"total": 25}}
	var resources []*Resource
	for range 25 {
		const self = "/public/v2/management/organizations/01912f6a-8c00-7abc-8def-0123456789ab"
		r := &Resource{Type: "organizations", ID: "01912f6a-8c00-7abc-8def-0123456789ab", Links: &Links{Self: Href(self)},
			Attributes: map[string]any{}}
		for n := range 16 {
			r.Attributes[fmt.Sprintf("attribute%d", n)] = "Acme Corporation"
		}
		r.Relationships = map[string]*RelationshipObject{}
		for _, name := range []string{"children", "createdBy", "events", "memberships", "parent", "users"} {
			r.Relationships[name] = &RelationshipObject{
				Links: &Links{Self: Href(self + "/relationships/" + name), Related: Href(self + "/" + name)}, Data: Null}
		}
		resources = append(resources, r)
	}
	page.Data = resources
	b.Run("appending", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := page.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reflection", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Marshal(page.Data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
