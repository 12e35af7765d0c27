package handlers_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// TestAPersonSignsInAndOut follows one person through a browser.
func TestAPersonSignsInAndOut(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		ada := s.account("ada@example.com", org)
		b := s.browser()
		in := b.try("Ada@Example.com", passwordOf("ada@example.com")).want(201)
		first := b.cookie
		cookie := in.Header.Get("Set-Cookie")
		for _, part := range []string{"roster=", "HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("the cookie has no %s: %s", part, cookie)
			}
		}
		if strings.Contains(cookie, "Secure") || strings.Contains(string(in.Body), first) || in.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("signed in: %v %s", in.Header, in.Body)
		}
		session := in.text("data", "id")
		if in.json("data", "attributes", "current") != true || in.text("data", "attributes", "ip") != "127.0.0.1" {
			t.Errorf("the session is %s", in.Body)
		}
		me := b.get("/public/v2/me").want(200)
		if me.text("data", "id") != ada || me.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("signed in as %s", me.Body)
		}
		b.get("/public/v2/organizations/" + org).want(200)
		if got := b.get(sessionsPath+"/current").want(200).text("data", "id"); got != session {
			t.Errorf("the current session is %s, not %s", got, session)
		}
		out := b.do("DELETE", sessionsPath+"/current", nil).want(204)
		if b.cookie != "" {
			t.Errorf("the cookie stays: %v", out.Header)
		}
		// Replayed, it is nobody's, and as good as none beside a key.
		replayed := s.browser()
		replayed.cookie = first
		replayed.get("/public/v2/me").want(401)
		s.get("/public/v2/users", "Cookie", "roster="+first).want(200)
		s.as(first).get("/public/v2/me").want(401) // nor is it a key

		events := s.get("/public/v2/events?filter[subjectId]=" + session).want(200)
		for i, typ := range []string{"session.created", "session.ended"} {
			if events.text("data", i, "attributes", "eventType") != typ || events.text("data", i, "attributes", "actor", "id") != ada {
				t.Errorf("event %d: %s", i, events.Body)
			}
		}
		if strings.Contains(string(events.Body), first) {
			t.Errorf("an event has the cookie: %s", events.Body)
		}
	})
}

// TestACookieHasANewValueAtEachStep, and the one before is dead: whoever planted or saw it has nothing.
func TestACookieHasANewValueAtEachStep(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		ada := s.account("ada@example.com", org)
		s.account("bob@example.com", org)
		b := s.browser()
		b.cookie = "planted-by-somebody-else-0123456789"
		values := []string{b.cookie}
		step := func(name string) {
			t.Helper()
			if slices.Contains(values, b.cookie) {
				t.Fatalf("%s: the cookie stays what it was", name)
			}
			for _, old := range values {
				other := s.browser()
				other.cookie = old
				other.get("/public/v2/me").want(401)
			}
			values = append(values, b.cookie)
			b.get("/public/v2/me").want(200)
		}
		in := b.signIn("ada@example.com")
		step("sign-in")
		adas := in.text("data", "relationships", "activeSignIn", "data", "id")
		session := b.signIn("bob@example.com").text("data", "id")
		step("second sign-in")
		switched := withID(resource("sessions", object{}, "activeSignIn", ref("signIns", adas)), session)
		b.do("PATCH", sessionsPath+"/current", switched).want(200)
		step("switch")
		if got := b.get("/public/v2/me").text("data", "id"); got != ada {
			t.Errorf("switched to %s", got)
		}
		b.do("PATCH", sessionsPath+"/current/relationships/activeSignIn", object{"data": ref("signIns", adas)}).want(200)
		b.do("PATCH", "/public/v2/users/"+ada, object{"data": withID(resource("users", object{"password": "another horse of hers"}),
			ada)["data"], "meta": object{"currentPassword": passwordOf("ada@example.com")}}).want(200)
		step("new password")
		b.do("DELETE", "/public/v2/signIns/"+adas, nil).want(204)
		step("one signs out")
		if got := b.get("/public/v2/me").text("data", "attributes", "firstName"); got != "bob" {
			t.Errorf("who is left is %s", got)
		}
		b.do("DELETE", sessionsPath+"/"+session, nil).want(204)
		if b.cookie != "" {
			t.Error("the last one signed out, and the cookie stays")
		}
	})
}

// TestNobodyLearnsWhoHasAnAccount compares what is answered to wrong passwords and to addresses that nobody has.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		s.account("ada@example.com", org)
		gone := s.account("gone@example.com", org)
		s.do("PATCH", "/public/v2/users/"+gone, withID(resource("users", object{"active": false}), gone)).want(200)
		s.do("POST", "/public/v2/users", resource("users", object{"email": "none@example.com"})).want(201)
		b := s.browser()
		bodies := map[string]bool{}
		for _, try := range [][2]string{
			{"ada@example.com", "wrong"}, {"nobody@example.com", "wrong"}, {"gone@example.com", passwordOf("gone@example.com")},
			{"none@example.com", "wrong"}, {"ada@example.com", passwordOf("gone@example.com")}, {"no address", "x"},
		} {
			a := b.try(try[0], try[1]).want(401)
			bodies[string(a.Body)] = true
			if a.Header.Get("Set-Cookie") != "" || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%v: %v", try, a.Header)
			}
		}
		if len(bodies) != 1 {
			t.Errorf("several answers: %v", bodies)
		}
		missing := b.do("POST", sessionsPath, resource("sessions", object{"email": ""})).want(422)
		if got := missing.errors(); len(got) != 2 || got[0].Pointer != "/data/attributes/email" || got[1].Code != "required" {
			t.Errorf("without members: %v", got)
		}
	})
}

// TestFailuresToSignInAreBounded fails as often as is allowed, from one address and from many, and looks at whom that keeps out.
func TestFailuresToSignInAreBounded(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newServiceWith(t, db, trustingProxies)
		org, _ := s.organization("Acme")
		for _, name := range []string{"ada", "bob"} {
			s.account(name+"@example.com", org)
		}
		from := func(address string) *browser {
			b := s.browser()
			b.from = append(b.from, "X-Forwarded-For", address)
			return b
		}
		home := from("198.51.100.1")
		home.signIn("ada@example.com")
		fail := func(b *browser, email string, times, status int) *answer {
			t.Helper()
			var last *answer
			for range times {
				last = b.try(email, "wrong").want(status)
			}
			return last
		}
		// Ten for one account from one address; another account, and another address, are not concerned.
		there := from("203.0.113.1")
		fail(there, "ada@example.com", 10, 401)
		refused := there.try("ada@example.com", passwordOf("ada@example.com")).want(429)
		if wait := refused.Header.Get("Retry-After"); wait != "900" {
			t.Errorf("to wait for %q", wait)
		}
		there.signIn("bob@example.com")
		home.signIn("ada@example.com")
		// It passes, and unknown addresses are counted alike.
		clock.Advance(15*time.Minute + time.Second)
		there.signIn("ada@example.com")
		fail(there, "nobody@example.com", 10, 401)
		fail(there, "nobody@example.com", 2, 429)
		// Fifty from one address, whomever they are about.
		for i := range 8 {
			fail(there, fmt.Sprintf("x%d@example.com", i), 5, 401)
		}
		fail(there, "y@example.com", 1, 429)
		there.try("bob@example.com", passwordOf("bob@example.com")).want(429)
		// A hundred for one account, from anywhere; where it has signed in from before, it still does.
		for i := range 10 {
			fail(from(fmt.Sprintf("192.0.2.%d", i)), "ada@example.com", 10, 401)
		}
		from("192.0.2.200").try("ada@example.com", passwordOf("ada@example.com")).want(429)
		home.signIn("ada@example.com")
	})
}

// trustingProxies believes what this machine says of clients.
func trustingProxies(cfg *server.Config, _ *http.Server) {
	cfg.Proxies = server.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
}

// TestASessionBelongsToItsOrigin sends what other pages could make a browser send.
func TestASessionBelongsToItsOrigin(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		const console = "https://console.example.com"
		s := newServiceWith(t, db, func(cfg *server.Config, _ *http.Server) { cfg.Origins = []string{console} })
		org, _ := s.organization("Acme")
		ada := s.account("ada@example.com", org)
		for _, c := range []struct {
			headers []string
			signIn  int // what signing in answers
			change  int // and a change with a cookie
		}{
			{[]string{"Sec-Fetch-Site", "same-origin"}, 201, 200},
			{[]string{"Origin", s.url}, 201, 200},
			{[]string{"Sec-Fetch-Site", "cross-site", "Origin", console}, 201, 200},
			{[]string{"Origin", console}, 201, 200},
			{nil, 201, 403}, // no browser; with a cookie it cannot be told
			{[]string{"Sec-Fetch-Site", "cross-site"}, 403, 403},
			{[]string{"Sec-Fetch-Site", "same-site", "Origin", s.url}, 403, 403},
			{[]string{"Sec-Fetch-Site", "none"}, 403, 403},
			{[]string{"Origin", "https://evil.example"}, 403, 403},
			{[]string{"Origin", "null"}, 403, 403},
			{[]string{"Origin", s.url + ".evil.example"}, 403, 403},
			{[]string{"Origin", "https://console.example.com.evil.example"}, 403, 403},
		} {
			own := s.browser()
			own.signIn("ada@example.com")
			own.from = c.headers
			own.get("/public/v2/me").want(200) // reading changes nothing
			own.do("PATCH", "/public/v2/users/"+ada, withID(resource("users", object{"lastName": "L"}), ada)).want(c.change)
			fresh := s.browser()
			fresh.from = c.headers
			fresh.try("ada@example.com", passwordOf("ada@example.com")).want(c.signIn)
		}
		// A page of any origin may call where any is listed, and never with a cookie.
		open := newServiceWith(t, modelstest.Open(t, db.Dialect()), func(cfg *server.Config, _ *http.Server) {
			cfg.Origins = []string{"*"}
		})
		user := open.account("ada@example.com", "")
		own := open.browser()
		own.signIn("ada@example.com")
		own.from = []string{"Origin", console}
		if a := own.get("/public/v2/me").want(200); a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("any page may use the cookie: %v", a.Header)
		}
		own.do("PATCH", "/public/v2/users/"+user, withID(resource("users", object{"lastName": "L"}), user)).want(403)
	})
}

// TestACookieDoesNotTravelInTheClear signs in at addresses that are not this machine, with and without a proxy that speaks TLS.
func TestACookieDoesNotTravelInTheClear(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newServiceWith(t, db, trustingProxies)
		s.account("ada@example.com", "")
		body := resource("sessions", object{"email": "ada@example.com", "password": passwordOf("ada@example.com")})
		s.as("").do("POST", sessionsPath, body, "Host", "roster.example.com").want(403)
		secure := s.as("").do("POST", sessionsPath, body, "Host", "roster.example.com", "X-Forwarded-Proto", "https").want(201)
		cookie := secure.Header.Get("Set-Cookie")
		if !strings.HasPrefix(cookie, "__Host-roster=") || !strings.Contains(cookie, "; Secure") {
			t.Errorf("over TLS: %s", cookie)
		}
		value, _, _ := strings.Cut(cookie, ";")
		at := []string{"Host", "roster.example.com", "Cookie", value}
		s.as("").get("/public/v2/me", append(at, "X-Forwarded-Proto", "https")...).want(200)
		s.as("").get("/public/v2/me", at...).want(401)
		s.as("").get("/public/v2/me", "Cookie", "roster="+strings.TrimPrefix(value, "__Host-roster="),
			"Host", "roster.example.com").want(401)
	})
}

// TestSessionsRunOut moves the clock.
func TestSessionsRunOut(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		s.account("ada@example.com", "")
		began, used := clock.Now(), s.used
		idle, busy := s.browser(), s.browser()
		session := idle.signIn("ada@example.com").text("data", "id")
		busy.signIn("ada@example.com")
		for range 13 {
			clock.Advance(7 * 24 * time.Hour)
			status := 200
			if clock.Now().Sub(began) >= 90*24*time.Hour {
				status = 401 // however much it is used
			}
			busy.get("/public/v2/me").want(status)
			if err := used.Write(t.Context(), db); err != nil {
				t.Fatal(err)
			}
		}
		idle.get("/public/v2/me").want(401)
		if n, err := models.PurgeSessions(t.Context(), db, 100); err != nil || n != 2 {
			t.Errorf("%d sessions were purged: %v", n, err)
		}
		events := s.get("/public/v2/events?filter[subjectId]=" + session + "&filter[eventType]=session.ended").want(200)
		if events.text("data", 0, "attributes", "actor", "kind") != "system" {
			t.Errorf("that it ran out is told as %s", events.Body)
		}
	})
}

// TestWhatPeopleSignInWithIsTheirs tries to change an address and a password as everybody who might.
func TestWhatPeopleSignInWithIsTheirs(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		org, _ := s.organization("Acme")
		ada := s.account("ada@example.com", org)
		_, owner := s.person("owner", org, models.RoleOwner)
		key := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "kind": "user", "scopes": []string{"*"}},
			"user", ref("users", ada))).want(201).text("data", "attributes", "key")
		at := "/public/v2/users/" + ada
		change := func(attributes object, current any) object {
			body := withID(resource("users", attributes), ada)
			if current != nil {
				body["meta"] = object{"currentPassword": current}
			}
			return body
		}
		one, other := s.browser(), s.browser()
		one.signIn("ada@example.com")
		other.signIn("ada@example.com")
		right := passwordOf("ada@example.com")
		for _, attributes := range []object{{"password": "another horse of hers"}, {"email": "ada@example.org"}, {"password": nil}} {
			owner.do("PATCH", at, change(attributes, nil)).want(403)
			owner.do("PATCH", at, change(attributes, right)).want(403)
			s.as(key).do("PATCH", at, change(attributes, right)).want(403)
			one.do("PATCH", at, change(attributes, nil)).want(403)
			one.do("PATCH", at, change(attributes, "wrong")).want(403)
			one.do("PATCH", at, change(attributes, 7)).want(403)
		}
		other.get("/public/v2/me").want(200)
		one.do("PATCH", at, change(object{"password": "short"}, right)).want(422)
		one.do("PATCH", at, change(object{"email": "ada@example.org"}, right)).want(200)
		other.get("/public/v2/me").want(200)
		one.do("PATCH", at, change(object{"password": "another horse of hers"}, right)).want(200)
		one.get("/public/v2/me").want(200)
		other.get("/public/v2/me").want(401)
		s.as(key).get("/public/v2/me").want(200) // keys go on
		other.try("ada@example.org", right).want(401)
		other.try("ada@example.org", "another horse of hers").want(201)
		// A management key of the whole installation does, and ends the sessions.
		s.do("PATCH", at, change(object{"password": "the third horse of hers"}, nil)).want(200)
		one.get("/public/v2/me").want(401)
		other.get("/public/v2/me").want(401)
		other.try("ada@example.org", "the third horse of hers").want(201)
		s.do("PATCH", at, change(object{"active": false}, nil)).want(200)
		other.get("/public/v2/me").want(401)
		s.as(key).get("/public/v2/me").want(401)
	})
}

// TestWrongCurrentPasswordsCountAsFailures guesses the password in a session that was left open.
func TestWrongCurrentPasswordsCountAsFailures(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		ada := s.account("ada@example.com", "")
		b := s.browser()
		b.signIn("ada@example.com")
		guess := func(status int) {
			t.Helper()
			body := withID(resource("users", object{"password": "another horse of hers"}), ada)
			body["meta"] = object{"currentPassword": "wrong"}
			b.do("PATCH", "/public/v2/users/"+ada, body).want(status)
		}
		for range 10 {
			guess(403)
		}
		guess(429)
		s.browser().try("ada@example.com", passwordOf("ada@example.com")).want(429)
	})
}

// TestSessionsOfOthers are seen and ended by whoever may write the user and ranks higher, and by nobody else.
func TestSessionsOfOthers(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		ada := s.account("ada@example.com", org, models.RoleManager)
		_, admin := s.person("admin", org, models.RoleAdmin)
		_, manager := s.person("manager", org, models.RoleManager)
		_, member := s.person("member", org, models.RoleMember)
		elsewhere, _ := s.organization("Elsewhere")
		_, stranger := s.person("stranger", elsewhere, models.RoleOwner)
		shared := s.browser()
		shared.signIn("ada@example.com")
		s.account("bob@example.com", org)
		shared.signIn("bob@example.com")
		alone := s.browser()
		session := alone.signIn("ada@example.com").text("data", "id")
		at := "/public/v2/users/" + ada + "/sessions"
		for _, as := range []*service{manager, member} {
			as.get(at).want(403)
			as.do("DELETE", at, nil).want(403)
			as.do("DELETE", at+"/"+session, nil).want(403)
			as.get(sessionsPath + "/" + session).want(404)
			as.do("DELETE", sessionsPath+"/"+session, nil).want(404)
		}
		stranger.get(at).want(404)
		stranger.do("DELETE", at, nil).want(404)
		list := admin.get(at + "?include=signIns").want(200)
		if list.json("meta", "total") != 2.0 || len(list.json("included").([]any)) != 2 {
			t.Errorf("the sessions of somebody are %s", list.Body)
		}
		admin.do("DELETE", at+"/"+session, nil).want(204)
		alone.get("/public/v2/me").want(401)
		admin.do("DELETE", at+"/"+session, nil).want(404)
		admin.do("DELETE", at, nil).want(204)
		// Whoever else is signed in to that browser still is.
		if got := shared.get("/public/v2/me").want(200).text("data", "attributes", "firstName"); got != "bob" {
			t.Errorf("who is left is %s", got)
		}
		if got := s.get(at).want(200).json("meta", "total"); got != 0.0 {
			t.Errorf("%v sessions are left", got)
		}
	})
}

// TestACookieAndAKeyAreTwoCredentials, and neither can stand where the other does.
func TestACookieAndAKeyAreTwoCredentials(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.account("ada@example.com", "")
		b := s.browser()
		b.signIn("ada@example.com")
		two := s.get("/public/v2/me", "Cookie", "roster="+b.cookie).want(400)
		if two.errors()[0].Code != "ambiguous_credentials" {
			t.Errorf("two credentials: %s", two.Body)
		}
		s.get("/public/v2/me", "Cookie", "roster=nothing-of-ours").want(200)
		s.as("").get("/public/v2/me", "Cookie", "roster="+s.key).want(401)
		s.as("").get("/public/v2/me", "Cookie", "roster=").want(401)
		s.as("").get("/public/v2/me", "Cookie", "roster="+strings.Repeat("x", 5000)).want(401)
	})
}
