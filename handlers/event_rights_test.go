package handlers_test

import (
	"slices"
	"testing"

	"roster/models"
)

// TestWhoReadsEventsIsToldOfWhatTheyMayRead has one event of each of three types read by programs and by people.
func TestWhoReadsEventsIsToldOfWhatTheyMayRead(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		auditor := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "auditor", "name": "Auditor",
			"permissions": []string{"events:read"}}, "organization", ref("organizations", f.top))).want(201).text("data", "id")
		boss, admin := s.person("Boss", f.branch, models.RoleAdmin)
		bob, _ := s.person("Bob", f.leaf)
		admin.do("PATCH", "/public/v2/users/"+bob, withID(resource("users", object{"firstName": "Robert"}), bob)).want(200)
		admin.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Sync", "scopes": []string{"users:read"}},
			"organization", ref("organizations", f.leaf))).want(201)
		admin.do("PATCH", "/public/v2/organizations/"+f.leaf,
			withID(resource("organizations", object{"name": "Leaves"}), f.leaf)).want(200)
		ida, auditing := s.person("Ida", f.branch, auditor)
		_, both := s.person("Max", f.branch, auditor, models.RoleMember)
		_, above := s.person("Vic", f.top, models.RoleViewer, auditor)
		_, manager := s.person("Man", f.leaf, models.RoleManager)
		program := func(kind string, scopes ...string) *service {
			relations := []any{}
			if kind == "organization" {
				relations = []any{"organization", ref("organizations", f.leaf)}
			}
			return s.as(s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Reader", "kind": kind, "scopes": scopes},
				relations...)).want(201).text("data", "attributes", "key"))
		}
		narrow := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Narrow", "kind": "user",
			"scopes": []string{"events:read", "organizations:read"}}, "user", ref("users", boss))).want(201)
		for name, c := range map[string]struct {
			as                             *service
			user, key, organization, actor bool
		}{
			"the first key":                    {s, true, true, true, true},
			"a management key for events":      {program("management", "events:read"), false, false, false, false},
			"one for users, too":               {program("management", "events:read", "users:write"), true, false, false, true},
			"one for keys, too":                {program("management", "events:read", "apiKeys:read"), false, true, false, false},
			"an organization's key for events": {program("organization", "events:read"), false, false, false, false},
			"a key of it for itself":           {program("organization", "events:read", "organizations:read"), false, false, true, false},
			"somebody who reads events":        {auditing, false, false, false, false},
			"somebody who is a member besides": {both, true, false, true, true},
			"somebody with both above":         {above, true, false, true, true},
			"a manager below the actor":        {manager, true, false, true, false},
			"an administrator":                 {admin, true, true, true, true},
			"their key for less":               {s.as(narrow.text("data", "attributes", "key")), false, false, true, true},
		} {
			for eventType, told := range map[string]bool{
				"user.updated": c.user, "apiKey.created": c.key, "organization.updated": c.organization,
			} {
				e := c.as.get("/public/v2/events?page[size]=1&filter[eventType]=" + eventType + "&filter[organizationId]=" +
					f.leaf).want(200)
				if n := len(e.ids("data")); n != 1 {
					t.Fatalf("%s: %d events %s", name, n, eventType)
				}
				attributes := func(member string) any { return e.json("data", 0, "attributes", member) }
				if (attributes("resource") != nil) != told || (attributes("changes") != nil) != told {
					t.Errorf("%s is told %s: %v %v", name, eventType, attributes("resource"), attributes("changes"))
				}
				if actor := e.json("data", 0, "attributes", "actor", "id"); (actor == boss) != c.actor {
					t.Errorf("%s is told the actor of %s: %v", name, eventType, actor)
				}
				one := c.as.get("/public/v2/events/" + e.ids("data")[0]).want(200)
				if (one.json("data", "attributes", "resource") != nil) != told {
					t.Errorf("%s reads %s: %s", name, eventType, one.Body)
				}
			}
			// A filter finds exactly what is told.
			n := len(c.as.get("/public/v2/events?filter[actorId]=" + boss).want(200).ids("data"))
			if (n == 3) != c.actor || (n == 0) == c.actor {
				t.Errorf("%s finds %d events of the actor", name, n)
			}
		}
		// What is their own they are told, whatever their roles.
		own := auditing.get("/public/v2/events?filter[subjectId]=" + ida + "&filter[eventType]=user.created").want(200)
		if ids := own.ids("data"); len(ids) > 1 {
			t.Errorf("%v", ids)
		}
		memberships := auditing.get("/public/v2/events?filter[eventType]=membership.created&filter[organizationId]=" + f.branch).want(200)
		told := 0
		for i := range memberships.ids("data") {
			if r := memberships.json("data", i, "attributes", "resource"); r != nil {
				told++
				if got := memberships.json("data", i, "attributes", "resource", "relationships", "user", "data", "id"); got != ida {
					t.Errorf("the membership of %v is told", got)
				}
			}
		}
		if told != 1 || slices.Contains(memberships.ids("data"), "") {
			t.Errorf("%d memberships are told, one is their own", told)
		}
	})
}
