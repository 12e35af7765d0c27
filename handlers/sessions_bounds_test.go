package handlers_test

import (
	"fmt"
	"sync"
	"testing"

	"roster/models/modelstest"
)

// TestSessionsAreBounded signs in more often, and more people, than a session and a person may.
func TestSessionsAreBounded(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		b := s.browser()
		for i := range 10 {
			email := fmt.Sprintf("p%d@example.com", i)
			s.account(email, org)
			b.signIn(email)
		}
		s.account("more@example.com", org)
		b.try("more@example.com", passwordOf("more@example.com")).want(409)
		b.signIn("p3@example.com") // who is there already takes no place

		first := s.browser()
		first.signIn("more@example.com")
		for range 100 {
			s.browser().signIn("more@example.com")
		}
		first.get("/public/v2/me").want(401)
		last := s.browser()
		last.signIn("more@example.com")
		if total := last.get(sessionsPath+"?page[size]=1").want(200).json("meta", "total"); total != 100.0 {
			t.Errorf("%v sessions of one person", total)
		}
	})
}

// TestManySignInsAtOnce sign in to one session and end it at the same time: one state, and every invariant holds.
func TestManySignInsAtOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		for i := range 4 {
			s.account(fmt.Sprintf("p%d@example.com", i), org)
		}
		b := s.browser()
		b.signIn("p0@example.com")
		cookie := b.cookie
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				one := s.browser()
				one.cookie = cookie
				if i%2 == 0 {
					one.send("DELETE", sessionsPath+"/current", nil, one.headers(nil)...)
					return
				}
				email := fmt.Sprintf("p%d@example.com", i/2)
				body := resource("sessions", object{"email": email, "password": passwordOf(email)})
				one.send("POST", sessionsPath, body, one.headers(nil)...)
			})
		}
		all.Wait()
		modelstest.CheckConsistency(t, s.db)
		for i := range 4 {
			s.browser().signIn(fmt.Sprintf("p%d@example.com", i))
		}
	})
}
