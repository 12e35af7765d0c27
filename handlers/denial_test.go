package handlers_test

import (
	"database/sql"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// denials returns what the events say that were denied, at whichever organization, oldest first.
func (s *service) denials() []string {
	s.t.Helper()
	told := []string{}
	a := s.get("/public/v2/events?filter[eventType]=access.denied&page[size]=200").want(200)
	for i := range a.ids("data") {
		at := func(path ...any) any { return a.json(append([]any{"data", i}, path...)...) }
		meta := func(name string) any { return at("attributes", "resource", "meta", name) }
		if subject := at("relationships", "subject", "data", "id"); subject != at("attributes", "resource", "id") ||
			at("attributes", "changes") != nil {
			s.t.Errorf("it is about %v and tells %v, %v", subject, at("attributes", "resource"), at("attributes", "changes"))
		}
		told = append(told, fmt.Sprint(at("attributes", "actor", "name"), " ", meta("method"), " ", meta("route"), " ", meta("permission"),
			" ", at("relationships", "subject", "data", "id"), " at ", at("relationships", "organization", "data", "id")))
	}
	return told
}

func TestWhatAKnownCallerIsDeniedIsAnEvent(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		bob, _ := s.person("Bob", f.leaf)
		_, ada := s.person("Ada", f.branch, models.RoleViewer)
		clerk := s.scoped("organization", f.leaf, "users:read", "organizations:read")
		role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "clerk", "name": "Clerk"}, "organization",
			ref("organizations", f.branch))).want(201).text("data", "id")
		sync := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Sync", "scopes": []string{"users:read"}},
			"organization", ref("organizations", f.leaf))).want(201).text("data", "id")
		bobs := s.get("/public/v2/memberships?filter[userId]="+bob).text("data", 0, "id")
		profile := func(id string) object { return withID(resource("users", object{"firstName": "New"}), id) }
		operation := func(op string, rest object) object {
			rest["op"] = op
			return object{"atomic:operations": []object{rest}}
		}
		atomic := []string{"Content-Type", atomicType, "Accept", atomicType}
		for _, c := range []struct {
			name         string
			as           *service
			method, path string
			body         any
			status       int
			told         string // permission, subject, organization
			headers      []string
		}{
			{"a word that is missing there", ada, "DELETE", "organizations/" + f.leaf, nil, 403,
				"Ada DELETE /public/v2/organizations/{id} organizations:delete " + f.leaf + " at " + f.leaf, nil},
			{"a person without users:write", ada, "PATCH", "users/" + bob, profile(bob), 403,
				"Ada PATCH /public/v2/users/{id} users:write " + bob + " at " + f.leaf, nil},
			{"a key without the scope", clerk, "PATCH", "users/" + bob, profile(bob), 403,
				"k PATCH /public/v2/users/{id} users:write " + bob + " at " + f.leaf, nil},
			{"a role", ada, "PATCH", "roles/" + role, withID(resource("roles", object{"name": "New"}), role), 403,
				"Ada PATCH /public/v2/roles/{id} roles:write " + role + " at " + f.branch, nil},
			{"something new", ada, "POST", "roles", resource("roles", object{"key": "x", "name": "X"}, "organization",
				ref("organizations", f.leaf)), 403, "Ada POST /public/v2/roles roles:write " + f.leaf + " at " + f.leaf, nil},
			{"something new, once", ada, "POST", "organizations", resource("organizations", object{"name": "X"}, "parent",
				ref("organizations", f.branch)), 403,
				"Ada POST /public/v2/organizations organizations:write " + f.branch + " at " + f.branch, []string{"Idempotency-Key", "k"}},
			{"a relationship", clerk, "PATCH", "organizations/" + f.leaf + "/relationships/parent",
				object{"data": ref("organizations", f.top)},
				403, "k PATCH /public/v2/organizations/{id}/relationships/{relationship} organizations:write " + f.leaf +
					" at " + f.leaf, nil},
			{"an operation on what is above", clerk, "POST", "operations", operation("remove", object{"ref": ref("roles", role)}), 403,
				"k POST /public/v2/operations roles:write " + role + " at " + f.branch, atomic},
			{"a key", clerk, "DELETE", "apiKeys/" + sync, nil, 403,
				"k DELETE /public/v2/apiKeys/{id} apiKeys:write " + sync + " at " + f.leaf, nil},
			{"a session of nobody", ada, "DELETE", "sessions/" + models.NewID(), nil, 404, "", nil},
			{"an operation without the scope", clerk, "POST", "operations",
				operation("remove", object{"ref": ref("memberships", bobs)}), 403,
				"k POST /public/v2/operations memberships:write " + bobs + " at " + f.leaf, atomic},
			{"an operation there", ada, "POST", "operations", operation("update", object{"data": ref("organizations", f.leaf)}), 403,
				"Ada POST /public/v2/operations organizations:write " + f.leaf + " at " + f.leaf, atomic},
			{"a question about others", clerk, "POST", "authorize",
				resource("checks", object{"permission": "read"}, "user", ref("users", bob),
					"organization", ref("organizations", f.leaf)), 403,
				"k POST /public/v2/authorize memberships:read " + f.leaf + " at " + f.leaf, nil},

			{"what is out of sight", ada, "PATCH", "organizations/" + f.top,
				withID(resource("organizations", object{"name": "X"}), f.top), 404, "", nil},
			{"what is out of sight, without the scope", clerk, "PATCH", "organizations/" + f.other, "{}", 403, "", nil},
			{"what is not there", clerk, "PATCH", "users/" + models.NewID(), "{}", 403, "", nil},
			{"no id", clerk, "DELETE", "users/x", nil, 403, "", nil},
			{"something new, nobody knows where", clerk, "POST", "users", resource("users", object{"firstName": "X"}), 403, "", nil},
			{"a read", clerk, "GET", "users/" + bob + "?include=memberships", nil, 403, "", nil},
			{"what nobody may change", s, "PATCH", "organizations/" + f.leaf,
				withID(resource("organizations", object{"number": 99}), f.leaf), 403, "", nil},
			{"nobody", s.as("nobody"), "DELETE", "organizations/" + f.leaf, nil, 401, "", nil},
		} {
			before := s.denials()
			c.as.send(c.method, "/public/v2/"+c.path, c.body, c.headers...).want(c.status)
			after := s.denials()
			switch told := after[len(before):]; {
			case c.told == "" && len(told) > 0, c.told != "" && !slices.Equal(told, []string{c.told}):
				t.Errorf("%s: %q, want %q", c.name, told, c.told)
			}
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestAFloodOfDenialsIsAFewEvents lets a caller try the same over and over, on two replicas, and then everything.
func TestAFloodOfDenialsIsAFewEvents(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		_, h := open(t, testConfig(db))
		replica := httptest.NewServer(h)
		t.Cleanup(replica.Close)
		other := *s
		other.url = replica.URL
		org, _ := s.organization("Acme")
		clerk := s.scoped("organization", org, "users:read", "organizations:read")
		remove := func(via *service, id string) { via.as(clerk.key).send("DELETE", "/public/v2/users/"+id, nil).want(403) }
		bob, _ := s.person("Bob", org)
		var flood sync.WaitGroup
		for i := range 8 {
			flood.Go(func() { remove([]*service{s, &other}[i%2], bob) })
		}
		flood.Wait()
		if n := len(s.denials()); n != 1 {
			t.Errorf("eight attempts at once are %d events", n)
		}
		clock.Advance(59 * time.Second)
		remove(s, bob)
		if n := len(s.denials()); n != 1 {
			t.Errorf("within a minute there are %d events", n)
		}
		clock.Advance(time.Second)
		remove(s, bob)
		s.as(clerk.key).send("DELETE", "/public/v2/apiKeys/"+bob, nil).want(403) // which is none, so nothing is told
		if n := len(s.denials()); n != 2 {
			t.Errorf("after a minute there are %d events", n)
		}
		people := []string{}
		for range 30 {
			people = append(people, s.do("POST", "/public/v2/users", resource("users", object{"firstName": "X"}, "organization",
				ref("organizations", org))).want(201).text("data", "id"))
		}
		clock.Advance(time.Minute)
		for _, id := range people {
			flood.Go(func() { remove(s, id) })
		}
		flood.Wait()
		if n := len(s.denials()); n != 2+20 {
			t.Errorf("thirty attempts are %d events, want 20", n-2)
		}
		clock.Advance(time.Minute)
		if n, err := models.PurgeDenials(t.Context(), db, 100); n != 20 || err != nil {
			t.Errorf("%d are removed: %v", n, err)
		}
		kept := 0
		count := func(rows *sql.Rows) error { return rows.Scan(&kept) }
		if err := db.Read(t.Context(), count, "SELECT COUNT(*) FROM access_denials"); err != nil || kept != 0 {
			t.Errorf("%d are kept: %v", kept, err)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestADenialIsToldToWhoMayReadIt: what it was about is masked like any other event.
func TestADenialIsToldToWhoMayReadIt(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Acme")
		bob, _ := s.person("Bob", org)
		manager := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Bound", "kind": "management",
			"scopes": []string{"apiKeys:read"}}, "organization", ref("organizations", org))).want(201)
		s.scoped("organization", org, "users:read").send("DELETE", "/public/v2/users/"+bob, nil).want(403)
		s.as(manager.text("data", "attributes", "key")).send("DELETE", "/public/v2/apiKeys/"+manager.text("data", "id"), nil).want(403)
		const path = "/public/v2/events?filter[eventType]=access.denied"
		for name, c := range map[string]struct {
			as    *service
			n     int
			whole bool
		}{
			"everything": {s, 2, true}, "the organization": {s.as(token), 1, true},
			"a reader of events":           {s.scoped("organization", org, "events:read"), 1, false},
			"a reader of events and users": {s.scoped("organization", org, "events:read", "users:read"), 1, true},
		} {
			a := c.as.get(path).want(200)
			if n := len(a.ids("data")); n != c.n {
				t.Errorf("%s reads %d", name, n)
				continue
			}
			if whole := a.json("data", 0, "attributes", "resource") != nil; whole != c.whole {
				t.Errorf("%s is told %s", name, a.Body)
			}
		}
	})
}
