package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestATOM10OperationsAreCarriedOutInOrder(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		one := add("organizations", object{"name": "First"}, "lid", "x")
		two := object{"op": "update", "ref": lid("organizations", "x"), "data": object{
			"type": "organizations", "lid": "x", "attributes": object{"name": "Second"},
		}}
		three := drop(lid("organizations", "x"))
		a := s.atomic(one, two, three).want(200)
		if got := []string{a.text("atomic:results", 0, "data", "attributes", "name"),
			a.text("atomic:results", 1, "data", "attributes", "name")}; !cmp.Equal(got, []string{"First", "Second"}) {
			t.Errorf("the results show %v", got)
		}
		s.get(managed + "/" + a.text("atomic:results", 0, "data", "id")).want(404)
		s.atomic(three, two, one).want(400)
		s.atomic(two, one).want(400)
	})
}

func TestATOM11AllOrNothingWithEventsAndCounters(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id, _ := s.organization("Acme")
		user := s.do("POST", "/public/v2/users",
			resource("users", object{"firstName": "Ada"}, "organizations", []any{ref("organizations", id)})).
			want(201).text("data", "id")
		s.wantRefused(errorObject{Status: "404", Code: "not_found", Pointer: op(6, "/ref")},
			add("organizations", object{"name": "New", "webhookUrl": "https://hooks.example.com/"}, "lid", "n"),
			add("users", object{"firstName": "Eve"}, "relationships",
				linkage("organizations", []any{lid("organizations", "n"), ref("organizations", id)})),
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
			add("users", object{"firstName": "Ada"}, "lid", "u", "relationships",
				linkage("organizations", []any{lid("organizations", "c")})),
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
		if got := a.text("atomic:results", 1, "data", "attributes", "name") +
			a.text("atomic:results", 3, "data", "attributes", "name"); got != "NewChanged" {
			t.Errorf("results: %s", a.Body)
		}
		if a.json("data") != nil || a.json("included") != nil {
			t.Errorf("primary data beside results: %s", a.Body)
		}
		empty := s.atomic(object{"op": "update", "ref": member("users", user, "organizations"), "data": []any{}},
			drop(ref("users", user))).want(204)
		if len(empty.Body) != 0 || empty.Header.Get("Content-Type") != "" {
			t.Errorf("204 with %s %q", empty.Header.Get("Content-Type"), empty.Body)
		}
	})
}

func TestATOM14And15ErrorsPointIntoTheOperation(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		taken := s.do("POST", managed, resource("organizations", object{"name": "Acme", "slug": "taken"})).want(201).text("data", "id")
		parent, _ := s.organization("Parent")
		s.organization("Child", "parent", ref("organizations", parent))
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		fine := add("organizations", object{"name": "Fine"})

		a := s.atomic(fine, add("organizations", object{"name": 5, "nope": 1, "a/b": 1}),
			change("users", user, object{"email": "x"})).want(422)
		var got []string
		for _, f := range a.errors() {
			got = append(got, f.Pointer)
		}
		want := []string{op(1, "/data/attributes/a~1b"), op(1, "/data/attributes/name"), op(1, "/data/attributes/nope"),
			op(2, "/data/attributes/email")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pointers (-want +got):\n%s", diff)
		}

		s.wantRefused(errorObject{Status: "409", Code: "conflict", Pointer: op(1, "/data/attributes/slug")},
			fine, add("organizations", object{"name": "x", "slug": "taken"}))
		s.wantRefused(errorObject{Status: "409", Code: "conflict", Pointer: op(1, "/ref")}, fine, drop(ref("organizations", parent)))
		s.wantRefused(errorObject{Status: "404", Code: "not_found", Pointer: op(0, "/href")},
			object{"op": "remove", "href": "/public/v2/users/" + ghost})
		s.wantRefused(errorObject{Status: "404", Code: "not_found", Pointer: op(0, "/data")}, change("users", ghost, object{"phone": "1"}))
		s.wantRefused(errorObject{Status: "404", Code: "not_found", Pointer: op(0, "/ref")}, drop(ref("users", "not-a-uuid")))
		s.wantRefused(errorObject{Status: "404", Code: "related_not_found", Pointer: op(0, "/data/1")},
			object{"op": "add", "ref": member("users", user, "organizations"),
				"data": []any{ref("organizations", taken), ref("organizations", ghost)}})
		s.wantRefused(errorObject{Status: "404", Code: "related_not_found", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("organizations", taken, "parent"), "data": ref("organizations", ghost)})
		s.wantRefused(errorObject{Status: "409", Code: "conflict", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("organizations", taken, "parent"), "data": ref("organizations", taken)})
		s.wantRefused(errorObject{Status: "403", Code: "read_only", Pointer: op(0, "/data/attributes/number")},
			change("organizations", taken, object{"number": -1}))
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
		if got, want := a.text("atomic:results", 0, "data", "links", "self"),
			managed+"/"+a.text("atomic:results", 0, "data", "id"); got != want {
			t.Errorf("self is %s, want %s", got, want)
		}
		misplaced := add("organizations", object{"name": "Acme"})
		misplaced["href"] = "/public/v2/users"
		s.wantRefused(errorObject{Status: "409", Code: "type_mismatch", Pointer: op(0, "/data/type")}, misplaced)
	})
}

func TestATOM19TheTargetOfAnUpdate(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		other, _ := s.organization("Other")
		for i, more := range []object{{}, {"ref": ref("organizations", id)}, {"href": managed + "/" + id}, {"href": "organizations/" + id},
			{"ref": nil}} {
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
		s.wantRefused(errorObject{Status: "409", Code: "id_mismatch", Pointer: op(0, "/data/id")}, o)
		o["ref"] = ref("users", id)
		s.wantRefused(errorObject{Status: "409", Code: "type_mismatch", Pointer: op(0, "/data/type")}, object{
			"op": "update", "ref": ref("users", id), "data": object{"type": "organizations", "id": id},
		})
		added := add("organizations", object{"name": "x"}, "lid", "a")
		s.wantRefused(errorObject{Status: "409", Code: "id_mismatch", Pointer: op(1, "/data/id")}, added, object{
			"op": "update", "ref": lid("organizations", "a"), "data": ref("organizations", id),
		})
		s.wantRefused(errorObject{Status: "409", Code: "id_mismatch", Pointer: op(1, "/data/lid")}, added, object{
			"op": "update", "ref": lid("organizations", "a"), "data": lid("organizations", "b"),
		})
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(1, "/data")}, added, object{
			"op": "update", "ref": lid("organizations", "a"), "data": object{"type": "organizations"},
		})
	})
}

func TestATOM20Remove(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id, _ := s.organization("Acme")
		s.wantRefused(errorObject{Status: "404", Code: "not_found", Pointer: op(1, "/ref")}, drop(ref("organizations", id)),
			drop(ref("organizations", ghost)))
		s.wantRefused(errorObject{Status: "404", Code: "not_found", Pointer: op(1, "/ref")}, drop(ref("organizations", id)),
			drop(ref("organizations", id)))
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
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("organizations", id, "parent"), "data": []any{}})
		s.wantRefused(errorObject{Status: "403", Code: "read_only", Pointer: op(0, "/op")},
			object{"op": "add", "ref": member("organizations", id, "parent"), "data": ref("organizations", parent)})
		s.wantRefused(errorObject{Status: "403", Code: "read_only", Pointer: op(0, "/ref")},
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
		user := s.do("POST", "/public/v2/users",
			resource("users", object{"firstName": "Ada"}, "organizations", []any{orgs[0]})).want(201).text("data", "id")
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
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/data")},
			object{"op": "update", "ref": member("users", user, "organizations"), "data": nil})
		s.wantRefused(errorObject{Status: "409", Code: "type_mismatch", Pointer: op(0, "/data/0/type")},
			object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("users", user)}})
		s.wantRefused(errorObject{Status: "403", Code: "read_only", Pointer: op(0, "/ref")},
			object{"op": "update", "ref": member("users", user, "organization"), "data": nil})
	})
}

func TestATOM23TheRulesOfSingleRequestsHold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, token := s.organization("Acme")
		s.wantRefused(errorObject{Status: "409", Code: "conflict", Pointer: op(0, "/data/id")},
			add("organizations", object{"name": "x"}, "id", id))
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/data/relationships/parent")},
			add("organizations", object{"name": "x"}, "relationships", object{"parent": object{}}))
		s.wantRefused(errorObject{Status: "404", Code: "related_not_found", Pointer: op(0, "/data/relationships/parent/data")},
			add("organizations", object{"name": "x"}, "relationships", linkage("parent", ref("organizations", ghost))))
		s.wantRefused(errorObject{Status: "403", Code: "forbidden", Pointer: op(0, "")}, add("events", object{}))
		a := s.as(token).atomic(add("users", object{"firstName": "Ada"}, "id", ghost)).want(403)
		if diff := cmp.Diff([]errorObject{{Status: "403", Code: "client_id_forbidden", Pointer: op(0, "/data/id")}},
			a.errors()); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
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
		reader := s.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "r", "scopes": []any{"users:write", "organizations:read"}},
				"organization", ref("organizations", id))).want(201).text("data", "attributes", "key")
		denied := func(i int) errorObject { return errorObject{Status: "403", Code: "forbidden", Pointer: op(i, "")} }
		user := add("users", object{"firstName": "Ada"})
		managedChange := change("organizations", id, object{"name": "x"})
		managedChange["href"] = managed + "/" + id
		for name, try := range map[string]struct {
			key  string
			ops  []any
			want []errorObject
		}{
			"a token adds and removes no organizations": {token,
				[]any{user, add("organizations", object{"name": "x"}), drop(ref("organizations", id))},
				[]errorObject{denied(1), denied(2)}},
			"a token reaches nothing of the management": {token, []any{managedChange}, []errorObject{denied(0)}},
			"a scope is needed for each": {reader, []any{user, change("organizations", id, object{"name": "x"}),
				object{"op": "update", "ref": member("organizations", id, "parent"), "data": nil}}, []errorObject{denied(1), denied(2)}},
			"what is not seen is not there": {token, []any{user, change("organizations", other, object{"name": "x"})},
				[]errorObject{{Status: "404", Code: "not_found", Pointer: op(1, "/data")}}},
		} {
			before := s.state()
			a := s.as(try.key).atomic(try.ops...)
			if diff := cmp.Diff(try.want, a.errors()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if fmt.Sprint(a.Status) != try.want[0].Status {
				t.Errorf("%s: status %d", name, a.Status)
			}
			if diff := cmp.Diff(before, s.state(), cmp.FilterPath(func(p cmp.Path) bool {
				return strings.Contains(p.GoString(),
					"lastUsedAt")
			}, cmp.Ignore())); diff != "" {
				t.Errorf("%s: something changed (-before +after):\n%s", name, diff)
			}
		}
		s.as(token).atomic(user, change("organizations", id, object{"name": "Mine"})).want(200)
		ada := s.as(token).do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		s.as(reader).atomic(change("users", ada, object{"lastName": "Lovelace"})).want(200)
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
			object{"op": "update", "ref": object{"type": "organizations", "lid": "child", "relationship": "parent"},
				"data": lid("organizations", "same")},
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
	eachService(t, func(_ *testing.T, s *service) {
		org, id := add("organizations", object{"name": "x"}, "lid", "x"), ""
		id, _ = s.organization("Acme")
		bad := func(i int, below string) errorObject {
			return errorObject{Status: "400", Code: "invalid_document", Pointer: op(i, below)}
		}
		s.wantRefused(bad(0, "/ref/lid"), drop(lid("organizations", "x")))
		s.wantRefused(bad(0, "/ref/lid"), drop(lid("organizations", "x")), org)
		s.wantRefused(bad(1, "/data/lid"), org, org)
		s.wantRefused(bad(1, "/ref/lid"), org, drop(lid("users", "x")))
		s.wantRefused(bad(0, "/data/relationships/parent/data/lid"),
			add("organizations", object{"name": "x"}, "lid", "x", "relationships", linkage("parent", lid("organizations", "x"))))
		s.wantRefused(bad(0, "/data/relationships/organizations/data/1/lid"),
			add("users", object{"firstName": "x"}, "relationships",
				linkage("organizations", []any{ref("organizations", id), lid("organizations", "x")})))
		s.wantRefused(bad(0, "/data/lid"), object{"op": "update", "ref": member("organizations", id, "parent"),
			"data": lid("organizations", "x")})
		s.wantRefused(bad(0, "/data/lid"), object{"op": "update", "data": lid("organizations", "x")})
		s.wantRefused(bad(0, "/data/lid"), add("organizations", object{"name": "x"}, "lid", 7))
		// One error does not make others of every use.
		s.wantRefused(errorObject{Status: "422", Code: "required", Pointer: op(0, "/data/attributes")},
			add("organizations", object{}, "lid", "x"), drop(lid("organizations", "x")))
	})
}
