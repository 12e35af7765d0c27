package handlers_test

import (
	"strings"
	"testing"
)

func TestTheSeedsRequestsAreAnswered(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		created := s.do("POST", managed+"/", resource("organizations",
			object{"name": "Test Org", "webhookUrl": nil, "webhookSecret": nil})).want(201)
		id, old := created.text("data", "id"), created.text("data", "attributes", "token")
		if got := created.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("the only answer with the token says Cache-Control: %s", got)
		}
		if got := s.get(managed+"/").want(200).json("data", 0, "attributes", "token"); got != nil {
			t.Errorf("the list shows the token %v", got)
		}
		renamed := s.do("PATCH", managed+"/"+id, withID(resource("organizations", object{"name": "Renamed"}), id)).want(200)
		if got := renamed.text("data", "attributes", "name"); got != "Renamed" {
			t.Errorf("the name is %q after the change", got)
		}
		fresh := s.do("POST", "/public/v2/management/refresh-token/"+id, nil).want(200).text("data", "attributes", "token")
		s.as(old).get("/public/v2/organizations").want(401)
		s.as(fresh).get("/public/v2/organizations").want(200)
		s.do("DELETE", managed+"/"+id, nil).want(204)
		s.as(fresh).get("/public/v2/organizations").want(401)
		s.do("DELETE", managed+"/"+id, nil).want(404)
		s.do("PATCH", managed+"/"+id, withID(resource("organizations", object{"deletedAt": nil}), id)).want(200)
		s.get(managed + "/" + id).want(200)
	})
}

func TestACallerCanSendBackWhatHeRead(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		root, _ := s.organization("Root")
		child, token := s.organization("Child", "parent", ref("organizations", root))
		for _, caller := range []*service{s, s.as(token)} {
			read := caller.get("/public/v2/organizations/" + child).want(200)
			caller.do("PATCH", "/public/v2/organizations/"+child, string(read.Body)).want(200)
		}
		if got := s.get(managed+"/"+child+"/parent").want(200).text("data", "id"); got != root {
			t.Errorf("the parent is %s after the echo, want %s", got, root)
		}
	})
}

func TestARestoreTellsTheNewSlugAndTakesAParent(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		old, _ := s.organization("Old")
		other, _ := s.organization("Other")
		child, _ := s.organization("Child", "parent", ref("organizations", old))
		s.do("DELETE", managed+"/"+child, nil).want(204)
		s.do("DELETE", managed+"/"+old, nil).want(204)
		s.organization("Child")
		back := func(relationships ...any) *answer {
			return s.do("PATCH", managed+"/"+child, withID(resource("organizations", object{"deletedAt": nil}, relationships...), child))
		}
		want := errorObject{Status: "409", Code: "conflict", Pointer: "/data/attributes/deletedAt"}
		if got := back().want(409).errors()[0]; got != want {
			t.Errorf("below a deleted parent: %+v", got)
		}
		a := back("parent", ref("organizations", other)).want(200)
		if slug := a.text("data", "attributes", "slug"); !strings.HasPrefix(slug, "child-") {
			t.Errorf("the slug in the answer is %q", slug)
		}
		if parent := a.text("data", "relationships", "parent", "data", "id"); parent != other {
			t.Errorf("the parent in the answer is %q", parent)
		}
		if got := s.get(managed+"/"+child).want(200).text("data", "attributes", "slug"); got != a.text("data", "attributes", "slug") {
			t.Errorf("it is read with the slug %q", got)
		}
	})
}
