package auth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"roster/models"
	"roster/models/store"
)

// Names of the cookie of a session: over TLS with the prefix that keeps other hosts and paths from setting it
// (draft-ietf-httpbis-rfc6265bis §4.1.3.2), which browsers take over TLS alone.
const (
	secureCookie = "__Host-roster"
	plainCookie  = "roster"
	// The session of a portal link has a cookie of its own, which is sent from within the pages of others, and counts with a header alone.
	portalSuffix = "-portal"
)

// PortalHeader is the header by which a request says that it comes from what a portal link has opened: [PortalValue]. A page of another
// origin cannot send it.
const (
	PortalHeader = "Roster-Session"
	PortalValue  = "portal"
)

// Site is where a request came to, as the browser sees it.
type Site struct {
	// Secure: over TLS, to us or to a proxy that we trust.
	Secure bool
	// Host is that of the URL, with its port if there is one.
	Host string
	// Portal: the request says that it comes from what a portal link has opened.
	Portal bool
}

// TakesCookies reports whether a session can be had there: over TLS, and on this machine without. A cookie must not travel in the clear.
func (s Site) TakesCookies() bool { return s.Secure || s.isLoopback() }

func (s Site) isLoopback() bool {
	name := s.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = strings.Trim(strings.ToLower(name), "[]")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761 §6.3
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

func (s Site) cookie() string {
	name := plainCookie
	if s.Secure {
		name = secureCookie
	}
	if s.Portal {
		name += portalSuffix
	}
	return name
}

// SessionSecret returns the secret in the cookie of a request, "" if there is none. Of what a portal link has opened that is in the cookie
// for it, and of everybody else in the other: neither is looked at in place of the other.
func SessionSecret(r *http.Request, site Site) string {
	cookie, err := r.Cookie(site.cookie())
	if err != nil || !site.TakesCookies() || len(cookie.Value) > maxCredential || models.IsPortalSecret(cookie.Value) != site.Portal {
		return ""
	}
	return cookie.Value
}

// LookUpSession returns the question whom the secret of a session speaks for.
func LookUpSession(db *store.DB, secret string) *models.Lookup {
	if secret == "" {
		return nil
	}
	return models.LookUpSession(db, secret)
}

// Cookie is what a browser is to keep of a session, or is to forget.
type Cookie struct {
	manager *scs.SessionManager
	secret  string
	until   time.Time // zero to forget it
}

// RenewCookie gives a session a new secret, in the transaction of what asks for one, and returns the cookie with it. The one before works
// no more once that is committed.
func RenewCookie(ctx context.Context, tx *store.DB, site Site, s *models.Session) (Cookie, error) {
	site.Portal = s.IsPortal()
	manager := managerOf(site)
	manager.Store = secrets{tx: tx, session: s}
	ctx, err := manager.Load(ctx, "")
	if err != nil {
		return Cookie{}, err
	}
	manager.SetDeadline(ctx, time.Now().Add(s.Deadline.Sub(tx.Now()))) // by the machine's clock, which the library counts from
	secret, until, err := manager.Commit(ctx)
	return Cookie{manager, s.SecretOf(secret), until}, err
}

// NoCookie returns what makes a browser forget its session.
func NoCookie(site Site) Cookie { return Cookie{manager: managerOf(site)} }

// Write puts the cookie into the header of an answer, in place of one that is there.
func (c Cookie) Write(to http.Header) {
	// The library says besides how the answer may be cached, which is for its route to say.
	written := header{}
	c.manager.WriteSessionCookie(context.Background(), written, c.secret, c.until)
	to["Set-Cookie"] = written["Set-Cookie"]
}

// Principal returns whose the session of the cookie is.
func (c Cookie) Principal(ctx context.Context, db *store.DB) (*Principal, error) {
	return Authenticate(ctx, db, LookUpSession(db, c.secret))
}

// header takes what is written to the header of an answer.
type header http.Header

// Header implements http.ResponseWriter, as the next two.
func (h header) Header() http.Header { return http.Header(h) }

func (h header) WriteHeader(int) {}

func (h header) Write(b []byte) (int, error) { return len(b), nil }

// managerOf returns the library's manager for a site, without its constructor, which would begin to clean up a store in memory.
func managerOf(site Site) *scs.SessionManager {
	m := &scs.SessionManager{
		Codec: scs.GobCodec{},
		Cookie: scs.SessionCookie{
			Name: site.cookie(), Secure: site.Secure, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Persist: true,
		},
	}
	if site.Portal { // browsers send it in a frame on these terms alone, and take them on plain loopback, too
		m.Cookie.Secure, m.Cookie.SameSite, m.Cookie.Partitioned = true, http.SameSiteNoneMode, true
	}
	return m
}

// secrets are the secrets of sessions, as the library keeps them: of one session, in a transaction. What a session says is in the row of
// it, which is read with whose it is (models.FindSession), so there is nothing else to keep, and nothing is ever found here.
type secrets struct {
	scs.Store // whose methods have no context and are not called
	tx        *store.DB
	session   *models.Session
}

var errNoSecrets = errors.New("secrets of sessions are not read")

// CommitCtx implements scs.CtxStore.
func (s secrets) CommitCtx(ctx context.Context, secret string, _ []byte, _ time.Time) error {
	return models.PutSessionSecret(ctx, s.tx, s.session.ID, s.session.SecretOf(secret))
}

// FindCtx implements scs.CtxStore.
func (s secrets) FindCtx(context.Context, string) ([]byte, bool, error) {
	return nil, false, errNoSecrets
}

// DeleteCtx implements scs.CtxStore.
func (s secrets) DeleteCtx(context.Context, string) error { return errNoSecrets }
