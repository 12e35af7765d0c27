package server

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
)

// errNoAnswer is a mistake of a handler, for which net/http would say 200.
var errNoAnswer = errors.New("the handler returned without an answer")

// recovered turns a panic, or silence, into an answer that says nothing about it. If the answer had begun, the connection is cut instead,
// so that the client cannot take the half for the whole.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler) // meant, and understood by net/http
			}
			x := ExchangeOf(r.Context())
			x.Err, x.stack = fmt.Errorf("panic: %v", cause), debug.Stack()
			if x.status != 0 {
				panic(http.ErrAbortHandler)
			}
			x.door.Refusal(internalError(r)).write(w)
		}()
		next.ServeHTTP(w, r)
		if x := ExchangeOf(r.Context()); x.status == 0 {
			x.Err = errNoAnswer
			x.door.Refusal(internalError(r)).write(w)
		}
	})
}
