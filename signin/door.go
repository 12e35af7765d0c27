package signin

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"roster/auth"
	"roster/models"
	"roster/models/store"
	"roster/server"
)

const root = "/auth"

// door is what the routes share: the clients of providers by name.
type door struct{ clients map[string]*client }

// Door returns the front door.
func Door(db *store.DB, providers []Provider) *server.Door {
	d := &door{map[string]*client{}}
	for _, p := range providers {
		d.clients[p.Name] = newClient(p, db.Now)
	}
	return &server.Door{
		Paths:      []string{root},
		Credential: func(http.Header) (string, error) { return "", nil }, // browsers come here by a link
		Sessions:   true, HowToPresent: "Sign in.",
		Refusal: refusal,
		Routes: []server.Route{
			{Method: http.MethodGet, Path: root + "/{provider}", Needs: auth.Visitor(), Take: d.begin},
			{Method: http.MethodGet, Path: root + "/{provider}/callback", Needs: auth.Visitor(), Take: d.finish},
		},
	}
}

// client returns the one that the path names.
func (d *door) client(rq *server.Request) (*client, error) {
	if c := d.clients[rq.Var("provider")]; c != nil {
		return c, nil
	}
	return nil, &server.Error{Reason: server.NotFound, Message: "There is no provider of that name."}
}

// redirect returns where a provider sends browsers back to.
func redirect(rq *server.Request, c *client) string {
	return server.ExchangeOf(rq.Context()).Base + root + "/" + c.Name + "/callback"
}

// begin sends a browser to a provider.
func (d *door) begin(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	c, err := d.client(rq)
	if err != nil {
		return nil, err
	}
	site := server.SiteOf(rq.Request)
	if !site.TakesCookies() {
		return nil, &refused{status: http.StatusForbidden, message: "Signing in needs TLS: a cookie must not travel in the clear."}
	}
	return func(w http.ResponseWriter) error {
		b := begin(c.Name, rq.URL.Query().Get("next"), rq.DB.Now())
		sealed, err := b.seal(rq.DB.Vault())
		if err != nil {
			return err
		}
		if len(sealed) > maxCookie-100 { // a next of that length is no path of ours
			return &refused{status: http.StatusBadRequest, message: "This link is too long."}
		}
		to, err := c.authorizationURL(rq.Context(), redirect(rq, c), b)
		if err != nil {
			return err
		}
		http.SetCookie(w, cookie(site, sealed))
		return see(w, to)
	}, nil
}

// finish takes a browser back from a provider, and signs in whom that names.
func (d *door) finish(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	c, err := d.client(rq)
	if err != nil {
		return nil, err
	}
	rq.SigningIn(server.ByProvider)
	return func(w http.ResponseWriter) error {
		next, cookies, err := d.signIn(rq, c)
		if err != nil {
			var told *refused
			if errors.As(err, &told) {
				server.ExchangeOf(rq.Context()).Err = told.cause
			}
			return err
		}
		for _, one := range cookies {
			w.Header().Add("Set-Cookie", one)
		}
		return see(w, next)
	}, nil
}

// signIn makes a session of the answer of a provider. It returns where to go and the cookies to keep.
func (d *door) signIn(rq *server.Request, c *client) (next string, cookies []string, err error) {
	query, site := rq.URL.Query(), server.SiteOf(rq.Request)
	b := unseal(rq.DB.Vault(), rq.Request, site, rq.DB.Now())
	if b == nil || b.Provider != c.Name || subtle.ConstantTimeCompare([]byte(b.State), []byte(query.Get("state"))) != 1 {
		return "", nil, stale()
	}
	err = models.SpendSignIn(rq.Context(), rq.DB, b.State)
	switch {
	case store.IsKind(err, store.TooMany):
		return "", nil, stale()
	case err != nil:
		return "", nil, err
	case query.Has("error"):
		return "", nil, denied(query)
	}
	subject, err := c.redeem(rq.Context(), redirect(rq, c), query.Get("code"), query.Get("iss"), b)
	if err != nil {
		return "", nil, err
	}
	who, err := models.ProveSubject(rq.Context(), rq.DB, server.RequestID(rq.Context()), subject)
	if err != nil {
		return "", nil, err
	}
	_, session, err := rq.SignIn(rq.DB, who)
	if err != nil {
		return "", nil, err
	}
	header := http.Header{}
	session.Write(header)
	return b.Next, append(header["Set-Cookie"], cookie(site, "").String()), nil
}

// see sends a browser on.
func see(w http.ResponseWriter, to string) error {
	h := w.Header()
	h.Set("Location", to)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// stale is the error of an answer to no sign-in that this browser has under way: it was begun in another one, is finished, or took too
// long.
func stale() error {
	return &refused{status: http.StatusBadRequest, message: "This sign-in was not begun in this browser, is finished, or took too long. " +
		"Begin again."}
}

// errorCode is the form of the codes of providers' errors (RFC 6749 §4.1.2.1, OpenID Connect Core 1.0 §3.1.2.6).
var errorCode = regexp.MustCompile(`^[a-z_]{1,64}$`)

// denied is the error that a provider tells: of a person who does not want to, or of something that is wrong with it or us.
func denied(query url.Values) error {
	code := query.Get("error")
	if !errorCode.MatchString(code) {
		code = "unknown"
	}
	e := &refused{status: http.StatusBadGateway, message: "The provider did not sign you in.", code: code}
	if code == "access_denied" {
		e.status = http.StatusForbidden
	}
	return e
}
