package jsonapi_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

// api has things at two paths, as a collection that is served twice.
var api = &jsonapi.API{
	Base: &url.URL{Scheme: "http", Host: "roster.test:8080", Path: "/v1/operations"},
	Collections: []*jsonapi.Collection{
		{Path: "/v1/things", Schema: things},
		{Path: "/v1/people", Schema: people},
		{Path: "/v1/office/things", Schema: things},
	},
	AreTags: func(list string) bool { return list != "*, *" },
}

func atomic(operations ...string) []byte {
	return []byte(`{"atomic:operations":[` + strings.Join(operations, ",") + `]}`)
}

func TestRefAndHrefHaveTheSameResult(t *testing.T) {
	t.Parallel()
	type target struct {
		Path         string
		Ref          jsonapi.Ref
		Relationship string
	}
	one := target{"/v1/things", jsonapi.Ref{Type: "things", ID: "a"}, ""}
	fans := target{"/v1/things", jsonapi.Ref{Type: "things", ID: "a"}, "fans"}
	office := target{"/v1/office/things", jsonapi.Ref{Type: "things", ID: "a"}, ""}
	for operation, want := range map[string]target{
		`{"op":"remove","ref":{"type":"things","id":"a"}}`:                                             one,
		`{"op":"remove","href":"/v1/things/a"}`:                                                        one,
		`{"op":"remove","href":"/v1/things/a/"}`:                                                       one,
		`{"op":"remove","href":"things/a"}`:                                                            one,
		`{"op":"remove","href":"./things/../things/a"}`:                                                one,
		`{"op":"remove","href":"/v1/%74hings/../things/a"}`:                                            one,
		`{"op":"remove","href":"http://roster.test:8080/v1/things/a"}`:                                 one,
		`{"op":"remove","href":"https://ROSTER.test:8080/v1/things/a"}`:                                one,
		`{"op":"remove","href":"//roster.test:8080/v1/things/a"}`:                                      one,
		`{"op":"remove","href":"/v1/office/things/a"}`:                                                 office,
		`{"op":"update","data":{"type":"things","id":"a"}}`:                                            one,
		`{"op":"update","ref":null,"href":null,"data":{"type":"things","id":"a"}}`:                     one,
		`{"op":"update","href":"office/things/a","data":{"type":"things","id":"a"}}`:                   office,
		`{"op":"add","ref":{"type":"things","id":"a","relationship":"fans"},"data":[]}`:                fans,
		`{"op":"remove","href":"/v1/things/a/relationships/fans","data":[{"type":"people","id":"b"}]}`: fans,
		`{"op":"update","href":"http://roster.test:8080/v1/things/a/relationships/fans/","data":[]}`:   fans,
		`{"op":"add","data":{"type":"things","attributes":{"name":"x"}}}`: {
			"/v1/things", jsonapi.Ref{Type: "things"}, ""},
		`{"op":"add","href":"/v1/office/things","data":{"type":"things","attributes":{"name":"x"}}}`: {
			"/v1/office/things", jsonapi.Ref{Type: "things"}, ""},
		`{"op":"add","ref":{"type":"things","id":"not-a-uuid","relationship":"fans"},"data":[],"foo":{}}`: {
			"/v1/things", jsonapi.Ref{Type: "things", ID: "not-a-uuid"}, "fans"},
	} {
		ops, err := jsonapi.DecodeOperations(atomic(operation), api)
		if err != nil {
			t.Errorf("%s: %v", operation, err)
			continue
		}
		got := target{Path: ops[0].Collection.Path, Ref: ops[0].Target}
		if ops[0].Relationship != nil {
			got.Relationship = ops[0].Relationship.Name
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", operation, diff)
		}
	}
}

func TestTheDefaultPortOfAnySchemeIsNoPort(t *testing.T) {
	t.Parallel()
	plain := &jsonapi.API{Base: &url.URL{Scheme: "http", Host: "roster.test", Path: "/v1/operations"}, Collections: api.Collections}
	for href, ours := range map[string]bool{
		"https://roster.test/v1/things/a":     true,
		"https://roster.test:443/v1/things/a": true,
		"http://roster.test:80/v1/things/a":   true,
		"http://roster.test:443/v1/things/a":  false,
		"https://roster.test:80/v1/things/a":  false,
		"https://roster.test./v1/things/a":    false,
		"https://roster.test.evil/v1/things":  false,
		"https:///v1/things/a":                false,
		"javascript:alert(1)":                 false,
		`\\evil\v1\things\a`:                  false,
	} {
		operation := `{"op":"remove","href":"` + strings.ReplaceAll(href, `\`, `\\`) + `"}`
		if _, err := jsonapi.DecodeOperations(atomic(operation), plain); (err == nil) != ours {
			t.Errorf("%s: %v", href, err)
		}
	}
}

func TestLocalIDsAreResolvedInACopy(t *testing.T) {
	t.Parallel()
	ops, err := jsonapi.DecodeOperations(atomic(
		`{"op":"add","data":{"type":"people","lid":"p"}}`,
		`{"op":"add","data":{"type":"things","attributes":{"name":"x"},"relationships":{
			"owner":{"data":{"type":"people","lid":"p"}},"watchers":{"data":[{"type":"people","lid":"p"}]},
			"fans":{"data":[{"type":"people","id":"q"},{"type":"people","lid":"p"}]}}}}`,
	), api)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"first", "second"} { // a transaction that is run again gets other ids
		in := ops[1].Input.Resolve(map[jsonapi.Ref]string{{Type: "people", LID: "p"}: id})
		got := []string{in.Relationships["owner"].One(), in.ReadOnly["watchers"].(jsonapi.Linkage).One(),
			in.Relationships["fans"].Refs[0].ID, in.Relationships["fans"].Refs[1].ID}
		if diff := cmp.Diff([]string{id, id, "q", id}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestEveryErrorOfOperationsIsToldAtOnce(t *testing.T) {
	t.Parallel()
	body := []byte(`{"data":1,"included":[],"meta":[],"atomic:results":[],"atomic:operations":[
		7,
		{"op":"add","data":{"type":"things","lid":"t","attributes":{"name":1},
			"relationships":{"owner":{"data":{"type":"people","lid":"t"}}}}},
		{"op":"remove","ref":{"type":"things","lid":"t"}},
		{"op":"add","data":{"type":"things","lid":"t","attributes":{"name":"x"}}},
		{"op":"update","ref":{"type":"things","id":"a","relationship":"maker"},"data":null},
		{"op":"update","ref":{"type":"things","id":"a","relationship":"watchers"},"data":[]},
		{"op":"update","ref":{"type":"things","id":"a","relationship":"invited"},"data":null},
		{"op":"update","ref":{"type":"things","id":"a"},"data":{"type":"things","id":"a","attributes":{"size":"x"}},"meta":[]},
		{"op":"add","ref":{"type":"things","id":"a","relationship":"fans"},"data":[7],"meta":{"ifMatch":7}}
	]}`)
	_, err := jsonapi.DecodeOperations(body, api)
	at := "/atomic:operations/"
	want := []found{
		{Code: jsonapi.InvalidDocument, Pointer: "/data"},
		{Code: jsonapi.InvalidDocument, Pointer: "/included"},
		{Code: jsonapi.InvalidDocument, Pointer: "/atomic:results"},
		{Code: jsonapi.InvalidDocument, Pointer: "/meta"},
		{Code: jsonapi.InvalidDocument, Pointer: at + "0"},
		{Code: jsonapi.InvalidValue, Pointer: at + "1/data/attributes/name"},
		{Code: jsonapi.InvalidDocument, Pointer: at + "1/data/relationships/owner/data/lid"},
		{Code: jsonapi.InvalidDocument, Pointer: at + "3/data/lid"},
		{Code: jsonapi.InvalidValue, Pointer: at + "4/data"},
		{Code: jsonapi.ReadOnly, Pointer: at + "5/ref"},
		{Code: jsonapi.NotFound, Pointer: at + "6/ref/relationship"},
		{Code: jsonapi.InvalidDocument, Pointer: at + "7/meta"},
		{Code: jsonapi.InvalidValue, Pointer: at + "7/data/attributes/size"},
		{Code: jsonapi.InvalidDocument, Pointer: at + "8/meta/ifMatch"},
		{Code: jsonapi.InvalidDocument, Pointer: at + "8/data/0"},
	}
	if diff := cmp.Diff(want, errorsOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checkPointers(t, body, err)
}

// FuzzAtomic reads arbitrary documents of operations: what is refused says where, what is taken can be carried out.
func FuzzAtomic(f *testing.F) {
	for _, seed := range []string{
		`{"op":"add","data":{"type":"things","lid":"t","attributes":{"name":"x"},` +
			`"relationships":{"fans":{"data":[{"type":"people","id":"a"}]}}}}`,
		`{"op":"add","data":{"type":"people","lid":"p"}},{"op":"update","ref":{"type":"things","id":"a","relationship":"owner"},` +
			`"data":{"type":"people","lid":"p"}}`,
		`{"op":"add","href":"/v1/office/things","data":{"type":"things","attributes":{"name":"x"}}}`,
		`{"op":"update","data":{"type":"things","lid":"t"},"meta":{"ifMatch":"\"1-x\""}}`,
		`{"op":"remove","href":"http://roster.test:8080/v1/things/a/relationships/fans","data":[]}`,
		`{"op":"remove","ref":{"type":"things","lid":"t"}}`,
		`{"op":"remove","href":"//evil/v1/things/a"},null`,
		`{"op":"update","ref":{"type":"things","id":"a","lid":"b","relationship":7},"href":{}}`,
		`{"op":"update","ref":{"type":"things","id":"a"},"data":{"type":"things","id":"a"},"meta":[]}`,
	} {
		f.Add(string(atomic(seed)))
	}
	f.Add(`{"atomic:operations":{},"atomic:results":[],"data":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		ops, err := jsonapi.DecodeOperations([]byte(body), api)
		if err != nil {
			checkPointers(t, []byte(body), err)
			return
		}
		if len(ops) == 0 || len(ops) > jsonapi.MaxOperations {
			t.Fatalf("%d operations", len(ops))
		}
		ids := map[jsonapi.Ref]string{}
		for _, op := range ops {
			checkOperation(t, op, ids)
		}
	})
}

// checkOperation fails the test unless an operation has all it takes to be carried out after those that added the ids.
func checkOperation(t *testing.T, op *jsonapi.Operation, ids map[jsonapi.Ref]string) {
	t.Helper()
	if op.Collection == nil || op.Target.Type != op.Collection.Schema.Type {
		t.Fatalf("%s: no collection for %v", op.Pointer(), op.Target)
	}
	adds := op.Code == jsonapi.AddOperation && op.Relationship == nil
	if _, defined := ids[op.Target]; op.Target.LID != "" && !defined && !adds {
		t.Fatalf("%s: the target is %v, which nothing adds", op.Pointer(), op.Target)
	}
	linkages := []jsonapi.Linkage{op.Linkage}
	if (op.Input == nil) != (op.Relationship != nil || op.Code == jsonapi.RemoveOperation) {
		t.Fatalf("%s: a resource object for the wrong operation, or none", op.Pointer())
	}
	if op.Input != nil {
		for _, linkage := range op.Input.Relationships {
			linkages = append(linkages, linkage)
		}
	}
	for _, linkage := range linkages {
		for _, ref := range linkage.Resolve(ids).Refs {
			if ref.ID == "" {
				t.Fatalf("%s: linkage to nothing", op.Pointer())
			}
		}
	}
	if adds && op.Input.LID != "" {
		ids[jsonapi.Ref{Type: op.Input.Schema.Type, LID: op.Input.LID}] = "new"
	}
}
