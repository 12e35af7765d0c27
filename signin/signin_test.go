package signin_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
)

const ada = "ada@example.com"

func TestAVerifiedAddressFindsTheUserAndTheSubjectFromThenOn(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id := s.user(ada)
		s.one.letsIn("subject-1", "Ada@Example.com", true)
		b := s.browser()
		b.isIn(b.signIn(s.one, "/console/?tab=2#top"), id, "/console/?tab=2#top")

		other := s.user("bob@example.com")
		s.one.letsIn("subject-1", "bob@example.com", true) // the address changed at the provider, and is somebody else's here
		b = s.browser()
		b.isIn(b.signIn(s.one, "/"), id, "/")
		s.one.letsIn("subject-1", "", false)
		b = s.browser()
		b.isIn(b.signIn(s.one, ""), id, "/")

		s.two.letsIn("subject-1", "bob@example.com", true) // the same words of another provider
		b.isIn(b.signIn(s.two, "/"), other, "/")           // in the session of the first

		s.one.letsIn("subject-2", ada, true) // the provider gave the address to somebody else
		b = s.browser()
		b.isOut(b.signIn(s.one, "/"), http.StatusForbidden)
	})
}

func TestABrowserKeepsItsSessionAndItsSignInsAreOfOIDC(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.user(ada)
		s.user("bob@example.com")
		b := s.browser()
		s.one.letsIn("a", ada, true)
		b.signIn(s.one, "/")
		s.one.letsIn("b", "bob@example.com", true)
		b.signIn(s.one, "/")
		var sessions, signIns int64
		err := s.db.Session(t.Context()).Raw(`SELECT COUNT(DISTINCT session_id), COUNT(*) FROM sign_ins WHERE method = 'oidc'`).
			Row().Scan(&sessions, &signIns)
		if err != nil || sessions != 1 || signIns != 2 {
			t.Errorf("%d sign-ins in %d sessions: %v", signIns, sessions, err)
		}
	})
}

func TestWhomNobodyKnowsIsNotSignedIn(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.user(ada)
		s.user("idle@example.com", modelstest.With("active", false))
		var texts []string
		for _, who := range []mockoidc.MockUser{
			{Subject: "1", Email: ada}, // not verified
			{Subject: "2", Email: "nobody@example.com", EmailVerified: true},
			{Subject: "3", Email: "idle@example.com", EmailVerified: true},
			{Subject: "4"},
		} {
			s.one.QueueUser(&who)
			b := s.browser()
			p := b.signIn(s.one, "/")
			b.isOut(p, http.StatusForbidden)
			texts = append(texts, p.text)
		}
		for _, text := range texts {
			if text != texts[0] {
				t.Errorf("the page tells why: %s, and %s", texts[0], text)
			}
		}
		s.one.lie(func(c jwt.MapClaims) { c["email_verified"] = "true" }) // no text, true
		s.one.letsIn("5", ada, true)
		b := s.browser()
		b.isOut(b.signIn(s.one, "/"), http.StatusForbidden)
	})
}

// TestAnOpenInvitationMakesAUser of somebody whose address a provider has verified, with its roles; and no other invitation does.
func TestAnOpenInvitationMakesAUser(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		acme := modelstest.Organization(t, s.db).ID
		invite := func(email string) *models.Invitation {
			t.Helper()
			inv, err := models.CreateInvitation(t.Context(), s.db, models.System("test"), &models.Change{
				Attributes: map[string]any{"email": email},
				Links:      map[string]models.Links{"organization": {acme}, "roles": {models.RoleManager}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return inv
		}
		inv, revoked := invite("Grace@Example.com"), invite("gone@example.com")
		if err := models.DeleteInvitation(t.Context(), s.db, models.System("test"), revoked.ID, nil); err != nil {
			t.Fatal(err)
		}
		s.one.letsIn("1", "gone@example.com", true)
		b := s.browser()
		b.isOut(b.signIn(s.one, "/"), http.StatusForbidden)
		s.one.letsIn("2", "grace@example.com", false) // which anybody could say
		b.isOut(b.signIn(s.one, "/"), http.StatusForbidden)

		s.one.letsIn("3", "grace@example.com", true)
		p := b.signIn(s.one, "/")
		id := b.who()
		b.isIn(p, id, "/")
		found, err := collection.Find(t.Context(), s.db, models.Invitations, collection.Everything(), inv.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		answered := found.(*models.Invitation)
		if answered.State != "accepted" || answered.AcceptedBy == nil || *answered.AcceptedBy != id {
			t.Errorf("the invitation is %+v", answered)
		}
		if user, err := collection.Find(t.Context(), s.db, models.Users, collection.Everything(), id, nil); err != nil ||
			user.(*models.User).EmailVerifiedAt == nil {
			t.Errorf("the user is %+v: %v", user, err)
		}
		words, err := models.Permissions(t.Context(), s.db, models.Caller{Kind: models.BySession, ID: id,
			Scope: collection.Person(id), Rights: models.Rights{Scopes: []string{models.EveryScope}}}, []string{acme})
		if err != nil || !slices.Contains(words[acme], "memberships:write") {
			t.Errorf("they may %v: %v", words, err)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestTheAddressMayStandInUserInfo: many providers tell it only there.
func TestTheAddressMayStandInUserInfo(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id := s.user(ada)
		s.one.lie(func(c jwt.MapClaims) { // that the address is verified counts where the address stands
			delete(c, "email")
			c["email_verified"] = true
		})
		for info, status := range map[string]int{
			`{"sub":"a","email":"ada@example.com"}`:                            http.StatusForbidden,
			`{"sub":"a","email":"ada@example.com","email_verified":false}`:     http.StatusForbidden,
			`{"sub":"b","email":"ada@example.com","email_verified":true}`:      http.StatusUnauthorized,
			`{"sub":"a","email":"somebody@example.com","email_verified":true}`: http.StatusForbidden,
			`{"sub":"a"`: http.StatusBadGateway,
		} {
			s.one.inform(info)
			s.one.letsIn("a", "", false)
			b := s.browser()
			b.isOut(b.signIn(s.one, "/"), status)
		}
		s.one.inform(`{"sub":"a","email":"ada@example.com","email_verified":true}`)
		s.one.letsIn("a", "", false)
		b := s.browser()
		b.isIn(b.signIn(s.one, "/"), id, "/")
	})
}

func TestWhoIsInactiveLaterIsNotSignedInByTheSubject(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id := s.user(ada)
		s.one.letsIn("a", ada, true)
		b := s.browser()
		b.isIn(b.signIn(s.one, "/"), id, "/")
		if _, err := s.db.Exec(t.Context(), `UPDATE users SET active = ? WHERE id = ?`, false, id); err != nil {
			t.Fatal(err)
		}
		s.one.letsIn("a", ada, true)
		b = s.browser()
		b.isOut(b.signIn(s.one, "/"), http.StatusForbidden)
	})
}

func TestAnAddressThatIsNoneFindsNobody(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		for _, email := range []string{"ada@\x00example.com", "ada", strings.Repeat("a", 300) + "@example.com"} {
			s.one.letsIn("a", email, true)
			b := s.browser()
			b.isOut(b.signIn(s.one, "/"), http.StatusForbidden)
		}
	})
}

// TestAnAccountIsThatOfWhoseAddressItIs: somebody gave an address of others to their account, and waits for them in it.
func TestAnAccountIsThatOfWhoseAddressItIs(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		const password = "correct horse battery"
		id := s.user("eve@example.com", modelstest.With("password", password))
		s.one.letsIn("eve", "eve@example.com", true)
		eve := s.browser()
		eve.isIn(eve.signIn(s.one, "/"), id, "/")
		by := models.Caller{Kind: models.BySession, ID: id, Scope: collection.Person(id), Rights: models.Rights{Scopes: []string{"*"}}}
		key := &models.Change{Attributes: map[string]any{"name": "Mine", "kind": "user", "scopes": jsonapi.Strings{"*"}}}
		if _, err := models.CreateAPIKey(t.Context(), s.db, by, key); err != nil {
			t.Fatal(err)
		}
		move := &models.Change{Attributes: map[string]any{"email": ada}, CurrentPassword: password}
		if _, err := models.UpdateUser(t.Context(), s.db, by, id, move); err != nil {
			t.Fatal(err)
		}

		s.one.letsIn("ada", ada, true)
		b := s.browser()
		b.isIn(b.signIn(s.one, "/"), id, "/")
		if who := eve.who(); who != "" {
			t.Errorf("the session of who was there before is that of %s", who)
		}
		var left struct {
			Keys, Subjects, Passwords int64
		}
		err := s.db.Session(t.Context()).Raw(`SELECT (SELECT COUNT(*) FROM api_keys WHERE user_id = ?) AS keys,
			(SELECT COUNT(*) FROM user_subjects WHERE user_id = ? AND subject <> 'ada') AS subjects,
			(SELECT COUNT(*) FROM users WHERE id = ? AND password_hash IS NOT NULL) AS passwords`, id, id, id).Scan(&left).Error
		if err != nil || left.Keys+left.Subjects+left.Passwords != 0 {
			t.Errorf("who was there before has %+v (%v)", left, err)
		}
		s.one.letsIn("eve", "eve@example.com", true)
		eve = s.browser()
		eve.isOut(eve.signIn(s.one, "/"), http.StatusForbidden)

		s.two.letsIn("ada", ada, true) // the address is proven now: another proof takes nothing away
		b.isIn(b.signIn(s.two, "/"), id, "/")
		s.one.letsIn("ada", "", false)
		b.isIn(b.signIn(s.one, "/"), id, "/")
	})
}

func TestATokenThatIsNotAsItShouldBeProvesNothing(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.user(ada)
		claim := func(name string, value any) func() {
			return func() { s.one.lie(func(c jwt.MapClaims) { c[name] = value }) }
		}
		stranger, err := mockoidc.RandomKeypair(2048)
		if err != nil {
			t.Fatal(err)
		}
		kid, err := s.one.Keypair.KeyID()
		if err != nil {
			t.Fatal(err)
		}
		signed := func(method jwt.SigningMethod, key any) func() {
			return func() {
				s.one.forgeBy(func(c jwt.MapClaims) string {
					token := jwt.NewWithClaims(method, c)
					token.Header["kid"] = kid
					text, err := token.SignedString(key)
					if err != nil {
						t.Error(err)
					}
					return text
				})
			}
		}
		for name, forge := range map[string]func(){
			"another nonce":                  claim("nonce", "other"),
			"no nonce":                       func() { s.one.lie(func(c jwt.MapClaims) { delete(c, "nonce") }) },
			"another audience":               claim("aud", "other"),
			"another party":                  claim("azp", "other"),
			"another issuer":                 claim("iss", s.two.Issuer()),
			"no subject":                     claim("sub", ""),
			"a subject with a NUL":           claim("sub", "a\x00b"),
			"a subject without an end":       claim("sub", strings.Repeat("a", 1<<11)),
			"expired":                        claim("exp", time.Now().Add(-time.Minute).Unix()),
			"not yet valid":                  claim("nbf", time.Now().Add(time.Hour).Unix()),
			"unsigned":                       signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
			"signed by another key":          signed(jwt.SigningMethodRS256, stranger.PrivateKey),
			"signed by the client's secret":  signed(jwt.SigningMethodHS256, []byte(s.one.ClientSecret)),
			"signed by the key of the other": signed(jwt.SigningMethodRS256, s.two.Keypair.PrivateKey),
			"no token":                       func() { s.one.forgeBy(func(jwt.MapClaims) string { return "" }) },
		} {
			forge()
			s.one.letsIn("a", ada, true)
			b := s.browser()
			p := b.signIn(s.one, "/")
			if p.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s:", name)
			}
			b.isOut(p, http.StatusUnauthorized)
		}
		s.one.forgeBy(nil)
		s.one.letsIn("a", ada, true)
		b := s.browser()
		if p := b.signIn(s.one, "/"); p.StatusCode != http.StatusSeeOther {
			t.Errorf("the right token: %d %s", p.StatusCode, p.text)
		}
	})
}

// TestAProviderMaySignByES256: what it says of itself decides, and a token that is signed as others do is not believed then.
func TestAProviderMaySignByES256(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id := s.user(ada)
		s.one.signsByES256(t)
		s.one.letsIn("a", ada, true)
		b := s.browser()
		b.isIn(b.signIn(s.one, "/"), id, "/")
		for range 2 {
			s.one.letsIn("a", ada, true)
		}
		s.one.forgeBy(nil) // by RS256, with the key that it had
		b = s.browser()
		b.isOut(b.signIn(s.one, "/"), http.StatusUnauthorized)
		s.one.signsByES256(t) // by another key of the curve, which it shows
		b.isIn(b.signIn(s.one, "/"), id, "/")
	})
}

func TestACallbackIsForTheSignInThatTheBrowserBegan(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id := s.user(ada)
		for range 6 {
			s.one.letsIn("a", ada, true)
			s.two.letsIn("a", ada, true)
		}
		b, other := s.browser(), s.browser()
		callback := b.begin(s.one, "/")

		other.isOut(other.get(callback), http.StatusBadRequest) // a browser that began nothing
		other.begin(s.one, "/")
		other.isOut(other.get(callback), http.StatusBadRequest) // one that began another

		altered := strings.Replace(callback, "state=", "state=x", 1)
		b.isOut(b.get(altered), http.StatusBadRequest)
		b.isOut(b.get(strings.Replace(callback, "/auth/one/", "/auth/two/", 1)), http.StatusBadRequest) // mixed up
		b.isOut(b.get(callback+"&iss="+url.QueryEscape(s.two.Issuer())), http.StatusUnauthorized)
		b.isOut(b.get(callback), http.StatusBadRequest) // it was tried

		callback = b.begin(s.one, "/")
		jar := b.http.Jar.Cookies(mustParse(t, s.url)) // what the browser had before it was signed in
		b.isIn(b.get(callback), id, "/")
		again := s.browser()
		again.isOut(again.get(callback), http.StatusBadRequest)
		again.http.Jar.SetCookies(mustParse(t, s.url), jar)
		again.isOut(again.get(callback), http.StatusBadRequest) // a replay with the cookie and all

		late := s.browser()
		callback = late.begin(s.one, "/")
		s.clock.Advance(11 * time.Minute)
		late.isOut(late.get(callback), http.StatusBadRequest)
	})
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestSeveralCallbacksAtOnceSignInOnce sends one eight times.
func TestSeveralCallbacksAtOnceSignInOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.user(ada)
		s.one.letsIn("a", ada, true)
		b := s.browser()
		callback := b.begin(s.one, "/")
		statuses := make(chan int)
		for range 8 {
			go func() { statuses <- b.get(callback).StatusCode }()
		}
		in := 0
		for range 8 {
			if <-statuses == http.StatusSeeOther {
				in++
			}
		}
		if in > 1 {
			t.Errorf("%d were signed in", in)
		}
	})
}

func TestWhatAProviderSaysOfItsErrorsIsItsCodeAlone(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for code, want := range map[string]struct {
			status int
			told   string
		}{
			"access_denied":             {http.StatusForbidden, "<code>access_denied</code>"},
			"temporarily_unavailable":   {http.StatusBadGateway, "<code>temporarily_unavailable</code>"},
			"<script>alert(1)</script>": {http.StatusBadGateway, "<code>unknown</code>"},
		} {
			b := s.browser()
			back := mustParse(t, b.begin(s.one, "/"))
			query := url.Values{"state": {back.Query().Get("state")}, "error": {code}, "error_description": {"hunter2 <b>"}}
			p := b.get(s.url + "/auth/one/callback?" + query.Encode())
			b.isOut(p, want.status)
			if !strings.Contains(p.text, want.told) || strings.Contains(p.text, "hunter2") {
				t.Errorf("%s: %s", code, p.text)
			}
		}
		b := s.browser()
		callback := b.begin(s.one, "/")
		s.one.QueueError(&mockoidc.ServerError{Code: 500, Error: "server_error", Description: "hunter2"})
		p := b.get(callback)
		b.isOut(p, http.StatusBadGateway)
		if strings.Contains(p.text, "hunter2") || strings.Contains(s.log.String(), "hunter2") {
			t.Errorf("its words are told: %s\n%s", p.text, s.log.String())
		}
	})
}

func TestAProviderIsAskedWhenItIsNeededAndAgainAfterAFailure(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id := s.user(ada)
		b := s.browser()
		s.one.QueueError(&mockoidc.ServerError{Code: 503, Error: "server_error"})
		b.isOut(b.get(s.url+"/auth/one"), http.StatusBadGateway)
		s.one.letsIn("a", ada, true)
		b.isIn(b.signIn(s.one, "/"), id, "/")

		gone := s.two.entry()
		_ = s.two.Server.Close() // it is to be gone
		s.listen(gone)
		b = s.browser()
		b.isOut(b.get(s.url+"/auth/two"), http.StatusBadGateway)
	})
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id := s.user(ada)
		for next, want := range map[string]string{
			"": "/", "/": "/", "/console/users?a=b%20c": "/console/users?a=b%20c", "console": "/",
			"//evil.example": "/", "///evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/", "https://evil.example": "/",
			"HTTPS:evil.example": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "/\n/evil.example": "/",
			"\t//evil.example": "/",
			" //evil.example":  "/", "/%0d%0aSet-Cookie:x": "/%0d%0aSet-Cookie:x", "/%2f/evil.example": "/%2f/evil.example", "/a\x7f": "/",
			"?next=x": "/", "/%zz": "/",
		} {
			s.one.letsIn("a", ada, true)
			b := s.browser()
			b.isIn(b.signIn(s.one, next), id, want)
		}
		b := s.browser()
		b.isOut(b.get(s.url+"/auth/one?next=/"+strings.Repeat("a", 5000)), http.StatusBadRequest)
	})
}

func TestACookieDoesNotTravelInTheClear(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		b := s.browser()
		far := "http://roster.example.com/auth/one"
		b.http.Transport = &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(s.url) }}
		b.isOut(b.get(far), http.StatusForbidden)

		s.serve(true, s.one.entry())
		b = s.browser()
		b.http.Transport = s.through
		begun := b.get(s.url + "/auth/one")
		cookie := begun.Header.Get("Set-Cookie")
		if !strings.HasPrefix(cookie, "__Host-roster-oidc=") || !strings.Contains(cookie, "; Secure") ||
			!strings.HasPrefix(mustParse(t, begun.to()).Query().Get("redirect_uri"), "https://") {
			t.Errorf("%s to %s", cookie, begun.to())
		}
	})
}

func TestWhatABrowserIsToldAtTheBeginning(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		b := s.browser()
		b.isOut(b.get(s.url+"/auth/three"), http.StatusNotFound)
		b.isOut(b.get(s.url+"/auth/three/callback"), http.StatusNotFound)
		b.isOut(b.get(s.url+"/auth"), http.StatusNotFound)
		begun := b.get(s.url + "/auth/one")
		sent := mustParse(t, begun.to()).Query()
		for name, want := range map[string]string{
			"response_type": "code", "client_id": s.one.ClientID, "redirect_uri": s.url + "/auth/one/callback", "scope": "openid email",
			"code_challenge_method": "S256",
		} {
			if sent.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, sent.Get(name), want)
			}
		}
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			if len(sent.Get(name)) < 26 {
				t.Errorf("%s is %q", name, sent.Get(name))
			}
		}
		cookie := begun.Header.Get("Set-Cookie")
		for _, want := range []string{"roster-oidc=", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=600"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("%s has no %s", cookie, want)
			}
		}
		for _, secret := range []string{sent.Get("state"), sent.Get("nonce"), "one"} {
			if strings.Contains(strings.TrimPrefix(cookie, "roster-oidc"), secret) && len(secret) > 10 {
				t.Errorf("the cookie can be read: %s", cookie)
			}
		}
	})
}
