package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// signInBy signs in with a key.
func (b *browser) signInBy(key string) *answer {
	b.t.Helper()
	return b.tryKey(key).want(201)
}

func (b *browser) tryKey(key string) *answer {
	b.t.Helper()
	return b.do("POST", sessionsPath, resource("sessions", object{"key": key}))
}

// made creates a key, and returns its id and the key itself.
func (s *service) made(attributes object, relationships ...any) (id, key string) {
	s.t.Helper()
	attributes["name"] = "Console"
	a := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", attributes, relationships...)).want(201)
	return a.text("data", "id"), a.text("data", "attributes", "key")
}

// TestAKeySignsIn compares what a key of each kind, and a token, is answered with what their sessions are.
func TestAKeySignsIn(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Acme")
		ada := s.account("ada@example.com", org)
		all := []string{"*"}
		keys := map[string]string{"token": token}
		ids := map[string]string{}
		ids["management"], keys["management"] = s.made(object{"kind": "management", "scopes": all})
		ids["subtree"], keys["subtree"] = s.made(object{"kind": "management", "scopes": all}, "organization", ref("organizations", org))
		ids["organization"], keys["organization"] = s.made(object{"kind": "organization", "scopes": all}, "organization",
			ref("organizations", org))
		ids["user"], keys["user"] = s.made(object{"kind": "user", "scopes": all}, "user", ref("users", ada))
		for name, key := range keys {
			b := s.browser()
			in := b.signInBy(key)
			if strings.Contains(string(in.Body), key) || in.json("data", "attributes", "current") != true {
				t.Errorf("%s: signed in: %s", name, in.Body)
			}
			for _, path := range []string{"me", "organizations", "users", "apiKeys", "events?page[size]=1", "me?filter[organizationId]=" + org} {
				byKey, bySession := s.as(key).get("/public/v2/"+path), b.get("/public/v2/"+path)
				if path == "events?page[size]=1" {
					continue // they were read one after the other
				}
				if byKey.Status != bySession.Status || string(byKey.Body) != string(bySession.Body) {
					t.Errorf("%s: %s is %d %s\nand with the session %d %s", name, path, byKey.Status, byKey.Body, bySession.Status, bySession.Body)
				}
			}
			signIn := b.get(sessionsPath + "/current?include=signIns").want(200)
			if method := signIn.text("included", 0, "attributes", "method"); method != "key" {
				t.Errorf("%s: the method is %s", name, method)
			}
			linked := signIn.json("included", 0, "relationships", "apiKey", "data")
			if id := ids[name]; id == "" && linked != nil || id != "" && fmt.Sprint(linked) != fmt.Sprint(ref("apiKeys", id)) {
				t.Errorf("%s: the key of the sign-in is %v", name, linked)
			}
			if user := signIn.json("included", 0, "relationships", "user", "data"); user != nil {
				t.Errorf("%s: the user of the sign-in is %v", name, user)
			}
			if id := ids[name]; id != "" && s.get("/public/v2/apiKeys/"+id).json("data", "attributes", "lastUsedAt") == nil {
				t.Errorf("%s: it was not used", name)
			}
			// It is no person in a session.
			b.do("POST", "/public/v2/me/totp", nil).want(403)
			// What it changes is its key's change, and comes from our own pages.
			foreign := *b
			foreign.from = []string{"Sec-Fetch-Site", "cross-site"}
			foreign.do("DELETE", sessionsPath+"/current", nil).want(403)
			b.do("DELETE", sessionsPath+"/current", nil).want(204)
			if b.cookie != "" {
				t.Errorf("%s: the cookie stays", name)
			}
			s.as(key).get("/public/v2/me").want(200)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestASessionEndsWithItsKey takes keys away in every way, and looks at the next request.
func TestASessionEndsWithItsKey(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		org, token := s.organization("Acme")
		ada := s.account("ada@example.com", org)
		soon := clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		owned := []any{"organization", ref("organizations", org)}
		patch := func(path, typ, id string, attributes object) {
			s.do("PATCH", "/public/v2/"+path+"/"+id, withID(resource(typ, attributes), id)).want(200)
		}
		all, person := []string{"*"}, []any{"user", ref("users", ada)}
		rotate := func(id string, overlap int) {
			s.do("POST", "/public/v2/apiKeys/"+id+"/rotate", object{"meta": object{"overlap": overlap}}).want(200)
		}
		for _, c := range []struct {
			name       string
			attributes object
			of         []any
			take       func(id string)
			status     int
		}{
			{"revoked", object{"scopes": all}, owned, func(id string) { s.do("DELETE", "/public/v2/apiKeys/"+id, nil).want(204) }, 401},
			{"narrowed", object{"scopes": all}, owned, func(id string) {
				patch("apiKeys", "apiKeys", id, object{"scopes": []string{"events:read"}})
			}, 403},
			{"expired", object{"scopes": all, "expiresAt": soon}, owned, func(string) { clock.Advance(61 * time.Minute) }, 401},
			{"rotated out", object{"scopes": all}, owned, func(id string) { rotate(id, 0) }, 401},
			{"rotated", object{"scopes": all}, owned, func(id string) { rotate(id, 3600) }, 200},
			{"of a user who is not active", object{"kind": "user", "scopes": all}, person, func(string) {
				patch("users", "users", ada, object{"active": false})
			}, 401},
			{"after twelve hours", object{"scopes": all}, owned, func(string) { clock.Advance(12*time.Hour + time.Second) }, 401},
		} {
			id, key := s.made(c.attributes, c.of...)
			b := s.browser()
			b.signInBy(key)
			b.get("/public/v2/users").want(200)
			b.get("/public/v2/users").want(200) // by what is remembered of it
			c.take(id)
			if a := b.get("/public/v2/users"); a.Status != c.status {
				t.Errorf("%s: the next request is %d %s", c.name, a.Status, a.Body)
			}
		}
		b := s.browser()
		session := b.signInBy(token).text("data", "id")
		s.do("POST", "/public/v2/management/refresh-token/"+org, nil).want(200)
		b.get("/public/v2/me").want(401)
		ended := s.get("/public/v2/events?filter[subjectId]=" + session + "&filter[eventType]=session.ended").want(200)
		if got := len(ended.ids("data")); got != 1 {
			t.Errorf("%d events tell of the end: %s", got, ended.Body)
		}
		clock.Advance(13 * time.Hour)
		if _, err := models.PurgeSessions(t.Context(), db, 100); err != nil {
			t.Fatal(err)
		}
		if n := s.number(`SELECT COUNT(*) FROM sessions`); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestTheSessionOfAKeyIsAlone signs in one after the other in one browser.
func TestTheSessionOfAKeyIsAlone(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		s.account("ada@example.com", org)
		_, key := s.made(object{"scopes": []string{"events:read"}}, "organization", ref("organizations", org))
		b := s.browser()
		first := b.signIn("ada@example.com").text("data", "id")
		second := b.signInBy(key).text("data", "id")
		third := b.signIn("ada@example.com").text("data", "id")
		if first == second || second == third {
			t.Errorf("one session: %s %s %s", first, second, third)
		}
		for _, ended := range []string{first, second} {
			s.get(sessionsPath + "/" + ended).want(404)
		}
		if n := len(b.get(sessionsPath + "/current?include=signIns").want(200).json("included").([]any)); n != 1 {
			t.Errorf("%d are signed in", n)
		}
		// A key that may read nothing of users reads and ends its own session, and nobody's besides.
		small := s.browser()
		small.signInBy(key)
		small.get(sessionsPath + "/current").want(200)
		small.get(sessionsPath).want(403)
		small.do("DELETE", sessionsPath+"/"+third, nil).want(403)
		small.get("/public/v2/users/" + missingID + "/sessions").want(403)
		small.do("DELETE", sessionsPath+"/current", nil).want(204)
		// Two credentials are one too many.
		b.get("/public/v2/me", "Authorization", "Bearer "+key).want(400)
		for _, attributes := range []object{{"key": key, "email": "ada@example.com", "password": "x"}, {"key": ""}} {
			b.do("POST", sessionsPath, resource("sessions", attributes)).want(422)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestAWrongKeyIsLikeAWrongPassword shows keys that do not work.
func TestAWrongKeyIsLikeAWrongPassword(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newServiceWith(t, db, trustingProxies)
		org, _ := s.organization("Acme")
		owned := []any{"organization", ref("organizations", org)}
		gone, revoked := s.made(object{"scopes": []string{"*"}}, owned...)
		s.do("DELETE", "/public/v2/apiKeys/"+gone, nil).want(204)
		_, expired := s.made(object{"scopes": []string{"*"}, "expiresAt": clock.Now().Add(time.Minute).UTC().Format(time.RFC3339)}, owned...)
		clock.Advance(2 * time.Minute)
		_, right := s.made(object{"scopes": []string{"*"}}, owned...)
		b := s.browser()
		b.from = append(b.from, "X-Forwarded-For", "203.0.113.9")
		bodies := map[string]bool{}
		for _, wrong := range []string{revoked, expired, models.NewSecret(models.OrganizationKey).Text, right[:len(right)-1] + "!",
			strings.ToUpper(right), "hunter2", "roster_s_x.y"} {
			a := b.tryKey(wrong).want(401)
			bodies[string(a.Body)] = true
			if a.Header.Get("Set-Cookie") != "" || a.Header.Get("WWW-Authenticate") == "" || strings.Contains(string(a.Body), wrong) {
				t.Errorf("%s: %v %s", wrong, a.Header, a.Body)
			}
		}
		if len(bodies) != 1 {
			t.Errorf("several answers: %v", bodies)
		}
		b.tryKey(strings.Repeat("x", 600)).want(422)
		// Ten for one key from one address; failures for others do not keep its owner out, from anywhere.
		forged := models.NewSecret(models.OrganizationKey).Text
		for range 10 {
			b.tryKey(forged).want(401)
		}
		b.tryKey(forged).want(429)
		b.signInBy(right)
		for range 40 {
			b.tryKey(models.NewSecret(models.UserKey).Text)
		}
		b.tryKey(right).want(429) // fifty from one address
		home := s.browser()
		home.from = append(home.from, "X-Forwarded-For", "198.51.100.1")
		home.signInBy(right)
	})
}
