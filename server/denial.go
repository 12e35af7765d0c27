package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"roster/models"
	"roster/models/store"
)

// denialTime is the longest that an answer waits for the record of what it denies.
const denialTime = 2 * time.Second

// recordDenial records that a known caller is denied what it asked for, whichever door it came through, and however much of the request
// was looked at: it is the one place that every refusal passes. The work on the request is over, and undone. That no record could be made
// is for the log; the answer stays what it is.
func (a *admission) recordDenial(d *Door, rq *Request, err error) {
	if rq == nil || rq.Principal == nil || rq.Method == http.MethodGet || rq.Method == http.MethodHead {
		return
	}
	permission, at, is := denialIn(err)
	if !is {
		return
	}
	if refusal := d.Refusal(err); refusal == nil || refusal.Status != http.StatusForbidden {
		return
	}
	tried := rq.Tried
	tried.At = at
	if permission != "" {
		tried.Permission = permission
	}
	ctx, done := context.WithTimeout(rq.Context(), denialTime)
	defer done()
	if err := models.RecordDenial(ctx, a.db, rq.Caller(), tried); err != nil {
		ExchangeOf(rq.Context()).Err = err
	}
}

// countDisclosure counts what an error would tell a known caller of what it does not see, and returns the error to tell: that one, or
// another if it is too much.
func (a *admission) countDisclosure(rq *Request, err error) error {
	if rq == nil || rq.Principal == nil {
		return err
	}
	if instead := models.CountDisclosure(rq.Context(), a.db, rq.Caller(), err); instead != nil {
		return instead
	}
	return err
}

// denialIn returns the word that a caller lacks by an error, and the organization where, as far as they are known, and whether the error is
// about what the caller may do: one about what nobody may, such as a member that is read-only, is not.
func denialIn(err error) (permission, at string, is bool) {
	var own *Error
	var stored *store.Error
	switch {
	case errors.As(err, &own):
		return own.Permission, "", own.Reason == Forbidden
	case errors.As(err, &stored):
		return stored.Permission, stored.At, stored.Kind == store.Forbidden
	default:
		return "", "", false
	}
}
