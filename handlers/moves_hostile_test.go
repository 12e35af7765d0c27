package handlers_test

import (
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
)

// TestAMoveThatIsAskedForWrongly sends what is no move: it is told where, and nothing moves.
func TestAMoveThatIsAskedForWrongly(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		without := func(name string) object {
			document := moving(f.branch, f.other, "preview", true)
			delete(document["data"].(object)["relationships"].(object), name)
			return document
		}
		with := func(name string, data any) object {
			document := moving(f.branch, f.other, "preview", true)
			document["data"].(object)["relationships"].(object)[name] = object{"data": data}
			return document
		}
		many := make([]object, 51)
		for i := range many {
			many[i] = object{"from": missingID, "to": missingID}
		}
		for _, c := range []struct {
			body    any
			status  int
			pointer string
		}{
			{``, 400, ""},
			{`{`, 400, ""},
			{`[]`, 400, ""},
			{object{"data": []object{}}, 400, "/data"},
			{resource("organizations", object{}), 409, "/data/type"},
			{without("organization"), 422, "/data/relationships"},
			{without("to"), 422, "/data/relationships"},
			{with("organization", nil), 422, "/data/relationships/organization/data"},
			{with("organization", []object{ref("organizations", f.branch)}), 400, "/data/relationships/organization/data"},
			{with("to", ref("users", f.other)), 409, "/data/relationships/to/data/type"},
			{with("to", ref("organizations", strings.Repeat("x", 10_000))), 404, "/data/relationships/to/data"},
			{with("organization", ref("organizations", "'; DROP TABLE organizations; --")), 404, "/data/relationships/organization/data"},
			{with("organization", ref("organizations", missingID)), 404, "/data/relationships/organization/data"},
			{with("from", nil), 422, "/data/relationships/from"},
			{moving(f.branch, f.other, "preview", "true"), 422, "/data/attributes/preview"},
			{moving(f.branch, f.other, "preview", nil), 422, "/data/attributes/preview"},
			{moving(f.branch, f.other, "digest", 1), 422, "/data/attributes/digest"},
			{moving(f.branch, f.other, "digest", strings.Repeat("0", 201)), 422, "/data/attributes/digest"},
			{moving(f.branch, f.other, "digest", ""), 412, "/data/attributes/digest"},
			{moving(f.branch, f.other, "preview", true, "digest", "x"), 412, "/data/attributes/digest"},
			{moving(f.branch, f.other, "force", true), 422, "/data/attributes/force"},
			{withID(moving(f.branch, f.other), missingID), 403, "/data/id"},
			{moving(f.branch, f.leaf), 409, "/data/relationships/to"},
			{moving(f.branch, f.branch, "preview", true), 409, "/data/relationships/to"},
			{replacing(moving(f.branch, f.other, "preview", true), missingID, models.RoleViewer), 404, "/meta/roleReplacements/0/from"},
			{object{"data": moving(f.branch, f.other)["data"], "meta": object{"roleReplacements": many}}, 422, "/meta/roleReplacements"},
			{object{"data": moving(f.branch, f.other)["data"], "meta": object{"roleReplacements": "all"}}, 422, "/meta/roleReplacements"},
		} {
			a := s.send("POST", movesPath, c.body, "Content-Type", jsonapi.MediaType)
			if a.Status != c.status || c.pointer != "" && a.errors()[0].Pointer != c.pointer {
				t.Errorf("%.200v: %d %.300s, want %d at %s", c.body, a.Status, a.Body, c.status, c.pointer)
			}
		}
		s.send("POST", movesPath+"?include=organization", moving(f.branch, f.other)).want(400)
		s.send("GET", movesPath, nil).want(405)
		if s.parent(f.branch) != f.top {
			t.Error("something was moved")
		}
		// What is read can be sent back.
		read := s.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200).json("data").(map[string]any)
		delete(read, "id")
		read["attributes"].(map[string]any)["preview"] = false
		s.do("POST", movesPath, object{"data": read}).want(200)
		if s.parent(f.branch) != f.other {
			t.Error("what was read and sent back does not move")
		}
	})
}

// TestAMoveIsMadeOnceForItsKey sends a move and a preview again with an Idempotency-Key: a move is made once, a preview is made anew.
func TestAMoveIsMadeOnceForItsKey(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		preview := func() string {
			return s.do("POST", movesPath, moving(f.branch, f.other, "preview", true), "Idempotency-Key", "p").want(200).
				text("data", "attributes", "digest")
		}
		before := preview()
		s.person("Bob", f.top, models.RoleMember)
		after := preview()
		if before == after {
			t.Error("a preview is answered from what was kept")
		}
		made := func() *answer {
			return s.do("POST", movesPath, moving(f.branch, f.other, "digest", after), "Idempotency-Key", "m").want(200)
		}
		first, again := made(), made()
		if string(first.Body) != string(again.Body) || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("it is answered with\n%s\nand then\n%s", first.Body, again.Body)
		}
		if n := len(s.get("/public/v2/events?filter[eventType]=organization.updated&filter[subjectId]=" + f.branch).ids("data")); n != 1 {
			t.Errorf("%d moves were made", n)
		}
		// Who has moved it out of their sight is not told again.
		ada, as := s.person("Ada", f.other, models.RoleAdmin)
		m := s.member(ada, f.top, models.RoleAdmin)
		body := moving(f.branch, f.top)
		as.do("POST", movesPath, body, "Idempotency-Key", "a").want(200)
		s.do("DELETE", "/public/v2/memberships/"+m, nil).want(204)
		as.do("POST", movesPath, body, "Idempotency-Key", "a").want(403)
	})
}

// TestMovesAreNoOperations sends a move as an atomic operation: there, a branch moves by a change of its parent.
func TestMovesAreNoOperations(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		a := s.atomic(object{"op": "add", "data": moving(f.branch, f.other)["data"]})
		if at := a.want(404).errors()[0].Pointer; at != "/atomic:operations/0/data/type" {
			t.Errorf("a move among operations is refused at %s: %s", at, a.Body)
		}
		if s.parent(f.branch) != f.top {
			t.Error("it was moved")
		}
	})
}

// TestAStalePreviewIsToldFirst has somebody move a branch elsewhere after a preview: whoever comes with that is told that it is stale, and
// not what is wrong with replacements and roles that it does not speak of. Who may not move there is told that as before.
func TestAStalePreviewIsToldFirst(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		third, _ := s.organization("Third")
		clerk := s.role(f.top, "clerk", 30, "invoices:read")
		s.person("Hans", f.leaf, clerk)
		digest := s.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200).text("data", "attributes", "digest")
		by := func(to string) object { return moving(f.branch, to, "digest", digest) }
		_, eve := s.person("Eve", f.top, models.RoleAdmin)
		digest = s.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200).text("data", "attributes", "digest")
		s.do("POST", movesPath, replacing(by(f.other), clerk, missingID)).want(404) // it is right, and what it is sent with is not
		s.do("POST", movesPath, by(f.other)).want(409)
		eve.do("POST", movesPath, by(f.other)).want(404)
		s.do("POST", movesPath, replacing(by(f.other), clerk, models.RoleViewer)).want(200)
		for name, document := range map[string]object{
			"with replacements":         replacing(by(f.other), clerk, models.RoleViewer),
			"to a third":                replacing(by(third), clerk, models.RoleViewer),
			"to a third, with none":     by(third),
			"below itself":              by(f.leaf),
			"by roles that are not any": replacing(by(third), missingID, missingID),
			"back":                      by(f.top),
		} {
			if a := s.send("POST", movesPath, document); a.Status != 412 || a.errors()[0].Pointer != "/data/attributes/digest" {
				t.Errorf("%s it is %d %s", name, a.Status, a.Body)
			}
		}
		if s.parent(f.branch) != f.other {
			t.Error("it was moved by a stale digest")
		}
	})
}
