package jsonapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/jsonapi"
)

// minimal is a document that creates a thing.
func minimal(more string) string {
	return `{"data":{"type":"things","attributes":{"name":"a"}` + more + `}}`
}

func TestDecodeResourceErrorsOfTheDocument(t *testing.T) {
	t.Parallel()
	doc := func(code jsonapi.Code, pointer string) []found { return []found{{Code: code, Pointer: pointer}} }
	bad := func(pointer string) []found { return doc(jsonapi.InvalidDocument, pointer) }
	for body, want := range map[string][]found{
		``:                                    doc(jsonapi.InvalidJSON, none),
		`[]`:                                  bad(""),
		`null`:                                bad(""),
		`1`:                                   bad(""),
		`"x"`:                                 bad(""),
		`{}`:                                  bad(""),
		`{"DATA":{}}`:                         bad(""),
		`{"meta":{}}`:                         bad(""),
		`{"data":null}`:                       bad("/data"),
		`{"meta":1,"data":{"type":"things"}}`: bad("/meta"),
		`{"data":[]}`:                         bad("/data"),
		`{"data":"x"}`:                        bad("/data"),
		`{"data":[{"type":"things","attributes":{"name":"a"}}]}`: bad("/data"),
		`{"data":{"attributes":{"name":"a"}}}`:                   bad("/data"),
		`{"data":{"type":null,"attributes":{"name":"a"}}}`:       bad("/data/type"),
		`{"data":{"type":"","attributes":{"name":"a"}}}`:         bad("/data/type"),
		`{"data":{"type":7,"attributes":{"name":"a"}}}`:          bad("/data/type"),
		`{"data":{"type":["things"],"attributes":{"name":"a"}}}`: bad("/data/type"),
		`{"data":{"type":"people","attributes":{"name":"a"}}}`:   doc(jsonapi.TypeMismatch, "/data/type"),
		`{"data":{"type":"Things","attributes":{"name":"a"}}}`:   doc(jsonapi.TypeMismatch, "/data/type"),
		minimal(`,"id":7`):                              bad("/data/id"),
		minimal(`,"id":{}`):                             bad("/data/id"),
		minimal(`,"id":""`):                             doc(jsonapi.InvalidValue, "/data/id"),
		minimal(`,"id":"x"`):                            doc(jsonapi.InvalidValue, "/data/id"),
		minimal(`,"id":"` + strings.ToUpper(idA) + `"`): doc(jsonapi.InvalidValue, "/data/id"),
		minimal(`,"lid":7`):                             bad("/data/lid"),
		minimal(`,"lid":"x","id":"` + idA + `"`):        bad("/data/lid"),
		minimal(`,"meta":1`):                            bad("/data/meta"),
		minimal(`,"meta":null`):                         bad("/data/meta"),
		minimal(`,"relationships":[]`):                  bad("/data/relationships"),
		minimal(`,"relationships":null`):                bad("/data/relationships"),
		minimal(`,"relationships":"x"`):                 bad("/data/relationships"),
		`{"data":{"type":"things"}}`:                    doc(jsonapi.Required, "/data"),
		`{"data":{"type":"things","attributes":{}}}`:    doc(jsonapi.Required, "/data/attributes"),
		`{"data":{"type":"things","attributes":[]}}`: {
			{Code: jsonapi.InvalidDocument, Pointer: "/data/attributes"}, {Code: jsonapi.Required, Pointer: "/data"},
		},
		`{"data":{"type":"things","attributes":null}}`: {
			{Code: jsonapi.InvalidDocument, Pointer: "/data/attributes"}, {Code: jsonapi.Required, Pointer: "/data"},
		},
		`{"data":{"type":"things","attributes":{"NAME":"a"}}}`: {
			{Code: jsonapi.UnknownField, Pointer: "/data/attributes/NAME"}, {Code: jsonapi.Required, Pointer: "/data/attributes"},
		},
	} {
		_, err := jsonapi.DecodeResource([]byte(body), things, jsonapi.Create, "")
		if diff := cmp.Diff(want, errorsOf(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
		checkPointers(t, []byte(body), err)
	}
}

func TestDecodeResourceErrorsOfAttributes(t *testing.T) {
	t.Parallel()
	for attribute, code := range map[string]jsonapi.Code{
		`"name":null`:                         jsonapi.InvalidValue,
		`"name":""`:                           jsonapi.InvalidValue,
		`"name":"   "`:                        jsonapi.InvalidValue,
		`"name":"\u00a0\u2003"`:               jsonapi.InvalidValue,
		`"name":"12345678901"`:                jsonapi.InvalidValue,
		`"name":5`:                            jsonapi.InvalidValue,
		`"name":true`:                         jsonapi.InvalidValue,
		`"name":["a"]`:                        jsonapi.InvalidValue,
		`"name":{"a":1}`:                      jsonapi.InvalidValue,
		`"name":"a\u0000b"`:                   jsonapi.InvalidValue,
		`"name":"a\u0007"`:                    jsonapi.InvalidValue,
		`"name":"a\u007f"`:                    jsonapi.InvalidValue,
		`"name":"a\u0085"`:                    jsonapi.InvalidValue,
		`"note":7`:                            jsonapi.InvalidValue,
		`"note":"\u0000"`:                     jsonapi.InvalidValue,
		`"kind":"medium"`:                     jsonapi.InvalidValue,
		`"kind":"BIG"`:                        jsonapi.InvalidValue,
		`"kind":""`:                           jsonapi.InvalidValue,
		`"kind":null`:                         jsonapi.InvalidValue,
		`"size":"7"`:                          jsonapi.InvalidValue,
		`"size":1.9`:                          jsonapi.InvalidValue,
		`"size":1.0`:                          jsonapi.InvalidValue,
		`"size":1e3`:                          jsonapi.InvalidValue,
		`"size":9223372036854775808`:          jsonapi.InvalidValue,
		`"size":-9223372036854775809`:         jsonapi.InvalidValue,
		`"size":1e400`:                        jsonapi.InvalidValue,
		`"size":null`:                         jsonapi.InvalidValue,
		`"size":true`:                         jsonapi.InvalidValue,
		`"weight":"x"`:                        jsonapi.InvalidValue,
		`"open":"true"`:                       jsonapi.InvalidValue,
		`"open":1`:                            jsonapi.InvalidValue,
		`"open":null`:                         jsonapi.InvalidValue,
		`"since":"yesterday"`:                 jsonapi.InvalidValue,
		`"since":"2026-01-02"`:                jsonapi.InvalidValue,
		`"since":1700000000`:                  jsonapi.InvalidValue,
		`"since":"2026-01-02T03:04:05"`:       jsonapi.InvalidValue,
		`"since":"2026-02-30T03:04:05Z"`:      jsonapi.InvalidValue,
		`"since":"2026-01-02T24:00:00Z"`:      jsonapi.InvalidValue,
		`"since":"0000-01-02T03:04:05Z"`:      jsonapi.InvalidValue,
		`"since":"9999-12-31T23:59:59-01:00"`: jsonapi.InvalidValue,
		`"since":"2026-01-02t03:04:05z"`:      jsonapi.InvalidValue,
		`"since":"2026-01-02T03:04:05+25:00"`: jsonapi.InvalidValue,
		`"since":"2026-01-02T03:04:05+01:60"`: jsonapi.InvalidValue,
		`"tags":"red"`:                        jsonapi.InvalidValue,
		`"tags":null`:                         jsonapi.InvalidValue,
		`"tags":[1]`:                          jsonapi.InvalidValue,
		`"tags":["pink"]`:                     jsonapi.InvalidValue,
		`"tags":["red","red"]`:                jsonapi.InvalidValue,
		`"tags":["red","green","blue","red"]`: jsonapi.InvalidValue,
		`"words":["` + strings.Repeat("w", 5000) + `","` + strings.Repeat("w", 5000) + `"]`: jsonapi.InvalidValue,
		`"words":["a\u0000"]`:                   jsonapi.InvalidValue,
		`"mail":"x"`:                            jsonapi.InvalidValue,
		`"mail":"A <a@example.com>"`:            jsonapi.InvalidValue,
		`"secret":"ab"`:                         jsonapi.InvalidValue,
		`"secret":7`:                            jsonapi.InvalidValue,
		`"pass":"abc"`:                          jsonapi.InvalidValue,
		`"nope":1`:                              jsonapi.UnknownField,
		`"":1`:                                  jsonapi.UnknownField,
		`"owner":{"data":null}`:                 jsonapi.UnknownField,
		`"id":"x"`:                              jsonapi.UnknownField,
		`"type":"things"`:                       jsonapi.UnknownField,
		`"hidden":"x"`:                          jsonapi.UnknownField,
		`"Hidden":"x"`:                          jsonapi.UnknownField,
		`"a/b~c":1`:                             jsonapi.UnknownField,
		`"` + strings.Repeat("n", 5000) + `":1`: jsonapi.UnknownField,
	} {
		name, _, _ := strings.Cut(attribute[1:], `"`)
		rest := ""
		if name != "name" {
			rest = `"name":"a",`
		}
		body := `{"data":{"type":"things","attributes":{` + rest + attribute + `}}}`
		_, err := jsonapi.DecodeResource([]byte(body), things, jsonapi.Create, "")
		want := []found{{Code: code, Pointer: jsonapi.Pointer("/data/attributes", name)}}
		if diff := cmp.Diff(want, errorsOf(t, err)); diff != "" {
			t.Errorf("%.80s (-want +got):\n%s", attribute, diff)
		}
		checkPointers(t, []byte(body), err)
	}
}

func TestDecodeResourceErrorsOfRelationships(t *testing.T) {
	t.Parallel()
	const base = "/data/relationships/"
	bad := jsonapi.InvalidDocument
	for relationship, want := range map[string]found{
		`"owner":null`:                                          {Code: bad, Pointer: base + "owner"},
		`"owner":"p"`:                                           {Code: bad, Pointer: base + "owner"},
		`"owner":[]`:                                            {Code: bad, Pointer: base + "owner"},
		`"owner":{}`:                                            {Code: bad, Pointer: base + "owner"},
		`"owner":{"links":{}}`:                                  {Code: bad, Pointer: base + "owner"},
		`"owner":{"links":{"self":"/x"}}`:                       {Code: bad, Pointer: base + "owner"},
		`"owner":{"meta":{}}`:                                   {Code: bad, Pointer: base + "owner"},
		`"owner":{"data":[]}`:                                   {Code: bad, Pointer: base + "owner/data"},
		`"owner":{"data":"p"}`:                                  {Code: bad, Pointer: base + "owner/data"},
		`"owner":{"data":{}}`:                                   {Code: bad, Pointer: base + "owner/data"},
		`"owner":{"data":{"id":"x"}}`:                           {Code: bad, Pointer: base + "owner/data"},
		`"owner":{"data":{"type":"people"}}`:                    {Code: bad, Pointer: base + "owner/data"},
		`"owner":{"data":{"type":"people","id":7}}`:             {Code: bad, Pointer: base + "owner/data/id"},
		`"owner":{"data":{"type":"people","id":""}}`:            {Code: bad, Pointer: base + "owner/data/id"},
		`"owner":{"data":{"type":"people","lid":""}}`:           {Code: bad, Pointer: base + "owner/data/lid"},
		`"owner":{"data":{"type":"people","id":null}}`:          {Code: bad, Pointer: base + "owner/data/id"},
		`"owner":{"data":{"type":7,"id":"x"}}`:                  {Code: bad, Pointer: base + "owner/data/type"},
		`"owner":{"data":{"type":null,"id":"x"}}`:               {Code: bad, Pointer: base + "owner/data/type"},
		`"owner":{"data":{"type":"people","lid":7}}`:            {Code: bad, Pointer: base + "owner/data/lid"},
		`"owner":{"data":{"type":"people","id":"x","lid":"y"}}`: {Code: bad, Pointer: base + "owner/data"},
		`"owner":{"data":{"type":"people","lid":"unknown"}}`:    {Code: bad, Pointer: base + "owner/data/lid"},
		`"origin":{"data":{"type":"things","lid":"unknown"}}`:   {Code: bad, Pointer: base + "origin/data/lid"},
		`"owner":{"data":{"type":"things","id":"x"}}`:           {Code: jsonapi.TypeMismatch, Pointer: base + "owner/data/type"},
		`"maker":{"data":null}`:                                 {Code: jsonapi.InvalidValue, Pointer: base + "maker/data"},
		`"fans":{}`:                                             {Code: bad, Pointer: base + "fans"},
		`"fans":{"links":{}}`:                                   {Code: bad, Pointer: base + "fans"},
		`"fans":{"data":null}`:                                  {Code: bad, Pointer: base + "fans/data"},
		`"fans":{"data":{"type":"people","id":"x"}}`:            {Code: bad, Pointer: base + "fans/data"},
		`"fans":{"data":[null]}`:                                {Code: bad, Pointer: base + "fans/data/0"},
		`"fans":{"data":[{"type":"people","id":"x"},7]}`:        {Code: bad, Pointer: base + "fans/data/1"},
		`"fans":{"data":[{"type":"people","id":"x"},{"type":"people","lid":"y"}]}`: {
			Code: bad, Pointer: base + "fans/data/1/lid"},
		`"fans":{"data":[{"type":"people","id":"x"},{"type":"things","id":"x"}]}`: {
			Code: jsonapi.TypeMismatch, Pointer: base + "fans/data/1/type"},
		`"fans":{"data":[` + strings.Repeat(`{"type":"people","id":"x"},`, 1000) + `{"type":"people","id":"x"}]}`: {
			Code: jsonapi.InvalidValue, Pointer: base + "fans/data"},
		`"nope":{"data":null}`:                    {Code: jsonapi.UnknownField, Pointer: base + "nope"},
		`"Owner":{"data":null}`:                   {Code: jsonapi.UnknownField, Pointer: base + "Owner"},
		`"name":{"data":null}`:                    {Code: jsonapi.UnknownField, Pointer: base + "name"},
		`"a/b~c":{"data":null}`:                   {Code: jsonapi.UnknownField, Pointer: base + "a~1b~0c"},
		`"subject":{"data":{"type":"people"}}`:    {Code: bad, Pointer: base + "subject/data"},
		`"subject":{"data":{"type":"x","id":[]}}`: {Code: bad, Pointer: base + "subject/data/id"},
		`"owner":{"data":{"type":"` + strings.Repeat("t", 5000) + `","id":"x"}}`: {
			Code: jsonapi.TypeMismatch, Pointer: base + "owner/data/type"},
	} {
		body := minimal(`,"relationships":{` + relationship + `}`)
		_, err := jsonapi.DecodeResource([]byte(body), things, jsonapi.Create, "")
		if diff := cmp.Diff([]found{want}, errorsOf(t, err)); diff != "" {
			t.Errorf("%.100s (-want +got):\n%s", relationship, diff)
		}
		checkPointers(t, []byte(body), err)
	}
}

func TestNothingIsSaidOfTheFieldsOfAnotherType(t *testing.T) {
	t.Parallel()
	body := []byte(`{"data":{"type":"people","attributes":{"age":7}}}`)
	_, err := jsonapi.DecodeResource(body, things, jsonapi.Create, "")
	if diff := cmp.Diff([]found{{Code: jsonapi.TypeMismatch, Pointer: "/data/type"}}, errorsOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryErrorIsToldAtOnce(t *testing.T) {
	t.Parallel()
	body := []byte(`{"data":{"type":"things","id":"x","lid":"y","meta":[],
		"attributes":{"note":7,"kind":"x","size":1.5,"nope":1,"open":null},
		"relationships":{"owner":{"data":{"type":"things","id":"a"}},"fans":{"data":[1,{"type":"people","id":"b"},{}]},
		"nope":{"data":null}}}}`)
	_, err := jsonapi.DecodeResource(body, things, jsonapi.Create, "")
	want := []found{
		{Code: jsonapi.InvalidValue, Pointer: "/data/id"},
		{Code: jsonapi.InvalidDocument, Pointer: "/data/lid"},
		{Code: jsonapi.InvalidDocument, Pointer: "/data/meta"},
		{Code: jsonapi.InvalidValue, Pointer: "/data/attributes/kind"},
		{Code: jsonapi.UnknownField, Pointer: "/data/attributes/nope"},
		{Code: jsonapi.InvalidValue, Pointer: "/data/attributes/note"},
		{Code: jsonapi.InvalidValue, Pointer: "/data/attributes/open"},
		{Code: jsonapi.InvalidValue, Pointer: "/data/attributes/size"},
		{Code: jsonapi.Required, Pointer: "/data/attributes"},
		{Code: jsonapi.InvalidDocument, Pointer: "/data/relationships/fans/data/0"},
		{Code: jsonapi.InvalidDocument, Pointer: "/data/relationships/fans/data/2"},
		{Code: jsonapi.UnknownField, Pointer: "/data/relationships/nope"},
		{Code: jsonapi.TypeMismatch, Pointer: "/data/relationships/owner/data/type"},
	}
	if diff := cmp.Diff(want, errorsOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checkPointers(t, body, err)
}

func TestAHostileDocumentGetsABoundedAnswer(t *testing.T) {
	t.Parallel()
	var attributes []string
	for i := range 5000 {
		attributes = append(attributes, fmt.Sprintf(`"x%d":1`, i))
	}
	_, err := jsonapi.DecodeResource([]byte(`{"data":{"type":"things","attributes":{`+strings.Join(attributes, ",")+`}}}`), things,
		jsonapi.Create, "")
	if n := len(errorsOf(t, err)); n != 100 {
		t.Errorf("%d errors for 5000 unknown attributes, want the limit of 100", n)
	}
}

func TestDecodeResourceTakes(t *testing.T) {
	t.Parallel()
	body := `{"@x":1,"foo":1,"links":{"self":"/x","foo":1},"meta":{"n":1},"included":[{"type":"cycle","id":"1"}],
		"jsonapi":{"version":"1.1"},"data":{
		"type":"things","id":null,"lid":"local","foo":1,"@y":2,"links":{"self":"/things/1"},"meta":{"m":1},
		"attributes":{"@c":1,"name":"é😀\t\n","note":null,"kind":"big","size":-9223372036854775808,"weight":9223372036854775807,"open":true,
			"since":"2026-01-02T03:04:05.678+02:00","made":"any","tags":["red","blue"],"words":null,"extra":{"any":[1]},
			"mail":"ada@example.com",
			"secret":null,"code":"c","total":12,"pass":"12345"},
		"relationships":{"@z":{},"owner":{"data":{"type":"people","id":"p","foo":1,"meta":{}},"foo":1},
			"maker":{"data":{"type":"people","id":"m"}},
			"origin":{"data":{"type":"things","id":"o"}},"first":{"data":null},
			"fans":{"data":[{"type":"people","id":"a"},{"type":"people","id":"b"}]},
			"watchers":{"links":{"related":"/things/1/watchers"}},"invited":{"data":{"type":"people","id":"i"}}}}}`
	in, err := jsonapi.DecodeResource([]byte(body), things, jsonapi.Create, "")
	if err != nil {
		t.Fatal(err)
	}
	one := func(typ, id string) jsonapi.Linkage { return jsonapi.Linkage{Refs: []jsonapi.Ref{{Type: typ, ID: id}}} }
	want := &jsonapi.Input{
		Schema: things, LID: "local",
		Attributes: map[string]any{
			"name": "é😀\t\n", "note": nil, "kind": "big", "size": int64(-1 << 63), "weight": int64(1<<63 - 1), "open": true,
			"since": jsonapi.Time{Time: time.Date(2026, 1, 2, 1, 4, 5, 678e6, time.UTC)}, "tags": jsonapi.Strings{"red", "blue"},
			"words": nil,
			"mail":  "ada@example.com", "secret": nil, "code": "c", "pass": "12345",
		},
		ReadOnly: map[string]any{
			"made": "any", "extra": map[string]any{"any": []any{json.Number("1")}}, "total": json.Number("12"),
			"origin": one("things", "o"),
		},
		Relationships: map[string]jsonapi.Linkage{
			"owner": one("people", "p"), "maker": one("people", "m"), "first": {}, "invited": one("people", "i"),
			"fans": {Many: true, Refs: []jsonapi.Ref{{Type: "people", ID: "a"}, {Type: "people", ID: "b"}}},
		},
		Meta: map[string]any{"n": json.Number("1")},
	}
	ignore := cmp.Options{cmpopts.IgnoreUnexported(jsonapi.Input{}), cmp.Comparer(func(a, b *jsonapi.Schema) bool { return a == b })}
	if diff := cmp.Diff(want, in, ignore); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeResourceOfAnUpdate(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]found{
		`{"data":{"type":"things","id":"` + idA + `"}}`:                           nil,
		`{"data":{"type":"things","id":"` + idA + `","attributes":{}}}`:           nil,
		`{"data":{"type":"things","id":"` + idA + `","attributes":{"code":"x"}}}`: nil, // compared later with what it is
		`{"data":{"type":"things","id":"` + idB + `"}}`:                           {{Code: jsonapi.IDMismatch, Pointer: "/data/id"}},
		`{"data":{"type":"things","id":"` + strings.ToUpper(idA) + `"}}`:          {{Code: jsonapi.IDMismatch, Pointer: "/data/id"}},
		`{"data":{"type":"things"}}`:                                              {{Code: jsonapi.InvalidDocument, Pointer: "/data"}},
		`{"data":{"type":"things","id":null}}`:                                    {{Code: jsonapi.InvalidDocument, Pointer: "/data/id"}},
		`{"data":{"type":"things","id":7}}`:                                       {{Code: jsonapi.InvalidDocument, Pointer: "/data/id"}},
		`{"data":{"type":"people","id":"` + idA + `"}}`:                           {{Code: jsonapi.TypeMismatch, Pointer: "/data/type"}},
		`{"data":{"type":"things","id":"` + idA + `","attributes":{"name":null}}}`: {
			{Code: jsonapi.InvalidValue, Pointer: "/data/attributes/name"}},
		`{"data":[{"type":"things","id":"` + idA + `"}]}`:         {{Code: jsonapi.InvalidDocument, Pointer: "/data"}},
		`{"data":{"type":"things","id":"` + idA + `","lid":"a"}}`: {{Code: jsonapi.InvalidDocument, Pointer: "/data/lid"}},
	} {
		in, err := jsonapi.DecodeResource([]byte(body), things, jsonapi.Update, idA)
		if diff := cmp.Diff(want, errorsOf(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
		checkPointers(t, []byte(body), err)
		if err == nil && in.ReadOnly["code"] != nil && in.ReadOnly["code"] != "x" {
			t.Errorf("an attribute that cannot be changed later is read as %v", in.ReadOnly["code"])
		}
	}
}

func TestDecodeLinkage(t *testing.T) {
	t.Parallel()
	owner, fans, maker := things.Relationship("owner"), things.Relationship("fans"), things.Relationship("maker")
	for _, c := range []struct {
		rel  *jsonapi.Relationship
		body string
		want []found
		refs int
	}{
		{owner, `{"data":null}`, nil, 0},
		{owner, `{"data":{"type":"people","id":"a"}}`, nil, 1},
		{maker, `{"data":null}`, []found{{Code: jsonapi.InvalidValue, Pointer: "/data"}}, 0},
		{owner, `{"data":[]}`, []found{{Code: jsonapi.InvalidDocument, Pointer: "/data"}}, 0},
		{owner, `{}`, []found{{Code: jsonapi.InvalidDocument, Pointer: ""}}, 0},
		{owner, `[]`, []found{{Code: jsonapi.InvalidDocument, Pointer: ""}}, 0},
		{owner, `{"data":{"type":"people","lid":"a"}}`, []found{{Code: jsonapi.InvalidDocument, Pointer: "/data/lid"}}, 0},
		{fans, `{"data":[]}`, nil, 0},
		{fans, `{"data":[{"type":"people","id":"a"},{"type":"people","id":"b"}]}`, nil, 2},
		{fans, `{"data":null}`, []found{{Code: jsonapi.InvalidDocument, Pointer: "/data"}}, 0},
		{fans, `{"data":[{"type":"people","id":"a"},{"type":"things","id":"b"},{"id":"c"}]}`,
			[]found{{Code: jsonapi.TypeMismatch, Pointer: "/data/1/type"}, {Code: jsonapi.InvalidDocument, Pointer: "/data/2"}}, 0},
		{fans, `{"data":[`, []found{{Code: jsonapi.InvalidJSON, Pointer: none}}, 0},
	} {
		linkage, err := jsonapi.DecodeLinkage([]byte(c.body), c.rel)
		if diff := cmp.Diff(c.want, errorsOf(t, err)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.rel.Name, c.body, diff)
		}
		if err == nil && len(linkage.Refs) != c.refs {
			t.Errorf("%s: %s: %d identifiers, want %d", c.rel.Name, c.body, len(linkage.Refs), c.refs)
		}
		checkPointers(t, []byte(c.body), err)
	}
}

func TestDecodeMetaNumber(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		n     int64
		given bool
		at    string
	}{
		`{}`:                        {0, false, ""},
		`{"meta":{}}`:               {0, false, ""},
		`{"meta":{"n":7}}`:          {7, true, ""},
		`{"meta":{"n":0}}`:          {0, true, ""},
		`{"meta":{"n":10}}`:         {10, true, ""},
		`{"meta":{"n":11}}`:         {0, true, "/meta/n"},
		`{"meta":{"n":-1}}`:         {0, true, "/meta/n"},
		`{"meta":{"n":1.5}}`:        {0, true, "/meta/n"},
		`{"meta":{"n":"7"}}`:        {0, true, "/meta/n"},
		`{"meta":{"n":null}}`:       {0, true, "/meta/n"},
		`{"meta":{"n":1e99999999}}`: {0, true, "/meta/n"},
		`{"meta":null}`:             {0, false, "/meta"},
		`{"meta":[]}`:               {0, false, "/meta"},
		`{"data":{"meta":{"n":7}}}`: {0, false, "/data/meta/n"},
		`{"data":{"meta":{"m":7}}}`: {0, false, ""},
	} {
		n, given, err := jsonapi.DecodeMetaNumber([]byte(body), "n", 0, 10)
		at := ""
		if err != nil {
			at = errorsOf(t, err)[0].Pointer
		}
		if n != want.n && err == nil || given != want.given || at != want.at {
			t.Errorf("%s: %d, %v, %q; want %v", body, n, given, at, want)
		}
		checkPointers(t, []byte(body), err)
	}
}
