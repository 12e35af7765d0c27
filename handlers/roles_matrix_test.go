package handlers_test

import (
	"slices"
	"strings"
	"testing"

	"roster/handlers"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
)

// wordsOf are the subjects of the words that let people read and change resources of a type. It is written by hand, as asked is.
var wordsOf = map[string]string{
	"organizations": "organizations", "users": "users", "memberships": "memberships", "roles": "roles",
	"invitations": "invitations", "apiKeys": "apiKeys",
	"files":  "organizations", // those here
	"events": "events", "webhooks": "webhooks", "webhookDeliveries": "webhooks", "webhookReplays": "webhooks",
	"sessions": "users", "signIns": "users", "portalLinks": "webhooks",
}

// TestWhoMayNotWriteLearnsNothingElse sends what is wrong with a request in every way to every route that changes a resource, as people who
// read it and may not write it, and as people who do not see it: they are told that, and nothing of what was wrong.
func TestWhoMayNotWriteLearnsNothingElse(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		reads := []string{}
		for _, subject := range wordsOf {
			if word := subject + ":read"; !slices.Contains(reads, word) {
				reads = append(reads, word)
			}
		}
		reader := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "reader", "name": "Reader", "permissions": reads},
			"organization", ref("organizations", e.organization[0]))).want(201).text("data", "id")
		_, reading := s.person("Reader", e.organization[0], reader)
		elsewhere, _ := s.organization("Empty")
		_, nobody := s.person("Nobody", elsewhere, models.RoleOwner)
		tried := 0
		for _, rt := range handlers.RouteTable() {
			typ := e.typeOf(rt.Path)
			if rt.Method == "GET" || typ == "" || !strings.Contains(rt.Path, "{id}") || strings.HasPrefix(rt.Path, "management/") ||
				typ == "sessions" || typ == "signIns" || // which are each person's own: nobody else reads them
				rt.Path == "users/{id}/totp" { // which is for management keys, whatever they see
				continue
			}
			paths := []string{strings.NewReplacer("{id}", e.ids[typ][0], "{session}", e.ids["sessions"][0]).Replace(rt.Path)}
			if strings.Contains(rt.Path, "{relationship}") {
				paths = relationshipPaths(typ, paths[0])
			}
			for _, path := range paths {
				tried++
				for status, who := range map[int]*service{403: reading, 404: nobody} {
					who.wantAlways(status, rt.Method, "/public/v2/"+path)
				}
			}
		}
		if tried < 40 {
			t.Errorf("only %d routes were tried", tried)
		}
	})
}

// relationshipPaths returns a path for each relationship of a type that has a URL.
func relationshipPaths(typ, path string) (paths []string) {
	for _, rel := range models.SchemaOf(typ).Relationships {
		if !rel.WriteOnly {
			paths = append(paths, strings.Replace(path, "{relationship}", rel.Name, 1))
		}
	}
	return paths
}

// wantAlways sends requests that are wrong in every way, each of which is answered with one status.
func (s *service) wantAlways(status int, method, path string) {
	s.t.Helper()
	for _, wrong := range []struct{ body, header, value string }{
		{"{", "", ""}, {`{"data":[7]}`, "", ""}, {`{"data":{"type":"nonsense","attributes":{"name":7}}}`, "", ""},
		{"", "If-Match", `"1000000-0"`}, {"", "If-Match", "unquoted"}, {"", "If-None-Match", "*"}, {"", "If-None-Match", "unquoted"},
	} {
		headers := []string{"Content-Type", jsonapi.MediaType}
		if wrong.header != "" {
			headers = append(headers, wrong.header, wrong.value)
		}
		var body any
		if wrong.body != "" {
			body = wrong.body
		}
		want := status
		if wrong.header != "" && strings.HasSuffix(path, "/redeliver") {
			want = 400 // a delivery has no version, whoever asks
		}
		if a := s.send(method, path, body, headers...); a.Status != want {
			s.t.Errorf("%s %s with %v answers %d, want %d: %.200s", method, path, wrong, a.Status, want, a.Body)
		}
	}
}
