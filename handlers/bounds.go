package handlers

import (
	"context"
	"net/http"
	"time"
)

// bounded gives every request a deadline, at which the database calls of its handler end and it answers 503, and its body a limit.
func bounded(next http.Handler, deadline time.Duration, maxBody int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), deadline)
		defer cancel()
		r = r.WithContext(ctx)
		LimitBody(w, r, maxBody)
		next.ServeHTTP(w, r)
	})
}

// LimitBody replaces the limit of the request's body; reading more fails with an error that becomes 413. It must come before the first
// read.
func LimitBody(w http.ResponseWriter, r *http.Request, limit int64) {
	body := ExchangeOf(r.Context()).body
	if body == nil {
		body = r.Body
	}
	r.Body = http.MaxBytesReader(w, body, limit)
}
