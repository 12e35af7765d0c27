package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"roster/models/modelstest"
)

const portalPath = "/public/v2/portalLinks"

// frame is a service as the page of a portal link asks it, in a frame or not.
type frame struct {
	*service
	cookie *http.Cookie // nil for none
	from   []string
}

func (s *service) frame() *frame {
	return &frame{service: s.as(""), from: []string{"Sec-Fetch-Site", "same-origin", "Roster-Session", "portal"}}
}

// do sends a request with the cookie, and keeps the one that comes back.
func (f *frame) do(method, path string, body any, headers ...string) *answer {
	f.t.Helper()
	sent := slices.Clone(f.from)
	if f.cookie != nil {
		sent = append(sent, "Cookie", f.cookie.Name+"="+f.cookie.Value)
	}
	a := f.service.do(method, path, body, append(sent, headers...)...)
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		if f.cookie = cookie; cookie.MaxAge < 0 {
			f.cookie = nil
		}
	}
	return a
}

func (f *frame) get(path string, headers ...string) *answer {
	f.t.Helper()
	return f.do("GET", path, nil, headers...)
}

// open opens a link by its token.
func (f *frame) open(token string) *answer {
	f.t.Helper()
	return f.do("POST", sessionsPath, object{"data": object{"type": "sessions"}, "meta": object{"portalToken": token}})
}

// link makes a portal link, and returns its id and its token.
func (s *service) link(organization string, attributes object) (id, token string) {
	s.t.Helper()
	a := s.do("POST", portalPath, resource("portalLinks", attributes, "organization", ref("organizations", organization))).want(201)
	id = a.text("data", "id")
	before, token, _ := strings.Cut(a.text("data", "attributes", "url"), "#")
	if before != s.url+"/console/portal/"+id {
		s.t.Fatalf("the link leads to %s", before)
	}
	return id, token
}

// opened returns a frame in which a new link was opened.
func (s *service) opened(organization string, attributes object) *frame {
	s.t.Helper()
	_, token := s.link(organization, attributes)
	f := s.frame()
	f.open(token).want(201)
	return f
}

// TestAPortalLinkIsOpenedOnce follows a link from when it is made until whoever has opened it signs out.
func TestAPortalLinkIsOpenedOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		id, token := s.link(org, object{"name": "Grace at Acme", "returnUrl": "https://app.example.com/settings?tenant=17",
			"frameAncestors": []string{"https://app.example.com", "http://localhost:3000"}})
		if !strings.HasPrefix(token, "roster_l_") || len(token) != 58 {
			t.Errorf("the token is %s", token)
		}
		path := portalPath + "/" + id
		made := s.get(path).want(200)
		if made.json("data", "attributes", "url") != nil || made.text("data", "attributes", "state") != "pending" {
			t.Errorf("a pending link is told as %s", made.Body)
		}
		f := s.frame()
		in := f.open(token).want(201)
		if strings.Contains(string(in.Body), token) || in.json("data", "attributes", "current") != true {
			t.Errorf("opened: %s", in.Body)
		}
		if c := f.cookie; c.Name != "roster-portal" || !c.Secure || !c.HttpOnly || !c.Partitioned ||
			c.SameSite != http.SameSiteNoneMode || c.Path != "/" {
			t.Errorf("the cookie is %+v", c)
		}
		me := f.get("/public/v2/me?filter[organizationId]=" + org).want(200)
		if me.text("data", "type") != "portalLinks" || me.text("data", "id") != id || me.text("data", "attributes", "state") != "used" {
			t.Errorf("it is %s", me.Body)
		}
		if words := fmt.Sprint(me.json("meta", "permissions", org)); words != "[webhookDeliveries:write webhooks:write]" {
			t.Errorf("it holds %s", words)
		}
		method := s.get(sessionsPath + "/" + in.text("data", "id") + "?include=signIns").want(200)
		if got := method.text("included", 0, "attributes", "method"); got != "portal" {
			t.Errorf("the method is %s", got)
		}
		// What it does is done by the link.
		hook := f.do("POST", hooksPath, resource("webhooks",
			object{"url": "https://hooks.example.com/", "eventTypes": []string{"user.*"}})).want(201)
		if hook.text("data", "attributes", "secret") == "" {
			t.Error("the secret is not shown")
		}
		events := s.get("/public/v2/events?filter[subjectId]=" + hook.text("data", "id")).want(200)
		actor := events.json("data", 0, "attributes", "actor").(object)
		if actor["kind"] != "portal_link" || actor["id"] != id || actor["name"] != "Grace at Acme" {
			t.Errorf("the actor is %v", actor)
		}
		f.do("POST", hooksPath+"/"+hook.text("data", "id")+"/test", nil).want(202)
		// A second time it opens nothing.
		again := s.frame()
		again.open(token).want(401)
		if again.cookie != nil {
			t.Error("there is a cookie all the same")
		}
		f.do("DELETE", sessionsPath+"/current", nil).want(204)
		if f.cookie != nil {
			t.Error("the cookie stays")
		}
		s.get(path).want(404)
		var told []string
		for _, id := range []string{"created", "used"} {
			a := s.get("/public/v2/events?filter[eventType]=portalLink." + id + "&filter[organizationId]=" + org).want(200)
			if len(a.ids("data")) != 1 || strings.Contains(string(a.Body), token) || strings.Contains(string(a.Body), "tenant=17") {
				t.Errorf("of %s it is told %s", id, a.Body)
			}
			told = append(told, a.text("data", 0, "attributes", "actor", "kind"))
		}
		if fmt.Sprint(told) != "[management_key portal_link]" {
			t.Errorf("the actors are %v", told)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestTheBoundsOfPortalLinks sends what a link cannot be.
func TestTheBoundsOfPortalLinks(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		for i, c := range []struct {
			attributes object
			pointer    string
		}{
			{object{"expiresIn": 301}, "expiresIn"}, {object{"expiresIn": 0}, "expiresIn"}, {object{"expiresIn": -1}, "expiresIn"},
			{object{"expiresIn": "60"}, "expiresIn"}, {object{"expiresIn": nil}, "expiresIn"}, {object{"expiresIn": 1e30}, "expiresIn"},
			{object{"sessionExpiresIn": 43201}, "sessionExpiresIn"}, {object{"sessionExpiresIn": 0}, "sessionExpiresIn"},
			{object{"permissions": []string{}}, "permissions"}, {object{"permissions": []string{"*"}}, "permissions"},
			{object{"permissions": []string{"users:read"}}, "permissions"}, {object{"permissions": []string{"webhooks:*"}}, "permissions"},
			{object{"permissions": []string{"events:write"}}, "permissions"}, {object{"permissions": nil}, "permissions"},
			{object{"permissions": "webhooks:read"}, "permissions"},
			{object{"frameAncestors": []string{"*"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://*.example.com"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"http://app.example.com"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://app.example.com/"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://app.example.com/x"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://a.example.com; script-src *"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://a.example.com https://b.example.com"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://a.example.com\r\nX: y"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://u:p@a.example.com"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"'self'"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https:"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"null"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://[::1]"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://a.example.com:0"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://a.example.com:65536"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"http://localhost.evil.example"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"http://10.0.0.1"}}, "frameAncestors"},
			{object{"frameAncestors": []string{"https://a.b", "https://b.b", "https://c.b", "https://d.b", "https://e.b", "https://f.b"}},
				"frameAncestors"},
			{object{"returnUrl": "http://app.example.com/"}, "returnUrl"}, {object{"returnUrl": "javascript:alert(1)"}, "returnUrl"},
			{object{"returnUrl": "https://app.example.com:65536/"}, "returnUrl"},
			{object{"returnUrl": "//app.example.com"}, "returnUrl"}, {object{"returnUrl": "https://u:p@app.example.com"}, "returnUrl"},
			{object{"returnUrl": "https://app.example.com/" + strings.Repeat("x", 2000)}, "returnUrl"},
			{object{"name": strings.Repeat("x", 201)}, "name"}, {object{"name": "\u202egnp"}, "name"},
			{object{"url": "https://x.example"}, "url"}, {object{"state": "used"}, "state"},
		} {
			a := s.do("POST", portalPath, resource("portalLinks", c.attributes, "organization", ref("organizations", org)))
			if a.Status != 422 && a.Status != 403 && a.Status != 400 {
				t.Errorf("%d: %v is %d %s", i, c.attributes, a.Status, a.Body)
				continue
			}
			if at := a.errors()[0].Pointer; !strings.HasPrefix(at, "/data/attributes/"+c.pointer) {
				t.Errorf("%d: %v is wrong at %s: %s", i, c.attributes, at, a.Body)
			}
		}
		s.do("POST", portalPath, resource("portalLinks", object{})).want(422)
		s.do("POST", portalPath, resource("portalLinks", object{}, "organization", ref("organizations", missingID))).want(404)
		id, _ := s.link(org, object{"expiresIn": 1, "sessionExpiresIn": 43200, "permissions": []string{"events:read"},
			"frameAncestors": []string{"https://xn--bcher-kva.example:8443", "http://127.0.0.1:3000"},
			"returnUrl":      "http://localhost:3000/x?y#z"})
		s.do("PATCH", portalPath+"/"+id, withID(resource("portalLinks", object{"name": "x"}), id)).want(405)
		for _, token := range []any{"", "x", 17, nil, []string{"x"}, strings.Repeat("x", 5000)} {
			want := 422
			if text, is := token.(string); is && text != "" {
				want = 401
			}
			s.frame().do("POST", sessionsPath, object{"data": object{"type": "sessions"}, "meta": object{"portalToken": token}}).want(want)
		}
		_, token := s.link(org, object{})
		beside := resource("sessions", object{"email": "ada@example.com", "password": "x"})
		beside["meta"] = object{"portalToken": token}
		s.frame().do("POST", sessionsPath, beside).want(422)
		s.frame().open(token).want(201)
	})
}

// TestALinkPermitsNoMoreThanItsMaker makes links with less than all, and looks at what their sessions may.
func TestALinkPermitsNoMoreThanItsMaker(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Acme")
		other, _ := s.organization("Other")
		branch, _ := s.organization("Branch", "parent", ref("organizations", org))
		as := func(scopes ...string) *service {
			_, key := s.made(object{"scopes": scopes}, "organization", ref("organizations", org))
			return s.as(key)
		}
		of := func(organization string, permissions ...string) object {
			return resource("portalLinks", object{"permissions": permissions}, "organization", ref("organizations", organization))
		}
		as("webhooks:read").do("POST", portalPath, of(org, "webhooks:read")).want(403)
		as("events:read").do("POST", portalPath, of(org, "events:read")).want(403)
		writer := as("webhooks:write")
		writer.do("POST", portalPath, of(org, "webhooks:write", "events:read")).want(403)
		writer.do("POST", portalPath, of(other, "webhooks:write")).want(404)
		writer.do("POST", portalPath, of(branch, "webhooks:write")).want(404)
		// Its endpoints are sent what the maker may read, and no more.
		endpoint := func(types ...string) object {
			return resource("webhooks", object{"url": "https://hooks.example.com/", "eventTypes": types})
		}
		narrow := writer.opened(org, object{})
		narrow.do("POST", hooksPath, endpoint("user.*")).want(403)
		narrow.do("POST", hooksPath, endpoint("webhook.*")).want(201)
		wide := s.as(token).opened(org, object{"permissions": []string{"webhooks:write", "webhookDeliveries:write", "events:read"}})
		hook := wide.do("POST", hooksPath, endpoint("user.*")).want(201).text("data", "id")
		wide.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/", "eventTypes": []string{"user.*"},
			"subtree": true})).want(403)
		wide.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/"}, "organization",
			ref("organizations", branch))).want(404)
		narrow.do("POST", hooksPath+"/"+hook+"/test", nil).want(403)
		// What it was not given it may not: other resources, other places, another link, longer.
		for _, path := range []string{"users", "organizations", "organizations/" + org, "memberships", "roles", "apiKeys", "invitations",
			"files",
			"management/organizations", "portalLinks", "permissions"} {
			wide.get("/public/v2/" + path).want(403)
		}
		wide.do("POST", portalPath, of(org, "webhooks:read")).want(403)
		wide.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "x"})).want(403)
		wide.do("POST", "/public/v2/me/totp", nil).want(403)
		wide.get("/public/v2/webhooks?include=organization").want(403)
		theirs := s.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/"}, "organization",
			ref("organizations", branch))).want(201).text("data", "id")
		wide.get(hooksPath + "/" + theirs).want(404)
		wide.do("DELETE", hooksPath+"/"+theirs, nil).want(404)
		for _, place := range []string{branch, other} {
			ada := resource("users", object{"firstName": "Ada"}, "organization", ref("organizations", place))
			s.do("POST", "/public/v2/users", ada).want(201)
		}
		for _, one := range wide.get("/public/v2/events?include=organization").errors() {
			if one.Code != "forbidden" {
				t.Errorf("including the organization: %v", one)
			}
		}
		for _, place := range []string{branch, other} {
			if n := len(wide.get("/public/v2/events?filter[organizationId]=" + place).want(200).ids("data")); n != 0 {
				t.Errorf("it sees %d events of another organization", n)
			}
		}
		wide.get("/public/v2/search?filter[text]=Acme").want(200)
		if n := len(wide.get("/public/v2/search?filter[text]=" + other).want(200).ids("data")); n != 0 {
			t.Errorf("it finds %d of another organization", n)
		}
		narrow.get("/public/v2/events").want(403)
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestALinkToDeliveriesAlone opens links that permit reading and sending again, and nothing of endpoints.
func TestALinkToDeliveriesAlone(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _, ids := s.furnished("Acme")
		reader := s.opened(org, object{"permissions": []string{"webhookDeliveries:read"}})
		sender := s.opened(org, object{"permissions": []string{"webhookDeliveries:write"}})
		delivery := deliveriesPath + "/" + ids["webhookDeliveries"]
		for _, f := range []*frame{reader, sender} {
			f.get(deliveriesPath).want(200)
			f.get(delivery).want(200)
			f.get(replaysPath).want(200)
			f.get(hooksPath).want(403)
			f.get(hooksPath + "/" + ids["webhooks"] + "/series").want(403)
			f.do("POST", hooksPath+"/"+ids["webhooks"]+"/rotate-secret", nil).want(403)
			f.do("POST", hooksPath+"/"+ids["webhooks"]+"/test", nil).want(403)
			f.get(deliveriesPath + "?include=webhook").want(403)
		}
		reader.do("POST", delivery+"/redeliver", nil).want(403)
		sender.do("POST", delivery+"/redeliver", nil).want(202)
		replay := resource("webhookReplays", object{"since": "2025-01-01T00:00:00Z"}, "webhook", ref("webhooks", ids["webhooks"]))
		reader.do("POST", replaysPath, replay).want(403)
		begun := sender.do("POST", replaysPath, replay).want(201).text("data", "id")
		sender.do("PATCH", replaysPath+"/"+begun, withID(resource("webhookReplays", object{"state": "cancelled"}), begun)).want(200)
		modelstest.CheckConsistency(t, s.db)
	})
}
