package handlers

import (
	"context"
	"errors"
	"net/http"
	"os"

	"roster/jsonapi"
	"roster/models"
)

// handler serves one request, or returns why it did not. It returns an error before it writes, never after.
type handler func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP implements http.Handler. It and recovered are the only callers of writeErrors.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	x := ExchangeOf(r.Context())
	if x.status != 0 { // too late for an answer about it; cutting the connection is the only honest one
		x.Err = err
		panic(http.ErrAbortHandler)
	}
	errs := translate(err)
	if errs == nil {
		// Databases report the end of a context in words of their own, so the context is asked, not the error.
		switch ended := r.Context().Err(); {
		case errors.Is(ended, context.Canceled), errors.Is(err, errConnectionLost):
			x.Err = err
			panic(http.ErrAbortHandler) // whoever is still there must not take silence for a success
		case errors.Is(ended, context.DeadlineExceeded):
			errs = jsonapi.Errors{tooSlow()}
		case models.Unavailable(err):
			errs = jsonapi.Errors{jsonapi.Fault(jsonapi.Unavailable, "The database cannot be used at the moment. Try again.")}
		default:
			errs = internalError(r)
		}
	}
	if errs.Status() >= http.StatusInternalServerError {
		x.Err = err
	}
	writeErrors(w, r, errs)
}

// translate returns what the client is told about err, or nil if it is none of his business. It is the only mapping from errors to
// status numbers.
func translate(err error) jsonapi.Errors {
	var (
		several jsonapi.Errors
		one     *jsonapi.Error
		large   *http.MaxBytesError
	)
	switch {
	case errors.As(err, &several) && len(several) > 0:
		return several
	case errors.As(err, &one):
		return jsonapi.Errors{one}
	case errors.As(err, &large):
		return jsonapi.Errors{jsonapi.Fault(jsonapi.BodyTooLarge, "The body may have at most %d bytes.", large.Limit)}
	case errors.Is(err, errMalformedBody):
		return jsonapi.Errors{
			jsonapi.Fault(jsonapi.MalformedBody, "The body ended before it was complete, or is not in chunks as its header says."),
		}
	case errors.Is(err, os.ErrDeadlineExceeded): // of the connection: the body did not arrive
		return jsonapi.Errors{jsonapi.Fault(jsonapi.RequestTimeout, "The body did not arrive in time.")}
	case errors.Is(err, context.DeadlineExceeded):
		return jsonapi.Errors{tooSlow()}
	}
	return faultsOf(refusalsOf(err), func(fault *jsonapi.Error, _ *models.Error) *jsonapi.Error { return fault })
}

func tooSlow() *jsonapi.Error {
	return jsonapi.Fault(jsonapi.Unavailable, "The request could not be served in time. Try again.")
}

// internalError is all that a client learns of a mistake of ours: an id to ask about.
func internalError(r *http.Request) jsonapi.Errors {
	e := jsonapi.Fault(jsonapi.Internal, "The request could not be served. The log has the details under this id.")
	e.ID = RequestID(r.Context())
	return jsonapi.Errors{e}
}

// errorPage is where each code is explained.
const errorPage = "/docs/errors#"

// writeErrors writes an error document and forgets what the handler had prepared for a success.
func writeErrors(w http.ResponseWriter, r *http.Request, errs jsonapi.Errors) {
	linked := make(jsonapi.Errors, len(errs))
	for i, e := range errs {
		withLink := *e      // errors may be shared between requests
		if e.Links == nil { // a profile may name its own kinds of problem
			withLink.Links = &jsonapi.ErrorLinks{Type: errorPage + string(e.Code)}
		}
		linked[i] = &withLink
	}
	body, err := jsonapi.EncodeErrors(linked)
	if err != nil { // a meta that JSON cannot hold: a mistake in this program
		ExchangeOf(r.Context()).Err = err
		body, _ = jsonapi.EncodeErrors(internalError(r)) // strings only, cannot fail
		errs = nil                                       // 500
	}
	h := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Location", "Content-Length", "Content-Encoding", "Content-Disposition"} {
		h.Del(name)
	}
	h.Set("Content-Type", jsonapi.MediaType)
	h.Set("Cache-Control", "no-store")
	if errs.Status() == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="roster"`) // RFC 9110 §11.6.1
	}
	w.WriteHeader(errs.Status())
	_, _ = w.Write(body) // nobody is left to tell
}
