package server

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"
)

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// New returns everything that is served on the main listener: the probes, the routes of the doors, and the stages around them. Whatever
// matches no route is refused in the form of the door whose paths it is among, or else of the first.
func New(cfg Config, all ...*Door) (http.Handler, error) {
	if len(all) == 0 {
		return nil, errors.New("there is no door")
	}
	routers := newBranches(all)
	probe := func(path string, h http.Handler) {
		routers.of(path).Handle(path, h).Methods(http.MethodGet, http.MethodHead)
	}
	probe(healthPath, HandlerFunc(cfg.Health.live))
	probe(readyPath, HandlerFunc(cfg.Health.ready))
	if cfg.ServeMetrics {
		probe(metricsPath, cfg.Metrics.Handler())
	}
	a := &admission{db: cfg.DB, limiter: cfg.Limiter, used: cfg.LastUsed, payers: newPayers(), origins: cfg.Origins}
	for _, d := range all {
		if err := d.check(); err != nil {
			return nil, err
		}
		for _, rt := range d.Routes {
			a.mount(routers.of(rt.Path), d, &rt)
		}
	}
	for _, b := range routers {
		refuseUnknown(b.router, cfg.Limiter)
	}
	return wrap(asSent(routers), cfg, all)
}

// mount adds a route to a router, which has it match with and without a slash at the end.
func (a *admission) mount(router *mux.Router, d *Door, rt *Route) {
	methods := []string{rt.Method}
	if rt.Method == http.MethodGet {
		methods = append(methods, http.MethodHead)
	}
	router.StrictSlash(true).Handle(rt.Path, a.serve(d, rt)).Methods(methods...)
}

// serve returns the handler of a route: the same steps for each, in this order, so that nobody learns more than it may.
func (a *admission) serve(d *Door, rt *Route) http.Handler {
	return HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		rq, err := a.admit(w, r, d, rt, nil)
		served := false
		if rq != nil && rq.doubt != nil {
			if served, err = rq.answerAhead(w, rt, err); served {
				a.used.Note(rq.doubt.lookup.Holder(), a.db.Now())
			} else {
				rq, err = a.admit(w, r, d, rt, rq)
			}
		}
		if !served && err == nil {
			err = rq.answer(w, rt)
		}
		if err != nil {
			a.recordDenial(d, rq, err)
			err = a.countDisclosure(rq, err)
		}
		return err
	})
}

// answer serves a request that was admitted.
func (rq *Request) answer(w http.ResponseWriter, rt *Route) error {
	serve, err := rt.Take(w, rq)
	if err != nil {
		return err
	}
	if _, keyed := rq.Header[IdempotencyKey]; keyed && rt.Method == http.MethodPost && !rt.Asks && !rq.Asks && rq.Principal != nil {
		return rq.once(w, serve)
	}
	return serve(w)
}

// refuseUnknown makes a router refuse unknown paths and methods. Middleware of mux does not run on these, so they are charged here.
func refuseUnknown(router *mux.Router, limiter *Limiter) {
	router.NotFoundHandler = HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if err := limiter.Charge(w, r, nobody); err != nil {
			return err
		}
		return NothingHere()
	})
	router.MethodNotAllowedHandler = HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if err := limiter.Charge(w, r, nobody); err != nil {
			return err
		}
		allowed := strings.Join(allowedMethods(router, r), ", ")
		w.Header().Set("Allow", allowed)
		return &Error{Reason: MethodNotAllowed, Message: "This path takes " + allowed + "."}
	})
}

// NothingHere is the error of a path at which there is nothing.
func NothingHere() *Error { return &Error{Reason: NotFound, Message: "There is nothing at this path."} }

// asSent serves a request by the route that matches it, and tells the exchange which that is. It keeps from routers what cannot be one of
// their paths. They would look at them decoded, so that users%2Fx were users/x; we compare them as they are sent, and no route needs an
// escape. One resource has one spelling: no other is redirected to it.
func asSent(routers branches) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, at := ExchangeOf(r.Context()), r
		if !plainPath(r.URL.EscapedPath()) {
			if !x.door.Escapes {
				routers.of(r.URL.Path).NotFoundHandler.ServeHTTP(w, r)
				return
			}
			at = atFirst(x.door, r)
		}
		var match mux.RouteMatch
		routers.of(at.URL.Path).Match(at, &match) // a refusal is a match, too
		if match.MatchErr != nil {
			match.Handler.ServeHTTP(w, at)
			return
		}
		x.matched(&match)
		match.Route.GetHandler().ServeHTTP(w, r) // also where the match would redirect, for the sake of a slash
	})
}

// atFirst returns the request as it were if it had come to the first path of a door.
func atFirst(d *Door, r *http.Request) *http.Request {
	at := *r
	at.URL = &url.URL{Path: d.Paths[0]}
	return &at
}

// matched notes which route serves the exchange.
func (x *Exchange) matched(match *mux.RouteMatch) {
	x.vars = match.Vars
	x.Route, _ = match.Route.GetPathTemplate() // each has one; it is the same with a slash at the end
}

// plainPath reports whether a path consists of unreserved characters and has no dot segments.
func plainPath(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
		for _, c := range []byte(segment) {
			if !isUnreserved(c) {
				return false
			}
		}
	}
	return true
}

// isUnreserved reports whether a character needs no escape (RFC 3986 §2.3).
func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c == '_' || c == '~'
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
