package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
)

func TestWhoHasARepresentationIsNotSentItAgain(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization(strings.Repeat("long ", 30))
		for _, path := range []string{
			managed + "/" + id, managed + "/" + id + "?fields[organizations]=name", managed,
			managed + "?page[after]=" + cursorOf(s, managed, 0),
			"/public/v2/events", "/public/v2/events/" + s.get("/public/v2/events").text("data", 0, "id"),
		} {
			for _, encoding := range []string{"identity", "gzip"} {
				a := s.get(path, "Accept-Encoding", encoding).want(200)
				tag := a.Header.Get("ETag")
				if tag == "" || strings.HasPrefix(tag, "W/") {
					t.Fatalf("%s: ETag %q", path, tag)
				}
				for _, method := range []string{"GET", "HEAD"} {
					same := s.do(method, path, nil, "If-None-Match", `"other", W/`+tag, "Accept-Encoding", encoding).want(304)
					if len(same.Body) > 0 || same.Header.Get("ETag") != tag || same.Header.Get("Content-Type") != "" {
						t.Errorf("%s %s: %v %s", method, path, same.Header, same.Body)
					}
					for _, name := range []string{"Vary", "Cache-Control"} {
						if same.Header.Get(name) != a.Header.Get(name) {
							t.Errorf("%s %s: %s %q, not %q", method, path, name, same.Header.Get(name), a.Header.Get(name))
						}
					}
				}
			}
		}
		path := managed + "/" + id
		before, narrow := s.get(path).Header.Get("ETag"), s.get(path+"?fields[organizations]=name").Header.Get("ETag")
		if before == narrow {
			t.Error("two representations share an ETag")
		}
		changed := s.do("PATCH", path, withID(resource("organizations", object{"name": "Short"}), id)).want(200).Header.Get("ETag")
		after := s.get(path, "If-None-Match", before).want(200)
		if tag := after.Header.Get("ETag"); tag != changed {
			t.Errorf("the change answered with the ETag %s, the next read with %s", changed, tag)
		}
	})
}

// cursorOf returns the cursor of an item of a list.
func cursorOf(s *service, path string, item int) string {
	s.t.Helper()
	return s.get(path, "Accept", cursorMedia).want(200).text("data", item, "meta", "page", "cursor")
}

func TestHEADHasTheHeaderOfGET(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		for range 3 {
			s.organization("Other")
		}
		for _, path := range []string{managed, managed + "/" + id, managed + "/" + id + "?fields[organizations]=",
			managed + "/" + models.NewID(), managed + "?nope"} {
			for _, encoding := range []string{"identity", "gzip"} {
				get := s.get(path, "Accept-Encoding", encoding, "X-Request-Id", "r1")
				head := s.do("HEAD", path, nil, "Accept-Encoding", encoding, "X-Request-Id", "r1")
				for _, a := range []*answer{get, head} {
					a.Header.Del("Date")
				}
				if diff := cmp.Diff(get.Header, head.Header); diff != "" || get.Status != head.Status || len(head.Body) > 0 {
					t.Errorf("%s %s: %d, %d: %s", path, encoding, get.Status, head.Status, diff)
				}
				if encoding == "identity" && head.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) {
					t.Errorf("%s: Content-Length %s of %d bytes", path, head.Header.Get("Content-Length"), len(get.Body))
				}
			}
		}
	})
}

func TestAChangeIsMadeOnlyToTheVersionItIsMeantFor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		created := s.do("POST", managed, resource("organizations",
			object{"name": "One", "description": strings.Repeat("text ", 300)})).want(201)
		path := created.text("data", "links", "self")
		id := created.text("data", "id")
		rename := func(name string, headers ...string) *answer {
			return s.do("PATCH", path, withID(resource("organizations", object{"name": name}), id), headers...)
		}
		old := created.Header.Get("ETag")
		if old == "" {
			t.Fatal("no ETag in the answer to POST")
		}
		second := rename("Two", "If-Match", old).want(200).Header.Get("ETag")
		want := []errorObject{{"412", "precondition_failed", "", "", "If-Match"}}
		for _, stale := range []string{old, `W/` + second, `"nope"`, `"nope", ` + old, ""} {
			if stale == "" {
				stale = ","
			}
			if diff := cmp.Diff(want, rename("Three", "If-Match", stale).want(412).errors()); diff != "" {
				t.Errorf("%s: %s", stale, diff)
			}
			if diff := cmp.Diff(want, s.do("DELETE", path, nil, "If-Match", stale).want(412).errors()); diff != "" {
				t.Errorf("DELETE %s: %s", stale, diff)
			}
		}
		if got := rename("Three", "If-Match",
			"unquoted").want(400).errors()[0]; got != (errorObject{"400", "invalid_header", "", "", "If-Match"}) {
			t.Errorf("a header without quotes: %v", got)
		}
		// Any representation of the present version will do, in any encoding.
		zipped := s.get(path, "Accept-Encoding", "gzip").want(200).Header.Get("ETag")
		if !strings.HasSuffix(zipped, `-gzip"`) {
			t.Fatalf("the answer was not compressed: %s", zipped)
		}
		rename("Three", "If-Match", zipped).want(200)
		rename("Four", "If-Match", `"nope", `+s.get(path+"?fields[organizations]=slug").Header.Get("ETag")).want(200)
		rename("Five", "If-Match", "*").want(200)
		last := s.get(path).Header.Get("ETag")
		if got := rename("Six", "If-None-Match", last).want(412).errors()[0].Header; got != "If-None-Match" {
			t.Errorf("source.header %q", got)
		}
		s.do("DELETE", path, nil, "If-None-Match", "*").want(412)
		rename("Six", "If-None-Match", old).want(200)
		missing := managed + "/" + models.NewID()
		s.do("DELETE", missing, nil, "If-Match", "*").want(404)
		s.do("DELETE", missing, nil, "If-Match", last).want(404)
		s.do("DELETE", missing, nil, "If-None-Match", "*").want(404)
		s.do("DELETE", path, nil, "If-Match", s.get(path).Header.Get("ETag")).want(204)
	})
}

// fiftyAtOnce sends fifty different changes of one resource at once, each meant for the same version, makes sure that one is made, and
// returns which.
func (s *service) fiftyAtOnce(method, path, tag string, body func(i int) any) (winner int) {
	s.t.Helper()
	answers := make([]*answer, 50)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = s.do(method, path, body(i), "If-Match", tag) })
	}
	wg.Wait()
	count := map[int]int{}
	for i, a := range answers {
		if count[a.Status]++; a.Status == http.StatusOK {
			winner = i
		}
	}
	if diff := cmp.Diff(map[int]int{200: 1, 412: 49}, count); diff != "" {
		s.t.Errorf("%s %s: %s", method, path, diff)
	}
	return winner
}

func TestOfFiftyChangesToOneVersionOneIsMade(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		created := s.do("POST", managed, resource("organizations", object{"name": "Start"})).want(201)
		path, id, tag := created.text("data", "links", "self"), created.text("data", "id"), created.Header.Get("ETag")
		name := func(i int) string { return fmt.Sprint("Winner ", i) }
		won := name(s.fiftyAtOnce("PATCH", path, tag,
			func(i int) any { return withID(resource("organizations", object{"name": name(i)}), id) }))
		if got := s.get(path).text("data", "attributes", "name"); got != won {
			t.Errorf("the name is %q, and %q won", got, won)
		}
	})
}

func TestOfFiftyReplacementsOfARelationshipOneIsMade(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		organizations := make([]object, 50)
		for i := range organizations {
			id, _ := s.organization(fmt.Sprint("Number ", i))
			organizations[i] = ref("organizations", id)
		}
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		path := "/public/v2/users/" + user
		members := path + "/relationships/organizations"
		linkage := func(i int) object { return object{"data": []object{organizations[i]}} }
		change := func(i int) any {
			body := withID(resource("users", object{}), user)
			body["data"].(object)["relationships"] = object{"organizations": linkage(i)}
			return body
		}
		for _, at := range []struct {
			path string
			body func(int) any
		}{{members, func(i int) any { return linkage(i) }}, {path, change}} {
			s.do("PATCH", members, object{"data": []object{}}).want(200)
			won := organizations[s.fiftyAtOnce("PATCH", at.path, s.get(at.path).Header.Get("ETag"), at.body)]
			if diff := cmp.Diff([]any{map[string]any{"type": "organizations", "id": won["id"]}}, s.get(members).json("data")); diff != "" {
				t.Errorf("%s: %s", at.path, diff)
			}
		}
	})
}

func TestARelationshipIsChangedOnlyAtTheVersionItIsMeantFor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		parent, _ := s.organization("Parent")
		child, _ := s.organization("Child")
		path := managed + "/" + child + "/relationships/parent"
		old := s.get(path).want(200).Header.Get("ETag")
		move := func(to any, tag string) *answer { return s.do("PATCH", path, object{"data": to}, "If-Match", tag) }
		moved := move(ref("organizations", parent), old).want(200)
		if now := s.get(path).Header.Get("ETag"); moved.Header.Get("ETag") != now {
			t.Errorf("the change answered with the ETag %s, the next read with %s", moved.Header.Get("ETag"), now)
		}
		move(nil, old).want(412)
		move(nil, s.get(managed+"/"+child).Header.Get("ETag")).want(200)

		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		members := "/public/v2/users/" + user + "/relationships/organizations"
		old = s.get(members).want(200).Header.Get("ETag")
		s.do("PATCH", "/public/v2/users/"+user, withID(resource("users", object{"lastName": "Lovelace"}), user), "If-Match", old).want(200)
		for _, method := range []string{"POST", "PATCH", "DELETE"} {
			s.do(method, members, object{"data": []object{ref("organizations", parent)}}, "If-Match", old).want(412)
			s.do(method, members, object{"data": []object{ref("organizations", parent)}}, "If-None-Match", "*").want(412)
		}
		s.do("POST", members, object{"data": []object{ref("organizations", parent)}}, "If-Match",
			s.get(members).Header.Get("ETag")).want(200)
	})
}

// TestWhoChangesMembershipsAloneMayAskForAVersion of the user, which they may not change otherwise.
func TestWhoChangesMembershipsAloneMayAskForAVersion(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		acme, _ := s.organization("Acme")
		below, _ := s.organization("Below", "parent", ref("organizations", acme))
		words := []string{"organizations:read", "users:read", "roles:read", "memberships:write", "read", "write"}
		role := s.do("POST", "/public/v2/roles", resource("roles",
			object{"key": "clerk", "name": "Clerk", "rank": 30, "permissions": words}, "organization", ref("organizations", acme))).
			want(201).text("data", "id")
		_, clerk := s.person("Clerk", acme, role)
		_, member := s.person("Member", acme, models.RoleMember)
		user, _ := s.person("Ada", acme, models.RoleViewer)
		path := "/public/v2/users/" + user
		members, linkage := path+"/relationships/organizations", object{"data": []object{ref("organizations", below)}}
		old := clerk.get(path).want(200).Header.Get("ETag")
		member.do("POST", members, linkage, "If-Match", `"0"`).want(403)
		clerk.do("POST", members, linkage, "If-Match", old).want(200)
		clerk.do("DELETE", members, linkage, "If-Match", old).want(412)
		clerk.do("DELETE", members, linkage, "If-Match", clerk.get(path).Header.Get("ETag")).want(200)
		now := clerk.get(path).Header.Get("ETag")
		clerk.do("PATCH", path, withID(resource("users", object{"firstName": "Eve"}), user), "If-Match", now).want(403)
	})
}

func TestAReadIsAnsweredOnlyAsItIsMeant(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("One")
		for _, path := range []string{managed + "/" + id, managed, managed + "/" + id + "/relationships/parent",
			managed + "/" + id + "/parent", "/public/v2/openapi.json"} {
			tag := s.get(path).want(200).Header.Get("ETag")
			for _, met := range []string{tag, `"other", ` + tag, "*"} {
				s.get(path, "If-Match", met).want(200)
				s.get(path, "If-Match", met, "If-None-Match", tag).want(304)
			}
			for _, unmet := range []string{`"other"`, "W/" + tag} {
				want := []errorObject{{"412", "precondition_failed", "", "", "If-Match"}}
				if diff := cmp.Diff(want, s.get(path, "If-Match", unmet, "If-None-Match", tag).want(412).errors()); diff != "" {
					t.Errorf("%s: %s", path, diff)
				}
			}
			s.get(path, "If-Match", "unquoted").want(400)
		}
		s.get(managed+"/"+models.NewID(), "If-Match", `"other"`).want(404)
	})
}

func TestAToManyRelationshipIsReplacedOnlyAsItWasRead(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		one, _ := s.organization("One")
		two, _ := s.organization("Two")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		path := "/public/v2/users/" + user
		members := path + "/relationships/organizations"
		linkage := func(ids ...string) object {
			refs := []object{}
			for _, id := range ids {
				refs = append(refs, ref("organizations", id))
			}
			return object{"data": refs}
		}
		membership := ""
		changes := []struct {
			name string
			make func()
		}{
			{"a member is added", func() { s.do("POST", members, linkage(one)).want(200) }},
			{"the members are replaced", func() { s.do("PATCH", members, linkage(two)).want(200) }},
			{"a member is removed", func() { s.do("DELETE", members, linkage(two)).want(200) }},
			{"the user is changed", func() {
				body := withID(resource("users", object{}), user)
				body["data"].(object)["relationships"] = object{"organizations": linkage(two)}
				tag := s.do("PATCH", path, body).want(200).Header.Get("ETag")
				if now := s.get(path).Header.Get("ETag"); tag != now {
					t.Errorf("the change answered with the ETag %s, the next read with %s", tag, now)
				}
			}},
			{"a membership is created", func() {
				body := resource("memberships", object{})
				body["data"].(object)["relationships"] = object{
					"user": object{"data": ref("users", user)}, "organization": object{"data": ref("organizations", one)},
				}
				membership = s.do("POST", "/public/v2/memberships", body).want(201).text("data", "id")
			}},
			{"a membership is deleted", func() { s.do("DELETE", "/public/v2/memberships/"+membership, nil).want(204) }},
		}
		for _, change := range changes {
			old := s.get(members).want(200).Header.Get("ETag")
			change.make()
			if got := s.do("PATCH", members, linkage(), "If-Match", old).Status; got != http.StatusPreconditionFailed {
				t.Errorf("%s: a replacement of what was before is answered with %d", change.name, got)
			}
			s.do("POST", members, linkage(), "If-Match", s.get(members).Header.Get("ETag")).want(200)
		}
		// What adds nobody is no change.
		same := s.get(members).Header.Get("ETag")
		s.do("POST", members, linkage(two)).want(200)
		if got := s.get(members).Header.Get("ETag"); got != same {
			t.Errorf("adding who is there changes the ETag %s to %s", same, got)
		}
	})
}
