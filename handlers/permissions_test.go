package handlers_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/handlers"
	"roster/models"
	"roster/models/modelstest"
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
	modelstest.Sequential(t)
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
