package handlers_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
)

// ids returns the ids of an array of resources or identifiers in the answer, sorted.
func (a *answer) ids(path ...any) []string {
	a.t.Helper()
	out := []string{}
	array, ok := a.json(path...).([]any)
	if !ok {
		a.t.Fatalf("no array at %v: %s", path, a.Body)
	}
	for _, element := range array {
		out = append(out, element.(object)["id"].(string))
	}
	slices.Sort(out)
	return out
}

func sorted(ids ...string) []string {
	slices.Sort(ids)
	return ids
}

func TestRelationshipsCanBeFollowed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		root, _ := s.organization("Root")
		left, _ := s.organization("Left", "parent", ref("organizations", root))
		right, _ := s.organization("Right", "parent", ref("organizations", root))
		at := managed + "/" + root

		children := s.get(at + "/children?sort=-name").want(200)
		if diff := cmp.Diff([]any{right, left}, []any{children.text("data", 0, "id"), children.text("data", 1, "id")}); diff != "" {
			t.Errorf("children (-want +got):\n%s", diff)
		}
		if got := children.json("meta", "total"); got != 2.0 {
			t.Errorf("total of the children is %v", got)
		}
		if got := s.get(managed+"/"+left+"/parent").want(200).text("data", "id"); got != root {
			t.Errorf("the parent is %s, want %s", got, root)
		}
		if got := s.get(at + "/parent").want(200).json("data"); got != nil {
			t.Errorf("the parent of a root is %v", got)
		}
		linkage := s.get(at + "/relationships/children?page[size]=1").want(200)
		if got := len(linkage.ids("data")); got != 1 || linkage.json("data", 0, "attributes") != nil ||
			linkage.json("links", "next") == nil {
			t.Errorf("a page of linkage is %s", linkage.Body)
		}
		s.get(managed + "/" + root + "/nope").want(404)
		s.get(managed + "/" + root + "/relationships/nope").want(404)
		s.get(managed + "/01912f6a-8c00-7abc-8def-0123456789ab/children").want(404)
	})
}

func TestInclusionHasFullLinkageAndNoDuplicates(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		root, _ := s.organization("Root")
		child, token := s.organization("Child", "parent", ref("organizations", root))
		user := s.as(token).do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")

		a := s.get(managed + "/" + root + "?include=children.users.organizations").want(200)
		if diff := cmp.Diff(sorted(child, user), a.ids("included")); diff != "" {
			t.Errorf("included (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{child}, a.ids("data", "relationships", "children", "data")); diff != "" {
			t.Errorf("linkage of the children (-want +got):\n%s", diff)
		}
		both := s.get(managed + "?include=parent").want(200)
		if got := both.ids("included"); len(got) != 0 {
			t.Errorf("a primary resource is included again: %v", got)
		}
		hidden := s.get(managed + "/" + root + "?include=children&fields[organizations]=name").want(200)
		if diff := cmp.Diff([]string{child}, hidden.ids("included")); diff != "" {
			t.Errorf("included behind a hidden relationship (-want +got):\n%s", diff)
		}
		if got := hidden.json("data", "relationships"); got != nil {
			t.Errorf("a relationship that was not asked for is there: %v", got)
		}
		if got := s.get(managed + "/" + root + "?include=").want(200).json("included"); !cmp.Equal(got, []any{}) {
			t.Errorf("an empty include gives %v", got)
		}
		for _, path := range []string{"nope", "children.nope", "Children", "name", "a..b", ",", "children.children.children.children"} {
			want := []errorObject{{Status: "400", Code: "invalid_parameter", Parameter: "include"}}
			if diff := cmp.Diff(want[0], s.get(managed + "?include=" + path).want(400).errors()[0]); diff != "" {
				t.Errorf("include=%s (-want +got):\n%s", path, diff)
			}
		}
	})
}

func TestMembersOfARelationshipChange(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var orgs []string
		for i := range 3 {
			id, _ := s.organization(fmt.Sprintf("Org %d", i))
			orgs = append(orgs, id)
		}
		many := func(ids ...string) object {
			refs := []any{}
			for _, id := range ids {
				refs = append(refs, ref("organizations", id))
			}
			return object{"data": refs}
		}
		user := s.do("POST", "/public/v2/users",
			resource("users", object{"firstName": "Ada"}, "organizations",
				[]any{ref("organizations", orgs[0])})).want(201).text("data", "id")
		at := "/public/v2/users/" + user + "/relationships/organizations"
		steps := []struct {
			method string
			body   object
			status int
			want   []string
		}{
			{"POST", many(orgs[1], orgs[1], orgs[0]), 200, sorted(orgs[0], orgs[1])},
			{"POST", many(), 200, sorted(orgs[0], orgs[1])},
			{"DELETE", many(orgs[0], orgs[2]), 200, sorted(orgs[1])},
			{"PATCH", many(orgs[2], orgs[0]), 200, sorted(orgs[0], orgs[2])},
			{"POST", many(orgs[1], user), 404, sorted(orgs[0], orgs[2])},
			{"PATCH", object{}, 400, sorted(orgs[0], orgs[2])},
			{"PATCH", object{"data": nil}, 400, sorted(orgs[0], orgs[2])},
			{"POST", object{"data": []any{ref("users", user)}}, 409, sorted(orgs[0], orgs[2])},
			{"PATCH", many(), 200, []string{}},
		}
		for i, step := range steps {
			s.do(step.method, at, step.body).want(step.status)
			if diff := cmp.Diff(step.want, s.get(at).want(200).ids("data")); diff != "" {
				t.Errorf("after step %d (-want +got):\n%s", i, diff)
			}
		}
		s.do("PATCH", "/public/v2/users/"+user+"/relationships/memberships", many()).want(403)
		parent := managed + "/" + orgs[0] + "/relationships/parent"
		s.do("POST", parent, object{"data": ref("organizations", orgs[1])}).want(403)
		if got := s.do("PATCH", parent, object{"data": ref("organizations", orgs[1])}).want(200).text("data", "id"); got != orgs[1] {
			t.Errorf("the parent is %s, want %s", got, orgs[1])
		}
		s.do("PATCH", managed+"/"+orgs[1]+"/relationships/parent", object{"data": ref("organizations", orgs[0])}).want(409)
		s.do("PATCH", parent, object{"data": nil}).want(200)
	})
}

func TestWhoIsInAnOrganizationIsForWhoMayReadUsers(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Acme")
		user := s.as(token).do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		key := s.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "Reader", "kind": "management", "scopes": []string{"organizations:read"}})).
			want(201).text("data", "attributes", "key")
		reader := s.as(key)
		for _, path := range []string{
			"/public/v2/organizations?filter[users]=" + user, "/public/v2/organizations?include=users",
			"/public/v2/organizations/" + org + "/memberships", "/public/v2/organizations/" + org + "/relationships/memberships",
			"/public/v2/organizations/" + org + "/relationships/users",
		} {
			if got := reader.get(path).want(403).errors()[0].Code; got != "forbidden" {
				t.Errorf("%s: %s", path, got)
			}
			s.get(path).want(200)
		}
		reader.get("/public/v2/organizations/" + org).want(200)
		// The error names the parameter as it was spelled.
		for at, parameter := range map[*service]string{reader: "filter[users][null]", s.as(token): "filter[deleted][eq]"} {
			if got := at.get("/public/v2/organizations?" + parameter + "=true").want(403).errors()[0].Parameter; got != parameter {
				t.Errorf("source.parameter is %q, want %q", got, parameter)
			}
		}
	})
}

func TestMembershipsInADeletedOrganizationWaitForIt(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		kept, _ := s.organization("Kept")
		gone, _ := s.organization("Gone")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		members := "/public/v2/users/" + user + "/relationships/organizations"
		both := []object{ref("organizations", kept), ref("organizations", gone)}
		s.do("POST", members, object{"data": both}).want(200)
		s.do("DELETE", managed+"/"+gone, nil).want(204)

		// A client that replaces the members with those it was shown has changed nothing.
		shown := s.get(members).want(200).json("data")
		s.do("PATCH", members, object{"data": shown}).want(200)
		s.do("DELETE", members, object{"data": both[1:]}).want(200)
		if got := s.do("POST", members, object{"data": both[1:]}).want(404).errors()[0]; got.Pointer != "/data/0" {
			t.Errorf("joining a deleted organization: %v", got)
		}

		s.do("PATCH", managed+"/"+gone, withID(resource("organizations", object{"deletedAt": nil}), gone)).want(200)
		if got := s.get(members).json("meta", "total"); got != 2.0 {
			t.Errorf("the user is in %v organizations after the second was restored, want 2", got)
		}
	})
}

func TestEveryMissingEndOfAMembershipIsTold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		kept, _ := s.organization("Kept")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		missing := func() object { return ref("organizations", models.NewID()) }
		members := "/public/v2/users/" + user + "/relationships/organizations"
		refusals := func(a *answer) (pointers []string) {
			for _, f := range a.want(404).errors() {
				pointers = append(pointers, f.Pointer)
			}
			return pointers
		}
		added := refusals(s.do("POST", members, object{"data": []object{missing(), ref("organizations", kept), missing()}}))
		if diff := cmp.Diff([]string{"/data/0", "/data/2"}, added); diff != "" {
			t.Error(diff)
		}
		body := resource("memberships", object{})
		body["data"].(object)["relationships"] = object{"user": object{"data": ref("users", models.NewID())},
			"organization": object{"data": missing()}}
		created := refusals(s.do("POST", "/public/v2/memberships", body))
		if diff := cmp.Diff([]string{"/data/relationships/organization/data", "/data/relationships/user/data"}, created); diff != "" {
			t.Error(diff)
		}
		if got := s.get(members).json("meta", "total"); got != 0.0 {
			t.Errorf("the user is in %v organizations", got)
		}
	})
}

func TestInclusionWithAPageOfLinkageIsThatOfThePage(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		linkage := []object{}
		for i := range 5 {
			id, _ := s.organization(fmt.Sprint("Number ", i))
			linkage = append(linkage, ref("organizations", id))
		}
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		members := "/public/v2/users/" + user + "/relationships/organizations"
		s.do("POST", members, object{"data": linkage}).want(200)
		for _, page := range []string{"page[number]=2&page[size]=2", "page[offset]=1&page[limit]=3", "page[size]=1"} {
			// The users of these organizations lead back to the one whose relationship it is, which is not primary data here.
			a := s.get(members + "?include=organizations.users&" + page).want(200)
			want := append(a.ids("data"), user)
			slices.Sort(want)
			if diff := cmp.Diff(want, a.ids("included")); diff != "" {
				t.Errorf("%s: %s", page, diff)
			}
		}
		for _, path := range []string{members + "?include=", members + "?include=organizations&page[number]=9"} {
			if diff := cmp.Diff([]any{}, s.get(path).want(200).json("included")); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
	})
}

// TestMembersOfAnOrganizationChangeAtItsURL tries each method and the operation that it stands for, with what the answers need.
func TestMembersOfAnOrganizationChangeAtItsURL(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Acme")
		own := s.as(token)
		var users, children []object
		for i := range 3 {
			users = append(users, ref("users", s.do("POST", "/public/v2/users",
				resource("users", object{"firstName": fmt.Sprint(i)})).want(201).text("data", "id")))
			id, _ := s.organization(fmt.Sprint("Child ", i))
			children = append(children, ref("organizations", id))
		}
		ids := func(refs []object) []string {
			out := []string{}
			for _, r := range refs {
				out = append(out, r["id"].(string))
			}
			return sorted(out...)
		}
		for name, refs := range map[string][]object{"users": users, "children": children} {
			at := standard + "/" + org + "/relationships/" + name
			for i, step := range []struct {
				method, op string
				refs, want []object
			}{
				{"POST", "add", refs[:2], refs[:2]},
				{"POST", "add", refs[1:2], refs[:2]},
				{"DELETE", "remove", []object{refs[0], refs[2]}, refs[1:2]},
				{"PATCH", "update", []object{refs[0], refs[2]}, []object{refs[0], refs[2]}},
				{"PATCH", "update", []object{}, []object{}},
			} {
				got := s.do(step.method, at, object{"data": step.refs}).want(200)
				if diff := cmp.Diff(ids(step.want), got.ids("data")); diff != "" {
					t.Errorf("%s after step %d (-want +got):\n%s", name, i, diff)
				}
			}
			for i, step := range []struct {
				op         string
				refs, want []object
			}{{"add", refs, refs}, {"remove", refs[:1], refs[1:]}, {"update", refs[:2], refs[:2]}, {"update", []object{}, []object{}}} {
				s.atomic(object{"op": step.op, "ref": member("organizations", org, name), "data": step.refs}).want(204)
				if diff := cmp.Diff(ids(step.want), s.get(at).want(200).ids("data")); diff != "" {
					t.Errorf("%s after operation %d (-want +got):\n%s", name, i, diff)
				}
			}
			missing := s.do("POST", at, object{"data": []object{refs[0],
				{"type": refs[0]["type"], "id": models.NewID()}}}).want(404).errors()
			if diff := cmp.Diff([]errorObject{{Status: "404", Code: "related_not_found", Pointer: "/data/1"}}, missing); diff != "" {
				t.Errorf("%s with one who is missing (-want +got):\n%s", name, diff)
			}
			// They are no part of the resource: its version says nothing of them, and its document changes none of them.
			tag := s.get(at).want(200).Header.Get("ETag")
			want := errorObject{Status: "400", Code: "invalid_header", Header: "If-Match"}
			if got := s.send("POST", at, object{"data": refs[:1]}, "If-Match", tag).want(400).errors()[0]; got != want {
				t.Errorf("%s at a certain version: %+v", name, got)
			}
			s.atomic(object{"op": "add", "ref": member("organizations", org, name), "data": refs[:1],
				"meta": object{"ifMatch": tag}}).want(400)
			s.do("PATCH", standard+"/"+org, withID(resource("organizations", object{}, name, refs[:1]), org)).want(403)
			if got := s.get(at).want(200).ids("data"); len(got) != 0 {
				t.Errorf("%s after refusals: %v", name, got)
			}
		}
		// A token sees its own people only, and moves nothing.
		own.do("POST", standard+"/"+org+"/relationships/users", object{"data": users[:1]}).want(404)
		own.do("POST", standard+"/"+org+"/relationships/children", object{"data": children[:1]}).want(404)
	})
}

// TestWhoMayChangeThePeopleOfAnOrganization: who may make memberships, whatever else they may do to the organization.
func TestWhoMayChangeThePeopleOfAnOrganization(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		org := e.organization[0]
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		people := object{"data": []object{ref("users", user)}}
		for _, c := range []struct {
			scopes         []string
			users, parents int
		}{
			{[]string{"organizations:write", "users:write"}, 403, 200},
			{[]string{"memberships:write", "users:read"}, 200, 403},
			{[]string{"memberships:write"}, 403, 403}, // the answer would show who is there
			{[]string{"memberships:write", "organizations:write", "users:read"}, 200, 200},
		} {
			own := s.as(e.key("management", "", c.scopes...))
			for _, path := range []string{standard, managed} {
				at := path + "/" + org + "/relationships/"
				for _, method := range []string{"POST", "PATCH", "DELETE"} {
					own.do(method, at+"users", people).want(c.users)
				}
				own.do("POST", at+"children", object{"data": []object{}}).want(c.parents)
			}
			operation := object{"op": "add", "ref": member("organizations", org, "users"), "data": people["data"]}
			may := slices.Contains(c.scopes, "memberships:write")
			if a := own.atomic(operation); may != (a.Status == 204) || may == (a.Status == 403) {
				t.Errorf("an operation with %v: %d %s", c.scopes, a.Status, a.Body)
			}
			s.do("PATCH", standard+"/"+org+"/relationships/users", object{"data": []object{}}).want(200)
		}
	})
}
