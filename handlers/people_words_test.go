package handlers_test

import (
	"slices"
	"strings"
	"testing"

	"roster/models"
)

// TestAKeyGivesTheWordsOfApplicationsThatItHolds has keys of an organization create members, whose role has words of applications.
func TestAKeyGivesTheWordsOfApplicationsThatItHolds(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		scopes := []string{"users:write", "memberships:write", "organizations:read", "roles:read", "apiKeys:write"}
		key := func(by *service, want int, scopes ...string) *answer {
			return by.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "kind": "organization", "scopes": scopes},
				"organization", ref("organizations", f.top))).want(want)
		}
		secret := func(a *answer) *service { return s.as(a.text("data", "attributes", "key")) }
		narrow, wide := secret(key(s, 201, scopes...)), secret(key(s, 201, append(scopes, "read", "write")...))
		person := resource("users", object{"firstName": "Bob"})
		refused := narrow.do("POST", "/public/v2/users", person).want(403).text("errors", 0, "detail")
		if !strings.Contains(refused, "permission read") {
			t.Errorf("it is refused with %q", refused)
		}
		wide.do("POST", "/public/v2/users", person).want(201)
		key(narrow, 403, "read")
		key(wide, 201, "read")
		key(s, 422, "Read")
		ask := func(word string) bool {
			return wide.do("POST", "/public/v2/authorize", resource("checks", object{"permission": word}, "organization",
				ref("organizations", f.top))).want(200).json("data", "attributes", "allowed").(bool)
		}
		if !ask("write") || ask("invoices:approve") {
			t.Error("it does not hold its words, or more")
		}
	})
}

// TestReasonsAreWhatTheCallerSees asks who may do what by memberships and roles of which the caller sees some, or none.
func TestReasonsAreWhatTheCallerSees(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		hidden := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "hidden", "name": "Hidden",
			"permissions": []string{"read"}}, "organization", ref("organizations", f.top))).want(201).text("data", "id")
		bob, _ := s.person("Bob", f.top, hidden)
		below := s.member(bob, f.leaf, models.RoleViewer)
		above := s.get("/public/v2/memberships?filter[organizationId]="+f.top+"&filter[userId]="+bob).text("data", 0, "id")
		_, as := s.person("Ada", f.branch, s.do("POST", "/public/v2/roles", resource("roles", object{"key": "asker", "name": "Asker",
			"permissions": []string{"memberships:read", "users:read"}}, "organization", ref("organizations", f.branch))).
			want(201).text("data", "id"))
		check := resource("checks", object{"permission": "read"}, "user", ref("users", bob), "organization", ref("organizations", f.leaf))
		for name, c := range map[string]struct {
			by                 *service
			memberships, roles []string
		}{
			"the management":               {s, sorted(above, below), sorted(hidden, models.RoleViewer)},
			"a person below what it is by": {as, []string{below}, []string{models.RoleViewer}},
		} {
			a := c.by.do("POST", "/public/v2/authorize", check).want(200)
			if a.json("data", "attributes", "allowed") != true {
				t.Errorf("%s is told no", name)
			}
			for rel, want := range map[string][]string{"memberships": c.memberships, "roles": c.roles} {
				if got := a.ids("data", "relationships", rel, "data"); !slices.Equal(got, want) {
					t.Errorf("%s is told the %s %v, want %v", name, rel, got, want)
				}
			}
		}
	})
}

// TestPeopleSeeTheirOwnMemberships reads them as somebody whose role permits nothing of that: where they are, and by which role; of others'
// they see what their roles let them see.
func TestPeopleSeeTheirOwnMemberships(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		hidden := s.role(f.top, "hidden", 30, "invoices:approve")
		ada, as := s.person("Ada", f.top, hidden)
		s.person("Bob", f.top, hidden)
		own := as.get("/public/v2/memberships").want(200).text("data", 0, "id")
		for _, path := range []string{"", "?fields[memberships]=organization,primaryRole", "?include=organization,primaryRole"} {
			one := as.get("/public/v2/memberships/" + own + path).want(200)
			for name, want := range map[string]string{"organization": f.top, "primaryRole": hidden} {
				if got := one.text("data", "relationships", name, "data", "id"); got != want {
					t.Errorf("%s: %s is %s, want %s", path, name, got, want)
				}
			}
			if got := one.text("data", "meta", "organizationName"); got != "Top" {
				t.Errorf("%s: the organization is called %q", path, got)
			}
		}
		page := as.get("/public/v2/memberships?page[size]=1", "Accept", cursorMedia).want(200)
		if page.text("data", 0, "meta", "organizationName") != "Top" || page.text("data", 0, "meta", "page", "cursor") == "" {
			t.Errorf("a page by cursors says %v", page.json("data", 0, "meta"))
		}
		if got := as.get("/public/v2/memberships/"+own+"/relationships/organization").text("data", "id"); got != f.top {
			t.Errorf("the relationship leads to %s", got)
		}
		// What they read they may send back.
		read := as.get("/public/v2/memberships/" + own).json("data").(map[string]any)
		delete(read, "attributes")
		as.do("PATCH", "/public/v2/memberships/"+own, object{"data": read}).want(200)
		as.get("/public/v2/organizations/" + f.top).want(404)
		as.get("/public/v2/roles/" + hidden).want(404)

		// Of others they see who is where, and no more than their roles permit, and the management is told no name beside.
		s.member(ada, f.leaf, s.role(f.leaf, "reader", 30, "memberships:read"))
		bob, _ := s.person("Bob", f.leaf, s.role(f.leaf, "secret", 30, "read"))
		other := as.get("/public/v2/memberships?filter[userId]=" + bob).want(200)
		if got := other.text("data", 0, "relationships", "organization", "data", "id"); got != f.leaf {
			t.Errorf("the others are in %s", got)
		}
		role, meta := other.json("data", 0, "relationships", "primaryRole", "data"), other.json("data", 0).(map[string]any)["meta"]
		if role != nil || meta != nil {
			t.Errorf("of others they are told %v, %v", role, meta)
		}
		if meta := s.get("/public/v2/memberships/" + own).json("data").(map[string]any)["meta"]; meta != nil {
			t.Errorf("the management is told %v", meta)
		}
	})
}
