package handlers_test

import (
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
