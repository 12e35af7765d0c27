package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
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
	for _, path := range []string{managed, "/public/v2/users", "/public/v2/memberships", "/public/v2/apiKeys", "/public/v2/events"} {
		a := s.get(path + "?page[size]=200").want(200)
		out = append(out, a.json("meta", "total"), a.json("data"))
	}
	return out
}

// wantRefused fails the test unless the operations are refused with one fault and nothing is changed.
func (s *service) wantRefused(want fault, ops ...any) {
	s.t.Helper()
	before := s.state()
	a := s.atomic(ops...)
	if diff := cmp.Diff([]fault{want}, a.faults()); diff != "" {
		s.t.Errorf("faults (-want +got):\n%s%s", diff, a.Body)
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
			want := []fault{{Status: "415", Code: "unsupported_media_type", Header: "Content-Type"}}
			if diff := cmp.Diff(want, a.faults()); diff != "" {
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
			want := []fault{{Status: "400", Code: "invalid_document", Pointer: "/" + name}}
			if diff := cmp.Diff(want, a.faults()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for _, body := range []string{
			`{"atomic:operations":[]}`, `{"atomic:operations":{}}`, `{"atomic:operations":null}`, `{"atomic:operations":"add"}`,
			`{"meta":{}}`, `{"meta":1}`, `[]`, `null`, `{}`, `{"atomic:operations":[{"op":"remove"`, ``,
			`{"ATOMIC:OPERATIONS":[{"op":"add","data":{"type":"organizations","attributes":{"name":"Acme"}}}]}`,
		} {
			s.atomicRaw(body).want(400).faults()
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

func TestATOM6To8EveryFaultOfTheFormIsTold(t *testing.T) {
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
		bad := func(i int, below string) fault {
			return fault{Status: "400", Code: "invalid_document", Pointer: op(i, below)}
		}
		want := []fault{
			bad(0, ""), bad(1, ""), bad(2, "/op"), bad(3, "/op"), bad(4, ""), bad(5, "/ref"), bad(6, "/ref"), bad(7, "/ref"), bad(8, "/ref/id"),
			{Status: "404", Code: "not_found", Pointer: op(9, "/ref/type")},
			{Status: "404", Code: "not_found", Pointer: op(10, "/ref/relationship")},
			bad(11, ""), bad(12, ""), bad(13, "/ref"), bad(14, "/href"), bad(15, ""), bad(16, "/ref"), bad(17, ""), bad(18, "/data"), bad(19, "/data"),
			bad(20, "/meta"), bad(21, "/meta/ifMatch"), bad(22, "/ref/lid"),
		}
		if diff := cmp.Diff(want, s.atomic(ops...).want(400).faults()); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
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
		s.do("POST", operations+"/", object{"atomic:operations": []any{add("organizations", object{"name": "Acme"})}}, "Content-Type", atomicType).want(200)
	})
}

func TestATOM10OperationsAreCarriedOutInOrder(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		one := add("organizations", object{"name": "First"}, "lid", "x")
		two := object{"op": "update", "ref": lid("organizations", "x"), "data": object{
			"type": "organizations", "lid": "x", "attributes": object{"name": "Second"},
		}}
		three := drop(lid("organizations", "x"))
		a := s.atomic(one, two, three).want(200)
		if got := []string{a.text("atomic:results", 0, "data", "attributes", "name"), a.text("atomic:results", 1, "data", "attributes", "name")}; !cmp.Equal(got, []string{"First", "Second"}) {
			t.Errorf("the results show %v", got)
		}
		s.get(managed + "/" + a.text("atomic:results", 0, "data", "id")).want(404)
		s.atomic(three, two, one).want(400)
		s.atomic(two, one).want(400)
	})
}

func TestATOM11AllOrNothingWithEventsAndCounters(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"}, "organizations", []any{ref("organizations", id)})).
			want(201).text("data", "id")
		s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(6, "/ref")},
			add("organizations", object{"name": "New", "webhookUrl": "https://hooks.example.com/"}, "lid", "n"),
			add("users", object{"firstName": "Eve"}, "relationships", linkage("organizations", []any{lid("organizations", "n"), ref("organizations", id)})),
			add("apiKeys", object{"name": "k", "scopes": []any{}}, "relationships", linkage("organization", lid("organizations", "n"))),
			change("organizations", id, object{"name": "Changed"}),
			object{"op": "remove", "ref": member("users", user, "organizations"), "data": []any{ref("organizations", id)}},
			drop(ref("users", user)),
			drop(ref("users", ghost)),
		)
	})
}

// TestCountersFollowSeveralChangesOfOneRequest holds what the totals of lists are taken from against what the lists have.
func TestCountersFollowSeveralChangesOfOneRequest(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		root, token := s.organization("Root")
		a := s.atomic(
			add("organizations", object{"name": "Child"}, "lid", "c", "relationships", linkage("parent", ref("organizations", root))),
			add("users", object{"firstName": "Ada"}, "lid", "u", "relationships", linkage("organizations", []any{lid("organizations", "c")})),
			add("memberships", object{}, "relationships", object{
				"organization": object{"data": ref("organizations", root)}, "user": object{"data": lid("users", "u")},
			}),
			add("organizations", object{"name": "Gone"}, "lid", "g", "relationships", linkage("parent", lid("organizations", "c"))),
			add("users", object{"firstName": "Eve"}, "relationships", linkage("organizations", []any{lid("organizations", "g")})),
			drop(lid("organizations", "g")),
		).want(200)
		child := a.text("atomic:results", 0, "data", "id")
		for path, want := range map[string]int{
			managed:                                            2,
			managed + "/" + root + "/children":                 1,
			managed + "?filter[ancestor]=" + root:              1,
			managed + "/" + child + "/children":                0,
			"/public/v2/users":                                 2,
			"/public/v2/users?filter[organizationId]=" + child: 1,
			"/public/v2/memberships":                           2,
		} {
			list := s.get(path).want(200)
			if total, rows := list.json("meta", "total"), len(list.json("data").([]any)); total != float64(want) || rows != want {
				t.Errorf("%s: total %v and %d rows, want %d", path, total, rows, want)
			}
		}
		if got := s.as(token).get("/public/v2/events").want(200); got.json("meta", "total") != float64(len(got.json("data").([]any))) {
			t.Errorf("events: total %v of %d", got.json("meta", "total"), len(got.json("data").([]any)))
		}
	})
}

func TestATOM12And13ResultsByPosition(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		other, _ := s.organization("Other")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		a := s.atomic(
			drop(ref("organizations", other)),
			add("organizations", object{"name": "New"}),
			object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("organizations", id)}},
			change("organizations", id, object{"name": "Changed"}),
		).want(200)
		results := a.json("atomic:results").([]any)
		if len(results) != 4 || !cmp.Equal(results[0], object{}) || !cmp.Equal(results[2], object{}) {
			t.Errorf("results: %s", a.Body)
		}
		if got := a.text("atomic:results", 1, "data", "attributes", "name") + a.text("atomic:results", 3, "data", "attributes", "name"); got != "NewChanged" {
			t.Errorf("results: %s", a.Body)
		}
		if a.json("data") != nil || a.json("included") != nil {
			t.Errorf("primary data beside results: %s", a.Body)
		}
		empty := s.atomic(object{"op": "update", "ref": member("users", user, "organizations"), "data": []any{}}, drop(ref("users", user))).want(204)
		if len(empty.Body) != 0 || empty.Header.Get("Content-Type") != "" {
			t.Errorf("204 with %s %q", empty.Header.Get("Content-Type"), empty.Body)
		}
	})
}

func TestATOM14And15FaultsPointIntoTheOperation(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		taken := s.do("POST", managed, resource("organizations", object{"name": "Acme", "slug": "taken"})).want(201).text("data", "id")
		parent, _ := s.organization("Parent")
		s.organization("Child", "parent", ref("organizations", parent))
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		fine := add("organizations", object{"name": "Fine"})

		a := s.atomic(fine, add("organizations", object{"name": 5, "nope": 1, "a/b": 1}), change("users", user, object{"email": "x"})).want(422)
		var got []string
		for _, f := range a.faults() {
			got = append(got, f.Pointer)
		}
		want := []string{op(1, "/data/attributes/a~1b"), op(1, "/data/attributes/name"), op(1, "/data/attributes/nope"), op(2, "/data/attributes/email")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pointers (-want +got):\n%s", diff)
		}

		s.wantRefused(fault{Status: "409", Code: "conflict", Pointer: op(1, "/data/attributes/slug")},
			fine, add("organizations", object{"name": "x", "slug": "taken"}))
		s.wantRefused(fault{Status: "409", Code: "conflict", Pointer: op(1, "/ref")}, fine, drop(ref("organizations", parent)))
		s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(0, "/href")}, object{"op": "remove", "href": "/public/v2/users/" + ghost})
		s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(0, "/data")}, change("users", ghost, object{"phone": "1"}))
		s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(0, "/ref")}, drop(ref("users", "not-a-uuid")))
		s.wantRefused(fault{Status: "404", Code: "related_not_found", Pointer: op(0, "/data/1")},
			object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("organizations", taken), ref("organizations", ghost)}})
		s.wantRefused(fault{Status: "404", Code: "related_not_found", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("organizations", taken, "parent"), "data": ref("organizations", ghost)})
		s.wantRefused(fault{Status: "409", Code: "conflict", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("organizations", taken, "parent"), "data": ref("organizations", taken)})
		s.wantRefused(fault{Status: "403", Code: "read_only", Pointer: op(0, "/data/attributes/number")}, change("organizations", taken, object{"number": -1}))
	})
}

func TestATOM16To18ResultsAreThoseOfSingleRequests(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		a := s.atomic(add("organizations", object{"name": "Acme"})).want(200)
		id, token := a.text("atomic:results", 0, "data", "id"), a.text("atomic:results", 0, "data", "attributes", "token")
		self := a.text("atomic:results", 0, "data", "links", "self")
		single := s.get(self).want(200).json("data").(object)
		single["attributes"].(object)["token"] = token // shown once
		if diff := cmp.Diff(single, a.json("atomic:results", 0, "data")); diff != "" {
			t.Errorf("result of add (-single +result):\n%s", diff)
		}
		if got := s.as(token).get("/public/v2/organizations/"+id).want(200).text("data", "id"); got != id {
			t.Errorf("the token of the result is that of %s", got)
		}
		a = s.atomic(change("organizations", id, object{"description": "x"})).want(200)
		if diff := cmp.Diff(s.get(self).want(200).json("data"), a.json("atomic:results", 0, "data")); diff != "" {
			t.Errorf("result of update (-single +result):\n%s", diff)
		}
		// By the href of the management the links are those of the management.
		created := add("organizations", object{"name": "Acme"})
		created["href"] = managed
		a = s.atomic(created).want(200)
		if got, want := a.text("atomic:results", 0, "data", "links", "self"), managed+"/"+a.text("atomic:results", 0, "data", "id"); got != want {
			t.Errorf("self is %s, want %s", got, want)
		}
		misplaced := add("organizations", object{"name": "Acme"})
		misplaced["href"] = "/public/v2/users"
		s.wantRefused(fault{Status: "409", Code: "type_mismatch", Pointer: op(0, "/data/type")}, misplaced)
	})
}

func TestATOM19TheTargetOfAnUpdate(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		other, _ := s.organization("Other")
		for i, more := range []object{{}, {"ref": ref("organizations", id)}, {"href": managed + "/" + id}, {"href": "organizations/" + id}, {"ref": nil}} {
			name := fmt.Sprintf("Name %d", i)
			o := change("organizations", id, object{"name": name})
			for k, v := range more {
				o[k] = v
			}
			s.atomic(o).want(200)
			if got := s.get(managed+"/"+id).want(200).text("data", "attributes", "name"); got != name {
				t.Errorf("with %v the name is %s", more, got)
			}
		}
		o := change("organizations", id, object{"name": "x"})
		o["ref"] = ref("organizations", other)
		s.wantRefused(fault{Status: "409", Code: "id_mismatch", Pointer: op(0, "/data/id")}, o)
		o["ref"] = ref("users", id)
		s.wantRefused(fault{Status: "409", Code: "type_mismatch", Pointer: op(0, "/data/type")}, object{
			"op": "update", "ref": ref("users", id), "data": object{"type": "organizations", "id": id},
		})
		added := add("organizations", object{"name": "x"}, "lid", "a")
		s.wantRefused(fault{Status: "409", Code: "id_mismatch", Pointer: op(1, "/data/id")}, added, object{
			"op": "update", "ref": lid("organizations", "a"), "data": ref("organizations", id),
		})
		s.wantRefused(fault{Status: "409", Code: "id_mismatch", Pointer: op(1, "/data/lid")}, added, object{
			"op": "update", "ref": lid("organizations", "a"), "data": lid("organizations", "b"),
		})
		s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(1, "/data")}, added, object{
			"op": "update", "ref": lid("organizations", "a"), "data": object{"type": "organizations"},
		})
	})
}

func TestATOM20Remove(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(1, "/ref")}, drop(ref("organizations", id)), drop(ref("organizations", ghost)))
		s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(1, "/ref")}, drop(ref("organizations", id)), drop(ref("organizations", id)))
		s.atomic(drop(ref("organizations", id))).want(204)
		s.get(managed + "/" + id).want(404)
	})
}

func TestATOM21ToOne(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		parent, _ := s.organization("Parent")
		linked := func() any { return s.get(managed + "/" + id + "/relationships/parent").want(200).json("data") }
		s.atomic(object{"op": "update", "ref": member("organizations", id, "parent"), "data": ref("organizations", parent)}).want(204)
		if diff := cmp.Diff(ref("organizations", parent), linked()); diff != "" {
			t.Errorf("parent (-want +got):\n%s", diff)
		}
		s.atomic(object{"op": "update", "href": managed + "/" + id + "/relationships/parent", "data": nil}).want(204)
		if got := linked(); got != nil {
			t.Errorf("parent is %v", got)
		}
		s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("organizations", id, "parent"), "data": []any{}})
		s.wantRefused(fault{Status: "403", Code: "read_only", Pointer: op(0, "/op")},
			object{"op": "add", "ref": member("organizations", id, "parent"), "data": ref("organizations", parent)})
		s.wantRefused(fault{Status: "403", Code: "read_only", Pointer: op(0, "/ref")},
			object{"op": "update", "ref": member("organizations", id, "createdBy"), "data": nil})
	})
}

func TestATOM22ToMany(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var orgs []object
		for i := range 3 {
			id, _ := s.organization(fmt.Sprintf("Org %d", i))
			orgs = append(orgs, ref("organizations", id))
		}
		ids := func(refs ...object) []string {
			out := []string{}
			for _, r := range refs {
				out = append(out, r["id"].(string))
			}
			return sorted(out...)
		}
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"}, "organizations", []any{orgs[0]})).want(201).text("data", "id")
		at := "/public/v2/users/" + user + "/relationships/organizations"
		for i, step := range []struct {
			op   string
			data []any
			want []string
		}{
			{"add", []any{orgs[1], orgs[1], orgs[0]}, ids(orgs[0], orgs[1])},
			{"add", []any{}, ids(orgs[0], orgs[1])},
			{"remove", []any{orgs[0], orgs[2]}, ids(orgs[1])},
			{"update", []any{orgs[2], orgs[0]}, ids(orgs[0], orgs[2])},
			{"update", []any{}, []string{}},
		} {
			o := object{"op": step.op, "ref": member("users", user, "organizations"), "data": step.data}
			if i%2 == 1 {
				o = object{"op": step.op, "href": at, "data": step.data}
			}
			s.atomic(o).want(204)
			if diff := cmp.Diff(step.want, s.get(at).want(200).ids("data")); diff != "" {
				t.Errorf("after step %d (-want +got):\n%s", i, diff)
			}
		}
		s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("users", user, "organizations"), "data": nil})
		s.wantRefused(fault{Status: "409", Code: "type_mismatch", Pointer: op(0, "/data/0/type")},
			object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("users", user)}})
		s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(0, "/ref/relationship")},
			object{"op": "update", "ref": member("users", user, "organization"), "data": nil})
	})
}

func TestATOM23TheRulesOfSingleRequestsHold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, token := s.organization("Acme")
		s.wantRefused(fault{Status: "409", Code: "conflict", Pointer: op(0, "/data/id")}, add("organizations", object{"name": "x"}, "id", id))
		s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/data/relationships/parent")},
			add("organizations", object{"name": "x"}, "relationships", object{"parent": object{}}))
		s.wantRefused(fault{Status: "404", Code: "related_not_found", Pointer: op(0, "/data/relationships/parent/data")},
			add("organizations", object{"name": "x"}, "relationships", linkage("parent", ref("organizations", ghost))))
		s.wantRefused(fault{Status: "403", Code: "forbidden", Pointer: op(0, "")}, add("events", object{}))
		a := s.as(token).atomic(add("users", object{"firstName": "Ada"}, "id", ghost)).want(403)
		if diff := cmp.Diff([]fault{{Status: "403", Code: "client_id_forbidden", Pointer: op(0, "/data/id")}}, a.faults()); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
		s.atomic(add("organizations", object{"name": "x"}, "id", ghost)).want(200)
		s.get(managed + "/" + ghost).want(200)
		restored := change("organizations", ghost, object{"deletedAt": nil})
		s.atomic(drop(ref("organizations", ghost)), restored).want(200)
		s.get(managed + "/" + ghost).want(200)
	})
}

func TestEachOperationNeedsItsPermission(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, token := s.organization("Acme")
		other, _ := s.organization("Other")
		reader := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "r", "scopes": []any{"users:write", "organizations:read"}},
			"organization", ref("organizations", id))).want(201).text("data", "attributes", "key")
		denied := func(i int) fault { return fault{Status: "403", Code: "forbidden", Pointer: op(i, "")} }
		user := add("users", object{"firstName": "Ada"})
		managedChange := change("organizations", id, object{"name": "x"})
		managedChange["href"] = managed + "/" + id
		for name, try := range map[string]struct {
			key  string
			ops  []any
			want []fault
		}{
			"a token adds and removes no organizations": {token,
				[]any{user, add("organizations", object{"name": "x"}), drop(ref("organizations", id))}, []fault{denied(1), denied(2)}},
			"a token reaches nothing of the management": {token, []any{managedChange}, []fault{denied(0)}},
			"a scope is needed for each": {reader, []any{user, change("organizations", id, object{"name": "x"}),
				object{"op": "update", "ref": member("organizations", id, "parent"), "data": nil}}, []fault{denied(1), denied(2)}},
			"what is not seen is not there": {token, []any{user, change("organizations", other, object{"name": "x"})},
				[]fault{{Status: "404", Code: "not_found", Pointer: op(1, "/data")}}},
		} {
			before := s.state()
			a := s.as(try.key).atomic(try.ops...)
			if diff := cmp.Diff(try.want, a.faults()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if fmt.Sprint(a.Status) != try.want[0].Status {
				t.Errorf("%s: status %d", name, a.Status)
			}
			if diff := cmp.Diff(before, s.state(), cmp.FilterPath(func(p cmp.Path) bool { return strings.Contains(p.GoString(), "lastUsedAt") }, cmp.Ignore())); diff != "" {
				t.Errorf("%s: something changed (-before +after):\n%s", name, diff)
			}
		}
		s.as(token).atomic(user, change("organizations", id, object{"name": "Mine"})).want(200)
		s.as(reader).atomic(user).want(200)
		s.as("").atomic(user).want(401)
		s.as("nonsense").atomic(user).want(401)
	})
}

func TestATOM24LidsNameWhatEarlierOperationsAdd(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		a := s.atomic(
			add("organizations", object{"name": "Parent"}, "lid", "same"),
			add("users", object{"firstName": "Ada"}, "lid", "same"),
			add("organizations", object{"name": "Child"}, "lid", "child", "relationships", linkage("parent", lid("organizations", "same"))),
			object{"op": "add", "ref": object{"type": "users", "lid": "same", "relationship": "organizations"},
				"data": []any{lid("organizations", "same"), lid("organizations", "child")}},
			object{"op": "update", "data": object{"type": "users", "lid": "same", "attributes": object{"lastName": "L"}}},
			object{"op": "update", "ref": object{"type": "organizations", "lid": "child", "relationship": "parent"}, "data": lid("organizations", "same")},
		).want(200)
		id := func(i int) string { return a.text("atomic:results", i, "data", "id") }
		if got := a.text("atomic:results", 4, "data", "id"); got != id(1) {
			t.Errorf("the update was of %s, want %s", got, id(1))
		}
		if got := s.get(managed+"/"+id(2)+"/parent").want(200).text("data", "id"); got != id(0) {
			t.Errorf("the parent is %s, want %s", got, id(0))
		}
		got := s.get("/public/v2/users/" + id(1) + "/relationships/organizations").want(200).ids("data")
		if diff := cmp.Diff(sorted(id(0), id(2)), got); diff != "" {
			t.Errorf("organizations (-want +got):\n%s", diff)
		}
		for _, i := range []int{0, 1, 2, 4} {
			if _, printed := a.json("atomic:results", i, "data").(object)["lid"]; printed {
				t.Errorf("result %d has a lid", i)
			}
		}
	})
}

func TestATOM25LidsAreDefinedOnceBeforeTheyAreUsed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, id := add("organizations", object{"name": "x"}, "lid", "x"), ""
		id, _ = s.organization("Acme")
		bad := func(i int, below string) fault {
			return fault{Status: "400", Code: "invalid_document", Pointer: op(i, below)}
		}
		s.wantRefused(bad(0, "/ref/lid"), drop(lid("organizations", "x")))
		s.wantRefused(bad(0, "/ref/lid"), drop(lid("organizations", "x")), org)
		s.wantRefused(bad(1, "/data/lid"), org, org)
		s.wantRefused(bad(1, "/ref/lid"), org, drop(lid("users", "x")))
		s.wantRefused(bad(0, "/data/relationships/parent/data/lid"),
			add("organizations", object{"name": "x"}, "lid", "x", "relationships", linkage("parent", lid("organizations", "x"))))
		s.wantRefused(bad(0, "/data/relationships/organizations/data/1/lid"),
			add("users", object{"firstName": "x"}, "relationships", linkage("organizations", []any{ref("organizations", id), lid("organizations", "x")})))
		s.wantRefused(bad(0, "/data/lid"), object{"op": "update", "ref": member("organizations", id, "parent"), "data": lid("organizations", "x")})
		s.wantRefused(bad(0, "/data/lid"), object{"op": "update", "data": lid("organizations", "x")})
		s.wantRefused(bad(0, "/data/lid"), add("organizations", object{"name": "x"}, "lid", 7))
		// One fault does not make others of every use.
		s.wantRefused(fault{Status: "422", Code: "required", Pointer: op(0, "/data/attributes")},
			add("organizations", object{}, "lid", "x"), drop(lid("organizations", "x")))
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
			if got := a.faults()[0].Parameter; got != parameter {
				t.Errorf("%s: the fault is in %q", parameter, got)
			}
		}
		if diff := cmp.Diff(before, s.state()); diff != "" {
			t.Errorf("something changed (-before +after):\n%s", diff)
		}
	})
}

func TestATOM28HrefLeadsOnlyIntoThisAPI(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		at := managed + "/" + id
		for _, href := range []string{
			"https://example.test" + at, "//example.test" + at, "file://" + at, "http:" + at[1:], "ftp" + strings.TrimPrefix(s.url, "http") + at,
			strings.Replace(s.url, "http://", "http://user:secret@", 1) + at, at + "?include=parent", at + "#x", "http://[::1", "%zz", "http://127.0.0.1:1" + at,
		} {
			s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/href")}, object{"op": "remove", "href": href})
		}
		for _, href := range []string{"", "/", "/public/v2/nope/" + id, at + "/parent", at + "/relationships", "/public/v1/users/" + id, "../users/" + id, managed + "x"} {
			s.wantRefused(fault{Status: "404", Code: "not_found", Pointer: op(0, "/href")}, object{"op": "remove", "href": href})
		}
		s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/href")}, object{"op": "remove", "href": managed})
		collision := add("organizations", object{"name": "x"})
		collision["href"] = at
		s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/href")}, collision)
		for i, form := range []string{managed + "/%s", s.url + managed + "/%s", "management/organizations/%s", "./organizations/%s/", "/public/v2/organizations/%s", strings.Replace(s.url, "http", "HTTP", 1) + managed + "/%s"} {
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
		a := s.atomicRaw(object{"atomic:operations": []any{o, removal}, "foo": 1, "meta": object{"a": 1}, "links": object{}, "jsonapi": object{}}).want(200)
		if got := a.text("atomic:results", 0, "data", "attributes", "name"); got != "New" {
			t.Errorf("the name is %s", got)
		}
	})
}

func TestIfMatchInMetaIsAPrecondition(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		with := func(o object, tag string) object {
			o["meta"] = object{"ifMatch": tag}
			return o
		}
		join := func() object {
			return object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("organizations", id)}}
		}
		parent := func() object {
			return object{"op": "update", "ref": member("organizations", id, "parent"), "data": nil}
		}
		stale := fault{Status: "412", Code: "precondition_failed", Pointer: op(0, "/meta/ifMatch")}
		for _, tag := range []string{`"2-x"`, `W/"1-x"`, `"x"`, `"1"`, `"2-a", "3-b"`} {
			s.wantRefused(stale, with(change("organizations", id, object{"name": "x"}), tag))
			s.wantRefused(stale, with(drop(ref("organizations", id)), tag))
			s.wantRefused(stale, with(join(), tag))
			s.wantRefused(stale, with(parent(), tag))
		}
		s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/meta/ifMatch")}, with(add("organizations", object{"name": "x"}), "*"))
		for _, tag := range []string{"", "1", `"`, `"1-x`, `*, "1-x"`, `1-x"`} {
			s.wantRefused(fault{Status: "400", Code: "invalid_document", Pointer: op(0, "/meta/ifMatch")}, with(drop(ref("organizations", id)), tag))
		}
		s.atomic(with(join(), `"1-x"`), with(parent(), `*`)).want(204)
		// The second operation sees what the first has done.
		s.wantRefused(fault{Status: "412", Code: "precondition_failed", Pointer: op(1, "/meta/ifMatch")},
			with(change("organizations", id, object{"name": "y"}), `"1-x"`), with(change("organizations", id, object{"name": "z"}), `"1-x"`))
		s.atomic(with(change("organizations", id, object{"name": "y"}), `"7-q", "1-x-gzip"`), with(change("organizations", id, object{"name": "z"}), `"2-x"`)).want(200)
		s.atomic(with(drop(ref("organizations", id)), `"3-x"`)).want(204)
	})
}

// together sends the bodies at the same time and returns the answers.
func (s *service) together(n int, body func(i int) any) []*answer {
	s.t.Helper()
	answers := make([]*answer, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i] = s.atomicRaw(body(i)) })
	}
	wg.Wait()
	for _, a := range answers {
		if a == nil { // its request failed, which ended only its goroutine
			s.t.FailNow()
		}
	}
	return answers
}

func TestATOM30ConcurrentRequestsDoNotInterleave(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var ids []string
		for _, slug := range []string{"left", "right"} {
			ids = append(ids, s.do("POST", managed, resource("organizations", object{"name": "Acme", "slug": slug})).want(201).text("data", "id"))
		}
		// Each request moves both organizations through slugs of its own and leaves them crossed, in the order of its parity.
		answers := s.together(50, func(i int) any {
			a, b := ids[i%2], ids[1-i%2]
			return object{"atomic:operations": []any{
				change("organizations", a, object{"slug": fmt.Sprintf("hold-%d", i)}),
				change("organizations", b, object{"slug": "left"}),
				change("organizations", a, object{"slug": "right", "description": fmt.Sprint(i)}),
				change("organizations", b, object{"description": fmt.Sprint(i)}),
			}}
		})
		for i, a := range answers {
			if a.Status != http.StatusOK && a.Status != http.StatusConflict {
				t.Errorf("request %d: status %d: %s", i, a.Status, a.Body)
			}
		}
		left, right := s.get(managed+"/"+ids[0]).want(200), s.get(managed+"/"+ids[1]).want(200)
		slugs := sorted(left.text("data", "attributes", "slug"), right.text("data", "attributes", "slug"))
		if diff := cmp.Diff([]string{"left", "right"}, slugs); diff != "" {
			t.Errorf("slugs (-want +got):\n%s", diff)
		}
		if a, b := left.json("data", "attributes", "description"), right.json("data", "attributes", "description"); a != b {
			t.Errorf("two requests interleaved: %v and %v", a, b)
		}
	})
}

func TestRequestsThatCrossEachOtherAllSucceed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		root, _ := s.organization("Root")
		a, _ := s.organization("A", "parent", ref("organizations", root))
		b, _ := s.organization("B", "parent", ref("organizations", root))
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"}, "organizations", []any{ref("organizations", a)})).want(201).text("data", "id")
		answers := s.together(50, func(i int) any {
			ops := []any{
				change("organizations", a, object{"description": fmt.Sprint(i)}),
				change("users", user, object{"phone": fmt.Sprint(i)}),
				change("organizations", b, object{"description": fmt.Sprint(i)}),
				add("organizations", object{"name": "Child"}, "relationships", linkage("parent", ref("organizations", a))),
				object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("organizations", b)}},
				object{"op": "update", "ref": member("organizations", b, "parent"), "data": ref("organizations", root)},
			}
			if i%2 == 1 {
				for l, r := 0, len(ops)-1; l < r; l, r = l+1, r-1 {
					ops[l], ops[r] = ops[r], ops[l]
				}
			}
			return object{"atomic:operations": ops}
		})
		for i, answer := range answers {
			if answer.Status != http.StatusOK {
				t.Errorf("request %d: status %d: %s", i, answer.Status, answer.Body)
			}
		}
		if got := s.get(managed+"/"+a+"/children").want(200).json("meta", "total"); got != 50.0 {
			t.Errorf("%v children, want 50", got)
		}
		left := s.get(managed+"/"+a).want(200).json("data", "attributes", "description")
		right := s.get(managed+"/"+b).want(200).json("data", "attributes", "description")
		if left != right {
			t.Errorf("two requests interleaved: %v and %v", left, right)
		}
	})
}
