package handlers_test

import (
	"strings"
	"testing"

	"roster/handlers"
	"roster/jsonapi"
	"roster/models"
)

// TestNoPreconditionIsPassedOver sends conditions that are not met to every route that changes something: none of them does.
func TestNoPreconditionIsPassedOver(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		ids := everyID(s)
		s.account("browser@example.com", "")
		page := s.browser()
		page.signIn("browser@example.com")
		for _, rt := range handlers.RouteTable() {
			if rt.Method == "GET" {
				continue
			}
			typ, _, _ := strings.Cut(strings.TrimPrefix(strings.Replace(rt.Path, "management/refresh-token",
				"organizations", 1), "management/"), "/")
			path, body, contentType := "/public/v2/"+strings.NewReplacer("{id}", ids[typ], "{session}", missingID).
				Replace(rt.Path), any(nil), jsonapi.MediaType
			if schema := models.SchemaOf(typ); schema != nil {
				path = strings.Replace(path, "{relationship}", schema.Relationships[0].Name, 1)
			}
			switch {
			case rt.Extended:
				contentType = jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
				body = object{"atomic:operations": []object{{"op": "remove", "ref": ref("users", ids["users"])}}}
			case rt.Method == "PATCH" && !strings.Contains(rt.Path, "relationships"):
				body = withID(resource(typ, object{}), ids[typ])
			case rt.Method == "POST" && !strings.Contains(rt.Path, "{id}"):
				body = resource(typ, object{"name": "Made"})
			case strings.Contains(rt.Path, "relationships"):
				body = object{"data": []object{}}
				if typ == "sessions" { // the first of theirs leads to one
					body = object{"data": ref("signIns", ids["signIns"])}
				}
			}
			for _, condition := range [][2]string{
				{"If-Match", `"1000000-0"`}, {"If-Match", `W/"1-0"`}, {"If-Match", "unquoted"}, {"If-None-Match", "*"},
				{"If-None-Match", "unquoted"},
			} {
				sender, headers := s, []string{condition[0], condition[1], "Content-Type", contentType}
				if rt.Session {
					sender, headers = page.service, page.headers(headers)
				}
				a := sender.send(rt.Method, path, body, headers...)
				f := a.errors()[0]
				readOnly := strings.Contains(rt.Path, "relationships") && a.Status == 403
				if !readOnly && (a.Status != 400 && a.Status != 412 || f.Header != condition[0]) {
					t.Errorf("%s %s with %s: %s is answered with %d %v", rt.Method, rt.Path, condition[0], condition[1], a.Status, f)
				}
			}
		}
	})
}

// everyID makes one resource of each type and returns their ids.
func everyID(s *service) map[string]string {
	s.t.Helper()
	ids := map[string]string{}
	make := func(typ string, attributes object, relationships ...any) {
		s.t.Helper()
		ids[typ] = s.do("POST", "/public/v2/"+typ, resource(typ, attributes, relationships...)).want(201).text("data", "id")
	}
	make("organizations", object{"name": "Acme"})
	in := []any{"organization", ref("organizations", ids["organizations"])}
	make("users", object{"firstName": "Ada"})
	make("memberships", object{}, append(in, "user", ref("users", ids["users"]))...)
	make("portalLinks", object{"name": "Grace"}, in...)
	ids["files"] = s.file(ids["organizations"])
	make("roles", object{"key": "clerk", "name": "Clerk"}, in...)
	make("invitations", object{"email": "grace@example.com"}, in...)
	ids["sessions"], ids["signIns"] = s.signedIn("eva@example.com", ids["organizations"])
	make("apiKeys", object{"name": "k", "kind": "organization", "scopes": []string{"users:read"}}, in...)
	make("webhooks", object{"url": "https://hooks.example.com/x", "eventTypes": []string{"*"}}, in...)
	make("webhookReplays", object{"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-02T00:00:00+00:00"}, "webhook",
		ref("webhooks", ids["webhooks"]))
	ids["webhookDeliveries"] = s.do("POST", "/public/v2/webhooks/"+ids["webhooks"]+"/test", nil).want(202).text("data", "id")
	ids["events"] = s.get("/public/v2/events").text("data", 0, "id")
	return ids
}

// TestAnActionIsDoneToTheVersionItIsMeantFor rotates and refreshes at a version.
func TestAnActionIsDoneToTheVersionItIsMeantFor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		ids := everyID(s)
		id, key, hook := ids["organizations"], ids["apiKeys"], ids["webhooks"]
		for action, path := range map[string]string{
			"/public/v2/management/refresh-token/" + id:      managed + "/" + id,
			"/public/v2/apiKeys/" + key + "/rotate":          "/public/v2/apiKeys/" + key,
			"/public/v2/webhooks/" + hook + "/rotate-secret": "/public/v2/webhooks/" + hook,
		} {
			old := s.get(path).want(200).Header.Get("ETag")
			want := s.do("POST", action, nil, "If-Match", `"1000000-0", `+old, "Idempotency-Key", action).want(200)
			now := s.get(path).want(200).Header.Get("ETag")
			for _, headers := range [][]string{
				{"If-Match", old}, {"If-Match", old, "Idempotency-Key", "again"}, {"If-None-Match", now}, {"If-None-Match", "*"},
			} {
				got, want := s.do("POST", action, nil, headers...).want(412).errors()[0],
					errorObject{"412", "precondition_failed", "", "", headers[0]}
				if got != want {
					t.Errorf("%s with %q: %v", action, headers, got)
				}
			}
			weak := s.do("POST", action, nil, "If-Match", "W/"+now).want(412)
			if !strings.Contains(weak.text("errors", 0, "detail"), "W/") {
				t.Errorf("%s with a weak tag: %s", action, weak.Body)
			}
			if got := s.get(path).Header.Get("ETag"); got != now {
				t.Errorf("%s: what was refused changed %s to %s", action, now, got)
			}
			// The answer is that of the first time, whatever the version is by now.
			again := s.do("POST", action, nil, "If-Match", `"1000000-0", `+old, "Idempotency-Key", action).want(200)
			if string(again.Body) != string(want.Body) || again.Header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s repeated: %s", action, again.Body)
			}
			s.do("POST", action, nil, "If-Match", "*").want(200)
			missing := strings.NewReplacer(id, missingID, key, missingID, hook, missingID).Replace(action)
			s.do("POST", missing, nil, "If-Match", now).want(404)
		}
	})
}

// TestAWeakTagIsToldWhyItNeverMatches, wherever one is sent.
func TestAWeakTagIsToldWhyItNeverMatches(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		path := managed + "/" + id
		tag := s.get(path).Header.Get("ETag")
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		for what, a := range map[string]*answer{
			"GET":    s.get(path, "If-Match", "W/"+tag),
			"PATCH":  s.do("PATCH", path, withID(resource("organizations", object{"name": "Other"}), id), "If-Match", "W/"+tag),
			"DELETE": s.do("DELETE", path, nil, "If-Match", "W/"+tag),
			"an operation": s.do("POST", "/public/v2/operations", object{"atomic:operations": []object{{"op": "remove",
				"ref": ref("organizations", id), "meta": object{"ifMatch": "W/" + tag}}}},
				"Content-Type", operations, "Accept", operations),
		} {
			if detail := a.want(412).text("errors", 0, "detail"); !strings.Contains(detail, "never matches") {
				t.Errorf("%s: %s", what, detail)
			}
		}
		s.do("DELETE", path, nil, "If-Match", "W/"+tag+", "+tag).want(204)
	})
}
