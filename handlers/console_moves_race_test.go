package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
)

// moved tells where the branch of a family is, in which version, and how many changes of it were told.
func (s *service) moved(f family) string {
	s.t.Helper()
	org := s.get(managed + "/" + f.branch).want(200)
	told := s.get("/public/v2/events?filter[eventType]=organization.updated&filter[subjectId]=" + f.branch).want(200)
	return fmt.Sprint(org.Header.Get("ETag"), org.json("data", "relationships", "parent", "data"), told.json("meta", "total"))
}

// TestAPreviewOfAnotherReplicaIsStaleAtOnce previews a move on one of two replicas, and changes on the other what it depends on: the branch
// does not move by that digest on either, and nothing of the move is done. By the digest of after it does.
func TestAPreviewOfAnotherReplicaIsStaleAtOnce(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s := both[0]
	f := newFamily(s)
	clerk, here := s.role(f.top, "clerk", 30, "organizations:read"), s.role(f.other, "clerk", 30, "organizations:read")
	bob, _ := s.person("Bob", f.branch, clerk)
	membership := s.get("/public/v2/memberships?filter[userId]="+bob).text("data", 0, "id")
	ada, _ := s.person("Ada", f.top, models.RoleViewer)
	loser := s.get("/public/v2/memberships?filter[userId]="+ada).text("data", 0, "id")
	roles := func(s *service, membership string, ids ...string) {
		s.do("PATCH", "/public/v2/memberships/"+membership+"/relationships/roles", object{"data": rolesAs(ids...)}).want(200)
	}
	digest := func(s *service) string {
		return s.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200).text("data", "attributes", "digest")
	}
	for round, change := range []struct {
		name string
		do   func(*service)
	}{
		{"an organization is deleted", func(s *service) { s.deletes(f.leaf) }},
		{"and restored", func(s *service) { s.restores(f.leaf) }},
		{"somebody who loses has other words", func(s *service) { roles(s, loser, models.RoleAdmin) }},
		{"one more has a role that is lost", func(s *service) { s.person("Cid", f.leaf, clerk) }},
		{"an endpoint hears of it", func(s *service) {
			s.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/", "subtree": true}, "organization",
				ref("organizations", f.top))).want(201)
		}},
		{"it was moved to and fro", func(s *service) { s.moveTo(f.leaf, f.top); s.invite("one@example.com", f.leaf, clerk) }},
	} {
		asked, changed := both[round%2], both[(round+1)%2]
		stale := digest(asked)
		change.do(changed)
		before := asked.moved(f)
		for _, replica := range both {
			a := replica.do("POST", movesPath, replacing(moving(f.branch, f.other, "digest", stale), clerk, here))
			if a.Status != 412 {
				t.Errorf("after %s a digest of before is answered %d: %s", change.name, a.Status, a.Body)
			}
		}
		if after := changed.moved(f); after != before {
			t.Errorf("after %s the branch is %s, and was %s", change.name, after, before)
		}
		if got := idsOf(changed.get("/public/v2/memberships/" + membership + "/roles").want(200)); !strings.Contains(got, clerk) {
			t.Errorf("after %s the holder has %s", change.name, got)
		}
	}
	both[1].do("POST", movesPath, replacing(moving(f.branch, f.other, "digest", digest(both[0])), clerk, here)).want(200)
	if got := both[0].get("/public/v2/memberships/" + membership + "/roles").want(200).ids("data"); !slices.Equal(got, []string{here}) {
		t.Errorf("the holder has %v after the move, want what replaces their role", got)
	}
	modelstest.CheckConsistency(t, s.db)
}

// TestOneOfManyMovesByADigest has four movers on two replicas send one digest, with what replaces a role, while another gives roles to the
// holders: it moves once or not at all, whoever is late is told 412, and nobody has a role that is not there or lost one that is.
func TestOneOfManyMovesByADigest(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s := both[0]
	movedBy, before := 0, modelstest.Deadlocks(t, s.db)
	for round := range 8 {
		f := newFamily(s)
		clerk, here := s.role(f.top, "clerk", 30, "organizations:read"), s.role(f.other, "clerk", 30, "organizations:read")
		var members []string
		for n := range 4 {
			id, _ := s.person(fmt.Sprint("Holder ", n), f.leaf, clerk)
			members = append(members, s.get("/public/v2/memberships?filter[userId]="+id).text("data", 0, "id"))
		}
		digest := s.do("POST", movesPath, moving(f.branch, f.other, "preview", true)).want(200).text("data", "attributes", "digest")
		var all sync.WaitGroup
		var mu sync.Mutex
		answered, given := map[int]int{}, map[int]int{}
		note := func(of map[int]int, a *answer) {
			mu.Lock()
			defer mu.Unlock()
			of[a.Status]++
			if a.Status >= 500 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}
		for n := range 4 {
			all.Go(func() {
				document := replacing(moving(f.branch, f.other, "digest", digest), clerk, here)
				note(answered, both[n%2].send("POST", movesPath, document))
			})
		}
		if round%2 == 1 { // otherwise nothing comes between
			all.Go(func() {
				for n, membership := range members {
					note(given, both[n%2].send("PATCH", "/public/v2/memberships/"+membership+"/relationships/roles",
						object{"data": rolesAs(clerk, models.RoleViewer)}))
				}
			})
		}
		all.Wait()
		if answered[200] > 1 || answered[200]+answered[412] != 4 || round%2 == 0 && answered[200] != 1 {
			t.Errorf("round %d: the moves are answered %v, roles %v", round, answered, given)
		}
		movedBy += answered[200]
		want := clerk
		if answered[200] == 1 {
			want = here
		}
		for _, membership := range members {
			got := both[1].get("/public/v2/memberships/" + membership + "/roles").want(200).ids("data")
			got = slices.DeleteFunc(got, func(id string) bool { return id == models.RoleViewer })
			if !slices.Equal(got, []string{want}) {
				t.Errorf("round %d: a holder has %v, want %s", round, got, want)
			}
		}
	}
	t.Logf("%d of 8 moved", movedBy)
	if met := modelstest.Deadlocks(t, s.db) - before; met > 0 {
		t.Errorf("the movers met %d deadlocks", met)
	}
	modelstest.CheckConsistency(t, s.db)
}
