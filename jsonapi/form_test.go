package jsonapi_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/jsonapi/jsonapitest"
)

// printed has an attribute of every type that attributes have, by itself, as a pointer, and left out when it is empty.
type printed struct {
	ID           string           `jsonapi:"primary,printed"`
	String       string           `jsonapi:"attr,string"`
	StringP      *string          `jsonapi:"attr,stringP"`
	StringO      string           `jsonapi:"attr,stringO,omitempty"`
	Integer      int64            `jsonapi:"attr,integer"`
	IntegerP     *int64           `jsonapi:"attr,integerP"`
	IntegerO     *int64           `jsonapi:"attr,integerO,omitempty"`
	Bool         bool             `jsonapi:"attr,bool"`
	BoolP        *bool            `jsonapi:"attr,boolP"`
	BoolO        bool             `jsonapi:"attr,boolO,omitempty"`
	Time         jsonapi.Time     `jsonapi:"attr,time"`
	TimeP        *jsonapi.Time    `jsonapi:"attr,timeP"`
	TimeO        jsonapi.Time     `jsonapi:"attr,timeO,omitempty"`
	Stamp        jsonapi.Stamp    `jsonapi:"attr,stamp"`
	StampP       *jsonapi.Stamp   `jsonapi:"attr,stampP"`
	StampO       jsonapi.Stamp    `jsonapi:"attr,stampO,omitempty"`
	Strings      jsonapi.Strings  `jsonapi:"attr,strings"`
	StringsP     *jsonapi.Strings `jsonapi:"attr,stringsP"`
	StringsO     jsonapi.Strings  `jsonapi:"attr,stringsO,omitempty"`
	Raw          jsonapi.Raw      `jsonapi:"attr,raw"`
	RawP         *jsonapi.Raw     `jsonapi:"attr,rawP"`
	RawO         jsonapi.Raw      `jsonapi:"attr,rawO,omitempty"`
	Unprinted    string
	NameOfItself string `jsonapi:"attr,a"`
}

// printedSchema has a relationship of every kind that is printed in another way.
var printedSchema = func() *jsonapi.Schema {
	s := jsonapi.ForModel(printed{})
	for _, rel := range []*jsonapi.Relationship{
		{Name: "owner", Target: people}, {Name: "maker", Target: people, ReadOnly: true}, {Name: "of", Polymorphic: true, CreateOnly: true},
		{Name: "fans", Target: people, Many: true}, {Name: "watchers", Target: people, Many: true, ReadOnly: true},
		{Name: "listed", Target: people, Many: true, ReadOnly: true, ByURL: true, ListedBy: "thing"},
		{Name: "hidden", Target: people, WriteOnly: true},
	} {
		s.Relate(rel)
	}
	return s
}()

// link gives a resource some linkage of each kind, and returns it as documents have it.
func link(source *jsonapitest.Source, r *jsonapi.Resource) map[string]any {
	data := map[string]any{}
	for _, rel := range printedSchema.Relationships {
		linked := r.Linked(rel.Name)
		if linked == nil {
			continue
		}
		switch source.Next(4) {
		case 0:
			linked.Leave()
		case 1:
			linked.SetNone()
		case 2:
			linked.SetOne(source.Text(), "1"+source.Text())
		case 3:
			several := []jsonapi.Identifier{}
			for range source.Next(3) {
				several = append(several, jsonapi.Identifier{Type: "people", ID: source.Text(), Meta: map[string]any{"n": source.Text()}})
			}
			linked.SetMany(several, "")
		}
		data[rel.Name] = linked.Data()
	}
	return data
}

// comparePrinted prints what a source makes and compares it with what google/jsonapi and encoding/json make of it.
func comparePrinted(t *testing.T, source *jsonapitest.Source) {
	t.Helper()
	var model printed
	source.Fill(&model)
	var fields map[string]bool
	if source.Next(2) == 0 {
		fields = map[string]bool{}
		for _, name := range printedSchema.FieldNames() {
			fields[name] = source.Next(3) == 0
		}
	}
	base := []string{"", "/public/v2/printed", "/elsewhere"}[source.Next(3)]
	r := printedSchema.Form(base).Only(fields).Resource(&model)
	want, wrong := jsonapitest.Expect(printedSchema, model.ID, &model, base, fields, link(source, r))
	got, err := r.Append([]byte("before"))
	switch {
	case (err != nil) != (wrong != nil):
		t.Fatalf("%+v: the error is %v, that of encoding/json %v", model, err, wrong)
	case err == nil && string(got) != "before"+string(want):
		t.Fatalf("printed\n%s\nby encoding/json\n%s", got, want)
	}
}

// FuzzPrint: a resource object is printed as google/jsonapi and encoding/json print it, byte for byte.
func FuzzPrint(f *testing.F) {
	chance := rand.New(rand.NewPCG(11, 94))
	for size := range 300 {
		f.Add(randomBytes(chance, size*3))
	}
	f.Fuzz(func(t *testing.T, data []byte) { comparePrinted(t, &jsonapitest.Source{Bytes: data}) })
}

func randomBytes(chance *rand.Rand, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(chance.Uint32())
	}
	return data
}

// TestLinkageThatIsCutNamesItsRest: its first page stands in the resource, beside links to the pages around it.
func TestLinkageThatIsCutNamesItsRest(t *testing.T) {
	t.Parallel()
	for name, self := range map[string]string{"fans": `"self":"/p/1/relationships/fans",`, "watchers": ""} {
		r := printedSchema.Form("/p").Only(map[string]bool{name: true}).Resource(&printed{ID: "1"})
		r.Linked(name).SetMany([]jsonapi.Identifier{{Type: "people", ID: "2"}}, `?page[offset]=1&"`)
		got, err := r.Append(nil)
		want := `{"type":"printed","id":"1","relationships":{"` + name + `":{"links":{` + self + `"related":"/p/1/` + name + `",` +
			`"prev":null,"next":"/p/1/relationships/` + name + `?page[offset]=1&\""},"data":[{"type":"people","id":"2"}]}},` +
			`"links":{"self":"/p/1"}}`
		if err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

// TestOneAttributeIsPrintedAlone as it is in the resource object.
func TestOneAttributeIsPrintedAlone(t *testing.T) {
	t.Parallel()
	r := printedSchema.Form("").Resource(&printed{ID: "1", String: "ü", Time: jsonapi.Time{Time: time.Unix(0, 0)}})
	for name, want := range map[string]string{
		"string": `"ü"`, "stringP": "null", "stringO": "null", "time": `"1970-01-01T00:00:00+00:00"`, "nothing": "null", "strings": "[]",
	} {
		if got, err := r.AppendAttribute(nil, name); err != nil || string(got) != want {
			t.Errorf("%s is %s, %v, want %s", name, got, err, want)
		}
	}
}

// TestAttributesInPlaceOfTheModels are printed alone.
func TestAttributesInPlaceOfTheModels(t *testing.T) {
	t.Parallel()
	r := printedSchema.Form("").Only(map[string]bool{"string": true, "bool": true, "raw": true}).Resource(&printed{ID: "1", Bool: true})
	r.Attributes = map[string]any{"string": nil, "raw": jsonapi.Raw("[1, 2]"), "integer": 7, "unknown": 7}
	got, err := r.Append(nil)
	if want := `{"type":"printed","id":"1","attributes":{"raw":[1,2],"string":null}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// BenchmarkPrint prints a page of 25, by a form and by what defines it.
func BenchmarkPrint(b *testing.B) {
	chance := rand.New(rand.NewPCG(1, 2))
	var models []any
	for range 25 {
		var model printed
		(&jsonapitest.Source{Bytes: randomBytes(chance, 200)}).Fill(&model)
		model.Raw, model.RawP, model.RawO = nil, nil, nil // which may be no JSON
		models = append(models, &model)
	}
	b.Run("form", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			var err error
			page := &jsonapi.Document{Data: printedSchema.Form("/public/v2/printed").Resources(models)}
			if out, _, err = page.Append(out[:0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out bytes.Buffer
			for _, model := range models {
				one, err := jsonapitest.Expect(printedSchema, model.(*printed).ID, model, "/public/v2/printed", nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				out.Write(one)
			}
		}
	})
}
