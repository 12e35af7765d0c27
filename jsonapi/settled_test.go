package jsonapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestASettledDocumentLacksWhatIsFleeting, in primary data and in what comes along, and is the document itself where nothing is.
func TestASettledDocumentLacksWhatIsFleeting(t *testing.T) {
	t.Parallel()
	keys := ForModel(struct {
		ID   string `jsonapi:"primary,keys"`
		Name string `jsonapi:"attr,name"`
		Used string `jsonapi:"attr,used" rule:"readonly,fleeting"`
	}{})
	schemas := func(typ string) *Schema { return map[string]*Schema{"keys": keys}[typ] }
	key := &Resource{Type: "keys", ID: "1", Attributes: map[string]any{"name": "k", "used": "now"}}
	other := &Resource{Type: "others", ID: "1", Attributes: map[string]any{"used": "now"}}
	without := &Resource{Type: "keys", ID: "1", Attributes: map[string]any{"name": "k"}}
	for name, c := range map[string]struct{ document, want *Document }{
		"one":         {&Document{Data: key}, &Document{Data: without}},
		"several":     {&Document{Data: []*Resource{other, key}}, &Document{Data: []*Resource{other, without}}},
		"what comes":  {&Document{Data: other, Included: []*Resource{key}}, &Document{Data: other, Included: []*Resource{without}}},
		"nothing":     {&Document{Data: other}, &Document{Data: other}},
		"an identity": {&Document{Data: Identifier{Type: "keys", ID: "1"}}, &Document{Data: Identifier{Type: "keys", ID: "1"}}},
	} {
		got := c.document.Settled(schemas)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if nothing := cmp.Equal(c.want, c.document); nothing != (got == c.document) {
			t.Errorf("%s: a copy was made of what had nothing fleeting, or none of what had", name)
		}
	}
	if key.Attributes["used"] != "now" {
		t.Error("the resource itself was changed")
	}
}

func TestParametersOfNoFamily(t *testing.T) {
	t.Parallel()
	schema := ForModel(struct {
		ID string `jsonapi:"primary,things"`
	}{})
	accepts := Accepts{Others: []Other{{Name: "userId"}, {Name: "size", Enum: []string{"64", "128"}}}}
	for raw, want := range map[string]Code{
		"userId=a&size=64": "", "userId=": "", "size=63": InvalidParameter, "size=": InvalidParameter,
		"userId=a&userId=b": InvalidParameter,
		"userid=a":          UnknownParameter, "userId[x]=a": UnknownParameter,
	} {
		q, err := ParseQuery(raw, accepts, schema, func(string) *Schema { return nil })
		switch errs, _ := err.(Errors); { //nolint:errorlint // it is returned as it is
		case want == "" && err != nil, want != "" && (len(errs) != 1 || errs[0].Code != want):
			t.Errorf("%s: %v", raw, err)
		case raw == "userId=a&size=64" && (q.Others["userId"] != "a" || q.Others["size"] != "64"):
			t.Errorf("%s is read as %v", raw, q.Others)
		}
	}
}
