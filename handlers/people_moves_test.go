package handlers_test

import (
	"slices"
	"strings"
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

// TestAMoveReplacesRolesThatStayBehind moves a branch away from the roles of what was above it, as the management and as people who hold
// more and less: each replacement is a grant at the new place, and all of it happens or nothing.
func TestAMoveReplacesRolesThatStayBehind(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		clerk := s.role(f.top, "clerk", 30, "organizations:read")
		hidden := s.role(f.top, "hidden", 30, "read")
		here := s.role(f.other, "clerk", 30, "organizations:read")
		high := s.role(f.other, "high", 90, "read")
		mine := s.role(f.leaf, "mine", 10, "read")
		bob, _ := s.person("Bob", f.branch, clerk, models.RoleViewer)
		below := s.member(bob, f.leaf, clerk, hidden, mine)
		_, mover := s.person("Ada", f.top, models.RoleAdmin)
		adaID := mover.get("/public/v2/me").text("data", "id")
		s.member(adaID, f.other, models.RoleAdmin)
		_, manager := s.person("Eve", f.top, models.RoleAdmin)
		s.member(manager.get("/public/v2/me").text("data", "id"), f.other, s.role(f.other, "writer", 70, "organizations:write"))

		move := func(by *service, replacements ...object) *answer {
			document := withID(resource("organizations", object{}, "parent", ref("organizations", f.other)), f.branch)
			if replacements != nil {
				document["meta"] = object{"roleReplacements": replacements}
			}
			return by.do("PATCH", "/public/v2/organizations/"+f.branch, document)
		}
		with := func(from, to string) object { return object{"from": from, "to": to} }
		for _, c := range []struct {
			by      *service
			roles   []object
			status  int
			pointer string
		}{
			{s, nil, 409, "/data/relationships/parent"},
			{s, []object{with(clerk, here)}, 409, "/data/relationships/parent"},
			{s, []object{with(clerk, here), with(hidden, missingID)}, 404, "/meta/roleReplacements/1/to"},
			{s, []object{with(clerk, here), with(hidden, clerk)}, 422, "/meta/roleReplacements/1/to"},
			{s, []object{with(missingID, here)}, 404, "/meta/roleReplacements/0/from"},
			{s, []object{with(clerk, here), with(clerk, here)}, 422, "/meta/roleReplacements/1/from"},
			{s, []object{with(mine, here)}, 422, "/meta/roleReplacements/0/from"},
			{s, []object{{"from": clerk}}, 422, "/meta/roleReplacements/0"},
			{mover, []object{with(clerk, high), with(hidden, here)}, 403, "/meta/roleReplacements/0/to"},
			{manager, []object{with(clerk, here), with(hidden, here)}, 403, "/meta/roleReplacements"},
		} {
			answered := move(c.by, c.roles...).want(c.status)
			if at := answered.errors()[0].Pointer; at != c.pointer {
				t.Errorf("%v is refused at %q, want %q: %s", c.roles, at, c.pointer, answered.Body)
			}
		}
		move(mover, with(clerk, here), with(hidden, models.RoleViewer)).want(200)
		got := s.get("/public/v2/memberships/" + below + "/roles").want(200).ids("data")
		if want := sorted(here, models.RoleViewer, mine); !slices.Equal(got, want) {
			t.Errorf("below, they have %v, want %v", got, want)
		}
		event := s.get("/public/v2/events?filter[eventType]=membership.updated&filter[subjectId]="+below).json("data", 0, "attributes")
		if actor := event.(map[string]any)["actor"].(map[string]any)["id"]; actor != adaID {
			t.Errorf("it was done by %v", actor)
		}
		changes := event.(map[string]any)["changes"].(map[string]any)["roles"].(map[string]any)
		for side, want := range map[string][]string{"before": {clerk, hidden, mine}, "after": {here, models.RoleViewer, mine}} {
			if told := namedIn(changes[side]); !slices.Equal(told, sorted(want...)) {
				t.Errorf("%s: it is told as %v, want %v", side, changes[side], want)
			}
		}
	})
}

// TestAMoveReplacesRolesInEveryForm moves a branch at the URL of its parent and by an atomic operation.
func TestAMoveReplacesRolesInEveryForm(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		clerk, here := s.role(f.top, "clerk", 30, "read"), s.role(f.other, "clerk", 30, "read")
		bob, _ := s.person("Bob", f.branch, clerk)
		m := s.get("/public/v2/memberships?filter[userId]="+bob).text("data", 0, "id")
		move := func(to, from, instead string, atomic bool) *answer {
			meta := object{"roleReplacements": []object{{"from": from, "to": instead}}}
			if !atomic {
				return s.do("PATCH", "/public/v2/organizations/"+f.branch+"/relationships/parent",
					object{"data": ref("organizations", to), "meta": meta})
			}
			return s.atomic(object{"op": "update", "meta": meta, "ref": object{"type": "organizations", "id": f.branch,
				"relationship": "parent"}, "data": ref("organizations", to)})
		}
		for _, c := range []struct {
			atomic  bool
			pointer string
		}{{false, "/meta/roleReplacements/0/to"}, {true, "/atomic:operations/0/meta/roleReplacements/0/to"}} {
			if at := move(f.other, clerk, missingID, c.atomic).want(404).errors()[0].Pointer; at != c.pointer {
				t.Errorf("it is refused at %s, want %s", at, c.pointer)
			}
		}
		for _, c := range []struct {
			to, from, instead string
			atomic            bool
		}{{f.other, clerk, here, false}, {f.top, here, clerk, true}} {
			if status := move(c.to, c.from, c.instead, c.atomic).Status; status >= 300 {
				t.Fatalf("it answers %d", status)
			}
			if got := s.get("/public/v2/memberships/" + m + "/roles").ids("data"); !slices.Equal(got, []string{c.instead}) {
				t.Errorf("they have %v, want %s", got, c.instead)
			}
		}
	})
}

// TestAMoveThatTakesRolesAwayNamesWhatTheCallerSees moves a branch whose members have a role, as somebody who sees that and somebody who
// does not.
func TestAMoveThatTakesRolesAwayNamesWhatTheCallerSees(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		mid, _ := s.organization("Mid", "parent", ref("organizations", f.top))
		s.do("PATCH", "/public/v2/organizations/"+f.branch+"/relationships/parent", object{"data": ref("organizations", mid)}).want(200)
		clerk := s.role(f.top, "clerk", 30, "read")
		s.person("Bob", f.leaf, clerk)
		ada, as := s.person("Ada", f.other, models.RoleAdmin)
		mover := s.role(mid, "mover", 30, "organizations:write", "organizations:delete")
		s.member(ada, mid, mover)
		s.member(ada, f.branch, s.role(f.branch, "writer", 30, "organizations:write"))
		move := func(by *service) string {
			return by.do("PATCH", "/public/v2/organizations/"+f.branch+"/relationships/parent",
				object{"data": ref("organizations", f.other)}).want(409).text("errors", 0, "detail")
		}
		if got := move(s); !strings.Contains(got, "clerk") {
			t.Errorf("the management is told %q", got)
		}
		if got := move(as); strings.Contains(got, "clerk") || !strings.Contains(got, "1 in number") {
			t.Errorf("who does not see the role is told %q", got)
		}
	})
}
