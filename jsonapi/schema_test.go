package jsonapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

func TestATagThatMakesNoSensePanics(t *testing.T) {
	t.Parallel()
	for name, model := range map[string]any{
		"an unknown role": struct {
			A string `jsonapi:"attribute,a"`
		}{},
		"an unknown rule": struct {
			A string `jsonapi:"attr,a" rule:"optional"`
		}{},
		"an unknown format": struct {
			A string `jsonapi:"attr,a" rule:"format=phone"`
		}{},
		"a length that is no number": struct {
			A string `jsonapi:"attr,a" rule:"max=many"`
		}{},
		"a type that has no kind": struct {
			A float64 `jsonapi:"attr,a"`
		}{},
		"a type that has no kind behind a pointer": struct {
			A *struct{} `jsonapi:"attr,a"`
		}{},
	} {
		if said := panics(func() { jsonapi.ForModel(model) }); said == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, rel := range map[string]string{"an attribute": "name", "a relationship": "owner"} {
		schema := jsonapi.ForModel(thing{})
		schema.Relate(&jsonapi.Relationship{Name: "owner", Target: people})
		if panics(func() { schema.Relate(&jsonapi.Relationship{Name: rel, Target: people}) }) == nil {
			t.Errorf("a relationship with the name of %s is taken", name)
		}
	}
}

func panics(f func()) (said any) {
	defer func() { said = recover() }()
	f()
	return nil
}

func TestASchemaReadsItsTags(t *testing.T) {
	t.Parallel()
	if things.Type != "things" || things.Doc != "A thing." || things.Example != "t1" {
		t.Errorf("type %q, doc %q, example %q", things.Type, things.Doc, things.Example)
	}
	want := []string{
		"name", "note", "kind", "size", "weight", "open", "since", "made", "tags", "words", "extra", "mail", "secret", "code", "total",
		"pass",
		"owner", "maker", "origin", "first", "fans", "watchers", "invited", "subject",
	}
	if diff := cmp.Diff(want, things.FieldNames()); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	name, secret, code := things.Attribute("name"), things.Attribute("secret"), things.Attribute("code")
	if !name.Required || name.Min != 1 || name.Max != 10 || !name.Sort || !name.Filter || name.Nullable || name.Column != "name" {
		t.Errorf("name: %+v", name)
	}
	if !secret.Secret || !secret.Nullable || secret.Column != "" || secret.Min != 3 {
		t.Errorf("secret: %+v", secret)
	}
	if !code.CreateOnly || code.Max != 200 {
		t.Errorf("code: %+v", code)
	}
	if things.Attribute("hidden") != nil || things.Attribute("Name") != nil || things.Attribute("id") != nil ||
		things.Relationship("Owner") != nil {
		t.Error("a name that is none finds a field")
	}
}

func TestApplySetsWhatIsNamed(t *testing.T) {
	t.Parallel()
	note, since := "old", jsonapi.Time{}
	weight := int64(3)
	model := &thing{Name: "old", Note: &note, Size: 1, Weight: &weight, Open: true, Since: &since, Tags: jsonapi.Strings{"red"},
		Hidden: "h"}
	columns := things.Apply(model, map[string]any{
		"name": "new", "note": nil, "size": int64(7), "weight": nil, "open": false, "tags": jsonapi.Strings{"blue"}, "secret": "s",
		"hidden": "no", "nope": 1,
	})
	secret := "s"
	want := &thing{Name: "new", Size: 7, Since: &since, Tags: jsonapi.Strings{"blue"}, Secret: &secret, Hidden: "h"}
	if diff := cmp.Diff(want, model); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"name", "note", "size", "weight", "open", "tags"}, columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestAFormKeepsWhatIsWanted(t *testing.T) {
	t.Parallel()
	model := &thing{ID: "1", Name: "a", Extra: jsonapi.Raw(`{"x":1}`), Hidden: "h"}
	onlyAttributes := map[string]bool{}
	for _, a := range things.Attributes {
		onlyAttributes[a.Name] = true
	}
	encoded, err := json.Marshal(things.Form("").Only(onlyAttributes).Resource(model))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"things","id":"1","attributes":{"code":"","extra":{"x":1},"kind":"","made":"0001-01-01T00:00:00+00:00","mail":null,` +
		`"name":"a","note":null,"open":false,"secret":null,"since":null,"size":0,"tags":[],"total":0,"weight":null,"words":null}}`
	if string(encoded) != want {
		t.Errorf("got  %s\nwant %s", encoded, want)
	}
	for wanted, attributes := range map[string]int{"name": 1, "name,size": 2, "nope": 0} {
		fields := map[string]bool{}
		for _, f := range strings.Split(wanted, ",") {
			fields[f] = true
		}
		var some struct{ Attributes map[string]any }
		encoded, err := things.Form("").Only(fields).Resource(model).Append(nil)
		if err != nil || json.Unmarshal(encoded, &some) != nil || len(some.Attributes) != attributes {
			t.Errorf("%s: %v (%v)", wanted, some.Attributes, err)
		}
	}
	for _, hopeless := range []any{nil, 7, "x", []*thing{}, (*thing)(nil)} {
		if _, err := jsonapi.Attributes(hopeless); err == nil {
			t.Errorf("%T is serialized", hopeless)
		}
	}
}
