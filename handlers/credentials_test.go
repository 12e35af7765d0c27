package handlers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"roster/handlers"
	"roster/models"
)

func TestWithoutAValidCredentialEveryRouteSaysTheSame(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		gone := e.key("organization", e.organization[0], "*")
		id := s.get("/public/v2/apiKeys?sort=-createdAt&page[size]=1").text("data", 0, "id")
		s.do("DELETE", "/public/v2/apiKeys/"+id, nil).want(204)
		headers := [][]string{
			{"Authorization", ""}, {"Authorization", "Bearer"}, {"Authorization", "Bearer "}, {"Authorization", "Bearer " + gone},
			{"Authorization", gone},
			{"Authorization", "Basic " + s.key}, {"Authorization", "Bearer Bearer " + s.key}, {"Authorization", s.key + "x"},
			{"Authorization", strings.ToUpper(s.key)},
			{"Authorization", strings.Repeat("a", 5000)}, {"Authorization", "", "X-API-Key", gone}, {"Authorization", "", "API_KEY", "x"},
		}
		first := ""
		for _, rt := range handlers.RouteTable() {
			if rt.Public {
				continue
			}
			path := "/public/v2/" + strings.NewReplacer(
				"{id}", e.organization[0], "{relationship}", "children", "{eventType}", "user.created", "{number}", "1",
				"{session}", missingID,
			).Replace(rt.Path)
			for i, h := range headers {
				if i > 2 && !strings.HasPrefix(rt.Path, "users") {
					continue
				}
				a := s.do(rt.Method, path+"?nope=1&apiKey="+s.key+"&token="+s.key, nil, h...).want(401)
				if first == "" {
					first = string(a.Body)
				}
				if string(a.Body) != first || a.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s with %.60q: %s", rt.Method, rt.Path, h, a.Body)
				}
			}
		}
		// A key in the query string is never taken, and two that differ are refused.
		s.get("/public/v2/users?api_key="+s.key, "Authorization", "").want(401)
		two := s.get("/public/v2/users", "X-API-Key", e.tokens[0]).want(400)
		if got := two.errors()[0].Code; got != "ambiguous_credentials" {
			t.Errorf("two credentials: %s", got)
		}
		s.get("/public/v2/users", "X-API-Key", s.key, "API_KEY", s.key).want(200)
	})
}

func TestKeysOverHTTP(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		created := s.as(e.tokens[0]).do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "k", "scopes": []string{"users:read", "apiKeys:write"}})).want(201)
		id, key := created.text("data", "id"), created.text("data", "attributes", "key")
		at := "/public/v2/apiKeys/" + id
		if got := s.get(at).want(200).json("data", "attributes", "key"); got != nil {
			t.Errorf("the secret is shown again: %v", got)
		}
		weak := s.as(key)
		weak.get("/public/v2/users").want(200)
		weak.get("/public/v2/organizations").want(403)
		weak.do("POST", "/public/v2/users", resource("users", object{"firstName": "x"})).want(403)
		for _, scopes := range [][]string{{"*"}, {"users:write"}, {"users:read", "events:read"}} {
			weak.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "x", "scopes": scopes})).want(403)
			weak.do("PATCH", at, withID(resource("apiKeys", object{"scopes": scopes}), id)).want(403)
		}
		weak.do("POST", "/public/v2/apiKeys", resource("apiKeys",
			object{"name": "x", "kind": "management", "scopes": []string{"users:read"}})).want(403)
		weak.do("PATCH", at, withID(resource("apiKeys", object{"kind": "management"}), id)).want(403)
		weak.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "x", "kind": "user"})).want(403)
		weak.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "x", "key": key})).want(403)
		weak.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "x", "scopes": []string{"Nope"}})).want(422)
		weak.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "x", "expiresAt": "2020-01-01T00:00:00Z"})).want(422)

		for body, status := range map[string]int{`{"meta":{"overlap":-1}}`: 422, `{"meta":{"overlap":604801}}`: 422,
			`{"meta":{"overlap":"1"}}`: 422, `{"meta":[]}`: 400, `[]`: 400, `{`: 400} {
			s.do("POST", at+"/rotate", body).want(status)
		}
		rotated := s.do("POST", at+"/rotate", object{"meta": object{"overlap": 3600}}).want(200).text("data", "attributes", "key")
		s.as(key).get("/public/v2/users").want(200)
		s.as(rotated).get("/public/v2/users").want(200)
		last := s.do("POST", at+"/rotate", object{"meta": object{"overlap": 0}}).want(200).text("data", "attributes", "key")
		s.as(key).get("/public/v2/users").want(401)
		s.as(rotated).get("/public/v2/users").want(401)
		s.do("DELETE", at, nil).want(204)
		s.as(last).get("/public/v2/users").want(401)
		s.do("DELETE", at, nil).want(404)
		s.do("POST", at+"/rotate", nil).want(404)

		// Nothing that was secret is in any event.
		all := ""
		for next := "/public/v2/events?page[size]=200"; next != ""; {
			page := s.get(next).want(200)
			all += string(page.Body)
			next, _ = page.json("links", "next").(string)
		}
		for _, secret := range []string{key, rotated, last, e.tokens[0], s.key} {
			if strings.Contains(all, secret) {
				t.Errorf("an event shows %s", secret)
			}
		}
	})
}

func TestUsersOverHTTP(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		first, second := s.as(e.tokens[0]), s.as(e.tokens[1])
		ada := object{"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "password": "correct horse"}
		first.do("POST", "/public/v2/users", resource("users", ada)).want(403)
		created := s.do("POST", "/public/v2/users",
			resource("users", ada, "organization", ref("organizations", e.organization[0]))).want(201)
		id := created.text("data", "id")
		if strings.Contains(string(created.Body), "password") || strings.Contains(string(created.Body), "correct horse") {
			t.Errorf("a password is shown: %s", created.Body)
		}
		if created.text("data", "attributes", "fullName") != "Ada Lovelace" {
			t.Errorf("created %s", created.Body)
		}
		second.get("/public/v2/users/" + id).want(404)
		twice := second.do("POST", "/public/v2/users", resource("users", object{"email": "ADA@example.com"})).want(409).errors()
		if twice[0].Pointer != "/data/attributes/email" {
			t.Errorf("a taken address is told at %s", twice[0].Pointer)
		}
		// who is not seen cannot be taken in
		second.do("POST", "/public/v2/memberships", resource("memberships", object{}, "user", ref("users", id))).want(404)
		m := s.do("POST", "/public/v2/memberships",
			resource("memberships", object{}, "user", ref("users", id), "organization", ref("organizations", e.organization[1]))).want(201)
		s.do("POST", "/public/v2/memberships", resource("memberships", object{}, "user", ref("users", id), "organization",
			ref("organizations", e.organization[1]))).want(409)
		second.get("/public/v2/users/" + id).want(200)
		change := func(a object) object { return withID(resource("users", a), id) }
		second.do("PATCH", "/public/v2/users/"+id, change(object{"email": "thief@example.com"})).want(403)
		second.do("PATCH", "/public/v2/users/"+id, change(object{"password": "a new password"})).want(403)
		second.do("PATCH", "/public/v2/users/"+id, change(object{"phone": "1"})).want(403)
		s.do("DELETE", "/public/v2/memberships/"+m.text("data", "id"), nil).want(204)
		second.get("/public/v2/users/" + id).want(404)
		first.get("/public/v2/users?filter[organizationId]=" + e.organization[1]).want(200)
		first.do("DELETE", "/public/v2/users/"+id, nil).want(204)
		s.get("/public/v2/users/" + id).want(404)
		s.do("POST", "/public/v2/users", resource("users", object{})).want(422)
		both := s.do("POST", "/public/v2/users",
			resource("users", object{"firstName": "x"}, "organizations",
				[]any{ref("organizations", e.organization[0]), ref("organizations", "nope"), ref("organizations", id)})).want(404).errors()
		if len(both) != 2 || both[0].Pointer != "/data/relationships/organizations/data/1" ||
			both[1].Pointer != "/data/relationships/organizations/data/2" {
			t.Errorf("two organizations that are missing: %+v", both)
		}
		var listed struct{ Data []json.RawMessage }
		if err := json.Unmarshal(s.get("/public/v2/users?filter[firstName]=x").Body, &listed); err != nil || len(listed.Data) != 0 {
			t.Errorf("a refused request made %d users: %v", len(listed.Data), err)
		}
	})
}

// TestWhoCannotDoEverythingIsNotShownATokenThatCan names scopes one by one: a token has every one there is, and those to come.
func TestWhoCannotDoEverythingIsNotShownATokenThatCan(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		e := newEstate(s)
		path := "/public/v2/management/refresh-token/" + e.organization[0]
		for _, scopes := range [][]string{{"apiKeys:write"}, {"organizations:write", "apiKeys:write"}, models.Scopes()[1:]} {
			s.as(e.key("management", "", scopes...)).do("POST", path, nil).want(403)
		}
		s.as(e.tokens[0]).get(standard).want(200)
		s.as(e.key("management", e.organization[0], "*")).do("POST", path, nil).want(200)
		s.as(e.tokens[0]).get(standard).want(401)
	})
}
