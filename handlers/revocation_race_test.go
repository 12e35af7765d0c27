package handlers_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestARevocationDoesNotFightWithTheWritesThatItEnds: four connections write without pause with a credential that is taken away. PostgreSQL
// ends none of them for the sake of another, and what is sent after the answer is refused.
func TestARevocationDoesNotFightWithTheWritesThatItEnds(t *testing.T) {
	t.Parallel()
	s := newService(t, modelstest.Open(t, store.Postgres))
	f := newFamily(s)
	key := func(kind string, of ...any) (id string, as *service) {
		a := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": kind, "kind": kind, "scopes": []string{"*"}}, of...)).
			want(201)
		return a.text("data", "id"), s.as(a.text("data", "attributes", "key"))
	}
	n := 0
	session := func() (id string, b *browser) {
		n++
		email := fmt.Sprintf("p%d@example.com", n)
		id = s.account(email, f.branch, models.RoleAdmin)
		b = s.browser()
		b.signIn(email)
		return id, b
	}
	branch := "/public/v2/organizations/" + f.branch
	for name, prepare := range map[string]func() (write func() int, end func() int){
		"a session": func() (func() int, func() int) {
			id, b := session()
			return writing(b.service, b.headers(nil)...)(f.branch), func() int {
				return s.do("DELETE", "/public/v2/users/"+id+"/sessions", nil).Status
			}
		},
		"a user who is active": func() (func() int, func() int) {
			id, b := session()
			return writing(b.service, b.headers(nil)...)(f.branch), func() int {
				return s.do("PATCH", "/public/v2/users/"+id, withID(resource("users", object{"active": false}), id)).Status
			}
		},
		"a user who is there": func() (func() int, func() int) {
			id, b := session()
			return writing(b.service, b.headers(nil)...)(f.branch), func() int { return s.do("DELETE", "/public/v2/users/"+id, nil).Status }
		},
		"a user who invites": func() (func() int, func() int) {
			id, b := session()
			return inviting(b.service, b.headers(nil)...)(f.branch), func() int {
				return s.do("DELETE", "/public/v2/users/"+id, nil).Status
			}
		},
		"a key of a user": func() (func() int, func() int) {
			user, _ := session()
			id, as := key("user", "user", ref("users", user))
			return writing(as)(f.branch), func() int { return s.do("DELETE", "/public/v2/apiKeys/"+id, nil).Status }
		},
		"a key of an organization": func() (func() int, func() int) {
			id, as := key("organization", "organization", ref("organizations", f.branch))
			return writing(as)(f.branch), func() int { return s.do("DELETE", "/public/v2/apiKeys/"+id, nil).Status }
		},
		"a token": func() (func() int, func() int) {
			renew := "/public/v2/management/refresh-token/" + f.branch
			as := s.as(s.do("POST", renew, nil).want(200).text("data", "attributes", "token"))
			return writing(as)(f.branch), func() int { return s.do("POST", renew, nil).Status }
		},
	} {
		write, end := prepare()
		before := modelstest.Deadlocks(t, s.db)
		var all sync.WaitGroup
		var ended atomic.Bool
		started := make(chan struct{}, 400)
		for range 4 {
			all.Go(func() {
				for !ended.Load() {
					status := write()
					if status >= 500 {
						t.Errorf("%s: a write is answered with %d", name, status)
						return
					}
					select {
					case started <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 20 { // they are at it
			<-started
		}
		if status := end(); status >= 300 {
			t.Errorf("%s: the end of it is answered with %d", name, status)
		}
		if status := write(); status < 400 {
			t.Errorf("%s: a write after its end is answered with %d", name, status)
		}
		ended.Store(true)
		all.Wait()
		if dead := modelstest.Deadlocks(t, s.db) - before; dead > 0 {
			t.Errorf("%s: %d deadlocks", name, dead)
		}
	}
	s.get(branch).want(200)
}

// writing returns what changes an organization, or makes a key, by turns, with the credential of a service.
func writing(s *service, headers ...string) func(organization string) func() int {
	return func(organization string) func() int {
		var turn atomic.Int64
		return func() int {
			n := turn.Add(1)
			if n%3 == 0 {
				return s.send("POST", "/public/v2/roles", resource("roles", object{"key": "r" + models.NewID(), "name": "R",
					"permissions": []string{"read"}}, "organization", ref("organizations", organization)), headers...).Status
			}
			return s.send("PATCH", "/public/v2/organizations/"+organization, withID(resource("organizations",
				object{"description": fmt.Sprint(n)}), organization), headers...).Status
		}
	}
}

// inviting returns what invites somebody, sends an invitation again, and makes an organization, by turns: what it writes refers to the
// caller.
func inviting(s *service, headers ...string) func(organization string) func() int {
	return func(organization string) func() int {
		var turn atomic.Int64
		grow := func() int {
			return s.send("POST", "/public/v2/organizations", resource("organizations", object{"name": "Leaf"}, "parent",
				ref("organizations", organization)), headers...).Status
		}
		invite := func() *answer {
			return s.send("POST", "/public/v2/invitations", resource("invitations", object{"email": models.NewID() + "@example.com"},
				"organization", ref("organizations", organization)), headers...)
		}
		again := "/public/v2/invitations/" + invite().want(201).text("data", "id") + "/resend"
		return func() int {
			switch turn.Add(1) % 4 {
			case 0:
				return invite().Status
			case 1:
				return grow()
			}
			return s.send("POST", again, nil, headers...).Status
		}
	}
}
