package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// TestNoAnswerIsOfWhoACallerWas takes away what a caller may do between two requests, in every way, and asks two replicas, both of which
// remember the caller: not one answer is of what it was.
func TestNoAnswerIsOfWhoACallerWas(t *testing.T) {
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		other := s.replica()
		f := newFamily(s)
		change := func(id string, attributes object) {
			s.do("PATCH", "/public/v2/apiKeys/"+id, withID(resource("apiKeys", attributes), id)).want(200)
		}
		ways := []struct {
			name string
			// take takes a key of a user away, and returns what a list is answered with then.
			take func(key, user string) int
		}{
			{"revoked", func(key, _ string) int { s.do("DELETE", "/public/v2/apiKeys/"+key, nil).want(204); return 401 }},
			{"narrowed", func(key, _ string) int { change(key, object{"scopes": []string{"users:read"}}); return 403 }},
			{"expired", func(key, _ string) int {
				change(key, object{"expiresAt": jsonapi.Time{Time: clock.Now().Add(time.Minute)}})
				clock.Advance(time.Minute)
				return 401
			}},
			{"rotated", func(key, _ string) int {
				s.do("POST", "/public/v2/apiKeys/"+key+"/rotate", object{"meta": object{"overlap": 0}}).want(200)
				return 401
			}},
			{"not active", func(_, user string) int {
				s.do("PATCH", "/public/v2/users/"+user, withID(resource("users", object{"active": false}), user)).want(200)
				return 401
			}},
		}
		asked, stale := 0, 0
		for round := range 50 {
			way := ways[round%len(ways)]
			user, as := s.person("Ada", f.branch, models.RoleViewer)
			id := s.get("/public/v2/apiKeys?filter[userId]="+user).text("data", 0, "id")
			two := []*service{as, other.as(as.key)}
			paths := []string{"/public/v2/organizations", "/public/v2/organizations/" + f.branch, "/public/v2/organizations?sort=name",
				"/public/v2/organizations?page[size]=1&include=children", "/public/v2/organizations/" + f.branch + "/users"}
			for _, replica := range two { // which remember who asks
				for range 2 {
					replica.send("GET", paths[0], nil).want(200)
				}
			}
			want := way.take(id, user)
			for _, replica := range two {
				for _, path := range paths {
					if asked++; path != paths[4] || want == 401 {
						if a := replica.send("GET", path, nil); a.Status != want || a.Header.Get("ETag") != "" {
							stale++
							t.Errorf("%s: %s is answered with %d, want %d: %.200s", way.name, path, a.Status, want, a.Body)
						}
					}
				}
			}
		}
		if stale > 0 || asked < 500 { // on each database
			t.Errorf("of %d answers %d were stale", asked, stale)
		}
	})
}

// TestNothingIsWrittenForWhoACallerWas takes a key away that two replicas remember, and has them create an organization by it: they refuse,
// and write nothing.
func TestNothingIsWrittenForWhoACallerWas(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		other := s.replica()
		const path = "/public/v2/management/organizations"
		for want, take := range map[int]func(key string){
			401: func(key string) { s.do("DELETE", "/public/v2/apiKeys/"+key, nil).want(204) },
			403: func(key string) {
				narrowed := resource("apiKeys", object{"scopes": []string{"organizations:read"}})
				s.do("PATCH", "/public/v2/apiKeys/"+key, withID(narrowed, key)).want(200)
			},
		} {
			key := modelstest.Key(t, db, models.ManagementKey, "")
			two := []*service{s.as(*key.Key), other.as(*key.Key)}
			for _, replica := range two { // which remember who asks
				replica.send("POST", path, resource("organizations", object{"name": "Kept"})).want(201)
			}
			take(key.ID)
			for _, replica := range two {
				replica.send("POST", path, resource("organizations", object{"name": "Lost"})).want(want)
				replica.send("POST", path, resource("organizations", object{"name": "Lost", "nothing": 1})).want(want)
			}
		}
		if lost := s.get(path + "?filter[name]=Lost").list(); len(lost) != 0 {
			t.Errorf("%d organizations were created", len(lost))
		}
	})
}

// replica returns the service as another server of its database answers.
func (s *service) replica() *service {
	s.t.Helper()
	_, h := open(s.t, testConfig(s.db))
	listening := httptest.NewServer(h)
	s.t.Cleanup(listening.Close)
	other := *s
	other.url = listening.URL
	return &other
}

// TestTheLimitIsExactWhoeverIsRemembered: who asks fifty times at once is served as often as the limit has it, and who is not who was
// remembered pays as a stranger, once, while the other pays nothing.
func TestTheLimitIsExactWhoeverIsRemembered(t *testing.T) {
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		const limit = 10
		s := newServiceWith(t, db, func(c *server.Config, _ *http.Server) { c.Limiter = server.NewLimiter(limit, time.Minute, clock.Now) })
		org := modelstest.Organization(t, db).ID
		one := modelstest.Key(t, db, models.OrganizationKey, org)
		by := s.as(*one.Key)
		by.get("/public/v2/organizations").want(200)
		var served atomic.Int64
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if by.send("GET", "/public/v2/organizations", nil).Status == 200 {
					served.Add(1)
				}
			})
		}
		group.Wait()
		if got := served.Load(); got != limit-1 {
			t.Errorf("%d requests are served, want %d", got, limit-1)
		}

		clock.Advance(time.Minute)
		by.get("/public/v2/organizations").want(200)
		s.do("DELETE", "/public/v2/apiKeys/"+one.ID, nil).want(204)
		before := s.as("").send("GET", "/public/v2/organizations", nil).want(401).Header.Get("X-Ratelimit-Remaining")
		after := by.send("GET", "/public/v2/organizations", nil).want(401).Header.Get("X-Ratelimit-Remaining")
		if before != "9" || after != "8" {
			t.Errorf("a stranger has %s requests left, then %s", before, after)
		}
	})
}

// TestWhatIsAskedOnceIsAskedAtOnce counts the round trips to the database of requests of a caller who is known. What is created is written
// in a second one, behind the credential and the number; a user's organization is looked for in a third.
func TestWhatIsAskedOnceIsAskedAtOnce(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	s := newService(t, db)
	org, token := s.organization("Acme")
	other, _ := s.organization("Other")
	ada, as := s.person("Ada", other, models.RoleAdmin)
	s.person("Bob", other, models.RoleAdmin)
	s.person("Cy", other, models.RoleAdmin)
	second := cursorOf(s, "/public/v2/users", 1)
	check := resource("checks", object{"permission": "users:read"}, "user", ref("users", ada), "organization", ref("organizations", other))
	checks := object{"data": slices.Repeat([]any{check["data"]}, 100)}
	for _, ask := range []struct {
		by           *service
		method, path string
		body         any

		status, turns int
	}{
		{s, "GET", "/public/v2/management/organizations", nil, 200, 1},
		{s, "GET", "/public/v2/management/organizations?fields[organizations]=name", nil, 200, 1},
		{s, "GET", "/public/v2/management/organizations?page[number]=1&page[size]=5", nil, 200, 1},
		{s, "GET", "/public/v2/management/organizations/" + org, nil, 200, 1},
		{s, "GET", "/public/v2/users?filter[organizationId]=" + org, nil, 200, 1},
		{s, "GET", "/public/v2/users", nil, 200, 1},
		{s, "GET", "/public/v2/users?page[after]=" + second, nil, 200, 1},
		{s.as(token), "GET", "/public/v2/users", nil, 200, 1},
		// Whoever created one may be told when they are gone, which is asked for.
		{as, "GET", "/public/v2/organizations?fields[organizations]=name,parent", nil, 200, 1},
		{s, "POST", "/public/v2/authorize", check, 200, 1},
		{s, "POST", "/public/v2/authorize", checks, 200, 1},
		{as, "POST", "/public/v2/authorize", checks, 200, 1},
		{s, "GET", "/public/v2/users/" + ada + "/effectivePermissions?filter[organizationId]=" + other, nil, 200, 1},
		{as, "GET", "/public/v2/users/" + ada + "/effectivePermissions?filter[organizationId]=" + other, nil, 200, 1},
		{as, "GET", "/public/v2/permissions?filter[usableAt]=" + other, nil, 200, 1},
		{s, "POST", "/public/v2/management/organizations", resource("organizations", object{"name": "New"}), 201, 2},
		{s, "POST", "/public/v2/users", resource("users", object{"firstName": "New"}), 201, 3},
	} {
		fewest := proxy.Fewest(ask.turns, func() { ask.by.send(ask.method, ask.path, ask.body).want(ask.status) })
		if fewest != ask.turns {
			t.Errorf("%s %s takes %d round trips, want %d", ask.method, ask.path, fewest, ask.turns)
		}
	}
}
