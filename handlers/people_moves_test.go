package handlers_test

import (
	"testing"

	"roster/models"
)

// role makes a role of an organization with a key, and returns its id. It is not inheritable: what it permits holds there alone.
func (s *service) role(organization, key string, rank int, words ...string) string {
	s.t.Helper()
	return s.do("POST", "/public/v2/roles", resource("roles", object{"key": key, "name": key, "permissions": words, "rank": rank,
		"inheritable": false}, "organization", ref("organizations", organization))).want(201).text("data", "id")
}

// TestAMoveIsJudgedAtEachOfItsEnds has somebody move a branch who holds at each of three places no more than the move needs there: writing
// at the branch and at its new parent, deleting at its old one.
func TestAMoveIsJudgedAtEachOfItsEnds(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		to, _ := s.organization("To", "parent", ref("organizations", f.top))
		write := s.role(f.top, "writer", 30, "organizations:write")
		remove := s.role(f.top, "remover", 30, "organizations:delete", "organizations:read")
		places := map[string]string{f.leaf: write, f.branch: remove, to: write}
		for missing := range places {
			ada, as := s.person("Ada", f.other)
			for place, role := range places {
				if place == missing {
					role = models.RoleViewer
				}
				s.member(ada, place, role)
			}
			as.do("PATCH", "/public/v2/organizations/"+f.leaf+"/relationships/parent",
				object{"data": ref("organizations", to)}).want(403)
		}
		ada, as := s.person("Ada", f.other)
		for place, role := range places {
			s.member(ada, place, role)
		}
		a := as.do("PATCH", "/public/v2/organizations/"+f.leaf, withID(resource("organizations", object{"description": "moved"},
			"parent", ref("organizations", to)), f.leaf)).want(200)
		if got := a.text("data", "relationships", "parent", "data", "id"); got != to {
			t.Errorf("it is below %s", got)
		}
	})
}
