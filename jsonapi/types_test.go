package jsonapi_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-02T03:04:05Z":                         "2026-01-02T03:04:05+00:00",
		"2026-01-02T03:04:05+00:00":                    "2026-01-02T03:04:05+00:00",
		"2026-01-02T03:04:05-00:00":                    "2026-01-02T03:04:05+00:00",
		"2026-01-02T03:04:05+05:45":                    "2026-01-01T21:19:05+00:00",
		"2026-01-02T03:04:05.678+02:00":                "2026-01-02T01:04:05.678+00:00",
		"2026-01-02T03:04:05.100000Z":                  "2026-01-02T03:04:05.1+00:00",
		"2026-01-02T03:04:05.000001Z":                  "2026-01-02T03:04:05.000001+00:00",
		"0001-01-01T00:00:00Z":                         "0001-01-01T00:00:00+00:00",
		"9999-12-31T23:59:59.999999Z":                  "9999-12-31T23:59:59.999999+00:00",
		"2024-02-29T00:00:00Z":                         "2024-02-29T00:00:00+00:00",
		"0001-01-01T00:00:00+01:00":                    "",
		"2026-01-02T03:04:60Z":                         "",
		"2023-02-29T00:00:00Z":                         "",
		"2026-13-01T00:00:00Z":                         "",
		"2026-01-02 03:04:05Z":                         "",
		"2026-01-02T03:04:05 00:00":                    "", // a + that became a space in a query
		"2026-01-02T03:04:05.0000001Z":                 "2026-01-02T03:04:05+00:00",
		"2026-01-02T03:04:05.9999999Z":                 "2026-01-02T03:04:05.999999+00:00",
		"1969-12-31T23:59:59.1234567Z":                 "1969-12-31T23:59:59.123456+00:00",
		"2026-01-02T03:04:05.123456789123456789+01:00": "2026-01-02T02:04:05.123456+00:00",
		"9999-12-31T23:59:59.9999999999Z":              "9999-12-31T23:59:59.999999+00:00",
		"2026-01-02T03:04:05.Z":                        "",
		"2026-01-02T03:04:05,5Z":                       "",
		"2026-01-02T3:04:05Z":                          "",
		"+2026-01-02T03:04:05Z":                        "",
		"12026-01-02T03:04:05Z":                        "",
		"2026-01-02T03:04:05Z\n":                       "",
		"２０２６-01-02T03:04:05Z":                         "",
		"2026-01-02T03:04:05+24:00":                    "",
		"":                                             "",
	} {
		parsed, whole, ok := jsonapi.ParseTime(text)
		got := ""
		if ok {
			encoded, err := json.Marshal(jsonapi.Time{Time: parsed})
			if err != nil {
				t.Fatal(err)
			}
			got = strings.Trim(string(encoded), `"`)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
		if ok && whole == strings.Contains(text, ".") {
			t.Errorf("%q: whole is %v", text, whole)
		}
	}
}

func TestATimeComesBackAsItWas(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		at := time.UnixMicro(r.Int64N(300_000_000_000_000_000) - 62_000_000_000_000_000).UTC()
		encoded, err := json.Marshal(jsonapi.Time{Time: at.In(time.FixedZone("", r.IntN(86400)-43200))})
		if err != nil {
			t.Fatal(err)
		}
		if back, _, ok := jsonapi.ParseTime(strings.Trim(string(encoded), `"`)); !ok || !back.Equal(at) {
			t.Fatalf("%v is printed as %s and read as %v", at, encoded, back)
		}
		// The databases return a time, or microseconds.
		for _, src := range []any{at, at.In(time.FixedZone("", 3600)), at.UnixMicro()} {
			var scanned jsonapi.Time
			if err := scanned.Scan(src); err != nil || !scanned.Equal(at) || scanned.Location() != time.UTC {
				t.Fatalf("%v is scanned as %v: %v", src, scanned, err)
			}
		}
	}
}

func TestAStampIsPrintedInWholeSeconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 8, 20, 12, 45, 7, 999_999_000, time.FixedZone("", 7200))
	encoded, err := json.Marshal(jsonapi.Stamp{Time: at})
	if err != nil || string(encoded) != `"2024-08-20T10:45:07+00:00"` {
		t.Errorf("printed as %s: %v", encoded, err)
	}
	value, err := jsonapi.Stamp{Time: at}.Value()
	if kept, _ := value.(time.Time); err != nil || !kept.Equal(at) {
		t.Errorf("kept as %v: %v", value, err)
	}
	var stamp jsonapi.Stamp
	if err := stamp.Scan("2024-08-20"); err == nil {
		t.Error("a text is scanned as a time")
	}
	if err := stamp.Scan(nil); err != nil || !stamp.IsZero() {
		t.Errorf("NULL is scanned as %v: %v", stamp, err)
	}
}

func TestListsAndRawComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, list := range []jsonapi.Strings{nil, {}, {""}, {"a", "b"}, {`"quoted" \ <b>&`, "é😀", "\u2028\n"}} {
		value, err := list.Value()
		if err != nil {
			t.Fatal(err)
		}
		for _, src := range []any{value, []byte(value.(string))} {
			var back jsonapi.Strings
			if err := back.Scan(src); err != nil || !cmp.Equal(append(jsonapi.Strings{}, list...), back) {
				t.Errorf("%#v is kept as %v and comes back as %#v: %v", list, value, back, err)
			}
		}
		if encoded, err := jsonapi.Marshal(list); err != nil || string(encoded) != value {
			t.Errorf("%#v is printed as %s and kept as %v", list, encoded, value)
		}
	}
	var list jsonapi.Strings
	if list.Scan(7) == nil || list.Scan(nil) == nil || list.Scan(`{"a":1}`) == nil {
		t.Error("what is no list is scanned as one")
	}

	for _, text := range []string{"", `null`, `{"a":[1,"<&>"]}`} {
		var back, fromBytes jsonapi.Raw
		value, err := jsonapi.Raw(text).Value()
		if err != nil {
			t.Fatal(err)
		}
		source := []byte(text)
		if back.Scan(value) != nil || fromBytes.Scan(source) != nil || string(back) != text || string(fromBytes) != text {
			t.Errorf("%q comes back as %q and %q", text, back, fromBytes)
		}
		for i := range source { // drivers reuse their buffers
			source[i] = 'x'
		}
		if string(fromBytes) != text {
			t.Errorf("%q changed with the buffer it was read from", text)
		}
		want := text
		if text == "" {
			want = "null"
		}
		if encoded, err := jsonapi.Marshal(back); err != nil || string(encoded) != want {
			t.Errorf("%q is printed as %s: %v", text, encoded, err)
		}
	}
	var raw jsonapi.Raw
	if raw.Scan(7) == nil {
		t.Error("a number is scanned as JSON text")
	}
	var _ driver.Valuer = raw
}

func TestFormats(t *testing.T) {
	t.Parallel()
	type formatted struct {
		ID    string `jsonapi:"primary,formatted"`
		Email string `jsonapi:"attr,email" rule:"max=300,format=email"`
		URL   string `jsonapi:"attr,url" rule:"format=url"`
		Zone  string `jsonapi:"attr,timezone" rule:"format=timezone"`
		Lang  string `jsonapi:"attr,locale" rule:"format=locale"`
		Slug  string `jsonapi:"attr,slug" rule:"format=slug"`
		UUID  string `jsonapi:"attr,uuid" rule:"format=uuid"`
	}
	schema := jsonapi.ForModel(formatted{})
	for name, texts := range map[string]struct{ good, bad []string }{
		"email": {
			[]string{"ada@example.com", "a.b+c@example.co.uk", "ädä@exämple.com", "o'neil@example.com", "ada@localhost"},
			[]string{
				"", "ada", "@example.com", "ada@", "ada@@example.com", "ada example@example.com", "Ada <ada@example.com>",
				"ada@example.com ",
				" ada@example.com", "ada@example.com\n", "ada@example.com,b@example.com", `"a b"@example.com`, "ada@example..com",
				strings.Repeat("a", 250) + "@b.ch", "ad\u200ba@example.com", "ada\u00ad@example.com", "ada@exam\u200dple.com",
				"\u202eada@example.com",
				"ad\u3164a@example.com", "ad\ufe0fa@example.com",
			},
		},
		"url": {
			[]string{"https://example.com", "http://example.com:8080/a?b=c#d", "HTTPS://EXAMPLE.COM", "https://[2001:db8::1]/",
				"https://127.0.0.1/x"},
			[]string{"", "example.com", "//example.com", "ftp://example.com", "javascript:alert(1)", "https://", "https://:80",
				"https://u:p@example.com",
				"https://u@example.com", "https:example.com", "https:///x", "https://exa mple.com", "https://example.com\n",
				"https://[::1", "file:///etc/passwd", "https://%zz"},
		},
		"timezone": {
			[]string{"Europe/Zurich", "America/Argentina/Buenos_Aires", "UTC", "Asia/Kathmandu"},
			[]string{"", "Local", "Mars/Olympus", "+01:00", "../../etc/passwd", "/etc/localtime", "Europe/Zurich ", "Europe/", "GMT+1 "},
		},
		"locale": {
			[]string{"de-CH", "en", "zh-Hant-TW", "sr-Latn"},
			[]string{"", "german", "d", "de-", "123", "de CH", "x y"},
		},
		"slug": {
			[]string{"a", "acme", "acme-2", "1-2-3"},
			[]string{"", "-", "-a", "a-", "a--b", "A", "a_b", "ä", "a b", "a.b", "a\n"},
		},
		"uuid": {
			[]string{idA, "6e6816eb-fc1d-42bd-bb00-eff973ad207d"},
			[]string{"", "x", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", strings.ToUpper(idA),
				"{" + idA + "}", "urn:uuid:" + idA, strings.ReplaceAll(idA, "-", ""), idA + " ", idA[:35], idA[:35] + "g",
				idA[:35] + "é", "01912f6a_8c00_7abc_8def_0123456789ab"},
		},
	} {
		for _, text := range texts.good {
			if _, wrong := schema.Attribute(name).Decode(text); wrong != "" {
				t.Errorf("%s %q %s", name, text, wrong)
			}
		}
		for _, text := range texts.bad {
			if _, wrong := schema.Attribute(name).Decode(text); wrong == "" {
				t.Errorf("%s takes %q", name, text)
			}
		}
	}
}

func TestANameCanBeSeen(t *testing.T) {
	t.Parallel()
	type named struct {
		ID    string  `jsonapi:"primary,named"`
		Name  string  `jsonapi:"attr,name" rule:"required,visible"`
		Other *string `jsonapi:"attr,other" rule:"visible"`
	}
	schema := jsonapi.ForModel(named{})
	for _, text := range []string{
		"a", "ä", "a\u0308", "日本", "!", "–", "1", "😀", "👩\u200d👩\u200d👧", "\u06a9\u062a\u0627\u0628\u200c\u0647\u0627",
		"\u200fשלום\u200f (x)", "\u061cسلام", "\uFFFD", " a ",
	} {
		for _, a := range schema.Attributes {
			if _, wrong := a.Decode(text); wrong != "" {
				t.Errorf("%s %+q %s", a.Name, text, wrong)
			}
		}
	}
	for what, texts := range map[string][]string{
		"spaces":                 {" ", "\u00a0", "\u3000\u2003 ", "\n\t"},
		"zero width":             {"\u200b", "\u200c\u200d", "\ufeff", "\u2060", "\u00ad", "\u180e", "\U000E0041"},
		"fillers":                {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"},
		"marks alone":            {"\u0308", "\u20dd", "\ufe0f", "\u0903"},
		"private and unassigned": {"\ue000", "\U0010ffff", "\u0378"},
		"marks of a direction":   {"\u200e", "\u200f\u061c"},
		"turned directions":      {"a\u202eb", "a\u202a", "a\u202b", "a\u202c", "a\u202d", "\u2066a", "a\u2067", "a\u2068", "a\u2069"},
	} {
		for _, text := range texts {
			for _, a := range schema.Attributes {
				if _, wrong := a.Decode(text); wrong == "" {
					t.Errorf("%s takes %s: %+q", a.Name, what, text)
				}
			}
		}
	}
	if _, wrong := schema.Attribute("other").Decode(""); wrong != "" {
		t.Errorf("no name at all %s", wrong)
	}
	if _, wrong := schema.Attribute("name").Decode(""); wrong == "" {
		t.Error("a name that is required can be empty")
	}
}

func TestLengthsCountCharacters(t *testing.T) {
	t.Parallel()
	name := things.Attribute("name") // at most ten
	for _, text := range []string{"äöüäöüäöüä", "😀😀😀😀😀😀😀😀😀😀", "\uFFFD"} {
		if _, wrong := name.Decode(text); wrong != "" {
			t.Errorf("%q %s", text, wrong)
		}
	}
	if _, wrong := name.Decode(strings.Repeat("😀", 11)); wrong == "" {
		t.Error("eleven characters are taken where ten is the most")
	}
}

func TestEncodingOfDocuments(t *testing.T) {
	t.Parallel()
	wanted := map[string]bool{"name": true, "secret": true, "owner": true, "fans": true}
	resource := things.Form("/x&y").Only(wanted).Resource(&thing{ID: "1", Name: "<a> & b\u2028"})
	resource.Linked("owner").SetNone()
	resource.Linked("fans").SetMany([]jsonapi.Identifier{}, "")
	document := &jsonapi.Document{
		Data:     resource,
		Included: []*jsonapi.Resource{},
		Links: &jsonapi.Links{Self: &jsonapi.Link{Href: "/x", Type: `application/vnd.api+json; profile="p"`},
			Prev: &jsonapi.Link{Null: true}},
		Meta: map[string]any{},
	}
	got, _, err := document.Append(nil)
	want := `{"data":{"type":"things","id":"1","attributes":{"name":"<a> & b\u2028","secret":null},"relationships":{"fans":{` +
		`"links":{"self":"/x&y/1/relationships/fans","related":"/x&y/1/fans"},"data":[]},"owner":{"links":{` +
		`"self":"/x&y/1/relationships/owner","related":"/x&y/1/owner"},"data":null}},"links":{"self":"/x&y/1"}},"included":[],` +
		`"links":{"self":{"href":"/x","type":"application/vnd.api+json; profile=\"p\""},"prev":null},"meta":{},"jsonapi":{"version":"1.1"}}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s (%v)", got, want, err)
	}
	for name, c := range map[string]struct {
		doc  jsonapi.Document
		want string
	}{
		"empty collection": {jsonapi.Document{Data: []*jsonapi.Resource{}}, `{"data":[],"jsonapi":{"version":"1.1"}}`},
		"no resource":      {jsonapi.Document{Data: jsonapi.Null}, `{"data":null,"jsonapi":{"version":"1.1"}}`},
		"meta alone":       {jsonapi.Document{Meta: map[string]any{"a": 1}}, `{"meta":{"a":1},"jsonapi":{"version":"1.1"}}`},
	} {
		if got, _, err := c.doc.Append(nil); err != nil || string(got) != c.want {
			t.Errorf("%s: %s, want %s (%v)", name, got, c.want, err)
		}
	}
	at := jsonapi.NewError(jsonapi.InvalidDocument, "d").At("")
	encoded, err := jsonapi.EncodeErrors(jsonapi.Errors{at})
	if err != nil || !bytes.Contains(encoded, []byte(`"source":{"pointer":""}`)) || !bytes.Contains(encoded, []byte(`"status":"400"`)) {
		t.Errorf("an error of the whole document is printed as %s (%v)", encoded, err)
	}
}

func TestTheStatusOfSeveralErrors(t *testing.T) {
	t.Parallel()
	list := func(codes ...jsonapi.Code) (out jsonapi.Errors) {
		for _, c := range codes {
			out.Add(jsonapi.NewError(c, "x"))
		}
		return out
	}
	for _, c := range []struct {
		errs jsonapi.Errors
		want int
	}{
		{list(jsonapi.InvalidValue), 422},
		{list(jsonapi.InvalidValue, jsonapi.UnknownField), 422},
		{list(jsonapi.InvalidValue, jsonapi.ReadOnly), 400},
		{list(jsonapi.Conflict, jsonapi.TypeMismatch), 409},
		{list(jsonapi.InvalidValue, jsonapi.Unavailable), 500},
		{list(jsonapi.InvalidValue, jsonapi.ReadOnly, jsonapi.Internal), 500},
		{nil, 500},
	} {
		if got := c.errs.Status(); got != c.want {
			t.Errorf("%v: %d, want %d", c.errs, got, c.want)
		}
	}
	if jsonapi.NewError("no such code", "x").Code != jsonapi.Internal {
		t.Error("an unknown code is sent to clients")
	}
}

func TestPointersAreEscaped(t *testing.T) {
	t.Parallel()
	for want, tokens := range map[string][]string{"/data/a~1b~0c": {"a/b~c"}, "/data/~01": {"~1"}, "/data/": {""}, "/data/x/0": {"x", "0"},
		"/data": nil} {
		if got := jsonapi.Pointer("/data", tokens...); got != want {
			t.Errorf("%q: %q, want %q", tokens, got, want)
		}
	}
}
