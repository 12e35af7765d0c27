package handlers

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"roster/jsonapi"
)

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// RefuseUnknown makes a router answer unknown paths and methods with error documents. Middleware of mux does not run on these, so they
// are charged here.
func RefuseUnknown(router *mux.Router, limiter *Limiter) {
	router.NotFoundHandler = handler(func(w http.ResponseWriter, r *http.Request) error {
		if err := limiter.Charge(w, r, nobody); err != nil {
			return err
		}
		return jsonapi.Fault(jsonapi.NotFound, "There is nothing at this path.")
	})
	router.MethodNotAllowedHandler = handler(func(w http.ResponseWriter, r *http.Request) error {
		if err := limiter.Charge(w, r, nobody); err != nil {
			return err
		}
		allowed := strings.Join(allowedMethods(router, r), ", ")
		w.Header().Set("Allow", allowed)
		return jsonapi.Fault(jsonapi.MethodNotAllowed, "This path takes %s.", allowed)
	})
}

// asSent keeps from a router what cannot be one of its paths. It would look at them decoded, so that users%2Fx were users/x; we compare
// them as they are sent, and none of ours needs an escape. One resource has one spelling: no other is redirected to it.
func asSent(router *mux.Router) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !plainPath(r.URL.EscapedPath()) {
			router.NotFoundHandler.ServeHTTP(w, r)
			return
		}
		router.ServeHTTP(w, r)
	})
}

// unreserved characters need no escape (RFC 3986 §2.3).
const unreserved = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~"

// plainPath reports whether a path consists of unreserved characters and has no dot segments.
func plainPath(path string) bool {
	reserved := func(c rune) bool { return !strings.ContainsRune(unreserved, c) }
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." || strings.ContainsFunc(segment, reserved) {
			return false
		}
	}
	return true
}

// allowedMethods returns the methods that have a route for the path of this request.
func allowedMethods(router *mux.Router, r *http.Request) []string {
	var allowed []string
	probe := r.Clone(r.Context())
	for _, method := range methods {
		probe.Method = method
		var match mux.RouteMatch
		if router.Match(probe, &match) && match.MatchErr == nil {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// NameRoute is middleware of a router: it tells the log and the metrics which pattern matched.
func NameRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route := mux.CurrentRoute(r); route != nil {
			if pattern, err := route.GetPathTemplate(); err == nil {
				ExchangeOf(r.Context()).Route = pattern
			}
		}
		next.ServeHTTP(w, r)
	})
}
