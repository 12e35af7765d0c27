package handlers_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

const secondFactorPath = "/public/v2/me/totp"

// signInWith signs in with the password that account gives, and a code.
func (b *browser) signInWith(email, code string) *answer {
	b.t.Helper()
	return b.do("POST", sessionsPath, resource("sessions", object{"email": email, "password": passwordOf(email), "totp": code}))
}

// enrolled signs a user in who has no second factor, gives them one, and returns the browser with the recovery codes.
func (st *story) enrolled(email string) (b *browser, recovery []any) {
	st.t.Helper()
	b = st.browser()
	for _, cookie := range (&http.Response{Header: b.signIn(email).Header}).Cookies() {
		b.cookie = cookie.Value // which a browser would take for expired by now
	}
	code, err := totp.GenerateCode(b.do("POST", secondFactorPath, nil).want(200).text("meta", "secret"), st.clock.Now())
	if err != nil {
		st.t.Fatal(err)
	}
	return b, b.do("POST", secondFactorPath+"/confirm", meta(object{"code": code})).want(200).json("meta", "recoveryCodes").([]any)
}

// TestManyRightPasswordsAtOnceAreNoFailures: they wait for each other, and are not counted meanwhile.
func TestManyRightPasswordsAtOnceAreNoFailures(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			cfg.PasswordWork = 2
			s := newService(t, modelstest.OpenConfig(t, cfg))
			const email = "eva@example.com"
			s.account(email, "")
			var all sync.WaitGroup
			for range 15 {
				all.Go(func() {
					a := s.browser().try(email, passwordOf(email))
					if a.Status != 201 && a.Status != 503 { // a slow machine
						t.Errorf("%d %s", a.Status, a.Body)
					}
				})
			}
			all.Wait()
			s.browser().signIn(email)
		})
	}
}

// meta is a document with members of meta alone.
func meta(members object) object { return object{"meta": members} }

// TestAnOldSignInGivesNobodyASecondFactor without the password: whoever has stolen it could lock its person out.
func TestAnOldSignInGivesNobodyASecondFactor(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		clock.Set(time.Now())
		s := newService(t, db)
		const email = "eva@example.com"
		s.account(email, "")
		eva := s.browser()
		eva.signIn(email)
		clock.Advance(16 * time.Minute)
		eva.do("POST", secondFactorPath, nil).want(403)
		eva.do("POST", secondFactorPath, meta(object{"currentPassword": "not the password"})).want(403)
		eva.do("POST", secondFactorPath, meta(object{"currentPassword": passwordOf(email)})).want(200)
		eva.signIn(email)
		eva.do("POST", secondFactorPath, nil).want(200)
	})
}

func TestASecondFactorOverHTTP(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		clock.Set(time.Now()) // the cookie lasts by that of the browser, too
		s := newService(t, db)
		const email = "eva@example.com"
		id := s.account(email, "")
		eva := s.browser()
		eva.signIn(email)
		code := func(secret string) string {
			text, err := totp.GenerateCode(secret, clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		if eva.get("/public/v2/me").want(200).json("meta", "secondFactor") != false {
			t.Error("there is a second factor already")
		}
		made := eva.do("POST", secondFactorPath, nil).want(200)
		secret := made.text("meta", "secret")
		if made.Header.Get("Cache-Control") != "no-store" || made.text("data", "id") != id ||
			!strings.Contains(made.text("meta", "url"), "secret="+secret) {
			t.Errorf("made %v %s", made.Header, made.Body)
		}
		for body, pointer := range map[string]string{`{"meta":{"code":"12345678"}}`: "/meta/code", `{"meta":{}}`: "/meta",
			`{"meta":{"code":7}}`: "/meta/code"} {
			if errs := eva.do("POST", secondFactorPath+"/confirm", body).want(422).errors(); errs[0].Pointer != pointer {
				t.Errorf("%s: told at %s", body, errs[0].Pointer)
			}
		}
		confirmed := eva.do("POST", secondFactorPath+"/confirm", meta(object{"code": code(secret)})).want(200)
		recovery := confirmed.json("meta", "recoveryCodes").([]any)
		if len(recovery) != 10 || confirmed.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("recovery codes: %v %s", confirmed.Header, confirmed.Body)
		}
		eva.do("POST", secondFactorPath, nil).want(409)
		if eva.get("/public/v2/me").want(200).json("meta", "secondFactor") != true {
			t.Error("the second factor is not told")
		}

		clock.Advance(time.Minute)
		other := s.browser()
		missing := other.try(email, passwordOf(email)).want(401)
		if errs := missing.errors(); errs[0].Code != "second_factor_required" || other.cookie != "" {
			t.Errorf("without a code: %s", missing.Body)
		}
		wrong := other.signInWith(email, "12345678").want(401)
		unknown := other.signInWith("nobody@example.com", "12345678").want(401)
		if string(wrong.Body) != string(unknown.Body) || wrong.errors()[0].Code != "unauthenticated" {
			t.Errorf("a wrong code: %s, an unknown address: %s", wrong.Body, unknown.Body)
		}
		other.signInWith(email, code(secret)).want(201)
		if m := other.get("/public/v2/signIns?sort=id").want(200); !strings.Contains(string(m.Body), `"totp"`) {
			t.Errorf("the method is not told: %s", m.Body)
		}
		s.browser().signInWith(email, code(secret)).want(401)
		s.browser().signInWith(email, recovery[0].(string)).want(201)

		other.do("DELETE", secondFactorPath, nil).want(403)
		other.do("DELETE", secondFactorPath, meta(object{"currentPassword": "incorrect horse"})).want(403)
		other.do("DELETE", secondFactorPath, meta(object{"code": recovery[1]})).want(204)
		other.do("DELETE", secondFactorPath, meta(object{"code": recovery[1]})).want(404)
		s.browser().signIn(email)
	})
}

func TestOnlyTheirOwnSessionAndTheOperatorReachASecondFactor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		const email = "eva@example.com"
		org, token := s.organization("Acme")
		id := s.account(email, org, models.RoleOwner)
		eva := s.browser()
		eva.signIn(email)
		bound := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "kind": "management", "scopes": []string{"*"}},
			"organization", ref("organizations", org))).want(201).text("data", "attributes", "key")
		user := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "kind": "user", "scopes": []string{"*"}},
			"user", ref("users", id))).want(201).text("data", "attributes", "key")
		for _, key := range []string{s.key, token, bound, user} {
			s.as(key).do("POST", secondFactorPath, nil).want(403)
			s.as(key).do("POST", secondFactorPath+"/confirm", meta(object{"code": "123456"})).want(403)
			s.as(key).do("DELETE", secondFactorPath, nil).want(403)
		}
		made := eva.do("POST", secondFactorPath, nil).want(200)
		code, err := totp.GenerateCode(made.text("meta", "secret"), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		eva.do("POST", secondFactorPath+"/confirm", meta(object{"code": code})).want(200)
		at := "/public/v2/users/" + id + "/totp"
		for _, key := range []string{token, bound, user} {
			s.as(key).do("DELETE", at, nil).want(403)
		}
		eva.do("DELETE", at, nil).want(403)
		s.do("DELETE", at, nil, "If-Match", `"1000000-0"`).want(412)
		s.do("DELETE", "/public/v2/users/"+missingID+"/totp", nil).want(404)
		s.do("DELETE", at, nil).want(204)
		s.do("DELETE", at, nil).want(404)
		eva.get("/public/v2/me").want(200) // no session ended
		for _, told := range []*answer{s.get("/public/v2/events"), s.as(token).get("/public/v2/users/" + id)} {
			if strings.Contains(string(told.Body), made.text("meta", "secret")) {
				t.Error("the secret is told")
			}
		}
	})
}
