package handlers

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
)

// request is one call of a route, with what the steps before its handler found out.
type request struct {
	*http.Request
	route      *route
	principal  *auth.Principal
	negotiated jsonapi.Negotiated
	// relationship is the one in the path, or nil.
	relationship *jsonapi.Relationship
	query        *jsonapi.Query
	body         []byte
	// sent is what the body says, for routes that have it decoded.
	sent sent
}

// sent is what a body says: a resource or operations, or what is wrong with it.
type sent struct {
	input      *jsonapi.Input
	operations []*jsonapi.Operation
	err        error
}

// id returns the id in the path.
func (rq *request) id() string { return mux.Vars(rq.Request)["id"] }

// scope returns what the caller may see.
func (rq *request) scope() models.Scope { return rq.principal.Scope() }

// caller returns the author of changes.
func (rq *request) caller() models.Caller { return rq.principal.Caller(RequestID(rq.Context())) }

// base returns the path that the resource of the route is read at.
func (rq *request) base() string { return models.Root + rq.route.served.path }

// serve returns the handler of a route: the same steps for each, in this order, so that nobody learns more than he may.
func (a *API) serve(rt route) http.Handler {
	return handler(func(w http.ResponseWriter, r *http.Request) error {
		rq := &request{Request: r, route: &rt}
		var err error
		if rq.principal, err = a.admit(w, r, rt.permission(mux.Vars(r)["relationship"])); err != nil {
			return err
		}
		r = r.WithContext(models.ForCaller(r.Context(), rq.principal.Neighbour()))
		rq.Request = r
		sent := hasBody(r)
		if rq.negotiated, err = jsonapi.Negotiate(r.Header, sent, rt.ext); err != nil {
			return err
		}
		if coding := r.Header.Get("Content-Encoding"); sent && coding != "" && !strings.EqualFold(coding, "identity") {
			w.Header().Set("Accept-Encoding", "identity") // tells this 415 from one about the media type (RFC 9110 §12.5.3)
			return jsonapi.Fault(jsonapi.UnsupportedMediaType, "A body is read as it is, not compressed.").InHeader("Content-Encoding")
		}
		if err := rq.resolve(); err != nil {
			return err
		}
		accepts, schema := rt.accepts(rq.relationship)
		accepts.Cursors = rq.negotiated.Wants(jsonapi.CursorProfile)
		if rq.query, err = jsonapi.ParseQuery(r.URL.RawQuery, accepts, schema, models.SchemaOf); err != nil {
			return err
		}
		if err := rq.permitInclusion(rq.query.Include); err != nil {
			return err
		}
		if err := rq.permitFilters(); err != nil {
			return err
		}
		if rq.body, err = io.ReadAll(r.Body); err != nil {
			return err
		}
		if rt.decode != nil {
			rq.sent.err = rt.decode(rq) // which handle tells, in its turn
		}
		if _, sent := r.Header[idempotencyKey]; sent && rt.method == http.MethodPost {
			return a.once(w, rq)
		}
		return a.perform(w, rq)
	})
}

// hasBody reports whether a request has a body. If its length is not told (chunks, HTTP/2), the first byte tells.
func hasBody(r *http.Request) bool {
	if r.ContentLength >= 0 {
		return r.ContentLength > 0
	}
	buffered := bufio.NewReader(r.Body)
	_, err := buffered.Peek(1)
	r.Body = struct {
		io.Reader
		io.Closer
	}{buffered, r.Body}
	return !errors.Is(err, io.EOF) // another error is met again by who reads the body
}

// resolve finds the relationship that the path names. One that is only written has no URL.
func (rq *request) resolve() error {
	name, named := mux.Vars(rq.Request)["relationship"]
	if !named {
		return nil
	}
	rq.relationship = rq.route.served.Schema.Relationship(name)
	if rq.relationship == nil || rq.relationship.WriteOnly {
		return jsonapi.Fault(jsonapi.NotFound, "The type %s has no relationship of that name.", rq.route.served.Schema.Type)
	}
	return nil
}

// accepts returns the query parameters that a request of the route can have, and the schema they speak of. rel is the relationship in the
// path, or nil.
func (rt *route) accepts(rel *jsonapi.Relationship) (jsonapi.Accepts, *jsonapi.Schema) {
	accepts := rt.query
	if rel != nil && !rel.Many {
		accepts.Select, accepts.Page = false, false
	}
	switch {
	case rt.served == nil:
		return accepts, nil
	case rt.related && rel.Polymorphic:
		accepts.Include = false
		return accepts, rt.served.Schema
	case rt.related:
		return accepts, rel.Target
	default:
		return accepts, rt.served.Schema
	}
}

// permitInclusion makes sure that the caller may read what he wants to have included.
func (rq *request) permitInclusion(node *jsonapi.Inclusion) error {
	if node == nil {
		return nil
	}
	for _, child := range node.Children {
		if needs := reading(child.Relationship.Target.Type); !rq.principal.Allows(needs) {
			return jsonapi.Fault(jsonapi.Forbidden, "Including %s needs the scope %s.", child.Relationship.Name, needs.Scope).InParameter("include")
		}
		if err := rq.permitInclusion(child); err != nil {
			return err
		}
	}
	return nil
}

// permitFilters makes sure that the caller may read what he filters by: who finds organizations by a user learns who is in them.
func (rq *request) permitFilters() error {
	for _, filter := range rq.query.Filters {
		if filter.Relationship == nil {
			continue
		}
		if needs := reading(filter.Relationship.Target.Type); !rq.principal.Allows(needs) {
			return jsonapi.Fault(jsonapi.Forbidden, "A filter by %s needs the scope %s.", filter.Field, needs.Scope).InParameter(filter.Parameter)
		}
	}
	return nil
}

// admit authenticates the caller, charges his budget and checks his permission.
func (a *API) admit(w http.ResponseWriter, r *http.Request, needs auth.Permission) (*auth.Principal, error) {
	credential, err := auth.Credential(r.Header)
	if err != nil {
		if err := a.limiter.Charge(w, r, nobody); err != nil {
			return nil, err
		}
		return nil, jsonapi.Fault(jsonapi.AmbiguousCredentials, "Send one credential, in one header.")
	}
	principal, err := a.identify(w, r, credential)
	if err != nil {
		return nil, err
	}
	if principal == nil {
		if err := a.limiter.Charge(w, r, nobody); err != nil {
			return nil, err
		}
		return nil, jsonapi.Fault(jsonapi.Unauthenticated, "Send a valid key as Authorization: Bearer <key>.")
	}
	x := ExchangeOf(r.Context())
	x.Caller = principal.Identity()
	if err := a.limiter.Charge(w, r, payerOf(principal)); err != nil {
		return nil, err
	}
	a.usage.Note(principal.KeyID, a.db.Now())
	if !principal.Allows(needs) {
		return nil, forbidden(principal, needs)
	}
	return principal, nil
}

func forbidden(principal *auth.Principal, needs auth.Permission) *jsonapi.Error {
	if needs.Management && principal.Kind != models.ManagementKey {
		return jsonapi.Fault(jsonapi.Forbidden, "This needs a management key.")
	}
	return jsonapi.Fault(jsonapi.Forbidden, "This needs the scope %s.", needs.Scope)
}
