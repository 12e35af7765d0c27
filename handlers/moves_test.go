package handlers_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
)

const movesPath = "/public/v2/moves"

// moving returns a document that moves a branch, "" for to no parent. Pairs of attributes follow.
func moving(branch, to string, attributes ...any) object {
	where := any(nil)
	if to != "" {
		where = ref("organizations", to)
	}
	values := object{}
	for i := 0; i+1 < len(attributes); i += 2 {
		values[attributes[i].(string)] = attributes[i+1]
	}
	return resource("moves", values, "organization", ref("organizations", branch), "to", where)
}

// replacing adds the replacement of a role to a document.
func replacing(document object, from, to string) object {
	document["meta"] = object{"roleReplacements": []object{{"from": from, "to": to}}}
	return document
}

// runMove previews the move of a branch in which somebody loses something.
func (st *story) runMove(method, path string) {
	st.t.Helper()
	above := st.created(managed, "organizations", false)
	branch := st.do("POST", managed, resource("organizations", object{"name": "Acme Workshop"}, "parent",
		ref("organizations", above))).want(201).text("data", "id")
	st.do("POST", "/public/v2/memberships", resource("memberships", object{}, "user", ref("users", st.ids["users"]), "organization",
		ref("organizations", above), "roles", []object{ref("roles", models.RoleViewer)})).want(201)
	st.run(method, path, 200, moving(branch, st.ids["parent"], "preview", true))
}

// TestAPreviewOfAMoveSaysWhoLosesAndGainsWhat previews a move, makes it by its digest, and finds the digest of before stale.
func TestAPreviewOfAMoveSaysWhoLosesAndGainsWhat(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		bob, asBob := s.person("Bob", f.top, models.RoleViewer)
		eve, _ := s.person("Eve", f.other, models.RoleManager)
		ada, _ := s.person("Ada", f.top, models.RoleMember) // who keeps what she has in the branch
		s.member(ada, f.branch, models.RoleMember)
		gone, _ := s.person("Gone", f.top, models.RoleAdmin)
		s.do("PATCH", "/public/v2/users/"+gone, withID(resource("users", object{"active": false}), gone)).want(200)
		hook := func(organization string, subtree bool) string {
			return s.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/secret?x=1", "name": "Payroll",
				"subtree": subtree}, "organization", ref("organizations", organization))).want(201).text("data", "id")
		}
		leaving, joining := hook(f.top, true), hook(f.other, true)
		hook(f.top, false)
		clerk := s.role(f.top, "clerk", 30, "invoices:read")
		s.person("Hans", f.leaf, clerk)
		events := s.get("/public/v2/events?page[size]=1").json("meta", "total")

		preview := s.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200)
		digest := preview.text("data", "attributes", "digest")
		role := func(id, name string) []any { return []any{object{"role": id, "name": name}} }
		want := object{
			"preview": true, "digest": digest, "organizations": 2.0,
			"loses": object{"total": 1.0, "people": []any{object{"user": bob, "name": "Bob", "roles": role(models.RoleViewer, "Viewer"),
				"permissions": []any{"memberships:read", "organizations:read", "read", "roles:read", "users:read"}}}},
			"gains": object{"total": 1.0, "people": []any{object{"user": eve, "name": "Eve", "roles": role(models.RoleManager, "Manager"),
				"permissions": []any{"events:read", "invitations:write", "memberships:write", "organizations:write", "read", "roles:read",
					"users:write", "write"}}}},
			"endpointsLeaving": object{"total": 1.0, "endpoints": []any{object{"webhook": leaving, "name": "Payroll",
				"url": "https://hooks.example.com", "organization": f.top}}},
			"endpointsJoining": object{"total": 1.0, "endpoints": []any{object{"webhook": joining, "name": "Payroll",
				"url": "https://hooks.example.com", "organization": f.other}}},
			"rolesLost": []any{object{"role": clerk, "name": "clerk", "holders": 1.0, "invitations": 0.0}},
		}
		if diff := cmp.Diff(want, preview.json("data", "attributes")); diff != "" {
			t.Errorf("the preview (-want +got):\n%s", diff)
		}
		if id := preview.text("data", "id"); !jsonapi.IsID(id) || preview.text("data", "relationships", "to", "data", "id") != f.other {
			t.Errorf("it is %s", preview.Body)
		}
		if now := s.get("/public/v2/events?page[size]=1").json("meta", "total"); now != events || s.parent(f.branch) != f.top {
			t.Errorf("the preview did something: %v events, then %v; it is below %s", events, now, s.parent(f.branch))
		}
		asBob.get("/public/v2/organizations/" + f.branch).want(200)

		if at := s.do("POST", movesPath, moving(f.branch, f.other, "digest", digest)).want(409).errors()[0].Pointer; at !=
			"/data/relationships/to" {
			t.Errorf("a role that is lost is told at %s", at)
		}
		if at := s.do("POST", movesPath, moving(f.branch, f.other, "digest", nil)).want(422).errors()[0].Pointer; at !=
			"/data/attributes/digest" {
			t.Errorf("a digest that is none is refused at %q", at)
		}
		stale := replacing(moving(f.branch, f.other, "digest", strings.Repeat("0", 64)), clerk, models.RoleViewer)
		if got := s.do("POST", movesPath, stale).want(412).errors()[0]; got.Pointer != "/data/attributes/digest" ||
			got.Code != "precondition_failed" {
			t.Errorf("a stale digest is told as %+v", got)
		}
		replaced := s.do("POST", movesPath, replacing(moving(f.branch, f.other, "preview", true), clerk, models.RoleViewer)).want(200)
		if replaced.text("data", "attributes", "digest") == digest {
			t.Error("a preview with replacements is as one without")
		}
		s.do("PATCH", "/public/v2/users/"+gone, withID(resource("users", object{"active": true}), gone)).want(200)
		s.do("POST", movesPath, replacing(moving(f.branch, f.other, "digest", digest), clerk, models.RoleViewer)).want(412)
		if s.parent(f.branch) != f.top {
			t.Error("a move with a stale digest was made")
		}
		s.do("PATCH", "/public/v2/users/"+gone, withID(resource("users", object{"active": false}), gone)).want(200)
		done := s.do("POST", movesPath, replacing(moving(f.branch, f.other, "digest", digest), clerk, models.RoleViewer)).want(200)
		if got := done.json("data", "attributes", "preview"); got != false || s.parent(f.branch) != f.other {
			t.Errorf("it was not moved: %s", done.Body)
		}
		asBob.get("/public/v2/organizations/" + f.branch).want(404)
		told := s.get("/public/v2/events?filter[eventType]=organization.updated&filter[subjectId]="+f.branch).
			json("data", 0, "attributes", "changes", "parent")
		changed := object{"before": object{"id": f.top, "name": "Top"}, "after": object{"id": f.other, "name": "Other"}}
		if diff := cmp.Diff(any(changed), told); diff != "" {
			t.Errorf("its event (-want +got):\n%s", diff)
		}
	})
}

// parent returns the id of the parent of an organization, "" for none.
func (s *service) parent(id string) string {
	s.t.Helper()
	parent, _ := s.get("/public/v2/organizations/"+id).want(200).json("data", "relationships", "parent", "data", "id").(string)
	return parent
}

// TestAMoveAsksOfItsCallerWhatAChangeOfParentAsks previews moves as every caller of the matrix, and makes them: each is refused as the
// change of parent is, with the same status and code, and nothing of the other tree is named.
func TestAMoveAsksOfItsCallerWhatAChangeOfParentAsks(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		m := newMatrix(s)
		below, _ := s.organization("Below", "parent", ref("organizations", m.organization[own]))
		s.do("DELETE", managed+"/"+m.organization[deleted], nil)
		kindOf := func(a *answer) string {
			if a.Status == 200 {
				return "done"
			}
			code := a.errors()[0].Code
			if code == "related_not_found" || a.Status == 404 {
				code = "not found"
			}
			return code
		}
		done := 0
		for _, who := range append(m.callers, m.tenant, &somebody{name: "management", as: s, manages: true}) {
			for _, branch := range []string{m.organization[child], below, m.organization[own], m.organization[foreign],
				m.organization[deleted], missingID} {
				for _, to := range []string{"", m.organization[own], below, m.organization[foreign], m.organization[deleted]} {
					was := ""
					if branch != m.organization[deleted] && branch != missingID {
						was = s.parent(branch)
					}
					patch := func() *answer {
						where := any(nil)
						if to != "" {
							where = ref("organizations", to)
						}
						return who.as.send("PATCH", "/public/v2/organizations/"+branch+"/relationships/parent", object{"data": where})
					}
					undo := func(a *answer) string {
						if kind := kindOf(a); kind != "done" || was == to {
							return kind
						}
						done++
						s.send("POST", movesPath, moving(branch, was)).want(200)
						return "done"
					}
					preview := kindOf(who.as.send("POST", movesPath, moving(branch, to, "preview", true)))
					changed := undo(patch())
					moved := undo(who.as.send("POST", movesPath, moving(branch, to)))
					if preview != changed || moved != changed {
						t.Errorf("%s: %s to %q is %s, its preview %s and the move %s", who.name, branch, to, changed, preview, moved)
					}
				}
			}
		}
		if done < 10 {
			t.Errorf("only %d moves were made", done)
		}
	})
}

// TestAMoveTellsNoMoreThanItsCallerReads has people and keys preview a move who read little: they count whom they do not see.
func TestAMoveTellsNoMoreThanItsCallerReads(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		bob, _ := s.person("Bob", f.top, models.RoleViewer)
		eve, _ := s.person("Eve", f.other, models.RoleViewer)
		secret := s.role(f.top, "secret", 30, "invoices:read")
		hans, _ := s.person("Hans", f.leaf, secret)
		s.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/", "subtree": true}, "organization",
			ref("organizations", f.top))).want(201)
		mover := func(name string, words ...string) (string, *service) {
			id, as := s.person(name, f.top, s.role(f.top, name, 40, append(words, "organizations:delete", "organizations:write")...))
			for _, at := range []string{f.branch, f.other} {
				s.member(id, at, s.role(at, name, 40, append(words, "organizations:write")...))
			}
			return id, as
		}
		_, blind := mover("blind")
		_, sees := mover("sees", "memberships:read", "users:read", "roles:read", "webhooks:read")
		_, half := mover("half", "users:read")
		read := func(by *service) (people, loses []any, leaving, lost any) {
			a := by.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200)
			attributes := a.json("data", "attributes").(map[string]any)
			of := func(name string) map[string]any { return attributes[name].(map[string]any) }
			for _, side := range []string{"loses", "gains"} {
				if total := of(side)["total"]; total != 1.0 {
					t.Errorf("%s: %v", side, total)
				}
				people = append(people, of(side)["people"].([]any)...)
			}
			return people, of("loses")["people"].([]any), of("endpointsLeaving"), attributes["rolesLost"]
		}
		nobody := []any{object{"role": nil, "name": nil, "holders": 1.0, "invitations": 0.0}}
		all := s.as(s.key0("organizations:write", "organizations:delete").key)
		for name, by := range map[string]*service{
			"who reads nothing": blind, "who reads users": half, "a key that writes organizations": all,
		} {
			people, _, leaving, lost := read(by)
			if len(people) > 0 {
				t.Errorf("%s is told of %v", name, people)
			}
			if diff := cmp.Diff(any(object{"total": 1.0, "endpoints": []any{}}), leaving); diff != "" {
				t.Errorf("%s is told of endpoints: %s", name, diff)
			}
			if diff := cmp.Diff(any(nobody), lost); diff != "" {
				t.Errorf("%s is told of roles: %s", name, diff)
			}
		}
		people, loses, leaving, lost := read(sees)
		if len(people) != 2 || people[0].(map[string]any)["user"] != bob || people[1].(map[string]any)["user"] != eve {
			t.Errorf("who reads them is told of %v", people)
		}
		if got := loses[0].(map[string]any)["roles"].([]any)[0].(map[string]any)["role"]; got != models.RoleViewer {
			t.Errorf("Bob has it from %v", got)
		}
		if total := len(leaving.(map[string]any)["endpoints"].([]any)); total != 1 {
			t.Errorf("who reads them is told of %d endpoints", total)
		}
		if role := lost.([]any)[0].(map[string]any); role["role"] != secret {
			t.Errorf("who reads them is told of the role %v", role)
		}
		// What one is not told stands in the digest, too: another who loses it is another digest.
		digest := func() string {
			return blind.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200).text("data", "attributes", "digest")
		}
		before := digest()
		s.member(hans, f.top, models.RoleViewer)
		membership := s.get("/public/v2/memberships?filter[userId]="+bob).text("data", 0, "id")
		s.do("DELETE", "/public/v2/memberships/"+membership, nil).want(204)
		if digest() == before {
			t.Error("one loses what another lost before, and the digest is the same")
		}
	})
}

// TestAMoveNamesNoWordsOfRolesThatItsCallerDoesNotSee has Bob lose words of two roles by a move of his own. Who reads people and not roles
// is told those of the service and of the role that is built in; who reads roles, and Bob, are told those of the application as well.
func TestAMoveNamesNoWordsOfRolesThatItsCallerDoesNotSee(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		clerk := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "clerk", "name": "Clerk",
			"permissions": []string{"events:read", "invoices:read"}}, "organization", ref("organizations", f.top))).
			want(201).text("data", "id")
		bob, asBob := s.person("Bob", f.top, models.RoleViewer, clerk, s.role(f.top, "remover", 30, "organizations:delete"))
		for _, at := range []string{f.branch, f.other} {
			s.member(bob, at, s.role(at, "writer", 30, "organizations:write"))
		}
		writes := []string{"organizations:write", "organizations:delete", "memberships:read", "users:read"}
		for name, c := range map[string]struct {
			by   *service
			told []any
		}{
			"who reads no roles": {s.key0(writes...), []any{"events:read", "memberships:read", "organizations:read", "read", "roles:read",
				"users:read"}},
			"who reads roles": {s.key0(append(writes, "roles:read")...), []any{"events:read", "invoices:read", "memberships:read",
				"organizations:read", "read", "roles:read", "users:read"}},
			"Bob": {asBob, []any{"events:read", "invoices:read", "memberships:read", "organizations:read", "read", "roles:read",
				"users:read"}},
		} {
			a := c.by.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200)
			if diff := cmp.Diff(any(c.told), a.json("data", "attributes", "loses", "people", 0, "permissions")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}
