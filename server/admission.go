package server

import (
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
}

// admit returns a request to a route with its caller. The permission is asked for last, so that nobody learns more than it may.
func (a *admission) admit(w http.ResponseWriter, r *http.Request, d *Door, rt *Route) (*Request, error) {
	rq := &Request{Request: r, DB: a.db, needs: rt.needs(r), door: d}
	if rq.needs.Public && !rq.needs.Guest {
		return rq, a.limiter.Charge(w, r, nobody)
	}
	credential, err := d.Credential(r.Header)
	if err != nil {
		if err := a.limiter.Charge(w, r, nobody); err != nil {
			return nil, err
		}
		return nil, &Error{Reason: AmbiguousCredentials, Message: "Send one credential, in one header."}
	}
	if rq.needs.Guest && credential == "" {
		return rq, a.limiter.Charge(w, r, nobody)
	}
	principal, err := a.identify(w, r, credential)
	if err != nil {
		return nil, err
	}
	if principal == nil {
		if err := a.limiter.Charge(w, r, nobody); err != nil {
			return nil, err
		}
		return nil, &Error{Reason: Unauthenticated, Message: d.HowToPresent}
	}
	ExchangeOf(r.Context()).Caller = principal.Identity()
	if err := a.limiter.Charge(w, r, payerOf(principal)); err != nil {
		return nil, err
	}
	a.used.Note(principal.KeyID, a.db.Now())
	if err := permit(principal, rq.needs); err != nil {
		return nil, err
	}
	rq.Principal = principal
	rq.Request = r.WithContext(store.ForCaller(r.Context(), principal.Neighbour()))
	return rq, nil
}

// identify returns whom a credential speaks for, nil for nobody. Who is known and has nothing left of its budgets, or of its address's if
// it is nobody, is refused without a look into the database.
func (a *admission) identify(w http.ResponseWriter, r *http.Request, credential string) (*auth.Principal, error) {
	if credential == "" {
		return nil, nil
	}
	digest := string(a.db.Vault().Digest("payer", credential)) // nobody finds a credential in the memory of this process
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
	principal, err := auth.Authenticate(r.Context(), a.db, credential)
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
		return &Error{Reason: Forbidden, Message: missing}
	}
	return nil
}

// AdmitAgain makes sure that a caller who has waited still is who it was, and may still do what it asked for.
func (rq *Request) AdmitAgain() error {
	credential, err := rq.door.Credential(rq.Header)
	if err != nil {
		return err
	}
	principal, err := auth.Authenticate(rq.Context(), rq.DB, credential)
	if err != nil {
		return err
	}
	if principal == nil {
		return &Error{Reason: Unauthenticated, Message: "The key does not work any more."}
	}
	rq.Principal = principal
	return permit(principal, rq.needs)
}
