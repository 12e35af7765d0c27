package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestATakenAddressSaysNothingOfWhoHasIt takes an address in one's own organization, in another, and in none, through every door.
func TestATakenAddressSaysNothingOfWhoHasIt(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		_, token := s.organization("Own")
		other, _ := s.organization("Other")
		own := s.as(token)
		own.do("POST", "/public/v2/users", resource("users", object{"email": "own@example.com"})).want(201)
		s.do("POST", "/public/v2/users", resource("users", object{"email": "other@example.com"}, "organization",
			ref("organizations", other))).want(201)
		s.do("POST", "/public/v2/users", resource("users", object{"email": "none@example.com"})).want(201)
		id := own.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		for door, ask := range map[string]func(email string) *answer{
			"a creation": func(email string) *answer {
				return own.do("POST", "/public/v2/users", resource("users", object{"email": email}))
			},
			"a change": func(email string) *answer {
				return own.do("PATCH", "/public/v2/users/"+id, withID(resource("users", object{"email": email}), id))
			},
			"an operation that adds":    func(email string) *answer { return own.atomic(add("users", object{"email": email})) },
			"an operation that changes": func(email string) *answer { return own.atomic(change("users", id, object{"email": email})) },
		} {
			first := string(ask("own@example.com").want(409).Body)
			for _, email := range []string{"other@example.com", "OTHER@example.com", "none@example.com"} {
				if got := string(ask(email).want(409).Body); got != first {
					t.Errorf("%s of %s is answered with\n%s\nand that of one's own with\n%s", door, email, got, first)
				}
			}
		}
		if got := own.get("/public/v2/users?filter[email][eql]=other@example.com").want(200).json("meta", "total"); got != 0.0 {
			t.Errorf("a filter finds %v users of another organization", got)
		}
	})
}

// TestTakenAddressesAreToldSoManyTimes asks as often as is allowed, through every door, and looks at whom that keeps out.
func TestTakenAddressesAreToldSoManyTimes(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		acme, token := s.organization("Acme")
		_, others := s.organization("Others")
		_, manager := s.person("Bob", acme, models.RoleManager)
		for n := range 52 {
			s.do("POST", "/public/v2/users", resource("users", object{"email": fmt.Sprintf("p%d@example.com", n)})).want(201)
		}
		own := s.as(token)
		id := own.do("POST", "/public/v2/users", resource("users", object{"email": "own@example.com"})).want(201).text("data", "id")
		create := func(s *service, email string, headers ...string) *answer {
			return s.do("POST", "/public/v2/users", resource("users", object{"email": email}, "organization", ref("organizations", acme)),
				headers...)
		}
		doors := []func(email string) *answer{
			func(email string) *answer { return create(own, email) },
			func(email string) *answer { return create(own, email, "Idempotency-Key", "once") },
			func(email string) *answer {
				return own.do("PATCH", "/public/v2/users/"+id, withID(resource("users", object{"email": email}), id))
			},
			func(email string) *answer { return own.atomic(add("users", object{"email": email})) },
			func(email string) *answer { return own.atomic(change("users", id, object{"email": email})) },
		}
		for n := range 10 {
			doors[n%len(doors)]("P0@example.com").want(409)
		}
		for n, door := range doors {
			refused := door("p0@example.com").want(429)
			if wait, code := refused.Header.Get("Retry-After"), refused.errors()[0].Code; wait != "900" || code != "rate_limited" {
				t.Errorf("door %d refuses with %s, to wait for %q", n, code, wait)
			}
		}
		// What is free counts for nothing, nor does whom the caller sees; who sees everybody is not concerned.
		create(own, "free@example.com").want(201)
		for range 60 {
			create(own, "free@example.com").want(409)
			create(s, "p0@example.com").want(409)
		}
		// Fifty in all, and then a free address is refused alike.
		for n := range 40 {
			create(own, fmt.Sprintf("p%d@example.com", n+1)).want(409)
		}
		taken, free := create(own, "p51@example.com").want(429), create(own, "nobody@example.com").want(429)
		if string(taken.Body) != string(free.Body) {
			t.Errorf("a taken address is refused by\n%s\nand a free one by\n%s", taken.Body, free.Body)
		}
		_, below := s.organization("Below", "parent", ref("organizations", acme)) // is of the same tree
		s.as(below).do("POST", "/public/v2/users", resource("users", object{"email": "p51@example.com"})).want(429)
		own.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201)
		s.as(others).do("POST", "/public/v2/users", resource("users", object{"email": "p51@example.com"})).want(409)
		create(manager, "p51@example.com").want(409)
		for range 9 {
			create(manager, "p51@example.com").want(409)
		}
		create(manager, "p51@example.com").want(429)
		clock.Advance(15*time.Minute + time.Second)
		create(own, "p51@example.com").want(409)
		create(own, "nobody@example.com").want(201)
	})
}

// TestManyAtOnceLearnNoMoreThanMayBeTold asks for more taken addresses at once than one caller is told.
func TestManyAtOnceLearnNoMoreThanMayBeTold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		_, token := s.organization("Acme")
		s.do("POST", "/public/v2/users", resource("users", object{"email": "ada@example.com"})).want(201)
		own := s.as(token)
		told := make(chan int, 30)
		for range cap(told) {
			go func() {
				told <- own.do("POST", "/public/v2/users", resource("users", object{"email": "ada@example.com"})).Status
			}()
		}
		count := map[int]int{}
		for range cap(told) {
			count[<-told]++
		}
		if count[409] > 10 || count[409]+count[429] != cap(told) {
			t.Errorf("it is answered with %v", count)
		}
	})
}

// TestNobodyIsTakenInUnseen: an address makes no membership, whoever's it is, and the id of somebody unseen is that of nobody.
func TestNobodyIsTakenInUnseen(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Own")
		other, _ := s.organization("Other")
		own := s.as(token)
		stranger := s.do("POST", "/public/v2/users",
			resource("users", object{"email": "other@example.com"}, "organization",
				ref("organizations", other))).want(201).text("data", "id")
		const nobody = "01912f6a-8c00-7abc-8def-0123456789ab"
		first := ""
		for _, email := range []string{"other@example.com", "nobody@example.com"} {
			own.send("POST", "/public/v2/memberships",
				resource("memberships", object{}, "user", object{"type": "users", "id": email})).want(404)
			got := string(own.send("POST", "/public/v2/memberships", resource("memberships", object{"email": email})).want(422).Body)
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s is refused by\n%s\nand the other address by\n%s", email, got, first)
			}
		}
		members := "/public/v2/users/" + stranger + "/relationships/organizations"
		for door, ask := range map[string]func(id string) *answer{
			"a membership": func(id string) *answer {
				return own.do("POST", "/public/v2/memberships", resource("memberships", object{}, "user", ref("users", id)))
			},
			"the organizations of a user": func(id string) *answer {
				return own.do("POST", "/public/v2/users/"+id+"/relationships/organizations",
					object{"data": []object{ref("organizations", org)}})
			},
			"an operation": func(id string) *answer {
				return own.atomic(object{"op": "add", "ref": member("users", id, "organizations"),
					"data": []object{ref("organizations", org)}})
			},
		} {
			unseen, missing := ask(stranger).want(404), ask(nobody).want(404)
			if got, want := unseen.errors()[0], missing.errors()[0]; got != want {
				t.Errorf("%s with somebody unseen is refused by %+v, with nobody by %+v", door, got, want)
			}
		}
		if got := s.get(members).want(200).ids("data"); len(got) != 1 || got[0] != other {
			t.Errorf("the stranger is in %v", got)
		}
	})
}

// TestNobodyIsNamedByNothing sends names without a character that can be seen, and such as are read as another, to every type that has a
// name.
func TestNobodyIsNamedByNothing(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		for _, c := range models.Collections() {
			for _, a := range c.Schema.Attributes {
				if a.ReadOnly || a.Kind != jsonapi.String || !strings.HasSuffix(strings.ToLower(a.Name), "name") {
					continue
				}
				for _, name := range []string{" ", "\u200b", "\u3164", "\u0308", "\u00a0\u2060", "gpj.exe\u202e"} {
					doc := resource(c.Schema.Type, object{a.Name: name}, "organization", ref("organizations", org))
					switch c {
					case models.Organizations:
						doc = resource("organizations", object{"name": name})
					case models.Roles:
						doc["data"].(object)["attributes"].(object)["key"] = "clerk"
					case models.Webhooks:
						doc["data"].(object)["attributes"].(object)["url"] = "https://hooks.example.com"
					}
					errs := s.do("POST", "/public/v2/"+c.Schema.Type, doc).want(422).errors()
					if len(errs) != 1 || errs[0].Pointer != "/data/attributes/"+a.Name {
						t.Errorf("%s with %s %+q: %+v", c.Schema.Type, a.Name, name, errs)
					}
				}
			}
		}
	})
}

// TestNoTextIsOfNothingVisible sends what shows nothing as every text that organizations and users have.
func TestNoTextIsOfNothingVisible(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		for _, c := range []struct {
			of   *collection.Collection
			path string
			id   string
		}{{models.Organizations, managed, org}, {models.Users, "/public/v2/users", user}} {
			for _, a := range c.of.Schema.Attributes {
				if a.ReadOnly || a.CreateOnly || a.Kind != jsonapi.String || a.Secret || a.WriteOnly {
					continue
				}
				for _, text := range []string{" ", "\n\t", "\u200b\u2060", "\u3164", "\u2800"} {
					change := object{"data": object{"type": c.of.Schema.Type, "id": c.id, "attributes": object{a.Name: text}}}
					errs := s.do("PATCH", c.path+"/"+c.id, change).want(422).errors()
					if len(errs) != 1 || errs[0].Pointer != "/data/attributes/"+a.Name {
						t.Errorf("%s %+q: %+v", a.Name, text, errs)
					}
				}
			}
		}
		for text, path := range map[string]string{"\u202bשלום\u202c": managed + "/" + org, "": managed + "/" + org} {
			s.do("PATCH", path, object{"data": object{"type": "organizations", "id": org,
				"attributes": object{"description": text}}}).want(200)
		}
	})
}

// TestAUsersOrganizationIsReadAsItWasWritten: of several, each reader is shown the first that they see.
func TestAUsersOrganizationIsReadAsItWasWritten(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		older, _ := s.organization("Older")
		first, token := s.organization("First")
		second, other := s.organization("Second")
		created := s.do("POST", "/public/v2/users",
			resource("users", object{"firstName": "Ada"}, "organization", ref("organizations", first))).want(201)
		at := "/public/v2/users/" + created.text("data", "id")
		shown := func(a *answer, path ...any) string {
			t.Helper()
			if a.want(200).json(path...) == nil {
				return ""
			}
			return a.text(append(path, "id")...)
		}
		all := func(who string, s *service, want string) {
			t.Helper()
			list := s.get("/public/v2/users?include=organization&filter[firstName]=Ada").want(200)
			for door, got := range map[string]string{
				"the resource":         shown(s.get(at), "data", "relationships", "organization", "data"),
				"the list":             shown(list, "data", 0, "relationships", "organization", "data"),
				"the linkage":          shown(s.get(at+"/relationships/organization"), "data"),
				"the related resource": shown(s.get(at+"/organization"), "data"),
			} {
				if got != want {
					t.Errorf("%s shows %s the organization %q, want %q", door, who, got, want)
				}
			}
			if included := list.ids("included"); want != "" && (len(included) != 1 || included[0] != want) {
				t.Errorf("%s is shown the organizations %v with the list", who, included)
			}
			// What is read can be sent back.
			s.do("PATCH", at, string(s.get(at).Body)).want(200)
		}
		if got := shown(&answer{t, 200, nil, created.Body}, "data", "relationships", "organization", "data"); got != first {
			t.Errorf("the answer to the creation shows %q, want %q", got, first)
		}
		s.do("POST", at+"/relationships/organizations", object{"data": []object{ref("organizations", second)}}).want(200)
		s.do("POST", at+"/relationships/organizations", object{"data": []object{ref("organizations", older)}}).want(200)
		all("the management", s, first)
		all("its token", s.as(token), first)
		all("the token of the second", s.as(other), second)
		for _, doc := range []any{ref("organizations", second), nil} {
			got := s.do("PATCH", at, withID(resource("users", object{}, "organization", doc),
				created.text("data", "id"))).want(403).errors()[0]
			if got.Code != "read_only" || got.Pointer != "/data/relationships/organization" {
				t.Errorf("another organization is refused by %+v", got)
			}
		}
		s.do("PATCH", at+"/relationships/organization", object{"data": ref("organizations", second)}).want(403)
		s.do("DELETE", managed+"/"+first, nil).want(204)
		all("the management, after the first was deleted,", s, second)
		s.get("/public/v2/users?filter[organization]=" + second).want(400)
		if got := s.get(at+"?fields[users]=organization").want(200).json("data", "relationships", "organization",
			"data", "id"); got != second {
			t.Errorf("as the only field it is %v", got)
		}
		// Events are read by many, so what is another one for each is not in them.
		events := s.as(other).get("/public/v2/events?filter[subjectId]=" + created.text("data", "id")).want(200)
		if strings.Contains(string(events.Body), first) {
			t.Errorf("the second organization is told of the first: %s", events.Body)
		}
		if kept := s.column("SELECT data FROM events WHERE event_type = 'user.created'"); strings.Contains(kept,
			"relationships/organization\"") {
			t.Errorf("an event keeps %s", kept)
		}
	})
}
