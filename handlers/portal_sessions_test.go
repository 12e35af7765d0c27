package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// TestTheCookieOfAPortalIsAlone sends it in every company.
func TestTheCookieOfAPortalIsAlone(t *testing.T) {
	t.Parallel()
	const console = "https://console.example.com"
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newServiceWith(t, db, func(cfg *server.Config, _ *http.Server) { cfg.Origins = []string{console} })
		org, token := s.organization("Acme")
		s.account("ada@example.com", org)
		f, b := s.opened(org, object{}), s.browser()
		b.signIn("ada@example.com")
		portal, person := "roster-portal="+f.cookie.Value, "roster="+b.cookie
		header := []string{"Roster-Session", "portal"}
		me := func(headers ...string) string {
			a := s.as("").do("GET", "/public/v2/me", nil, headers...)
			if a.Status != 200 {
				return fmt.Sprint(a.Status)
			}
			return a.text("data", "type")
		}
		for _, c := range []struct {
			want    string
			headers []string
		}{
			{"portalLinks", append(header, "Cookie", portal)},
			{"portalLinks", append(header, "Cookie", portal+"; "+person)}, // then alone
			{"401", []string{"Cookie", portal}},                           // without the header it is nothing
			{"users", []string{"Cookie", portal + "; " + person}},
			{"users", []string{"Cookie", portal + "; " + person, "Roster-Session", "Portal"}},
			{"401", append(header, "Cookie", person)}, // with it nobody else is
			{"401", append(header, "Cookie", "roster="+f.cookie.Value)},
			{"401", []string{"Cookie", "roster=" + f.cookie.Value}},
			{"401", append(header, "Cookie", "roster-portal="+b.cookie)},
			{"400", append(header, "Cookie", portal, "Authorization", "Bearer "+token)},
			{"organizations", append(header, "Authorization", "Bearer "+token)},
			{"organizations", []string{"Cookie", portal, "Authorization", "Bearer " + token}},
		} {
			if got := me(c.headers...); got != c.want {
				t.Errorf("with %v it is %s, want %s", c.headers, got, c.want)
			}
		}
		// A page of another origin changes nothing, listed or not, and in a frame is none of another origin.
		for _, from := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", console},
			{"Origin", "null"},
			{"Sec-Fetch-Site", "cross-site", "Origin", console}, {},
		} {
			foreign := *f
			foreign.from = append(from, header...)
			foreign.do("POST", hooksPath, resource("webhooks", object{"url": "https://hooks.example.com/"})).want(403)
			foreign.do("DELETE", sessionsPath+"/current", nil).want(403)
		}
		asked := s.send("OPTIONS", hooksPath, nil, "Authorization", "", "Origin", console, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "roster-session")
		if got := asked.Header.Get("Access-Control-Allow-Headers"); strings.Contains(strings.ToLower(got), "roster-session") {
			t.Errorf("another origin may send %s", got)
		}
		// Others who sign in there are not in it, and it is not in theirs.
		_, next := s.link(org, object{})
		both := s.browser()
		both.cookie = b.cookie
		opened := s.as("").do("POST", sessionsPath, object{"data": object{"type": "sessions"}, "meta": object{"portalToken": next}},
			both.headers(nil)...).want(201)
		if name := (&http.Response{Header: opened.Header}).Cookies()[0].Name; name != "roster-portal" {
			t.Errorf("the cookie is %s", name)
		}
		b.get("/public/v2/me").want(200)
		// A second link in one frame ends the first.
		_, third := s.link(org, object{})
		old := *f
		f.open(third).want(201)
		old.get("/public/v2/me").want(401)
		f.get("/public/v2/me").want(200)
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestTheCookieOfAPortalOverTLS opens links at a proxy that speaks TLS, and at one that does not.
func TestTheCookieOfAPortalOverTLS(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newServiceWith(t, db, trustingProxies)
		org, _ := s.organization("Acme")
		made := s.do("POST", portalPath, resource("portalLinks", object{}, "organization", ref("organizations", org)),
			"Host", "roster.example.com", "X-Forwarded-Proto", "https").want(201)
		before, token, _ := strings.Cut(made.text("data", "attributes", "url"), "#")
		if before != "https://roster.example.com/console/portal/"+made.text("data", "id") {
			t.Errorf("the link leads to %s", before)
		}
		f := s.frame()
		body := object{"data": object{"type": "sessions"}, "meta": object{"portalToken": token}}
		f.do("POST", sessionsPath, body, "Host", "roster.example.com").want(403)
		f.do("POST", sessionsPath, body, "Host", "roster.example.com", "X-Forwarded-Proto", "https").want(201)
		if c := f.cookie; c.Name != "__Host-roster-portal" || !c.Secure || !c.HttpOnly || !c.Partitioned || c.Path != "/" ||
			c.Domain != "" {
			t.Errorf("over TLS the cookie is %+v", f.cookie)
		}
		f.get("/public/v2/me", "Host", "roster.example.com", "X-Forwarded-Proto", "https").want(200)
		f.get("/public/v2/me").want(401)
	})
}

// TestAPortalLinkEnds takes links away in every way, before they are opened and after.
func TestAPortalLinkEnds(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		hour := func() string { return clock.Now().Add(time.Hour).UTC().Format(time.RFC3339) }
		for _, c := range []struct {
			name             string
			key              object
			take             func(org, key, link string)
			pending, session int
		}{
			{"deleted", object{}, func(_, _, link string) { s.do("DELETE", portalPath+"/"+link, nil).want(204) }, 401, 401},
			{"of a deleted organization", object{}, func(org, _, _ string) { s.do("DELETE", managed+"/"+org, nil).want(204) }, 401, 401},
			{"after five minutes", object{}, func(_, _, _ string) { clock.Advance(5*time.Minute + time.Second) }, 401, 200},
			{"after an hour", object{}, func(_, _, _ string) { clock.Advance(time.Hour + time.Second) }, 401, 401},
			{"when its maker ends", object{"expiresAt": "soon"}, func(_, _, _ string) { clock.Advance(time.Hour) }, 401, 401},
			{"whose maker was revoked", object{}, func(_, key, _ string) {
				s.do("DELETE", "/public/v2/apiKeys/"+key, nil).want(204)
			}, 401, 200},
			{"whose maker may less", object{}, func(_, key, _ string) {
				less := withID(resource("apiKeys", object{"scopes": []string{"webhooks:read"}}), key)
				s.do("PATCH", "/public/v2/apiKeys/"+key, less).want(200)
			}, 401, 200},
			{"of nobody who changes", object{}, func(_, _, _ string) {}, 201, 200},
		} {
			org, _ := s.organization("Acme")
			c.key["scopes"] = []string{"webhooks:write", "users:read"}
			if c.key["expiresAt"] != nil {
				c.key["expiresAt"] = hour()
			}
			key, secret := s.made(c.key, "organization", ref("organizations", org))
			for _, used := range []bool{false, true} {
				if used && c.name == "of a deleted organization" || used && strings.Contains(c.name, "maker") {
					org, _ = s.organization("Acme")
					if c.key["expiresAt"] != nil {
						c.key["expiresAt"] = hour()
					}
					key, secret = s.made(c.key, "organization", ref("organizations", org))
				}
				link, token := s.as(secret).link(org, object{"sessionExpiresIn": 3600})
				f := s.frame()
				if used {
					f.open(token).want(201)
					f.get(hooksPath).want(200)
					f.get(hooksPath).want(200) // by what is remembered of it
				}
				c.take(org, key, link)
				if !used {
					if a := f.open(token); a.Status != c.pending {
						t.Errorf("one %s is opened: %d %s", c.name, a.Status, a.Body)
					}
					continue
				}
				if a := f.get(hooksPath); a.Status != c.session {
					t.Errorf("the session of one %s: %d %s", c.name, a.Status, a.Body)
				}
				endpoint := resource("webhooks", object{"url": "https://hooks.example.com/", "eventTypes": []string{"webhook.*"}})
				if a := f.do("POST", hooksPath, endpoint); (a.Status == 201) != (c.session == 200) {
					t.Errorf("the session of one %s makes an endpoint: %d %s", c.name, a.Status, a.Body)
				}
			}
		}
		clock.Advance(13 * time.Hour)
		for _, purge := range []func() (int, error){
			func() (int, error) { return models.PurgeSessions(t.Context(), db, 100) },
			func() (int, error) { return models.PurgePortalLinks(t.Context(), db, 100) },
		} {
			if _, err := purge(); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.number(`SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM portal_links)`); n != 0 {
			t.Errorf("%d sessions and links are left", n)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestOneOfManyOpensALink opens one link on two replicas at once.
func TestOneOfManyOpensALink(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	org, _ := both[0].organization("Acme")
	for range 10 {
		_, token := both[0].link(org, object{})
		var mu sync.Mutex
		var openers sync.WaitGroup
		answered := map[int]int{}
		for i := range 8 {
			openers.Go(func() {
				f := both[i%2].frame()
				a := f.service.send("POST", sessionsPath, object{"data": object{"type": "sessions"}, "meta": object{"portalToken": token}},
					append(f.from, "X-Request-Id", fmt.Sprint("open-", i))...)
				mu.Lock()
				defer mu.Unlock()
				answered[a.Status]++
			})
		}
		openers.Wait()
		if answered[201] != 1 || answered[201]+answered[401]+answered[429] != 8 {
			t.Fatalf("it was answered %v", answered)
		}
	}
	modelstest.CheckConsistency(t, both[0].db)
}

// TestAThousandPortalLinks makes as many as an organization can have.
func TestAThousandPortalLinks(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Acme")
		own := s.as(token)
		body := resource("portalLinks", object{"name": "Grace"})
		for range 999 {
			if a := own.send("POST", portalPath, body); a.Status != 201 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		id, last := own.link(org, object{})
		own.do("POST", portalPath, body).want(409)
		if total := own.get(portalPath+"?page[size]=1").want(200).json("meta", "total"); total != float64(1000) {
			t.Errorf("there are %v", total)
		}
		f := s.frame()
		f.open(last).want(201)
		own.do("DELETE", portalPath+"/"+id, nil).want(204)
		f.get("/public/v2/me").want(401)
		own.do("POST", portalPath, body).want(201)
		s.do("DELETE", managed+"/"+org, nil).want(204)
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestATenantPaysForItsPortals spends the requests of an organization by its links: each has its own, and all together what its keys have.
func TestATenantPaysForItsPortals(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newServiceWith(t, db, func(cfg *server.Config, _ *http.Server) {
			cfg.Limiter = server.NewLimiter(20, time.Minute, clock.Now)
		})
		org, _ := s.organization("Acme")
		other, _ := s.organization("Other")
		neighbour := s.opened(other, object{})
		spent := 0
		for range 6 {
			f := s.opened(org, object{})
			for range 25 {
				if a := f.get("/public/v2/me"); a.Status == 200 {
					spent++
				} else if a.Status != 429 {
					t.Fatalf("%d %s", a.Status, a.Body)
				}
			}
		}
		if spent < 80 || spent > 100 {
			t.Errorf("%d requests of six links were served", spent)
		}
		neighbour.get("/public/v2/me").want(200)
	})
}

// TestWhoOpensLinksLocksNobodyOut fails to open links until no more can be opened from an address, where people still sign in; and the
// other way round.
func TestWhoOpensLinksLocksNobodyOut(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		org, _ := s.organization("Acme")
		s.account("ada@example.com", org)
		_, token := s.link(org, object{})
		_, gone := s.link(org, object{})
		s.frame().open(gone).want(201)
		s.frame().open(gone).want(401)
		for i := range 49 {
			s.frame().open(fmt.Sprintf("%s%02d", gone[:len(gone)-2], i)).want(401)
		}
		s.frame().open(token).want(429)
		s.browser().signIn("ada@example.com")
	})
}
