package server

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"roster/models"
)

// Exchange is one request and the answer to it: what the stages around the router and the handlers inside tell each other, and what the
// log line says in the end. It belongs to the goroutine that serves the request.
type Exchange struct {
	RequestID string
	RemoteIP  netip.Addr
	// Secure is whether the client speaks TLS, to us or to a proxy we trust.
	Secure bool
	// Base is the URL that clients know the service by, without a slash at its end.
	Base string

	// Route is the pattern that matched; empty when none did. What its variables stand for is told by [Var].
	Route string
	// Caller is who was authenticated; the zero Identity is nobody.
	Caller models.Identity
	// Err is what went wrong on our side. It goes to the log and nowhere else.
	Err error

	// explained: what went wrong is told by an outage of the database.
	explained bool

	door   *Door             // that was knocked at
	seed   uint64            // of the hashes in ETags
	vars   map[string]string // of the pattern
	head   bool              // nothing but the header is asked for
	stop   context.Context   // ends the work on every request
	stack  []byte            // of a panic
	status int               // of the answer, 0 until its header is sent
	bytes  int64             // of the answer's body, as sent
	body   *arriving         // of the request, without a limit
	span   trace.Span        // nil for none

	refused error     // why, as the handler returned it
	signsIn SignInWay // "" for an exchange that signs nobody in
}

type exchangeKey struct{}

// ExchangeOf returns the exchange that the context belongs to. Outside of any it returns one that nobody reads.
func ExchangeOf(ctx context.Context) *Exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return x
	}
	return &Exchange{}
}

// RequestID returns the id of the request that the context belongs to, "" for none.
func RequestID(ctx context.Context) string { return ExchangeOf(ctx).RequestID }

// begun is the outermost stage: it gives the request its exchange and its id, the work on it a deadline and its body a limit, and completes
// every answer's header at the moment it is sent, whoever sends it. seed is that of the hashes in ETags.
func begun(next http.Handler, cfg Config, all doors, seed uint64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &Exchange{
			RequestID: r.Header.Get("X-Request-Id"),
			RemoteIP:  cfg.Proxies.clientIP(r),
			Secure:    cfg.Proxies.secure(r),
			door:      all.at(r.URL.EscapedPath()),
			seed:      seed,
			head:      r.Method == http.MethodHead,
			stop:      cfg.Stop,
			body:      &arriving{ReadCloser: r.Body},
		}
		if x.Base = cfg.BaseURL; x.Base == "" {
			x.Base = requested(r, x.Secure)
		}
		if !usableRequestID(x.RequestID) {
			x.RequestID = uuid.Must(uuid.NewV7()).String()
		}
		w.Header().Set("X-Request-Id", x.RequestID)
		ctx, done := working(cfg.Stop, r, cfg.RequestTimeout)
		defer done()
		ctx = models.ServedAt(context.WithValue(ctx, exchangeKey{}, x), x.Base)
		ctx = x.traced(ctx, r, cfg.Tracer)
		defer x.endSpan(r)
		r = r.WithContext(ctx)
		answer := &watched{w, x, cfg.Limiter, cfg.Health}
		LimitBody(answer, r, cfg.MaxBody)
		next.ServeHTTP(answer, r)
		if r.Close && r.ContentLength != 0 && !x.body.ended { // of another connection net/http reads what is left
			endsGently(w)
		}
	})
}

// requested returns the URL of the service as a request names it.
func requested(r *http.Request, secure bool) string {
	if secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// usableRequestID reports whether an id that the client chose is short and plain enough to be logged and stored.
func usableRequestID(id string) bool {
	if len(id) < 1 || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		if c == '~' || !isUnreserved(c) {
			return false
		}
	}
	return true
}

// watched is an answer whose status and size its exchange notes, and whose header is completed right before it is sent.
type watched struct {
	http.ResponseWriter
	x       *Exchange
	limiter *Limiter
	health  *Health
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	w.begin(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *watched) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	n, err := w.ResponseWriter.Write(b)
	w.x.bytes += int64(n)
	return n, err
}

// Flush implements http.Flusher.
func (w *watched) Flush() {
	w.begin(http.StatusOK)
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// begin notes the status that the header is about to be sent with, unless it has been or is only informational.
func (w *watched) begin(status int) {
	informational := status < 200 && status != http.StatusSwitchingProtocols
	if w.x.status == 0 && !informational {
		mergeVary(w.Header())
		w.limiter.describe(w.Header(), w.x)
		if w.health.draining.Load() {
			// The client opens its next connection somewhere else. On HTTP/2 net/http says it with GOAWAY.
			w.Header().Set("Connection", "close")
		}
		w.x.status = status
	}
}
