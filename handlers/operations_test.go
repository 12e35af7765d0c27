package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

const (
	operations = "/public/v2/operations"
	atomicType = `application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"`
	ghost      = "01912f6a-8c00-7abc-8def-0123456789ab"
)

// atomic sends operations.
func (s *service) atomic(ops ...any) *answer {
	s.t.Helper()
	return s.atomicRaw(object{"atomic:operations": ops})
}

func (s *service) atomicRaw(body any, headers ...string) *answer {
	s.t.Helper()
	return s.do("POST", operations, body, append([]string{"Content-Type", atomicType}, headers...)...)
}

// add returns an operation that adds a resource. Members that overwrite follow as pairs.
func add(typ string, attributes object, more ...any) object {
	data := resource(typ, attributes)["data"].(object)
	for i := 0; i+1 < len(more); i += 2 {
		data[more[i].(string)] = more[i+1]
	}
	return object{"op": "add", "data": data}
}

// change returns an operation that updates a resource.
func change(typ, id string, attributes object) object {
	return object{"op": "update", "data": object{"type": typ, "id": id, "attributes": attributes}}
}

func drop(target object) object { return object{"op": "remove", "ref": target} }

// linkage returns the relationships member with one relationship.
func linkage(name string, data any) object { return object{name: object{"data": data}} }

// lid returns an identifier by lid.
func lid(typ, lid string) object { return object{"type": typ, "lid": lid} }

// member returns a ref to a relationship.
func member(typ, id, relationship string) object {
	return object{"type": typ, "id": id, "relationship": relationship}
}

// op returns the pointer to the operation at an index, or below it.
func op(i int, below string) string { return fmt.Sprintf("/atomic:operations/%d%s", i, below) }

// state is everything a failed request could have left something in.
func (s *service) state() []any {
	s.t.Helper()
	var out []any
	for _, path := range []string{managed + "?", "/public/v2/users?", "/public/v2/memberships?", "/public/v2/apiKeys?",
		"/public/v2/events?filter[eventType][ne]=access.denied&"} { // which tells of what failed
		a := s.get(path + "page[size]=200").want(200)
		out = append(out, a.json("meta", "total"), a.json("data"))
	}
	return out
}

// wantRefused fails the test unless the operations are refused with one error and nothing is changed.
func (s *service) wantRefused(want errorObject, ops ...any) {
	s.t.Helper()
	before := s.state()
	a := s.atomic(ops...)
	if diff := cmp.Diff([]errorObject{want}, a.errors()); diff != "" {
		s.t.Errorf("errors (-want +got):\n%s%s", diff, a.Body)
	}
	if fmt.Sprint(a.Status) != want.Status {
		s.t.Errorf("status %d, want %s", a.Status, want.Status)
	}
	if diff := cmp.Diff(before, s.state()); diff != "" {
		s.t.Errorf("a refused request changed something (-before +after):\n%s", diff)
	}
}

func TestATOM1TheExtensionIsNamedBothWays(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		body := object{"atomic:operations": []any{add("organizations", object{"name": "Acme"})}}
		before := s.state()
		for _, contentType := range []string{
			jsonapi.MediaType,
			atomicType + "; x=1",
			`application/vnd.api+json; ext="https://jsonapi.org/ext/atomic https://example.test/nope"`,
			`application/vnd.api+json; ext="HTTPS://JSONAPI.ORG/EXT/ATOMIC"`,
			"application/json",
			"",
		} {
			a := s.atomicRaw(body, "Content-Type", contentType).want(415)
			want := []errorObject{{Status: "415", Code: "unsupported_media_type", Header: "Content-Type"}}
			if diff := cmp.Diff(want, a.errors()); diff != "" {
				t.Errorf("%q (-want +got):\n%s", contentType, diff)
			}
		}
		// NEG-15: what the body says of itself steers nothing.
		body["jsonapi"] = object{"version": "1.1", "ext": []any{jsonapi.AtomicExt}}
		s.atomicRaw(body, "Content-Type", jsonapi.MediaType).want(415)
		if diff := cmp.Diff(before, s.state()); diff != "" {
			t.Errorf("a refused request changed something (-before +after):\n%s", diff)
		}
		for _, contentType := range []string{atomicType, `Application/Vnd.Api+Json ;EXT="https://jsonapi.org/ext/atomic"`} {
			a := s.atomicRaw(body, "Content-Type", contentType).want(200)
			if got := a.Header.Get("Content-Type"); got != atomicType {
				t.Errorf("Content-Type of the answer: %s", got)
			}
			want := object{"version": "1.1", "ext": []any{jsonapi.AtomicExt}}
			if diff := cmp.Diff(want, a.json("jsonapi")); diff != "" {
				t.Errorf("jsonapi (-want +got):\n%s", diff)
			}
		}
		// An error document has nothing of the extension in it.
		a := s.atomic().want(400)
		if got := a.Header.Get("Content-Type"); got != jsonapi.MediaType {
			t.Errorf("Content-Type of an error: %s", got)
		}
		// NEG-23: other paths do not use the extension.
		s.do("POST", managed, resource("organizations", object{"name": "Acme"}), "Content-Type", atomicType).want(415)
	})
}

func TestATOM2AcceptMustAllowTheExtension(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for accept, status := range map[string]int{
			"":    200,
			"*/*": 200,
			"application/vnd.api+json; profile=\"https://example.test/p\"; ext=\"https://jsonapi.org/ext/atomic\"": 200,
			atomicType:                            200,
			jsonapi.MediaType + ", " + atomicType: 200,
			jsonapi.MediaType:                     406,
			jsonapi.MediaType + ", */*":           406,
			atomicType + ";q=0":                   406,
			`application/vnd.api+json; ext="https://jsonapi.org/ext/atomic https://example.test/nope"`: 406,
		} {
			body := object{"atomic:operations": []any{add("organizations", object{"name": "Acme"})}}
			if got := s.atomicRaw(body, "Accept", accept).Status; got != status {
				t.Errorf("Accept %q: status %d, want %d", accept, got, status)
			}
		}
	})
}

func TestATOM3And4TheDocumentHasOperationsAndNothingBeside(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		before := s.state()
		for _, name := range []string{"data", "included", "errors", "atomic:results"} {
			a := s.atomicRaw(object{"atomic:operations": []any{add("organizations", object{"name": "Acme"})}, name: []any{}}).want(400)
			want := []errorObject{{Status: "400", Code: "invalid_document", Pointer: "/" + name}}
			if diff := cmp.Diff(want, a.errors()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for _, body := range []string{
			`{"atomic:operations":[]}`, `{"atomic:operations":{}}`, `{"atomic:operations":null}`, `{"atomic:operations":"add"}`,
			`{"meta":{}}`, `{"meta":1}`, `[]`, `null`, `{}`, `{"atomic:operations":[{"op":"remove"`, ``,
			`{"ATOMIC:OPERATIONS":[{"op":"add","data":{"type":"organizations","attributes":{"name":"Acme"}}}]}`,
		} {
			s.atomicRaw(body).want(400).errors()
		}
		if diff := cmp.Diff(before, s.state()); diff != "" {
			t.Errorf("a refused request changed something (-before +after):\n%s", diff)
		}
	})
}

func TestATOM5AFailureHasOnlyErrors(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		a := s.atomic(add("organizations", object{"name": "Acme"}), drop(ref("organizations", ghost))).want(404)
		for name := range a.json().(object) {
			if name != "errors" && name != "jsonapi" {
				t.Errorf("the member %s beside errors", name)
			}
		}
	})
}

func TestATOM6To8EveryErrorOfTheFormIsTold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		org := ref("organizations", id)
		named := object{"type": "organizations", "id": id, "attributes": object{"name": "New"}}
		ops := []any{
			nil,
			object{"data": named},
			object{"op": "ADD", "data": named},
			object{"op": 1, "data": named},
			object{"op": "remove", "ref": org, "href": managed + "/" + id},
			object{"op": "remove", "ref": object{"id": id}},
			object{"op": "remove", "ref": object{"type": "organizations"}},
			object{"op": "remove", "ref": object{"type": "organizations", "id": id, "lid": "a"}},
			object{"op": "remove", "ref": object{"type": "organizations", "id": 7}},
			object{"op": "remove", "ref": object{"type": "nope", "id": id}},
			object{"op": "update", "ref": member("organizations", id, "nope"), "data": nil},
			object{"op": "update", "ref": member("organizations", id, "parent")},
			object{"op": "update", "ref": org},
			object{"op": "update", "ref": []any{}, "data": named},
			object{"op": "update", "href": 1, "data": named},
			object{"op": "remove"},
			object{"op": "add", "ref": org, "data": named},
			object{"op": "add"},
			object{"op": "add", "data": nil},
			object{"op": "add", "data": object{"attributes": object{"name": "x"}}},
			object{"op": "update", "meta": 1, "data": named},
			object{"op": "update", "meta": object{"ifMatch": 1}, "data": named},
			object{"op": "remove", "ref": lid("organizations", "")},
		}
		bad := func(i int, below string) errorObject {
			return errorObject{Status: "400", Code: "invalid_document", Pointer: op(i, below)}
		}
		want := []errorObject{
			bad(0, ""), bad(1, ""), bad(2, "/op"), bad(3, "/op"), bad(4, ""), bad(5, "/ref"), bad(6, "/ref"),
			bad(7, "/ref"), bad(8, "/ref/id"),
			{Status: "404", Code: "not_found", Pointer: op(9, "/ref/type")},
			{Status: "404", Code: "not_found", Pointer: op(10, "/ref/relationship")},
			bad(11, ""), bad(12, ""), bad(13, "/ref"), bad(14, "/href"), bad(15, ""), bad(16, "/ref"), bad(17, ""),
			bad(18, "/data"), bad(19, "/data"),
			bad(20, "/meta"), bad(21, "/meta/ifMatch"), bad(22, "/ref/lid"),
		}
		if diff := cmp.Diff(want, s.atomic(ops...).want(400).errors()); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
		}
	})
}

func TestATOM9OnlyPOST(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for _, method := range []string{"GET", "HEAD", "PATCH", "PUT", "DELETE"} {
			if got := s.do(method, operations, nil).want(405).Header.Get("Allow"); got != "POST" {
				t.Errorf("%s: Allow %s", method, got)
			}
		}
		s.do("POST", operations+"/", object{"atomic:operations": []any{add("organizations", object{"name": "Acme"})}},
			"Content-Type", atomicType).want(200)
	})
}

func TestATOM26LimitsAreTold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		before := s.state()
		fill := func(n int, o any) (ops []any) {
			for range n {
				ops = append(ops, o)
			}
			return ops
		}
		var identifiers []any
		for range 501 {
			identifiers = append(identifiers, ref("organizations", ghost))
		}
		for i, try := range []struct {
			ops     []any
			pointer string
			limit   float64
		}{
			{fill(101, drop(ref("users", ghost))), "/atomic:operations", 100},
			{fill(11, add("users", object{"firstName": "x", "password": "correct horse"})), op(10, "/data/attributes/password"), 10},
			{fill(2, object{"op": "add", "ref": member("users", ghost, "organizations"), "data": identifiers}), op(1, ""), 1000},
		} {
			a := s.atomic(try.ops...).want(400)
			if got := a.json("errors", 0, "meta", "limit"); got != try.limit {
				t.Errorf("try %d: meta.limit is %v, want %v", i, got, try.limit)
			}
			if got := a.text("errors", 0, "source", "pointer"); got != try.pointer {
				t.Errorf("try %d: pointer %s, want %s", i, got, try.pointer)
			}
		}
		if diff := cmp.Diff(before, s.state()); diff != "" {
			t.Errorf("something changed (-before +after):\n%s", diff)
		}
		if got := len(s.atomic(fill(100, add("users", object{"firstName": "x"}))...).want(200).json("atomic:results").([]any)); got != 100 {
			t.Errorf("%d results of 100 operations", got)
		}
	})
}

func TestATOM27NoQueryParameters(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		before := s.state()
		body := object{"atomic:operations": []any{add("organizations", object{"name": "x"})}}
		for _, parameter := range []string{"include", "sort", "filter[name]", "page[size]", "fields[organizations]", "foo", "atomic:x"} {
			a := s.do("POST", operations+"?"+parameter+"=1", body, "Content-Type", atomicType).want(400)
			if got := a.errors()[0].Parameter; got != parameter {
				t.Errorf("%s: the error is in %q", parameter, got)
			}
		}
		if diff := cmp.Diff(before, s.state()); diff != "" {
			t.Errorf("something changed (-before +after):\n%s", diff)
		}
	})
}

func TestATOM28HrefLeadsOnlyIntoThisAPI(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id, _ := s.organization("Acme")
		at := managed + "/" + id
		for _, href := range []string{
			"https://example.test" + at, "//example.test" + at, "file://" + at, "http:" + at[1:],
			"ftp" + strings.TrimPrefix(s.url, "http") + at,
			strings.Replace(s.url, "http://", "http://user:secret@", 1) + at, at + "?include=parent", at + "#x", "http://[::1", "%zz",
			"http://127.0.0.1:1" + at,
		} {
			s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/href")},
				object{"op": "remove", "href": href})
		}
		for _, href := range []string{"", "/", "/public/v2/nope/" + id, at + "/parent", at + "/relationships", "/public/v1/users/" + id,
			"../users/" + id, managed + "x"} {
			s.wantRefused(errorObject{Status: "404", Code: "not_found", Pointer: op(0, "/href")}, object{"op": "remove", "href": href})
		}
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/href")},
			object{"op": "remove", "href": managed})
		collision := add("organizations", object{"name": "x"})
		collision["href"] = at
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/href")}, collision)
		for i, form := range []string{managed + "/%s", s.url + managed + "/%s", "management/organizations/%s", "./organizations/%s/",
			"/public/v2/organizations/%s", strings.Replace(s.url, "http", "HTTP", 1) + managed + "/%s"} {
			id, _ := s.organization(fmt.Sprint("Org ", i))
			s.atomic(object{"op": "remove", "href": fmt.Sprintf(form, id)}).want(204)
			s.get(managed + "/" + id).want(404)
		}
	})
}

func TestATOM29UnknownMembersAreIgnored(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		o := change("organizations", id, object{"name": "New", "@comment": 1})
		o["foo"], o["meta"], o["@x"] = 1, object{"note": "x"}, 1
		o["data"].(object)["foo"], o["atomic:op"] = 1, "remove"
		o["ref"] = object{"type": "organizations", "id": id, "foo": 1, "meta": object{}}
		removal := drop(ref("organizations", id))
		removal["data"] = ref("organizations", id) // as some clients send it with DELETE
		a := s.atomicRaw(object{"atomic:operations": []any{o, removal}, "foo": 1, "meta": object{"a": 1}, "links": object{},
			"jsonapi": object{}}).want(200)
		if got := a.text("atomic:results", 0, "data", "attributes", "name"); got != "New" {
			t.Errorf("the name is %s", got)
		}
	})
}
