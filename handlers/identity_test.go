package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// giveID gives a key another id, behind the back of the API.
func (s *service) giveID(key, id string) {
	s.t.Helper()
	idType := "uuid"
	if s.db.Dialect() == store.SQLite {
		idType = "text"
	}
	s.exec(`INSERT INTO api_keys (id, kind, organization_id, name, scopes, version, created_at, updated_at)
		SELECT CAST(? AS `+idType+`), kind, organization_id, name, scopes, version, created_at, updated_at
		FROM api_keys WHERE id = ?`, id, key)
	s.exec(`UPDATE credentials SET api_key_id = ? WHERE api_key_id = ?`, id, key)
}

// TestAKeyWithTheIDOfAnOrganizationIsNotThatOrganization is an attack: a partner makes a key with the id of somebody else's organization,
// and asks for what that organization was answered.
func TestAKeyWithTheIDOfAnOrganizationIsNotThatOrganization(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		clock := modelstest.NewClock()
		s := newServiceWith(t, db, func(c *server.Config, _ *http.Server) { c.Limiter = server.NewLimiter(50, time.Minute, clock.Now) })
		victim, token := s.organization("Victim")
		own, _ := s.organization("Partner")
		partner := s.as(s.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "partner", "kind": "management", "scopes": []string{"*"}},
				"organization", ref("organizations", own))).want(201).text("data", "attributes", "key"))
		forged := resource("apiKeys", object{"name": "forged", "scopes": []string{"*"}}, "organization", ref("organizations", own))
		refusal := partner.do("POST", "/public/v2/apiKeys", withID(forged, victim)).want(403).errors()
		if diff := cmp.Diff([]errorObject{{"403", "client_id_forbidden", "/data/id", "", ""}}, refusal); diff != "" {
			t.Errorf("an id is chosen for a key (-want +got):\n%s", diff)
		}
		delete(forged["data"].(object), "id")

		// Even if there is such a key, it is somebody else.
		made := partner.do("POST", "/public/v2/apiKeys", forged).want(201)
		s.giveID(made.text("data", "id"), victim)
		attacker, organization := s.as(made.text("data", "attributes", "key")), s.as(token)
		body := resource("apiKeys", object{"name": "deploy", "scopes": []string{"*"}})
		first := organization.do("POST", "/public/v2/apiKeys", body, "Idempotency-Key", "deploy-1").want(201)
		second := attacker.do("POST", "/public/v2/apiKeys", body, "Idempotency-Key", "deploy-1").want(201)
		if second.Header.Get("Idempotency-Replayed") != "" ||
			strings.Contains(string(second.Body), first.text("data", "attributes", "key")) {
			t.Errorf("the attacker is sent the organization's answer: %s", second.Body)
		}
		if left := [2]string{first.Header.Get("X-RateLimit-Remaining"),
			second.Header.Get("X-RateLimit-Remaining")}; left != [2]string{"49", "49"} {
			t.Errorf("both spend one budget: %v are left", left)
		}
		for a, want := range map[*answer]object{
			first:  {"kind": "organization_token", "id": victim, "name": "Victim"},
			second: {"kind": "organization_key", "id": victim, "name": "forged"},
		} {
			event := s.get("/public/v2/events?filter[subjectId]=" + a.text("data", "id")).want(200)
			if diff := cmp.Diff(want, event.json("data", 0, "attributes", "actor")); diff != "" {
				t.Errorf("actor (-want +got):\n%s", diff)
			}
		}
	})
}

// TestAnAnswerIsGivenAgainToWhoCouldStillMakeTheRequest has a key make a stronger one, and changes what the key may do before it asks
// again.
func TestAnAnswerIsGivenAgainToWhoCouldStillMakeTheRequest(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		parent, _ := s.organization("Parent")
		for _, c := range []struct {
			name   string
			change func(s *service, maker, branch string)
			status int
		}{
			{"nothing changed", func(*service, string, string) {}, 201},
			{"it can do more", func(s *service, maker, _ string) { s.patchKey(maker, object{"scopes": []string{"*"}}) }, 201},
			{"it is called otherwise", func(s *service, maker, _ string) { s.patchKey(maker, object{"name": "n"}) }, 201},
			{"it can do less", func(s *service, maker, _ string) { s.patchKey(maker, object{"scopes": []string{"apiKeys:write"}}) }, 403},
			{"it may not ask at all",
				func(s *service, maker, _ string) { s.patchKey(maker, object{"scopes": []string{"users:write"}}) }, 403},
			{"it ends", func(s *service, maker, _ string) { s.patchKey(maker, object{"expiresAt": "2999-01-01T00:00:00+00:00"}) }, 403},
			{"the branch was moved away", func(s *service, _, branch string) {
				s.do("PATCH", managed+"/"+branch, withID(resource("organizations", object{}, "parent", nil), branch)).want(200)
			}, 403},
			{"the key it made is gone", func(s *service, _, branch string) {
				made := s.get("/public/v2/apiKeys?filter[name]=made&filter[organizationId]="+branch).want(200).text("data", 0, "id")
				s.do("DELETE", "/public/v2/apiKeys/"+made, nil).want(204)
			}, 201},
			{"its answer is of a version that noted no rights",
				func(s *service, _, _ string) { s.exec("UPDATE idempotency_keys SET answer = NULL") }, 409},
		} {
			branch, _ := s.organization("Branch of "+c.name, "parent", ref("organizations", parent))
			made := s.do("POST", "/public/v2/apiKeys",
				resource("apiKeys", object{"name": "maker", "kind": "management", "scopes": []string{"apiKeys:write", "users:read"}},
					"organization", ref("organizations", parent))).want(201)
			maker := s.as(made.text("data", "attributes", "key"))
			body := resource("apiKeys", object{"name": "made", "scopes": []string{"users:read"}}, "organization",
				ref("organizations", branch))
			first := maker.do("POST", "/public/v2/apiKeys", body, "Idempotency-Key", "k").want(201)
			c.change(s, made.text("data", "id"), branch)
			again := maker.do("POST", "/public/v2/apiKeys", body, "Idempotency-Key", "k")
			if again.Status != c.status {
				t.Errorf("%s: %d %s", c.name, again.Status, again.Body)
			}
			if secret := first.text("data", "attributes", "key"); strings.Contains(string(again.Body), secret) != (c.status == 201) {
				t.Errorf("%s: the secret that is shown again: %s", c.name, again.Body)
			}
		}
	})
}

func (s *service) patchKey(id string, attributes object) {
	s.t.Helper()
	s.do("PATCH", "/public/v2/apiKeys/"+id, withID(resource("apiKeys", attributes), id)).want(200)
}

// TestAKeyIsTheSameCallerWithEachOfItsSecrets rotates a key between a request and the same request again.
func TestAKeyIsTheSameCallerWithEachOfItsSecrets(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		made := s.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "k", "scopes": []string{"*"}}, "organization", ref("organizations", org))).want(201)
		user := resource("users", object{"firstName": "Ada"})
		first := s.as(made.text("data", "attributes", "key")).do("POST", "/public/v2/users", user, "Idempotency-Key", "k").want(201)
		newer := s.do("POST", "/public/v2/apiKeys/"+made.text("data", "id")+"/rotate", nil).want(200).text("data", "attributes", "key")
		again := s.as(newer).do("POST", "/public/v2/users", user, "Idempotency-Key", "k").want(201)
		if again.Header.Get("Idempotency-Replayed") != "true" || again.text("data", "id") != first.text("data", "id") {
			t.Errorf("with the new secret the request takes effect again: %s", again.Body)
		}
	})
}

func TestIDsAreChosenForOrganizationsAndUsersOnly(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, token := s.organization("Acme")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		hook := s.hook(org, nil).want(201).text("data", "id")
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		for _, c := range []struct {
			path, typ string
			body      func() object
			chosen    bool
		}{
			{"organizations", "organizations", func() object { return resource("organizations", object{"name": "x"}) }, true},
			{"users", "users", func() object { return resource("users", object{"firstName": "x"}) }, true},
			{"memberships", "memberships", func() object {
				return resource("memberships", object{}, "user", ref("users", user), "organization", ref("organizations", org))
			}, false},
			{"apiKeys", "apiKeys", func() object {
				return resource("apiKeys", object{"name": "x"}, "organization", ref("organizations", org))
			}, false},
			{"webhooks", "webhooks", func() object {
				return resource("webhooks", object{"url": "https://hooks.example.com/"}, "organization", ref("organizations", org))
			}, false},
			{"webhookReplays", "webhookReplays", func() object {
				return resource("webhookReplays", object{"since": "2024-01-01T00:00:00Z"}, "webhook", ref("webhooks", hook))
			}, false},
		} {
			want := []errorObject{{"403", "client_id_forbidden", "/data/id", "", ""}}
			if c.chosen {
				s.do("POST", "/public/v2/"+c.path, withID(c.body(), models.NewID())).want(201)
			} else if diff := cmp.Diff(want, s.do("POST", "/public/v2/"+c.path,
				withID(c.body(), models.NewID())).want(403).errors()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.path, diff)
			}
			if c.typ != "organizations" && c.typ != "webhookReplays" {
				if diff := cmp.Diff(want, s.as(token).do("POST", "/public/v2/"+c.path,
					withID(c.body(), models.NewID())).want(403).errors()); diff != "" {
					t.Errorf("%s by a token (-want +got):\n%s", c.path, diff)
				}
			}
			add := object{"atomic:operations": []object{{"op": "add", "data": withID(c.body(), models.NewID())["data"]}}}
			a := s.do("POST", "/public/v2/operations", add, "Content-Type", operations, "Accept", operations)
			if c.chosen != (a.Status == 200) {
				t.Errorf("%s by an operation: %d %s", c.path, a.Status, a.Body)
			}
			if !c.chosen && a.errors()[0].Pointer != "/atomic:operations/0/data/id" {
				t.Errorf("%s by an operation: %+v", c.path, a.errors())
			}
		}
	})
}

// TestAnOrganizationAndItsKeysShareABudget spends it from seven credentials, each of which has one of its own.
func TestAnOrganizationAndItsKeysShareABudget(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		clock := modelstest.NewClock()
		fixture := newService(t, db)
		org, token := fixture.organization("Acme")
		_, other := fixture.organization("Other")
		keys := []string{token}
		for range 6 {
			keys = append(keys, fixture.do("POST", "/public/v2/apiKeys",
				resource("apiKeys", object{"name": "k", "scopes": []string{"users:read"}},
					"organization", ref("organizations", org))).want(201).text("data", "attributes", "key"))
		}
		s := newServiceWith(t, db, func(c *server.Config, _ *http.Server) { c.Limiter = server.NewLimiter(4, time.Minute, clock.Now) })
		s.key = fixture.key
		served := 0
		for i, key := range keys {
			for n := range 5 {
				a := s.as(key).get("/public/v2/users")
				own, shared := 4-n-1, 20-served-1
				switch {
				case a.Status == 200:
					served++
					if got := a.Header.Get("X-RateLimit-Remaining"); got != string(rune('0'+min(own, shared))) {
						t.Errorf("request %d of credential %d: %s left, want the fewer of %d and %d", n, i, got, own, shared)
					}
				case n < 4 && served < 20:
					t.Errorf("request %d of credential %d after %d: %d", n, i, served, a.Status)
				}
			}
		}
		if served != 20 {
			t.Errorf("%d requests were served, want five budgets of 4", served)
		}
		refused := s.as(keys[6]).get("/public/v2/users").want(429)
		if refused.Header.Get("X-RateLimit-Limit") != "20" ||
			!strings.Contains(string(refused.Body), "20 requests in 60 seconds for the organization and its keys together") {
			t.Errorf("%v %s", refused.Header, refused.Body)
		}
		s.as(other).get("/public/v2/users").want(200)
		s.get("/public/v2/users").want(200)
		clock.Advance(time.Minute)
		s.as(keys[6]).get("/public/v2/users").want(200)
	})
}

// TestATokenIsForWhoCanDoEverythingAndEndsWithIt makes organizations with keys that can do less, or that end.
func TestATokenIsForWhoCanDoEverythingAndEndsWithIt(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		const end = "2999-01-01T00:00:00+00:00"
		with := func(attributes object) *service {
			attributes["name"], attributes["kind"] = "k", "management"
			return s.as(s.do("POST", "/public/v2/apiKeys", resource("apiKeys", attributes)).want(201).text("data", "attributes", "key"))
		}
		for _, c := range []struct {
			name  string
			by    *service
			token bool
			meta  object
		}{
			{"organizations alone", with(object{"scopes": []string{"organizations:write"}}), false, object{}},
			{"every scope but *", with(object{"scopes": models.Scopes()[1:]}), false, object{}},
			{"everything", with(object{"scopes": []string{"*"}}), true, object{}},
			{"everything for a while", with(object{"scopes": []string{"*"}, "expiresAt": end}), true, object{"tokenExpiresAt": end}},
		} {
			chosen := c.by.do("POST", managed, resource("organizations", object{"name": "Acme", "token": "chosen-for-" + models.NewID()}))
			if c.token != (chosen.Status == 201) {
				t.Errorf("%s: a chosen token: %d %s", c.name, chosen.Status, chosen.Body)
			} else if !c.token && chosen.want(403).errors()[0].Pointer != "/data/attributes/token" {
				t.Errorf("%s: a chosen token: %s", c.name, chosen.Body)
			}
			made := c.by.do("POST", managed, resource("organizations", object{"name": "Acme"})).want(201)
			if token, shown := made.json("data", "attributes", "token").(string); shown != c.token {
				t.Errorf("%s: the token is %v", c.name, token)
			} else if diff := cmp.Diff(c.meta, made.json("meta")); diff != "" {
				t.Errorf("%s: meta (-want +got):\n%s", c.name, diff)
			}
			add := object{"atomic:operations": []object{{"op": "add", "data": resource("organizations", object{"name": "Acme"})["data"]}}}
			result := c.by.do("POST", "/public/v2/operations", add, "Content-Type", operations, "Accept", operations).want(200)
			if meta, _ := result.json("atomic:results", 0, "meta").(object); c.meta["tokenExpiresAt"] != meta["tokenExpiresAt"] {
				t.Errorf("%s: meta of the operation is %v", c.name, meta)
			}
			refreshed := c.by.do("POST", "/public/v2/management/refresh-token/"+made.text("data", "id"), nil)
			if c.token != (refreshed.Status == 200) {
				t.Errorf("%s: refreshing the token: %d %s", c.name, refreshed.Status, refreshed.Body)
			} else if c.token {
				if diff := cmp.Diff(c.meta, refreshed.json("meta")); diff != "" {
					t.Errorf("%s: meta of the refreshed (-want +got):\n%s", c.name, diff)
				}
			}
		}
	})
}
