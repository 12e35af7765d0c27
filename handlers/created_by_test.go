package handlers_test

import (
	"reflect"
	"testing"

	"roster/models"
)

// TestWhoCreatedAnOrganizationStaysKnown when they are gone, to who saw them.
func TestWhoCreatedAnOrganizationStaysKnown(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		ada, as := s.person("Ada", f.branch, models.RoleManager)
		_, admin := s.person("Bob", f.branch, models.RoleAdmin)
		_, auditor := s.person("Eve", f.branch, models.RoleViewer)
		made := as.do("POST", "/public/v2/organizations",
			resource("organizations", object{"name": "Twig"}, "parent", ref("organizations", f.leaf))).want(201).text("data", "id")
		manager := s.as(s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Partner", "kind": "management",
			"scopes": []string{"*"}}, "organization", ref("organizations", f.branch))).want(201).text("data", "attributes", "key"))
		token := s.as(s.do("POST", "/public/v2/management/refresh-token/"+made, nil).want(200).text("data", "attributes", "token"))
		path := "/public/v2/organizations/" + made
		check := func(when string, told map[*service]bool) {
			for reader, want := range told {
				a := reader.get(path).want(200)
				by := a.json("data", "relationships", "createdBy", "data", "id")
				if (by == ada) != want || !want && by != nil {
					t.Errorf("%s it was created by %v", when, by)
				}
				if linkage := reader.get(path+"/relationships/createdBy").want(200).json("data", "id"); linkage != by {
					t.Errorf("%s the linkage is %v, and the resource says %v", when, linkage, by)
				}
				if want { // what was read can be sent back
					sent := object{"data": object{"type": "organizations", "id": made, "relationships": object{
						"createdBy": object{"data": ref("users", ada)}}}}
					if reader == s || reader == manager || reader == admin {
						reader.do("PATCH", path, sent).want(200)
					}
				}
			}
		}
		check("first", map[*service]bool{s: true, manager: true, admin: true, auditor: true, token: false})
		s.do("DELETE", "/public/v2/users/"+ada, nil).want(204)
		check("afterwards", map[*service]bool{s: true, manager: true, admin: true, auditor: false, token: false})
		if a := s.get(path + "/createdBy").want(200); a.json("data") != nil {
			t.Errorf("who is gone is read: %s", a.Body)
		}
	})
}

// TestAKeyStaysKnownAsWhoCreatedAnOrganization, and comes along where keys may be read.
func TestAKeyStaysKnownAsWhoCreatedAnOrganization(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		secret := func(scopes ...string) (string, *service) {
			a := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Partner", "kind": "management", "scopes": scopes})).
				want(201)
			return a.text("data", "id"), s.as(a.text("data", "attributes", "key"))
		}
		maker, as := secret("*")
		_, reader := secret("organizations:read", "users:read")
		made := as.do("POST", "/public/v2/organizations", resource("organizations", object{"name": "Twig"}, "parent",
			ref("organizations", f.leaf))).want(201)
		path, by := "/public/v2/organizations/"+made.text("data", "id"), object{"type": "apiKeys", "id": maker}
		linked := func(a *answer, where ...any) {
			t.Helper()
			if got := a.json(where...); !reflect.DeepEqual(got, map[string]any(by)) {
				t.Errorf("%s: it was created by %v, want %v", a.Header.Get("X-Request-Id"), got, by)
			}
		}
		linked(made, "data", "relationships", "createdBy", "data")
		linked(s.get(path+"/relationships/createdBy").want(200), "data")
		linked(s.get(path+"?fields[organizations]=createdBy").want(200), "data", "relationships", "createdBy", "data")
		if got := s.get(path+"/createdBy").want(200).text("data", "attributes", "name"); got != "Partner" {
			t.Errorf("the related key is %q", got)
		}
		reader.get(path + "/createdBy").want(403)
		for who, want := range map[*service]int{s: 1, reader: 0} {
			if a := who.get(path + "?include=createdBy,createdBy.organizations").want(200); len(a.ids("included")) != want {
				t.Errorf("%v is included, want %d", a.json("included"), want)
			}
		}
		for query, want := range map[string]int{"filter[createdBy]=" + maker: 1, "filter[createdBy]=" + f.leaf: 0} {
			if n := len(s.get("/public/v2/organizations?" + query).want(200).list()); n != want {
				t.Errorf("%s finds %d, want %d", query, n, want)
			}
		}
		_, viewer := s.person("Vera", f.leaf, models.RoleViewer)
		if by := viewer.get(path).want(200).json("data", "relationships", "createdBy", "data"); by != nil {
			t.Errorf("a key of the management is told to a viewer: %v", by)
		}
		if n := len(viewer.get("/public/v2/organizations?filter[createdBy]=" + maker).want(200).list()); n != 0 {
			t.Errorf("a viewer finds %d organizations by a key that they do not see", n)
		}
		event := s.get("/public/v2/events?filter[subjectId]=" + made.text("data", "id") + "&filter[eventType]=organization.created").
			want(200)
		linked(event, "data", 0, "attributes", "resource", "relationships", "createdBy", "data")
		s.do("DELETE", "/public/v2/apiKeys/"+maker, nil).want(204)
		linked(s.get(path).want(200), "data", "relationships", "createdBy", "data")
		if a := s.get(path + "/createdBy").want(200); a.json("data") != nil {
			t.Errorf("a key that is gone is read: %s", a.Body)
		}
	})
}
