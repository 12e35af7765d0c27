package handlers_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"roster/models/modelstest"
)

// on returns the same page as another replica serves it, with the session that it has.
func (f *frame) on(s *service) *frame {
	cookie := *f.cookie
	return &frame{service: s.as(""), from: f.from, cookie: &cookie}
}

// asks returns how a page of a portal is answered that only asks, nothing of which may end the test.
func (f *frame) asks(method, path string, body any) *answer {
	f.t.Helper()
	return f.send(method, path, body, append([]string{"Cookie", f.cookie.Name + "=" + f.cookie.Value}, f.from...)...)
}

// TestAPortalEndsOnBothReplicasAtOnce opens links on one of two replicas, lets both remember their sessions, and takes away on one of them
// what they are for: right after the answer both say that it is gone, and an organization that comes back brings no session back.
func TestAPortalEndsOnBothReplicasAtOnce(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s := both[0]
	for round := range 4 {
		by := both[round%2]
		for _, c := range []struct {
			name              string
			session, unopened int  // what the session and another link of the same maker are answered afterwards
			goneHook          bool // the endpoint goes
			end               func(org, link, maker string)
		}{
			{name: "its link", session: 401, unopened: 201, end: func(_, link, _ string) {
				by.do("DELETE", portalPath+"/"+link, nil).want(204)
			}},
			{name: "its organization", session: 401, unopened: 401, end: func(org, _, _ string) { by.deletes(org) }},
			{name: "its organization, which comes back", session: 401, unopened: 401, end: func(org, _, _ string) {
				by.deletes(org)
				by.restores(org)
			}},
			// Who has opened a link goes on until its time; nobody opens another of its maker's.
			{name: "the key of its maker", session: 200, unopened: 401, end: func(_, _, maker string) {
				by.do("DELETE", "/public/v2/apiKeys/"+maker, nil).want(204)
			}},
			{name: "its endpoint", session: 200, unopened: 201, goneHook: true},
		} {
			org, _ := s.organization("Acme")
			maker, secret := s.made(object{"scopes": []string{"webhooks:write"}}, "organization",
				ref("organizations", org))
			link, token := s.as(secret).link(org, object{})
			_, unopened := s.as(secret).link(org, object{})
			first := by.frame()
			first.open(token).want(201)
			pages := []*frame{first, first.on(both[(round+1)%2])}
			hook := first.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/",
				"eventTypes": []string{"webhook.*"}})).want(201).text("data", "id")
			for _, page := range pages {
				page.get(hooksPath + "/" + hook).want(200)
				page.get(hooksPath + "/" + hook).want(200) // by what is remembered of it
			}
			if c.goneHook {
				by.do("DELETE", hooksPath+"/"+hook, nil).want(204)
			} else {
				c.end(org, link, maker)
			}
			for i, page := range pages {
				want := c.session
				if c.goneHook {
					want = http.StatusNotFound
				}
				for _, path := range []string{"", "?include=deliveries", "/deliveries"} {
					if a := page.asks("GET", hooksPath+"/"+hook+path, nil); a.Status != want {
						t.Errorf("without %s, replica %d answers %d to a portal: %s", c.name, i, a.Status, a.Body)
					}
				}
				if a := page.asks("POST", hooksPath+"/"+hook+"/test", nil); a.Status != want && (want != 200 || a.Status != 202) {
					t.Errorf("without %s, replica %d answers %d to a test: %s", c.name, i, a.Status, a.Body)
				}
				if a := page.asks("GET", hooksPath, nil); a.Status != c.session {
					t.Errorf("without %s, replica %d answers %d to a list: %s", c.name, i, a.Status, a.Body)
				}
			}
			if a := both[(round+1)%2].frame().open(unopened); a.Status != c.unopened {
				t.Errorf("without %s, another link is opened: %d %s", c.name, a.Status, a.Body)
			}
		}
	}
	modelstest.CheckConsistency(t, s.db)
}

// TestNothingIsDoneInAPortalThatHasEnded has pages on two replicas make endpoints without pause until their link is deleted, or their
// organization is: each endpoint was answered 201, all were made before the end, and nobody is told of an error.
func TestNothingIsDoneInAPortalThatHasEnded(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s := both[0]
	for round := range 8 {
		org, _ := s.organization("Acme")
		link, token := s.link(org, object{})
		first := both[round%2].frame()
		first.open(token).want(201)
		pages := []*frame{first, first.on(both[(round+1)%2])}
		var writers sync.WaitGroup
		var mu sync.Mutex
		answered, began := map[int]int{}, make(chan struct{}, 2*len(pages))
		for n := range 2 * len(pages) {
			writers.Go(func() {
				page := pages[n%len(pages)]
				for i := 0; ; i++ {
					endpoint := object{"url": fmt.Sprintf("https://hooks.example.com/%d/%d", n, i)}
					a := page.asks("POST", hooksPath, resource("webhooks", endpoint))
					mu.Lock()
					answered[a.Status]++
					mu.Unlock()
					if i == 0 {
						began <- struct{}{}
					}
					if a.Status != http.StatusCreated && a.Status != http.StatusConflict { // no more than fifty
						return
					}
				}
			})
		}
		for range 2 * len(pages) {
			<-began
		}
		if ends := both[(round+1)%2]; round%4 < 2 {
			ends.do("DELETE", portalPath+"/"+link, nil).want(204)
		} else {
			ends.deletes(org)
		}
		made := s.number(`SELECT COUNT(*) FROM webhooks WHERE organization_id = '` + org + `'`)
		writers.Wait()
		if after := s.number(`SELECT COUNT(*) FROM webhooks WHERE organization_id = '` + org + `'`); after != made {
			t.Errorf("round %d: %d endpoints were made after the end", round, after-made)
		}
		// Whose request was known before the organization went is told that there is none.
		if refused := answered[401] + answered[404]; answered[201] != made || refused != 2*len(pages) || len(answered) > 4 {
			t.Errorf("round %d: answered %v, and %d endpoints", round, answered, made)
		}
		for i, page := range pages {
			if a := page.asks("GET", hooksPath, nil); a.Status != http.StatusUnauthorized {
				t.Errorf("round %d: replica %d answers %d to a portal that has ended", round, i, a.Status)
			}
		}
	}
	modelstest.CheckConsistency(t, s.db)
}
