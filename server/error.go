package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"

	"roster/models/blob"
	"roster/models/store"
)

// Reason is why a request is refused before anybody asks what it is about. Each front door has words of its own for them.
type Reason string

// The reasons.
const (
	MalformedBody        Reason = "malformed body"
	InvalidHeader        Reason = "invalid header"
	AmbiguousCredentials Reason = "ambiguous credentials"
	Unauthenticated      Reason = "unauthenticated"
	Forbidden            Reason = "forbidden"
	NotFound             Reason = "not found"
	MethodNotAllowed     Reason = "method not allowed"
	RequestTimeout       Reason = "request timeout"
	PreconditionFailed   Reason = "precondition failed"
	BodyTooLarge         Reason = "body too large"
	UnsupportedCoding    Reason = "unsupported coding"
	RateLimited          Reason = "rate limited"
	Internal             Reason = "internal"
	Unavailable          Reason = "unavailable"
)

var statuses = map[Reason]int{
	MalformedBody:        http.StatusBadRequest,
	InvalidHeader:        http.StatusBadRequest,
	AmbiguousCredentials: http.StatusBadRequest,
	Unauthenticated:      http.StatusUnauthorized,
	Forbidden:            http.StatusForbidden,
	NotFound:             http.StatusNotFound,
	MethodNotAllowed:     http.StatusMethodNotAllowed,
	RequestTimeout:       http.StatusRequestTimeout,
	PreconditionFailed:   http.StatusPreconditionFailed,
	BodyTooLarge:         http.StatusRequestEntityTooLarge,
	UnsupportedCoding:    http.StatusUnsupportedMediaType,
	RateLimited:          http.StatusTooManyRequests,
	Internal:             http.StatusInternalServerError,
	Unavailable:          http.StatusServiceUnavailable,
}

// Reasons returns every reason with its status.
func Reasons() map[Reason]int { return maps.Clone(statuses) }

// kinds has the status of each kind of error of package store.
var kinds = map[store.Kind]int{
	store.NotFound:           http.StatusNotFound,
	store.RelatedNotFound:    http.StatusNotFound,
	store.Conflict:           http.StatusConflict,
	store.Invalid:            http.StatusUnprocessableEntity,
	store.Required:           http.StatusUnprocessableEntity,
	store.Forbidden:          http.StatusForbidden,
	store.ReadOnly:           http.StatusForbidden,
	store.PreconditionFailed: http.StatusPreconditionFailed,
	store.OtherRequest:       http.StatusUnprocessableEntity,
	store.Unauthenticated:    http.StatusUnauthorized,
	store.SecondFactor:       http.StatusUnauthorized,
	store.TooMany:            http.StatusTooManyRequests,
	store.Busy:               http.StatusServiceUnavailable,
	store.Unsupported:        http.StatusUnsupportedMediaType,
}

// Error is a refusal of the server's own.
type Error struct {
	Reason  Reason
	Message string // a sentence for clients
	Header  string // the name of the request's header that is wrong, "" for none
	ID      string // of the request, for Internal

	Permission string // that a caller who is Forbidden lacks, "" for none; for who keeps a record of it
}

// Error implements error.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Message }

// Status returns the HTTP status of an error of this package or of package store, of several that of the first; 0 for any other error.
func Status(err error) int {
	var own *Error
	if errors.As(err, &own) {
		return statuses[own.Reason]
	}
	if all := store.ErrorsOf(err); len(all) > 0 {
		return kinds[all[0].Kind]
	}
	return 0
}

// HandlerFunc serves one request, or returns why it did not. It returns an error before it writes, never after.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP implements http.Handler. An error is told in the form of the door that was knocked at.
func (h HandlerFunc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	x := ExchangeOf(r.Context())
	if x.status != 0 { // too late for an answer about it; cutting the connection is the only honest one
		x.abort(err)
	}
	told := plain(err)
	refusal := x.door.Refusal(told)
	if refusal == nil { // Databases report the end of a context in words of their own, so the context is asked, not the error.
		switch ended := r.Context().Err(); {
		case errors.Is(ended, context.Canceled), errors.Is(err, errConnectionLost):
			x.abort(err) // whoever is still there must not take silence for a success
		case errors.Is(ended, context.DeadlineExceeded):
			told = tooSlow()
			if !errors.Is(err, ended) {
				err = fmt.Errorf("%w: %w", ended, err)
			}
		case errors.Is(err, blob.ErrUnavailable):
			told = &Error{Reason: Unavailable, Message: "The store of files cannot be used at the moment. Try again."}
		case store.Unavailable(err):
			told = &Error{Reason: Unavailable, Message: "The database cannot be used at the moment. Try again."}
		default:
			told = internalError(r)
		}
		refusal = x.door.Refusal(told)
	}
	if refusal.Status >= http.StatusInternalServerError {
		x.Err = err
	}
	if all := store.ErrorsOf(err); len(all) > 0 && all[0].Wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((all[0].Wait+time.Second-1)/time.Second), 10))
	} else if refusal.Status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", unavailableRetry)
	}
	x.refused = err
	refusal.write(w)
}

// unavailableRetry is after how many seconds to try again what could not be served: a failover takes about as long, and many clients that
// come back at once are not what a database needs that has just started.
const unavailableRetry = "5"

// abort cuts the connection.
func (x *Exchange) abort(err error) {
	x.Err = err
	panic(http.ErrAbortHandler)
}

// plain returns an error of net/http or of a context as what a client is told of it. Others stay as they are.
func plain(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &Error{Reason: BodyTooLarge, Message: fmt.Sprintf("The body may have at most %d bytes.", large.Limit)}
	case errors.Is(err, errMalformedBody):
		return &Error{Reason: MalformedBody, Message: "The body ended before it was complete, or is not in chunks as its header says."}
	case errors.Is(err, errLateBody):
		return &Error{Reason: RequestTimeout, Message: "The body did not arrive in time."}
	case errors.Is(err, context.DeadlineExceeded):
		return tooSlow()
	default:
		return err
	}
}

func tooSlow() *Error {
	return &Error{Reason: Unavailable, Message: "The request could not be served in time. Try again."}
}

// internalError is all that a client learns of a mistake of ours: an id to ask about.
func internalError(r *http.Request) *Error {
	const message = "The request could not be served. The log has the details under this id."
	return &Error{Reason: Internal, Message: message, ID: RequestID(r.Context())}
}
