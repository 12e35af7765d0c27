package signin

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"roster/auth"
	"roster/models/store"
)

// lifetime is how long a sign-in may be under way.
const lifetime = 10 * time.Minute

// begun is a sign-in that is under way: what the browser that began it keeps, sealed.
type begun struct {
	Provider, State, Nonce, Verifier string
	// Next is where the browser goes in the end, a path of ours.
	Next  string
	Until time.Time
}

// begin returns a new sign-in.
func begin(provider, next string, now time.Time) *begun {
	return &begun{
		Provider: provider, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Next: ownPath(next), Until: now.Add(lifetime),
	}
}

// ownPath returns a path of ours, and the root for whatever could lead a browser elsewhere.
func ownPath(next string) string {
	const root = "/"
	odd := strings.ContainsFunc(next, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' })
	if odd || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return root
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return root
	}
	return next
}

// The cookie that holds it. Like that of a session it has the prefix that keeps other hosts from setting it, over TLS.
const (
	secureCookie = "__Host-roster-oidc"
	plainCookie  = "roster-oidc"
	sealedFor    = "sign-in under way"
	maxCookie    = 4096
)

// cookie returns the cookie of a site with a value; with "" the browser forgets it. Lax, because the browser comes back from another site.
func cookie(site auth.Site, value string) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // Secure wherever there is TLS; elsewhere only loopback gets one
		Name: plainCookie, Value: value, Path: "/", Secure: site.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int(lifetime / time.Second),
	}
	if site.Secure {
		c.Name = secureCookie
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// seal returns what the cookie holds.
func (b *begun) seal(vault *store.Vault) (string, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(vault.Seal(sealedFor, string(text))), nil
}

// unseal returns the sign-in that a browser has under way, nil for none that this service began and that still can end.
func unseal(vault *store.Vault, r *http.Request, site auth.Site, now time.Time) *begun {
	sent, err := r.Cookie(cookie(site, "").Name)
	if err != nil || len(sent.Value) > maxCookie {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(sent.Value)
	if err != nil {
		return nil
	}
	text, err := vault.Open(sealedFor, sealed)
	if err != nil {
		return nil
	}
	b := &begun{}
	if err := json.Unmarshal([]byte(text), b); err != nil || !b.Until.After(now) {
		return nil
	}
	return b
}
