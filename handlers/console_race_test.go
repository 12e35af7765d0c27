package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
)

// TestWhatAConsoleAsksIsNeverStale moves a branch to and fro on one of two replicas, and at last revokes a key there, and asks the other
// right after the answer what a console asks, as an owner of the tree and with its key, while others read the same of both all the time:
// nothing is told that is not so any more, nothing of an organization out of sight, and no request fails.
func TestWhatAConsoleAsksIsNeverStale(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s := both[0]
	f := newFamily(s)
	_, owner := s.person("Ada", f.top, models.RoleOwner)
	s.person("Leo", f.leaf)
	s.do("POST", "/public/v2/webhooks", resource("webhooks", object{"url": "https://leaf.example.com/"}, "organization",
		ref("organizations", f.leaf))).want(201)
	s.invite("new@example.com", f.leaf)
	s.made(object{"kind": "organization", "scopes": []string{"events:read"}}, "organization", ref("organizations", f.leaf))
	s.link(f.leaf, object{})
	_, key := s.made(object{"kind": "management", "scopes": []string{"*"}}, "organization", ref("organizations", f.top))
	callers := []string{owner.key, key}

	stop, readers := make(chan struct{}), sync.WaitGroup{}
	for i := range both {
		readers.Go(func() {
			by := both[i].as(callers[i])
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				path := consoleLists[n%len(consoleLists)] + f.branch
				if status := by.send("GET", path, nil).Status; status >= 500 {
					t.Errorf("%s: %d while the tree changes", path, status)
				}
			}
		})
	}
	asked := 0
	for round := range consoleRounds {
		for _, change := range []struct {
			name string
			do   func(*service)
			sees bool // what is at the leaf
		}{
			{"moved away", func(s *service) { s.moveTo(f.branch, f.other) }, false},
			{"moved back", func(s *service) { s.moveTo(f.branch, f.top) }, true},
		} {
			change.do(both[round%2])
			asker := both[(round+1)%2]
			for _, credential := range callers {
				asked += asker.as(credential).asksAsAConsole(f, change.name, change.sees)
			}
		}
	}
	close(stop)
	readers.Wait()
	t.Logf("%d answers", asked)

	id, last := s.made(object{"kind": "management", "scopes": []string{"*"}}, "organization", ref("organizations", f.top))
	both[1].as(last).get(consoleLists[0] + f.branch).want(200)
	s.do("DELETE", "/public/v2/apiKeys/"+id, nil).want(204)
	for _, path := range consoleLists {
		both[1].as(last).get(path + f.branch).want(http.StatusUnauthorized)
	}
	modelstest.CheckConsistency(t, s.db)
}

const consoleRounds = 4

// consoleLists are lists of what belongs to a branch, whose id is added.
var consoleLists = []string{
	"/public/v2/users?filter[ancestor]=", "/public/v2/memberships?filter[ancestor]=", "/public/v2/apiKeys?filter[ancestor]=",
	"/public/v2/webhooks?filter[ancestor]=", "/public/v2/invitations?filter[ancestor]=", "/public/v2/portalLinks?filter[ancestor]=",
	"/public/v2/events?filter[ancestor]=", "/public/v2/organizations?filter[ancestor]=",
	"/public/v2/organizations?withCounts=children,descendants,memberships,endpoints,pendingInvitations&filter[id]=",
	"/public/v2/search?filter[text]=",
}

func (s *service) moveTo(organization, parent string) {
	s.do("PATCH", managed+"/"+organization+"/relationships/parent", object{"data": ref("organizations", parent)}).want(200)
}

// asksAsAConsole asks for what belongs to the branch of a family, and returns how many answers it compared.
func (s *service) asksAsAConsole(f family, when string, sees bool) (asked int) {
	s.t.Helper()
	for _, path := range consoleLists {
		a := s.get(path + f.branch).want(200)
		if ids := a.ids("data"); len(ids) > 0 != sees {
			s.t.Errorf("%s, %s: %d resources, want some: %v", when, path, len(ids), sees)
		}
		asked++
	}
	export := s.send("GET", consoleLists[0]+f.branch, nil, "Accept", "application/x-ndjson")
	if lines := strings.Count(string(export.Body), `"type":"users"`); lines > 0 != sees {
		s.t.Errorf("%s: an export has %d people", when, lines)
	}
	heads := s.get("/public/v2/organizations?filter[root]=true").want(200).ids("data")
	if !slices.Equal(heads, []string{f.top}) {
		s.t.Errorf("%s: the heads are %v", when, heads)
	}
	preview := s.send("POST", "/public/v2/moves", resource("moves", object{"preview": true}, "organization", ref("organizations", f.branch),
		"to", ref("organizations", f.top)))
	if want := map[bool]string{true: "409 200 422", false: "404"}[sees]; !strings.Contains(want, fmt.Sprint(preview.Status)) {
		s.t.Errorf("%s: a preview answers %d: %s", when, preview.Status, preview.Body)
	}
	return asked + 3
}
