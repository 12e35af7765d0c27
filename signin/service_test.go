package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"roster/auth"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
	"roster/signin"
)

// provider is a program of others that speaks OpenID Connect on a socket of its own. It lets in whom a test names, and says what a test
// puts into its mouth.
type provider struct {
	*mockoidc.MockOIDC
	name string

	mu     sync.Mutex
	forged func(jwt.MapClaims) (token string) // makes the token that is given out of its claims; nil for the right one
	said   map[string]string                  // is answered at a path, in place of what the provider has
}

func newProvider(t *testing.T, name string) *provider {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{MockOIDC: m, name: name, said: map[string]string{}}
	if m.Keypair, err = mockoidc.RandomKeypair(2048); err != nil {
		t.Fatal(err)
	}
	if err := m.AddMiddleware(p.speak); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(listener, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Server.Close() }) // the test is over
	return p
}

// speak takes a client's secret from the header, where the specification has it by default, and forges tokens.
func (p *provider) speak(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p.mu.Lock(); {
		case p.said[r.URL.Path] != "":
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(p.said[r.URL.Path]))
			p.mu.Unlock()
			return
		case r.URL.Path != mockoidc.TokenEndpoint:
			p.mu.Unlock()
			next.ServeHTTP(w, r)
			return
		}
		defer p.mu.Unlock()
		_ = r.ParseForm() // the program tells what is wrong
		if id, secret, ok := r.BasicAuth(); ok {
			r.Form.Set("client_id", id)
			r.Form.Set("client_secret", secret)
		}
		said := httptest.NewRecorder()
		next.ServeHTTP(said, r)
		body := said.Body.Bytes()
		if p.forged != nil && said.Code == http.StatusOK {
			body = p.forge(body)
		}
		for name, values := range said.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(said.Code)
		_, _ = w.Write(body)
	})
}

func (p *provider) forge(body []byte) []byte {
	answer, claims := map[string]any{}, jwt.MapClaims{}
	_ = json.Unmarshal(body, &answer)
	_, _, _ = jwt.NewParser().ParseUnverified(answer["id_token"].(string), claims)
	answer["id_token"] = p.forged(claims)
	body, _ = json.Marshal(answer)
	return body
}

// lie makes the provider give tokens with other claims, signed as they should be.
func (p *provider) lie(change func(jwt.MapClaims)) {
	p.forgeBy(func(claims jwt.MapClaims) string {
		change(claims)
		token, _ := p.Keypair.SignJWT(claims)
		return token
	})
}

// forgeBy sets what makes tokens, nil for the provider itself.
func (p *provider) forgeBy(make func(jwt.MapClaims) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forged = make
}

// say sets what is answered at a path, "" for what the provider has there.
func (p *provider) say(path, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said[path] = text
}

// inform sets what is answered for UserInfo.
func (p *provider) inform(info string) { p.say(mockoidc.UserinfoEndpoint, info) }

// signsByES256 makes the provider sign with a key on the curve P-256, and say so, before anybody has asked it.
func (p *provider) signsByES256(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes() // 4, x and y
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	p.say(mockoidc.JWKSEndpoint, `{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"curve","x":"`+encode(point[1:33])+
		`","y":"`+encode(point[33:])+`"}]}`)
	itself := httptest.NewRecorder()
	p.Discovery(itself, nil)
	p.say(mockoidc.DiscoveryEndpoint, strings.ReplaceAll(itself.Body.String(), "RS256", "ES256"))
	p.forgeBy(func(claims jwt.MapClaims) string {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
		token.Header["kid"] = "curve"
		text, _ := token.SignedString(key)
		return text
	})
}

// letsIn names whom the provider lets in next.
func (p *provider) letsIn(subject, email string, verified bool) {
	p.QueueUser(&mockoidc.MockUser{Subject: subject, Email: email, EmailVerified: verified})
}

func (p *provider) entry() signin.Provider {
	return signin.Provider{Name: p.name, Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecret: p.ClientSecret,
		Scopes: []string{"openid", "email"}}
}

// service is the door on a real socket over a real database, and two providers.
type service struct {
	t     *testing.T
	db    *store.DB
	clock *modelstest.Clock
	url   string
	// through is what its certificate is known to.
	through http.RoundTripper
	log     *servertest.Output
	one     *provider
	two     *provider
}

// eachService runs a test against the door on each database.
func eachService(t *testing.T, test func(t *testing.T, s *service)) {
	t.Helper()
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		clock.Set(time.Now()) // that of the providers
		s := &service{t: t, db: db, clock: clock, log: servertest.NewOutput(), one: newProvider(t, "one"), two: newProvider(t, "two")}
		s.listen(s.one.entry(), s.two.entry())
		test(t, s)
	})
}

func (s *service) listen(providers ...signin.Provider) { s.serve(false, providers...) }

// serve opens the door, over TLS or not.
func (s *service) serve(secure bool, providers ...signin.Provider) {
	s.t.Helper()
	h, err := server.New(server.Config{
		DB: s.db, LastUsed: auth.NewLastUsed(), Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		Metrics: server.NewMetrics(server.Build{Version: "test"}, s.db.Pools()), Health: server.NewHealth(s.db),
		Limiter: server.NewLimiter(0, time.Minute, time.Now),
		MaxBody: 1 << 16, Stop: s.t.Context(), RequestTimeout: 5 * time.Minute,
	}, signin.Door(s.db, providers))
	if err != nil {
		s.t.Fatal(err)
	}
	listening := httptest.NewUnstartedServer(h)
	if secure {
		listening.StartTLS()
	} else {
		listening.Start()
	}
	s.t.Cleanup(listening.Close)
	s.url, s.through = listening.URL, listening.Client().Transport
}

// user makes a user with an address and returns the id.
func (s *service) user(email string, options ...modelstest.Option) string {
	s.t.Helper()
	return modelstest.User(s.t, s.db, append(options, modelstest.With("email", email))...).ID
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	s    *service
	http *http.Client
}

func (s *service) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// page is what a browser was answered.
type page struct {
	*http.Response
	text string
}

// to is where it leads.
func (p page) to() string { return p.Header.Get("Location") }

// get goes to a URL, as by a link on a page of another site.
func (b *browser) get(target string) page {
	b.s.t.Helper()
	req, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodGet, target, nil)
	if err != nil {
		b.s.t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := b.http.Do(req)
	if err != nil {
		b.s.t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	_ = answer.Body.Close() // it was read
	return page{answer, string(body)}
}

// begin goes to a provider and returns where that sends the browser back to.
func (b *browser) begin(p *provider, next string) (callback string) {
	b.s.t.Helper()
	begun := b.get(b.s.url + "/auth/" + p.name + "?next=" + url.QueryEscape(next))
	if begun.StatusCode != http.StatusSeeOther || !strings.HasPrefix(begun.to(), p.AuthorizationEndpoint()+"?") {
		b.s.t.Fatalf("begun: %d to %s: %s", begun.StatusCode, begun.to(), begun.text)
	}
	back := b.get(begun.to())
	if back.StatusCode != http.StatusFound {
		b.s.t.Fatalf("the provider: %d %s", back.StatusCode, back.text)
	}
	return back.to()
}

// signIn goes all the way.
func (b *browser) signIn(p *provider, next string) page {
	b.s.t.Helper()
	return b.get(b.begin(p, next))
}

// who returns whose session the browser has, "" for none.
func (b *browser) who() string {
	b.s.t.Helper()
	at, err := url.Parse(b.s.url)
	if err != nil {
		b.s.t.Fatal(err)
	}
	for _, cookie := range b.http.Jar.Cookies(at) {
		if cookie.Name != "roster" {
			continue
		}
		holder, err := models.LookUpSession(b.s.db, cookie.Value).Find(b.s.t.Context(), b.s.db)
		if err != nil {
			b.s.t.Fatal(err)
		}
		if holder != nil {
			return holder.UserID
		}
	}
	return ""
}

// isIn makes sure that a browser was signed in as a user, and sent on.
func (b *browser) isIn(p page, user, next string) {
	b.s.t.Helper()
	if p.StatusCode != http.StatusSeeOther || p.to() != next || b.who() != user {
		b.s.t.Fatalf("%d to %q as %q, want %q as %q: %s", p.StatusCode, p.to(), b.who(), next, user, p.text)
	}
}

// isOut makes sure that a browser was shown a page of that status, and is as it was.
func (b *browser) isOut(p page, status int) {
	b.s.t.Helper()
	if p.StatusCode != status || b.who() != "" || p.Header.Get("Content-Type") != "text/html; charset=utf-8" ||
		p.Header.Get("X-Frame-Options") != "DENY" || p.Header.Get("Cache-Control") != "no-store" ||
		!strings.Contains(p.text, "Not signed in") {
		b.s.t.Fatalf("%d as %q %v, want %d: %s", p.StatusCode, b.who(), p.Header, status, p.text)
	}
}
