package server

import (
	"context"
	"errors"
	"net/http"

	"roster/auth"
	"roster/models"
	"roster/models/store"
)

// A request that only asks is served by what was remembered of its credential, while the database is asked, in one round trip, who that
// speaks for now and what the answer consists of. The database has the last word: of each such request, a doubt is settled before the first
// byte of an answer is sent. Where something else has become true, what was made is thrown away and the request is served from the
// beginning (docs/adr/0096).

// doubt is whether a caller who is served by what was remembered of it still is who it was.
type doubt struct {
	db         *store.DB
	lookup     *models.Lookup
	remembered *models.Holder
	state      certainty
	// paid is who was charged.
	paid Payer
}

type certainty int

const (
	unknown certainty = iota
	right             // the holder is the one that was remembered
	wrong
)

// errWrong ends what asks on behalf of somebody who is somebody else by now.
var errWrong = errors.New("the caller is not who it was")

// query returns the SELECT that settles the doubt.
func (d *doubt) query() store.Query {
	q := d.lookup.Query()
	take := q.Take
	q.Take = func(a *store.Answer) error {
		if err := take(a); err != nil {
			return err
		}
		if d.state = right; !d.remembered.Is(d.lookup.Holder()) {
			d.state = wrong
			return errWrong
		}
		return nil
	}
	return q
}

// settle makes sure that the doubt is settled. The error is that of a database that does not answer.
func (d *doubt) settle(ctx context.Context) error {
	if d.state != unknown {
		return nil
	}
	if err := d.db.Ask(ctx, d.query()); d.state == unknown {
		return err
	}
	return nil
}

// doubted is an answer that is kept back until the doubt is settled, and is lost if it was wrong.
type doubted struct {
	http.ResponseWriter
	ctx  context.Context
	of   *doubt
	lost bool
	err  error // of settling
}

// Unwrap is for http.ResponseController. Whoever flushes has written before.
func (w *doubted) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *doubted) WriteHeader(status int) {
	if w.isRight() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *doubted) Write(b []byte) (int, error) {
	if !w.isRight() {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

func (w *doubted) isRight() bool {
	if !w.lost && w.of.state != right {
		w.err = w.of.settle(w.ctx)
		w.lost = w.of.state != right
	}
	return !w.lost
}

// answerAhead serves a request whose caller is in doubt, admitted with an error or without. It returns false if the caller is not who it
// was: then nothing was answered.
func (rq *Request) answerAhead(w http.ResponseWriter, rt *Route, err error) (served bool, _ error) {
	out := &doubted{ResponseWriter: w, ctx: rq.Context(), of: rq.doubt}
	if err == nil {
		err = rq.answer(out, rt)
	}
	if out.err != nil {
		return true, out.err
	}
	if failed := rq.doubt.settle(rq.Context()); failed != nil {
		return true, failed
	}
	return rq.doubt.state == right, err
}

// remembered is what is known of a credential from when it was last looked up.
type remembered struct {
	payer Payer
	// holder is whom it spoke for, nil for nobody.
	holder *models.Holder
}

// foresee returns the caller that a credential last spoke for and the doubt about it, where a request may be served by that: one that only
// asks can be served again as if it had not been before. One that asks before it writes begins to write when the doubt is settled, since
// a transaction asks first what is to be asked ahead.
func (a *admission) foresee(rq *Request, rt *Route, last remembered, lookup *models.Lookup) *auth.Principal {
	if last.holder == nil || lookup == nil || rq.needs.Public {
		return nil
	}
	asks := isSafe(rq.Method) || (rt.Asks || rt.AsksFirst) && last.holder.SessionID == "" // what a page may not send is never tried
	if !asks {
		return nil
	}
	lookup.Expect(last.holder)
	rq.doubt = &doubt{db: a.db, lookup: lookup, remembered: last.holder, paid: last.payer}
	query := rq.doubt.query()
	rq.DB = a.db.Ahead(&query)
	return &auth.Principal{Holder: *last.holder}
}
