package server

import (
	"context"
	"errors"
	"net/http"

	"roster/auth"
	"roster/models"
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
// of a known caller is returned with the error, too. before is the request when it was served for a caller who is in doubt and was not who
// it seemed to be, else nil.
func (a *admission) admit(w http.ResponseWriter, r *http.Request, d *Door, rt *Route, before *Request) (*Request, error) {
	rq := &Request{Request: r, DB: a.db, needs: rt.needs(r), door: d}
	rq.Tried = rt.tried(r, rq.needs)
	if before != nil {
		rq.takeOver(before)
		ExchangeOf(r.Context()).Caller = models.Identity{}
	}
	if rq.needs.Public && !rq.needs.Visitor {
		return rq, a.limiter.Charge(w, r, nobody)
	}
	principal, err := a.identify(w, rq, rt, before == nil)
	if err == nil && principal == nil && !rq.needs.Visitor {
		err = &Error{Reason: Unauthenticated, Message: d.HowToPresent}
	}
	switch {
	case isStranger(err) || err == nil && principal == nil:
		if charged := a.charge(w, r, nobody, before); charged != nil {
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
	if err := a.charge(w, r, payerOf(principal), before); err != nil {
		return nil, err
	}
	if rq.doubt == nil {
		a.used.Note(&principal.Holder, a.db.Now())
	}
	trusted := a.origins
	if principal.IsPortal() { // a frame of ours is of our own origin, whoever has it in their page
		trusted = nil
	}
	if principal.SessionID != "" && !isSafe(r.Method) && originOf(r, trusted) != ourOrigin {
		return nil, foreignPage()
	}
	rq.Principal = principal
	rq.Request = rq.WithContext(store.Guarded(store.ForCaller(r.Context(), principal.Neighbour()), principal.Keep))
	return rq, permit(principal, rq.needs)
}

// charge charges who is to pay for a request, once: who has paid for it before, and was not who it seemed to be, gets that back.
func (a *admission) charge(w http.ResponseWriter, r *http.Request, p Payer, before *Request) error {
	if before != nil {
		if p == before.doubt.paid {
			return nil
		}
		a.limiter.repay(r, before.doubt.paid)
	}
	return a.limiter.Charge(w, r, p)
}

// identify returns who asks, by a key or by the cookie of a session, nil for nobody. A cookie that does not work is as good as none,
// because browsers send it whatever the page means to say; beside a key one that works is a second credential. ahead: who asks may be in
// doubt.
func (a *admission) identify(w http.ResponseWriter, rq *Request, rt *Route, ahead bool) (*auth.Principal, error) {
	key, err := rq.door.Credential(rq.Header)
	if err != nil {
		return nil, ambiguous()
	}
	secret := rq.door.cookie(rq.Request)
	ahead = ahead && (key == "" || secret == "")
	session, err := a.speaker(w, rq, rt, ahead, "session", secret, auth.LookUpSession)
	switch {
	case err != nil:
		return nil, err
	case key == "":
		return session, nil
	case session != nil:
		return nil, ambiguous()
	}
	principal, err := a.speaker(w, rq, rt, ahead, "payer", key, rq.door.lookUp)
	if err == nil && principal == nil {
		err = &Error{Reason: Unauthenticated, Message: rq.door.HowToPresent}
	}
	return principal, err
}

// isStranger reports whether an error says that nobody is known to have asked.
func isStranger(err error) bool {
	if err == nil {
		return false
	}
	var refusal *Error
	return errors.As(err, &refusal) && (refusal.Reason == Unauthenticated || refusal.Reason == AmbiguousCredentials)
}

func ambiguous() *Error {
	return &Error{Reason: AmbiguousCredentials, Message: "Send one credential, in one header."}
}

// speaker returns whom a credential speaks for, nil for nobody. Who is known and has nothing left of its budgets, or of its address's if
// it is nobody, is refused without a look into the database.
func (a *admission) speaker(w http.ResponseWriter, rq *Request, rt *Route, ahead bool, purpose, credential string,
	lookUp func(*store.DB, string) *models.Lookup,
) (*auth.Principal, error) {
	if credential == "" {
		return nil, nil
	}
	digest := string(a.db.Vault().Digest(purpose, credential)) // nobody finds a credential in the memory of this process
	last, known := a.payers.of(digest)
	if known {
		if err := a.limiter.Refuse(w, rq.Request, last.payer); err != nil {
			return nil, err
		}
	} else if address := a.limiter.ofAddress(ExchangeOf(rq.Context()).RemoteIP); a.limiter.isSpent(address) {
		done, err := a.payers.wait(rq.Context(), address.key.address)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	lookup := lookUp(a.db, credential)
	if ahead {
		if principal := a.foresee(rq, rt, last, lookup); principal != nil {
			return principal, nil
		}
	}
	principal, err := auth.Authenticate(rq.Context(), a.db, lookup)
	if err != nil {
		return nil, err
	}
	last = remembered{payer: nobody}
	if principal != nil {
		last = remembered{payerOf(principal), &principal.Holder}
	}
	a.payers.note(digest, last)
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
	lookUp := rq.door.lookUp
	if rq.Principal.SessionID != "" {
		lookUp, key = auth.LookUpSession, rq.door.cookie(rq.Request)
	}
	principal, err := auth.Authenticate(ctx, rq.DB, lookUp(rq.DB, key))
	if err != nil {
		return err
	}
	if principal == nil {
		return &Error{Reason: Unauthenticated, Message: "The credential does not work any more."}
	}
	rq.Principal = principal
	return permit(principal, rq.needs)
}
