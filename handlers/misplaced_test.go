package handlers_test

import (
	"testing"

	"roster/models"
)

// TestAnOptionInTheMetaOfTheResourceIsRefused says what a request may say beside data within data. It is refused, and nothing is done.
func TestAnOptionInTheMetaOfTheResourceIsRefused(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		bob, _ := s.person("Bob", f.leaf)
		key := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"kind": "management", "name": "Robot",
			"scopes": []string{"users:read"}})).want(201).text("data", "id")
		replacements := object{"roleReplacements": []object{{"from": models.RoleViewer, "to": models.RoleMember}}}
		at := "/public/v2/organizations/" + f.leaf
		with := func(resource, meta object) object {
			resource["data"].(object)["meta"] = meta
			return resource
		}
		moved := func() object {
			return with(withID(resource("organizations", object{}, "parent", ref("organizations", f.other)), f.leaf), replacements)
		}
		before := s.get("/public/v2/events?page[size]=1&page[number]=1").json("meta", "total")
		for _, c := range []struct {
			method, path string
			body         object
			pointer      string
		}{
			{"PATCH", at, moved(), "/data/meta/roleReplacements"},
			{"POST", "/public/v2/moves", with(object{"data": moving(f.leaf, f.other)["data"]}, replacements),
				"/data/meta/roleReplacements"},
			{"PATCH", at + "/relationships/parent", with(object{"data": object{"type": "organizations", "id": f.other}}, replacements),
				"/data/meta/roleReplacements"},
			{"POST", operations, object{"atomic:operations": []object{{"op": "update", "data": moved()["data"]}}},
				"/atomic:operations/0/data/meta/roleReplacements"},
			{"POST", operations, object{"atomic:operations": []object{{"op": "update",
				"ref":  object{"type": "organizations", "id": f.leaf, "relationship": "parent"},
				"data": object{"type": "organizations", "id": f.other, "meta": replacements}}}},
				"/atomic:operations/0/data/meta/roleReplacements"},
			{"PATCH", "/public/v2/users/" + bob, with(withID(resource("users", object{"firstName": "Eve"}), bob),
				object{"currentPassword": "x"}), "/data/meta/currentPassword"},
			{"POST", "/public/v2/sessions", with(resource("sessions", object{}), object{"portalToken": "x"}), "/data/meta/portalToken"},
			{"POST", "/public/v2/apiKeys/" + key + "/rotate", object{"data": object{"type": "apiKeys", "id": key,
				"meta": object{"overlap": 0}}}, "/data/meta/overlap"},
			{"POST", "/public/v2/invitations/show", object{"data": object{"meta": object{"token": "x"}}}, "/data/meta/token"},
		} {
			var header []string
			if c.path == operations {
				header = []string{"Content-Type", atomicType}
			}
			a := s.send(c.method, c.path, c.body, header...).want(400)
			if got := a.errors()[0].Pointer; got != c.pointer {
				t.Errorf("%s %s is refused at %q: %s", c.method, c.path, got, a.Body)
			}
		}
		if after := s.get("/public/v2/events?page[size]=1&page[number]=1").json("meta", "total"); after != before {
			t.Errorf("there are %v events, and were %v", after, before)
		}
		a := s.send("PATCH", at, object{"data": withID(resource("organizations", object{"description": "stays"}), f.leaf)["data"],
			"meta": replacements}).want(422)
		if got := a.errors()[0].Pointer; got != "/meta/roleReplacements" {
			t.Errorf("without a move it is refused at %q", got)
		}
		// What a reader has found there may be sent back.
		s.send("PATCH", at, with(withID(resource("organizations", object{"description": "as read"}), f.leaf),
			object{"counts": object{"children": 0}})).want(200)
	})
}
