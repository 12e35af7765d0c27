package handlers_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/handlers"
	"roster/models"
)

// estate is what the callers of the matrix see: two organizations with one of everything in each.
type estate struct {
	s *service
	// ids holds, for each type, the resource in the first organization and in the second.
	ids          map[string][2]string
	tokens       [2]string
	organization [2]string
}

func newEstate(s *service) *estate {
	e := &estate{s: s, ids: map[string][2]string{}}
	for i, name := range []string{"First", "Second"} {
		id, token, ids := s.furnished(name)
		e.organization[i], e.tokens[i] = id, token
		for typ, of := range ids {
			pair := e.ids[typ]
			pair[i] = of
			e.ids[typ] = pair
		}
	}
	return e
}

// furnished makes an organization with one of everything in it, and returns its id, its token, and the resource of each type.
func (s *service) furnished(name string, relationships ...any) (id, token string, ids map[string]string) {
	s.t.Helper()
	id, token = s.organization(name, relationships...)
	own := s.as(token)
	made := func(path string, body object) string { return own.do("POST", path, body).want(201).text("data", "id") }
	ids = map[string]string{
		"organizations": id,
		"users":         made("/public/v2/users", resource("users", object{"firstName": "Ada"})),
		"apiKeys":       made("/public/v2/apiKeys", resource("apiKeys", object{"name": "k"})),
		"files":         own.file(id),
		"roles":         made("/public/v2/roles", resource("roles", object{"key": "clerk", "name": "Clerk"})),
		"invitations":   made("/public/v2/invitations", resource("invitations", object{"email": "grace@example.com"})),
		"webhooks": made(hooksPath, resource("webhooks",
			object{"url": "https://hooks.example.com/", "eventTypes": []string{"webhook.*"}})),
	}
	ids["memberships"] = own.get("/public/v2/memberships").text("data", 0, "id")
	ids["events"] = own.get("/public/v2/events").text("data", 0, "id")
	ids["webhookDeliveries"] = own.do("POST", hooksPath+"/"+ids["webhooks"]+"/test", nil).want(202).text("data", "id")
	s.finish(ids["webhookDeliveries"], "failed", time.Now())
	ids["webhookReplays"] = made(replaysPath,
		resource("webhookReplays", object{"since": "2024-01-01T00:00:00Z"}, "webhook", ref("webhooks", ids["webhooks"])))
	ids["portalLinks"] = made("/public/v2/portalLinks", resource("portalLinks", object{"name": "Eva"}))
	ids["sessions"], ids["signIns"] = s.signedIn("eva."+strings.ToLower(name)+"@example.com", id)
	return id, token, ids
}

// key creates a key and returns it.
func (e *estate) key(kind, organization string, scopes ...string) string {
	e.s.t.Helper()
	linkage := any(nil)
	if organization != "" {
		linkage = ref("organizations", organization)
	}
	body := resource("apiKeys", object{"name": "k", "kind": kind, "scopes": append([]string{}, scopes...)}, "organization", linkage)
	return e.s.do("POST", "/public/v2/apiKeys", body).want(201).text("data", "attributes", "key")
}

// relationshipOf names one relationship of each type and the type it leads to.
var relationshipOf = map[string][2]string{
	"organizations": {"children", "organizations"}, "users": {"memberships", "memberships"}, "memberships": {"user", "users"},
	"roles": {"organization", "organizations"}, "invitations": {"organization", "organizations"},
	"sessions": {"signIns", "signIns"}, "signIns": {"user", "users"},
	"files":   {"organization", "organizations"},
	"apiKeys": {"organization", "organizations"}, "events": {"organization", "organizations"},
	"webhooks": {"deliveries", "webhookDeliveries"}, "portalLinks": {"organization", "organizations"},
	"webhookDeliveries": {"organization", "organizations"}, "webhookReplays": {"webhook", "webhooks"},
}

// toMany are the types whose relationship of that table leads to many: who reads its linkage needs the scope of what it leads to.
var toMany = []string{"organizations", "users", "sessions", "webhooks"}

// personal are the types of what is a person's own: no organization sees it.
var personal = []string{"sessions", "signIns"}

// asked says what each kind of route asks of its caller: a scope, a management key ("m"), nothing but a valid credential ("anyone"), or
// nothing ("public"). It is written by hand, apart from the route table, so that neither changes without the other.
var asked = map[string]string{
	"GET management/organizations": "m organizations:read", "GET management/organizations/{id}": "m organizations:read",
	"POST management/organizations": "m organizations:write", "PATCH management/organizations/{id}": "m organizations:write",
	"DELETE management/organizations/{id}":              "m organizations:delete",
	"GET management/organizations/{id}/relationship":    "m organizations:read",
	"GET management/organizations/{id}/related":         "m organizations:read",
	"PATCH management/organizations/{id}/relationship":  "m organizations:write",
	"POST management/organizations/{id}/relationship":   "m organizations:write",
	"DELETE management/organizations/{id}/relationship": "m organizations:write",
	"POST management/refresh-token/{id}":                "m *",

	"GET organizations": "organizations:read", "GET organizations/{id}": "organizations:read",
	"POST organizations":       "m organizations:write",
	"PATCH organizations/{id}": "organizations:write", "DELETE organizations/{id}": "m organizations:delete",
	"GET organizations/{id}/relationship": "organizations:read", "GET organizations/{id}/related": "organizations:read",
	"PATCH organizations/{id}/relationship": "organizations:write", "POST organizations/{id}/relationship": "organizations:write",
	"DELETE organizations/{id}/relationship": "organizations:write",

	"GET users": "users:read", "GET users/{id}": "users:read", "POST users": "users:write", "PATCH users/{id}": "users:write",
	"DELETE users/{id}": "users:write", "GET users/{id}/relationship": "users:read", "GET users/{id}/related": "users:read",
	"PATCH users/{id}/relationship": "users:write", "POST users/{id}/relationship": "users:write",
	"DELETE users/{id}/relationship": "users:write",

	"GET memberships": "memberships:read", "GET memberships/{id}": "memberships:read", "POST memberships": "memberships:write",
	"PATCH memberships/{id}": "memberships:write", "DELETE memberships/{id}": "memberships:write",
	"GET memberships/{id}/relationship": "memberships:read", "GET memberships/{id}/related": "memberships:read",
	"PATCH memberships/{id}/relationship": "memberships:write", "POST memberships/{id}/relationship": "memberships:write",
	"DELETE memberships/{id}/relationship": "memberships:write",

	"GET roles": "roles:read", "GET roles/{id}": "roles:read", "POST roles": "roles:write", "PATCH roles/{id}": "roles:write",
	"DELETE roles/{id}": "roles:write", "GET roles/{id}/relationship": "roles:read", "GET roles/{id}/related": "roles:read",
	"PATCH roles/{id}/relationship": "roles:write", "POST roles/{id}/relationship": "roles:write",
	"DELETE roles/{id}/relationship": "roles:write",

	"GET invitations": "invitations:read", "GET invitations/{id}": "invitations:read", "POST invitations": "invitations:write",
	"DELETE invitations/{id}": "invitations:write", "POST invitations/{id}/resend": "invitations:write",
	"GET invitations/{id}/relationship": "invitations:read", "GET invitations/{id}/related": "invitations:read",
	"PATCH invitations/{id}/relationship": "invitations:write", "POST invitations/{id}/relationship": "invitations:write",
	"DELETE invitations/{id}/relationship": "invitations:write",
	"POST invitations/accept":              "public", "POST invitations/decline": "public",
	"POST invitations/show": "public",
	"POST passwordResets":   "public", "POST passwordResets/confirm": "public",
	"GET sessions": "users:read", "GET sessions/{id}": "users:read", "POST sessions": "public", "PATCH sessions/{id}": "users:write",
	"DELETE sessions/{id}": "users:write", "GET sessions/{id}/relationship": "users:read", "GET sessions/{id}/related": "users:read",
	"PATCH sessions/{id}/relationship": "users:write", "POST sessions/{id}/relationship": "users:write",
	"DELETE sessions/{id}/relationship": "users:write",
	"GET signIns":                       "users:read", "GET signIns/{id}": "users:read", "DELETE signIns/{id}": "users:write",
	"GET signIns/{id}/relationship": "users:read", "GET signIns/{id}/related": "users:read",
	"PATCH signIns/{id}/relationship": "users:write", "POST signIns/{id}/relationship": "users:write",
	"DELETE signIns/{id}/relationship": "users:write",
	"GET users/{id}/sessions":          "users:write", "DELETE users/{id}/sessions": "users:write",
	"DELETE users/{id}/sessions/{session}": "users:write",
	"GET files":                            "organizations:read|users:read", "GET files/{id}": "organizations:read|users:read",
	"POST files": "organizations:write|users:write", "DELETE files/{id}": "organizations:write|users:write",
	"GET files/{id}/relationship": "organizations:read|users:read", "GET files/{id}/related": "organizations:read|users:read",
	"PATCH files/{id}/relationship": "organizations:read|users:read", "POST files/{id}/relationship": "organizations:read|users:read",
	"DELETE files/{id}/relationship": "organizations:read|users:read", "GET files/{id}/content": "public",

	"GET me": "anyone", "POST authorize": "anyone", "POST moves": "organizations:write",
	"POST me/totp": "session", "POST me/totp/confirm": "session", "DELETE me/totp": "session", "DELETE users/{id}/totp": "m users:write",

	"GET apiKeys": "apiKeys:read", "GET apiKeys/{id}": "apiKeys:read", "POST apiKeys": "apiKeys:write",
	"PATCH apiKeys/{id}":  "apiKeys:write",
	"DELETE apiKeys/{id}": "apiKeys:write", "GET apiKeys/{id}/relationship": "apiKeys:read", "GET apiKeys/{id}/related": "apiKeys:read",
	"PATCH apiKeys/{id}/relationship": "apiKeys:write", "POST apiKeys/{id}/relationship": "apiKeys:write",
	"DELETE apiKeys/{id}/relationship": "apiKeys:write", "POST apiKeys/{id}/rotate": "apiKeys:write",

	"GET events": "events:read", "GET events/{id}": "events:read", "GET events/{id}/relationship": "events:read",
	"GET events/{id}/related":        "events:read",
	"PATCH events/{id}/relationship": "events:read", "POST events/{id}/relationship": "events:read",
	"DELETE events/{id}/relationship": "events:read",

	"GET webhooks": "webhooks:read", "GET webhooks/{id}": "webhooks:read", "POST webhooks": "webhooks:write",
	"PATCH webhooks/{id}":  "webhooks:write",
	"DELETE webhooks/{id}": "webhooks:write", "GET webhooks/{id}/relationship": "webhooks:read",
	"GET webhooks/{id}/related":        "webhooks:read",
	"PATCH webhooks/{id}/relationship": "webhooks:write", "POST webhooks/{id}/relationship": "webhooks:write",
	"DELETE webhooks/{id}/relationship": "webhooks:write", "POST webhooks/{id}/rotate-secret": "webhooks:write",
	"POST webhooks/{id}/test": "webhooks:write", "GET webhooks/{id}/series": "webhooks:read",
	"POST webhooks/{id}/end-rotation": "webhooks:write", "POST apiKeys/{id}/end-rotation": "apiKeys:write",

	"GET webhookDeliveries": "webhooks:read", "GET webhookDeliveries/{id}": "webhooks:read",
	"GET webhookDeliveries/{id}/relationship": "webhooks:read",
	"GET webhookDeliveries/{id}/related":      "webhooks:read", "PATCH webhookDeliveries/{id}/relationship": "webhooks:read",
	"POST webhookDeliveries/{id}/relationship": "webhooks:read", "DELETE webhookDeliveries/{id}/relationship": "webhooks:read",
	"POST webhookDeliveries/{id}/redeliver": "webhooks:write", "GET webhookDeliveries/{id}/attempts/{number}": "webhooks:read",

	"GET webhookReplays": "webhooks:read", "GET webhookReplays/{id}": "webhooks:read", "POST webhookReplays": "webhooks:write",
	"PATCH webhookReplays/{id}": "webhooks:write", "GET webhookReplays/{id}/relationship": "webhooks:read",
	"GET webhookReplays/{id}/related":        "webhooks:read",
	"PATCH webhookReplays/{id}/relationship": "webhooks:write", "POST webhookReplays/{id}/relationship": "webhooks:write",
	"DELETE webhookReplays/{id}/relationship": "webhooks:write",

	"GET portalLinks": "webhooks:read", "GET portalLinks/{id}": "webhooks:read", "POST portalLinks": "webhooks:write",
	"DELETE portalLinks/{id}": "webhooks:write", "GET portalLinks/{id}/relationship": "webhooks:read",
	"GET portalLinks/{id}/related": "webhooks:read", "PATCH portalLinks/{id}/relationship": "webhooks:write",
	"POST portalLinks/{id}/relationship": "webhooks:write", "DELETE portalLinks/{id}/relationship": "webhooks:write",

	"GET users/{id}/effectivePermissions": "memberships:read", "GET permissions": "roles:read",
	"GET event-types": "anyone", "GET event-types/{eventType}": "anyone", "POST operations": "anyone", "GET search": "anyone",
	"GET signInMethods": "public",
}

// askedBy returns the key of a route in asked.
func askedBy(rt handlers.Route) string {
	path := strings.NewReplacer("/relationships/{relationship}", "/relationship", "/{relationship}", "/related").Replace(rt.Path)
	return rt.Method + " " + path
}

// typeOf returns the type that a route speaks of, "" for those that speak of no stored resource.
func (e *estate) typeOf(path string) string {
	typ, _, _ := strings.Cut(strings.TrimPrefix(path, "management/"), "/")
	switch typ {
	case "refresh-token":
		return "organizations"
	case "event-types", "operations", "me", "authorize", "moves", "passwordResets", "permissions", "signInMethods", "search":
		return ""
	}
	if e.ids[typ] == [2]string{} || relationshipOf[typ] == [2]string{} {
		e.s.t.Fatalf("the test has no resource, or no relationship, of the type %s", typ)
	}
	return typ
}

func (e *estate) path(rt handlers.Route, id string) string {
	if rt.Path == "files" && rt.Method == http.MethodPost {
		return "/public/v2/files?organizationId=" + e.organization[0]
	}
	if rt.Path == "search" {
		return "/public/v2/search?filter[text]=ab"
	}
	if strings.HasSuffix(rt.Path, "/effectivePermissions") {
		id += "/effectivePermissions?filter[organizationId]=" + e.organization[0]
		return "/public/v2/users/" + id
	}
	return "/public/v2/" + strings.NewReplacer("{id}", id, "{relationship}", relationshipOf[e.typeOf(rt.Path)][0], "{eventType}",
		"user.created", "{number}", "1", "{session}", missingID).Replace(rt.Path)
}

// visitor is a caller of the matrix.
type visitor struct {
	name, key  string
	management bool
	all        bool     // holds every scope
	scopes     []string // otherwise these
	sees       [2]bool
}

// may reports whether the visitor has what a line of asked says.
func (v visitor) may(asks string) bool {
	scope, management := strings.CutPrefix(asks, "m ")
	if asks == "session" { // none of them is one
		return false
	}
	return asks == "anyone" || asks == "public" ||
		(!management || v.management) && slices.ContainsFunc(strings.Split(scope, "|"), v.holds)
}

func (v visitor) holds(scope string) bool { return v.all || slices.Contains(v.scopes, scope) }

func (e *estate) visitors() []visitor {
	visitors := []visitor{
		{"the management", e.s.key, true, true, nil, [2]bool{true, true}},
		{"a management key of one tree", e.key("management", e.organization[0], "*"), true, true, nil, [2]bool{true, false}},
		{"a management key without scopes", e.key("management", ""), true, false, nil, [2]bool{true, true}},
		{"an organization's token", e.tokens[0], false, true, nil, [2]bool{true, false}},
		{"an organization's key without scopes", e.key("organization", e.organization[0]), false, false, nil, [2]bool{true, false}},
	}
	for _, scope := range models.Scopes()[1:] {
		held := []string{scope}
		if subject, writes := strings.CutSuffix(scope, ":write"); writes {
			held = append(held, subject+":read")
		}
		visitors = append(visitors,
			visitor{"a management key for " + scope, e.key("management", "", scope), true, false, held, [2]bool{true, true}},
			visitor{"an organization's key for " + scope, e.key("organization", e.organization[0], scope), false,
				false, held, [2]bool{true, false}})
	}
	return visitors
}

// TestThePermissionsOfEveryRoute sends every route of the table as every kind of caller, without a body: who may not is told before
// anything else is looked at, and who may is never told that it may not.
func TestThePermissionsOfEveryRoute(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		visitors, left := e.visitors(), maps.Clone(asked)
		for _, rt := range handlers.RouteTable() {
			asks, known := asked[askedBy(rt)]
			if !known {
				t.Errorf("the test does not know what %s asks of its caller", askedBy(rt))
				continue
			}
			delete(left, askedBy(rt))
			if (asks == "public") != rt.Public {
				t.Errorf("%s is not as public as the test knows", askedBy(rt))
			}
			if rt.Public {
				continue
			}
			for _, v := range visitors {
				e.visit(t, rt, asks, v)
			}
		}
		for route := range left {
			t.Errorf("there is no route %s", route)
		}
	})
}

// visit sends one route as one caller, for a resource of either organization.
func (e *estate) visit(t *testing.T, rt handlers.Route, asks string, v visitor) {
	t.Helper()
	typ, may := e.typeOf(rt.Path), v.may(asks)
	reads := rt.Method == http.MethodGet
	for which := range 2 {
		if which == 1 && !strings.Contains(rt.Path, "{id}") {
			continue
		}
		id, sees := e.ids[typ][which], v.sees[which] || !strings.Contains(rt.Path, "{id}")
		if slices.Contains(personal, typ) && strings.Contains(rt.Path, "{id}") {
			sees = v.sees == [2]bool{true, true}
		}
		if may && (rt.Method == http.MethodDelete || strings.Contains(rt.Path, "refresh-token") || strings.HasSuffix(rt.Path, "/resend")) {
			id, sees = missingID, false // it would be done, or be refused for the roles that it gives
		}
		allowed := may
		if typ == "files" { // those here are of organizations
			sees = sees && (v.holds("organizations:read") || rt.Path == typ)
			allowed = may && (rt.Method != http.MethodPost || rt.Path != typ || v.holds("organizations:write"))
		}
		if leads := strings.HasSuffix(askedBy(rt), "/related") || strings.HasSuffix(askedBy(rt), "/relationship") &&
			slices.Contains(toMany, typ); may && sees && reads && leads {
			// which have no scopes of their own
			needs := wordsOf[relationshipOf[typ][1]] + ":read"
			allowed = v.holds(needs)
		}
		a := e.s.as(v.key).send(rt.Method, e.path(rt, id), nil)
		forbidden := a.Status == 403 && strings.Contains(string(a.Body), `"code":"forbidden"`)
		switch {
		case forbidden == allowed || a.Status == 401 || a.Status >= 500:
			t.Errorf("%s: %s %s: %d %s", v.name, rt.Method, rt.Path, a.Status, a.Body)
		case may && !sees && (reads || id == missingID) && a.Status != 404:
			t.Errorf("%s sees what is not there for it: %s %s: %d %s", v.name, rt.Method, rt.Path, a.Status, a.Body)
		case allowed && sees && reads && a.Status != 200:
			t.Errorf("%s does not see what is there for it: %s %s: %d %s", v.name, rt.Method, rt.Path, a.Status, a.Body)
		}
	}
}

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
