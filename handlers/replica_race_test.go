package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// replicas returns services on one database of PostgreSQL, which have one management key.
func replicas(t *testing.T, n int) []*service {
	t.Helper()
	cfg := modelstest.Config(t, store.Postgres)
	all := []*service{newService(t, modelstest.OpenConfig(t, cfg))}
	for len(all) < n {
		all = append(all, newService(t, modelstest.OpenConfig(t, cfg)).as(all[0].key))
	}
	return all
}

// TestAMembershipEndsWhileItsPersonWrites has people change an organization on two replicas until they see it no more, while the management
// ends their membership: each write is done before that, or refused, and the events tell the same.
func TestAMembershipEndsWhileItsPersonWrites(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s, done := both[0], 0
	for range 12 {
		org, _ := s.organization("Acme")
		ada, as := s.person("Ada", org, models.RoleManager)
		membership := s.get("/public/v2/memberships?filter[userId]="+ada).text("data", 0, "id")
		path, body := "/public/v2/organizations/"+org, withID(resource("organizations", object{}), org)
		var writers sync.WaitGroup
		var mu sync.Mutex
		answered := map[int]int{}
		for i := range both {
			by := *both[i]
			by.key = as.key
			writers.Go(func() {
				for n := 0; ; n++ {
					body := withID(resource("organizations", object{"description": fmt.Sprint(i, n)}), org)
					status := by.send("PATCH", path, body).Status
					mu.Lock()
					answered[status]++
					mu.Unlock()
					if status != http.StatusOK {
						return
					}
				}
			})
		}
		both[1].do("DELETE", "/public/v2/memberships/"+membership, nil).want(204)
		if status := as.send("PATCH", path, body).Status; status != 404 {
			t.Errorf("after the end of the membership the answer is %d", status)
		}
		writers.Wait()
		if answered[404] != len(both) || len(answered) > 2 {
			t.Errorf("the answers are %v, want 200 until both are told 404", answered)
		}
		done += answered[200]
		ended := s.get("/public/v2/events?filter[eventType]=membership.deleted&filter[subjectId]="+membership).
			json("data", 0, "attributes", "position").(float64)
		last := s.get("/public/v2/events?sort=-position&page[size]=1&filter[eventType]=organization.updated&filter[actorId]=" + ada)
		if last.json("meta", "total") != float64(answered[200]) {
			t.Errorf("%d writes were answered 200, and %v are told", answered[200], last.json("meta", "total"))
		}
		if answered[200] > 0 && last.json("data", 0, "attributes", "position").(float64) > ended {
			t.Errorf("the membership ended at %v: %s", ended, last.Body)
		}
	}
	t.Logf("%d writes were done", done)
	modelstest.CheckConsistency(t, s.db)
}

// TestNothingIsStaleAfterARevoke takes rights and gives them back on one of three replicas, and asks each of them right after the answer,
// as the management and as the person: not one answer is from before.
func TestNothingIsStaleAfterARevoke(t *testing.T) {
	t.Parallel()
	three := replicas(t, 3)
	s := three[0]
	f := newFamily(s)
	role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "clerk", "name": "Clerk",
		"permissions": []string{"organizations:read", "approve"}}, "organization", ref("organizations", f.top))).
		want(201).text("data", "id")
	ada, as := s.person("Ada", f.top, role)
	at := "/public/v2/memberships/" + s.get("/public/v2/memberships?filter[userId]="+ada).text("data", 0, "id") + "/relationships/roles"
	roles := func(id string) func(*service) {
		return func(s *service) { s.do("PATCH", at, object{"data": rolesAs(id)}).want(200) }
	}
	edit := func(words ...string) func(*service) {
		return func(s *service) {
			s.do("PATCH", "/public/v2/roles/"+role, withID(resource("roles", object{"permissions": words}), role)).want(200)
		}
	}
	move := func(to string) func(*service) {
		return func(s *service) {
			s.do("PATCH", managed+"/"+f.branch+"/relationships/parent", object{"data": ref("organizations", to)}).want(200)
		}
	}
	question := resource("checks", object{"permission": "approve"}, "user", ref("users", ada), "organization", ref("organizations", f.leaf))
	asked, stale := 0, 0
	for round := range 30 {
		for _, change := range []struct {
			do      func(*service)
			allowed bool // to approve at the leaf
			sees    bool
		}{
			{roles(models.RoleViewer), false, true}, {roles(role), true, true},
			{edit("organizations:read"), false, true}, {edit("approve"), true, false}, {edit("approve", "organizations:read"), true, true},
			{move(f.other), false, false}, {move(f.top), true, true},
		} {
			change.do(three[round%3])
			for _, replica := range three {
				person := *replica
				person.key = as.key
				allowed := replica.send("POST", "/public/v2/authorize", question).json("data", "attributes", "allowed")
				sees := slices.Contains(person.send("GET", "/public/v2/organizations", nil).ids("data"), f.leaf)
				if asked += 2; allowed != change.allowed {
					stale++
				}
				if sees != change.sees {
					stale++
				}
			}
		}
	}
	if stale > 0 || asked < 1000 {
		t.Errorf("of %d answers %d were stale", asked, stale)
	}
}
