package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// patience is how long the work on a read goes on for a client that has stopped sending.
const patience = 2 * time.Second

// working returns the context of the work on a request, and what ends it. It ends at the deadline, at which the database calls of the
// handler end and it answers 503, or with stop. net/http also ends the context of an HTTP/1 request when it reads the end of what the
// client sends, but a client may say that it has sent everything and wait for its answer, and looks like one that left. So a write goes on
// regardless, and a read for a moment; a stream of HTTP/2 that was reset leaves no doubt (docs/adr/0016).
func working(stop context.Context, r *http.Request, deadline time.Duration) (context.Context, context.CancelFunc) {
	if r.ProtoMajor > 1 {
		return context.WithTimeout(r.Context(), deadline)
	}
	ctx, cancel := context.WithTimeout(stoppedBy{stop, r.Context()}, deadline)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return ctx, cancel
	}
	left := context.AfterFunc(r.Context(), func() { time.AfterFunc(patience, cancel) })
	return ctx, func() {
		left()
		cancel()
	}
}

// stoppedBy is a context that ends with one and has the values of another.
type stoppedBy struct {
	context.Context
	values context.Context
}

// Value implements context.Context. The one that it ends with is asked first: package context finds in this way how to be told of the end.
func (c stoppedBy) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.values.Value(key)
}

// LimitBody replaces the limit of the request's body; reading more fails with an error that becomes 413, and so does reading any of one
// that is announced to be longer: it is not waited for. It must come before the first read.
func LimitBody(w http.ResponseWriter, r *http.Request, limit int64) {
	switch {
	case r.Body == http.NoBody:
		return
	case r.ContentLength > limit:
		r.Body = oversized{w, limit}
		return
	}
	body := ExchangeOf(r.Context()).body
	if body == nil {
		body = &arriving{ReadCloser: r.Body}
	}
	r.Body = http.MaxBytesReader(w, body, limit)
}

// oversized is a body that is too long by what its client has announced.
type oversized struct {
	w     http.ResponseWriter
	limit int64
}

// Read implements io.Reader. The connection ends with the answer: to use it again, net/http would wait for the rest before it answers.
func (o oversized) Read([]byte) (int, error) {
	o.w.Header().Set("Connection", "close")
	return 0, &http.MaxBytesError{Limit: o.limit}
}

// Close implements io.Closer; net/http closes what is underneath.
func (oversized) Close() error { return nil }

// endsGently has net/http say that a connection ends, and close it a moment later. What still arrives would have it reset if it were closed
// at once, and then a client that writes everything before it reads, above all a proxy, may never see the answer. net/http does so if a
// reader of its own has found too much, and in no other way.
func endsGently(w http.ResponseWriter) {
	_, _ = http.MaxBytesReader(w, io.NopCloser(strings.NewReader("x")), 0).Read(make([]byte, 1))
}

// arriving is the body of a request that tells apart why it cannot be read, and whether all of it was.
type arriving struct {
	io.ReadCloser
	ended bool
}

var (
	// errMalformedBody: the client sent something else than it had announced.
	errMalformedBody = errors.New("the body broke off, or its chunks cannot be read")
	// errLateBody: the client took too long. That something else took too long, such as a connection to the database, looks alike beneath.
	errLateBody = errors.New("the body did not arrive in time")
	// errConnectionLost: nobody is left to answer.
	errConnectionLost = errors.New("the connection was lost while the body arrived")
)

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.ended = a.ended || errors.Is(err, io.EOF)
	var network net.Error
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, http.ErrBodyReadAfterClose):
		return n, err
	case !errors.As(err, &network):
		return n, fmt.Errorf("%w: %w", errMalformedBody, err)
	case !network.Timeout():
		return n, fmt.Errorf("%w: %w", errConnectionLost, err)
	default:
		return n, fmt.Errorf("%w: %w", errLateBody, err)
	}
}
