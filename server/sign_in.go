package server

import (
	"roster/auth"
	"roster/models"
	"roster/models/store"
)

// SignInWay is how a person signs in.
type SignInWay string

// The ways.
const (
	ByPassword SignInWay = "password"
	ByProvider SignInWay = "provider" // of OpenID Connect
	ByKey      SignInWay = "key"
	ByPortal   SignInWay = "portal"
)

// SigningIn notes that the request is an attempt to sign in, whatever becomes of it; it is counted.
func (rq *Request) SigningIn(way SignInWay) { ExchangeOf(rq.Context()).signsIn = way }

// SignIn signs a person in who has shown who they are: in the session of the browser, or in a new one. It returns the session, and the
// cookie that the answer must have.
func (rq *Request) SignIn(db *store.DB, who models.SignedIn) (s *models.Session, cookie auth.Cookie, err error) {
	err = store.Transaction(rq.Context(), db, func(tx *store.DB) (err error) {
		if s, err = models.BeginSession(rq.Context(), tx, RequestID(rq.Context()), rq.Visit(), who); err != nil {
			return err
		}
		cookie, err = auth.RenewCookie(rq.Context(), tx, SiteOf(rq.Request), s)
		return err
	})
	return s, cookie, err
}
