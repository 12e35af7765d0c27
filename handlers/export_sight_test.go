package handlers_test

import (
	"io"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAnExportIsCompleteForWhoLosesNothing has people and keys stop in the middle of an export, and lose what they see,
// or something else.
func TestAnExportIsCompleteForWhoLosesNothing(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newServiceWith(t, db, smallBuffers)
		membership := func(user, at string) string {
			return "/public/v2/memberships/" + s.get("/public/v2/memberships?filter[userId]="+user+"&filter[organizationId]="+at).
				text("data", 0, "id")
		}
		gives := func(user, at, role string) {
			s.do("PATCH", membership(user, at)+"/relationships/roles", object{"data": rolesAs(role)}).want(200)
		}
		for name, c := range map[string]struct {
			change   func(f family, bob, key string)
			ofKey    bool // it is one that is bound to top
			complete bool
			narrowed func(f family) string
		}{
			"a membership ends":      {change: func(f family, bob, _ string) { s.do("DELETE", membership(bob, f.top), nil).want(204) }},
			"another role is lower":  {change: func(f family, bob, _ string) { gives(bob, f.top, models.RoleViewer) }},
			"another role is higher": {func(f family, bob, _ string) { gives(bob, f.top, models.RoleOwner) }, false, true, nil},
			"a role ends that is held from above": {func(f family, bob, _ string) {
				s.do("DELETE", membership(bob, f.leaf), nil).want(204)
			}, false, true, nil},
			"a role from above ends": {change: func(f family, bob, _ string) {
				s.member(bob, f.branch, models.RoleManager)
				s.do("DELETE", membership(bob, f.top), nil).want(204)
			}},
			"a branch goes elsewhere": {change: func(f family, _, _ string) { s.moveTo(f.branch, f.other) }},
			"a branch goes elsewhere, and comes again": {change: func(f family, _, _ string) {
				s.moveTo(f.branch, f.other)
				s.moveTo(f.branch, f.top)
			}},
			"a branch goes elsewhere, which comes into sight": {change: func(f family, _, _ string) {
				s.moveTo(f.branch, f.other)
				s.moveTo(f.other, f.top)
			}},
			"a branch goes elsewhere that was not asked for": {func(f family, _, _ string) { s.moveTo(f.branch, f.other) }, false, true,
				func(f family) string { return "?filter[organizationId]=" + f.top }},
			"a branch goes elsewhere from what was asked for": {change: func(f family, _, _ string) { s.moveTo(f.branch, f.other) },
				narrowed: func(f family) string { return "?filter[ancestor]=" + f.top }},
			"a branch goes on in sight":            {func(f family, _, _ string) { s.moveTo(f.leaf, f.top) }, false, true, nil},
			"a branch comes into sight":            {func(f family, _, _ string) { s.moveTo(f.other, f.top) }, false, true, nil},
			"an organization is deleted":           {change: func(f family, _, _ string) { s.deletes(f.leaf) }},
			"an organization of others is deleted": {func(f family, _, _ string) { s.deletes(f.other) }, false, true, nil},
			"a branch goes out of what a key is bound to": {change: func(f family, _, _ string) { s.moveTo(f.branch, f.other) },
				ofKey: true},
			"a branch goes on below a key":             {func(f family, _, _ string) { s.moveTo(f.leaf, f.top) }, true, true, nil},
			"an organization below a key is deleted":   {func(f family, _, _ string) { s.deletes(f.leaf) }, true, true, nil},
			"the organization of a key goes elsewhere": {func(f family, _, _ string) { s.moveTo(f.top, f.other) }, true, true, nil},
			"a key may read less": {change: func(_ family, _, key string) {
				s.rescope(key, "events:read")
			}, ofKey: true},
			"a key may read more, and write what it did": {func(_ family, _, key string) {
				s.rescope(key, "events:read", "users:write", "roles:read")
			}, true, true, nil},
		} {
			f := newFamily(s)
			large(t, db, f.top)
			bob, as := s.person("Bob", f.top, models.RoleManager)
			s.member(bob, f.leaf, models.RoleManager)
			key := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Bound", "kind": "management",
				"scopes": []string{"events:read", "users:read"}}, "organization", ref("organizations", f.top))).want(201)
			if c.ofKey {
				as = s.as(key.text("data", "attributes", "key"))
			}
			narrowed := ""
			if c.narrowed != nil {
				narrowed = c.narrowed(f)
			}
			reader := as.begun("/public/v2/events"+narrowed, jsonapi.NDJSON)
			if reader.StatusCode != 200 {
				t.Fatalf("%s: status %d", name, reader.StatusCode)
			}
			c.change(f, bob, key.text("data", "id"))
			rest, err := io.ReadAll(reader.Body)
			if complete := strings.Contains(string(rest), `"complete":true`); complete != c.complete || (err == nil) != c.complete {
				t.Errorf("%s: it ends with %v after %d bytes, complete: %t", name, err, len(rest), complete)
			}
		}
	})
}

// rescope gives a key other scopes.
func (s *service) rescope(key string, scopes ...string) {
	s.t.Helper()
	s.do("PATCH", "/public/v2/apiKeys/"+key, withID(resource("apiKeys", object{"scopes": scopes}), key)).want(200)
}
