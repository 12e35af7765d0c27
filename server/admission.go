package server

import (
	"context"
	"errors"
	"net/http"

	"roster/auth"
	"roster/models/store"
)

// admission decides who is served: it finds out who asks, charges whoever pays for that, and asks whether the caller may.
type admission struct {
	db      *store.DB
	limiter *Limiter
	used    *auth.LastUsed
	payers  *payers
	origins []string // whose pages may use the cookies of sessions
}

// admit returns a request to a route with its caller. The permission is asked for last, so that nobody learns more than it may. A request
// of a known caller is returned with the error, too.
func (a *admission) admit(w http.ResponseWriter, r *http.Request, d *Door, rt *Route) (*Request, error) {
	rq := &Request{Request: r, DB: a.db, needs: rt.needs(r), door: d}
	rq.Tried = rt.tried(r, rq.needs)
	if rq.needs.Public && !rq.needs.Visitor {
		return rq, a.limiter.Charge(w, r, nobody)
	}
	principal, err := a.identify(w, r, d)
	if err == nil && principal == nil && !rq.needs.Visitor {
		err = &Error{Reason: Unauthenticated, Message: d.HowToPresent}
	}
	switch {
	case isStranger(err) || err == nil && principal == nil:
		if charged := a.limiter.Charge(w, r, nobody); charged != nil {
			return nil, charged
		}
		if err == nil && !isSafe(r.Method) && originOf(r, a.origins) == foreignOrigin {
			err = foreignPage()
		}
		return rq, err
	case err != nil:
		return nil, err
	}
	ExchangeOf(r.Context()).Caller = principal.Identity()
	if err := a.limiter.Charge(w, r, payerOf(principal)); err != nil {
		return nil, err
	}
	a.used.Note(principal, a.db.Now())
	if principal.SessionID != "" && !isSafe(r.Method) && originOf(r, a.origins) != ourOrigin {
		return nil, foreignPage()
	}
	rq.Principal = principal
	rq.Request = r.WithContext(store.Guarded(store.ForCaller(r.Context(), principal.Neighbour()), principal.Keep))
	return rq, permit(principal, rq.needs)
}

// identify returns who asks, by a key or by the cookie of a session, nil for nobody. A cookie that does not work is as good as none,
// because browsers send it whatever the page means to say; beside a key one that works is a second credential.
func (a *admission) identify(w http.ResponseWriter, r *http.Request, d *Door) (*auth.Principal, error) {
	key, err := d.Credential(r.Header)
	if err != nil {
		return nil, ambiguous()
	}
	session, err := a.speaker(w, r, "session", d.cookie(r), auth.AuthenticateSession)
	switch {
	case err != nil:
		return nil, err
	case key == "":
		return session, nil
	case session != nil:
		return nil, ambiguous()
	}
	principal, err := a.speaker(w, r, "payer", key, d.authenticate)
	if err == nil && principal == nil {
		err = &Error{Reason: Unauthenticated, Message: d.HowToPresent}
	}
	return principal, err
}

// isStranger reports whether an error says that nobody is known to have asked.
func isStranger(err error) bool {
	var refusal *Error
	return errors.As(err, &refusal) && (refusal.Reason == Unauthenticated || refusal.Reason == AmbiguousCredentials)
}

func ambiguous() *Error {
	return &Error{Reason: AmbiguousCredentials, Message: "Send one credential, in one header."}
}

// speaker returns whom a credential speaks for, nil for nobody. Who is known and has nothing left of its budgets, or of its address's if
// it is nobody, is refused without a look into the database.
func (a *admission) speaker(w http.ResponseWriter, r *http.Request, purpose, credential string,
	ask func(context.Context, *store.DB, string) (*auth.Principal, error),
) (*auth.Principal, error) {
	if credential == "" {
		return nil, nil
	}
	digest := string(a.db.Vault().Digest(purpose, credential)) // nobody finds a credential in the memory of this process
	payer, known := a.payers.of(digest)
	if known {
		if err := a.limiter.Refuse(w, r, payer); err != nil {
			return nil, err
		}
	} else if address := a.limiter.ofAddress(ExchangeOf(r.Context()).RemoteIP); a.limiter.isSpent(address) {
		done, err := a.payers.wait(r.Context(), address.key)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	principal, err := ask(r.Context(), a.db, credential)
	if err != nil {
		return nil, err
	}
	payer = nobody
	if principal != nil {
		payer = payerOf(principal)
	}
	a.payers.note(digest, payer)
	return principal, nil
}

func permit(principal *auth.Principal, needs auth.Permission) error {
	if missing := principal.Missing(needs); missing != "" {
		return &Error{Reason: Forbidden, Message: missing, Permission: needs.Words()}
	}
	return nil
}

// AdmitAgain makes sure that a caller who has waited still is who it was, and may still do what it asked for.
func (rq *Request) AdmitAgain(ctx context.Context) error {
	key, err := rq.door.Credential(rq.Header)
	if err != nil {
		return err
	}
	ask := rq.door.authenticate
	if rq.Principal.SessionID != "" {
		ask, key = auth.AuthenticateSession, rq.door.cookie(rq.Request)
	}
	principal, err := ask(ctx, rq.DB, key)
	if err != nil {
		return err
	}
	if principal == nil {
		return &Error{Reason: Unauthenticated, Message: "The credential does not work any more."}
	}
	rq.Principal = principal
	return permit(principal, rq.needs)
}
