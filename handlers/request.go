package handlers

import (
	"net/http"
	"slices"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/server"
)

// request is one call of a route, with what the steps before its handler found out.
type request struct {
	*server.Request
	route      *route
	negotiated jsonapi.Negotiated
	// exported is the media type that a list is wanted in as a whole, "" for a document.
	exported string
	// relationship is the one in the path, or nil.
	relationship *jsonapi.Relationship
	query        *jsonapi.Query
	// answer is the header of the answer that is being made, for cookies.
	answer http.Header
	// sees is what is shown where that is not what the caller sees, else nil.
	sees *collection.Scope
	// sent is what the body says, for routes that have it decoded.
	sent sent
}

// sent is what a body says: a resource or operations, or what is wrong with it.
type sent struct {
	input      *jsonapi.Input
	file       *models.StagedFile
	change     *models.Change // of input
	operations []*jsonapi.Operation
	kept       map[*jsonapi.Operation]map[string]string // what is stored instead of values that operations set, see models.Change
	err        error
}

// id returns the id in the path.
func (rq *request) id() string {
	id := rq.Var("id")
	if res := rq.route.target; id != "" && res != nil && id == res.word && rq.Principal.SessionID != "" {
		return rq.Principal.SessionID
	}
	return id
}

// Scope returns what is shown of what there is.
func (rq *request) Scope() collection.Scope {
	if rq.sees != nil {
		return *rq.sees
	}
	return rq.Request.Scope()
}

// base returns the path that the resource of the route is read at.
func (rq *request) base() string { return jsonapi.Root + rq.route.served.path }

// take reads a call of a route: the same steps for each, in this order, so that nobody learns more than it may.
func (a *API) take(rt *route, w http.ResponseWriter, in *server.Request) (server.Serve, error) {
	rq := &request{Request: in, route: rt}
	if rt.served != nil && rt.served.private {
		w.Header().Set("Cache-Control", "no-store")
	}
	if rt.limit != 0 {
		server.LimitBody(w, rq.Request.Request, rt.limit) // before the first byte is looked at
	}
	var err error
	if rq.Tried.ID != "" {
		rq.Tried.ID = rq.id() // for which a word may stand
	}
	if err := rq.resolve(); err != nil {
		return nil, err
	}
	if err := rq.negotiate(); err != nil {
		return nil, err
	}
	if err := rq.CheckCoding(w); err != nil {
		return nil, err
	}
	accepts, schema := rt.accepts(rq.relationship)
	accepts.Cursors = rq.negotiated.Wants(jsonapi.CursorProfile)
	if rq.exported != "" { // all of it, and nothing besides
		accepts.Page, accepts.Include = false, false
	}
	if rq.query, err = jsonapi.ParseQuery(rq.URL.RawQuery, accepts, schema, models.SchemaOf); err != nil {
		return nil, err
	}
	if err := rq.permitInclusion(rq.query.Include); err != nil {
		return nil, err
	}
	if err := rq.permitFilters(); err != nil {
		return nil, err
	}
	rq.permitCounts()
	if err := models.MaySort(rq.Context(), rq.DB, rq.Scope(), rq.query.Sort); err != nil {
		return nil, err
	}
	if err := rq.Read(w); err != nil {
		return nil, err
	}
	if rt.decode != nil {
		rq.sent.err = rt.decode(rq) // which handle tells, in its turn
	}
	return func(w http.ResponseWriter) error { return a.perform(w, rq) }, nil
}

// negotiate finds out in which form the answer is wanted.
func (rq *request) negotiate() (err error) {
	var exports []string
	if rq.route.lists(rq.relationship) {
		exports = []string{jsonapi.NDJSON, jsonapi.CSV}
		rq.exported = jsonapi.PreferredExport(rq.Header.Values("Accept"))
	}
	if rq.exported == "" {
		document := rq.route.limit == 0 // the others take bytes, of whatever media type
		rq.negotiated, err = jsonapi.Negotiate(rq.Header, document && rq.HasBody(), rq.route.ext, exports...)
	}
	return err
}

// resolve finds the relationship that the path names. One that is only written has no URL.
func (rq *request) resolve() error {
	name := rq.Var("relationship")
	if name == "" {
		return nil
	}
	rq.relationship = rq.route.served.Schema.Relationship(name)
	if rq.relationship == nil || rq.relationship.WriteOnly {
		return jsonapi.NewError(jsonapi.NotFound, "The type %s has no relationship of that name.", rq.route.served.Schema.Type)
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
		return accepts, rt.speaks
	case rt.related() && (rel.Polymorphic || len(rel.Also) > 0):
		accepts.Include = false
		return accepts, rt.served.Schema
	case rt.related():
		return accepts, rel.Target
	default:
		return accepts, rt.served.Schema
	}
}

// permitInclusion makes sure that the caller may read what it wants to have included.
func (rq *request) permitInclusion(node *jsonapi.Inclusion) error {
	if node == nil || rq.Principal == nil { // who is somebody once the request was served, or is shown nothing
		return nil
	}
	for _, child := range node.Children {
		if needs := reading(child.Relationship.Target.Type); !rq.Principal.Allows(needs) {
			return jsonapi.NewError(jsonapi.Forbidden, "Including %s needs the scope %s.", child.Relationship.Name,
				needs.Words()).InParameter("include")
		}
		child.Also = slices.DeleteFunc(slices.Clone(child.Also),
			func(s *jsonapi.Schema) bool { return !rq.Principal.Allows(reading(s.Type)) })
		if err := rq.permitInclusion(child); err != nil {
			return err
		}
	}
	return nil
}

// permitFilters makes sure that the caller may read what it filters by: who finds organizations by a user learns who is in them.
func (rq *request) permitFilters() error {
	for _, filter := range rq.query.Filters {
		if filter.Relationship == nil {
			continue
		}
		if needs := reading(filter.Relationship.Target.Type); !rq.Principal.Allows(needs) {
			return jsonapi.NewError(jsonapi.Forbidden, "A filter by %s needs the scope %s.", filter.Field,
				needs.Words()).InParameter(filter.Parameter)
		}
	}
	return nil
}

func forbidden(principal *auth.Principal, needs auth.Permission) *jsonapi.Error {
	missing := principal.Missing(needs)
	return jsonapi.NewError(jsonapi.Forbidden, "%s", missing).Because(
		&server.Error{Reason: server.Forbidden, Message: missing, Permission: needs.Words()})
}

// permitCounts leaves out what the caller may not read: the session of a portal link sees by more words than it may ask with.
func (rq *request) permitCounts() {
	if rq.Principal == nil || len(rq.query.Counts) == 0 {
		return
	}
	_, schema := rq.route.accepts(rq.relationship)
	for _, count := range schema.Counts {
		if count.Of != "" && !rq.Principal.Allows(reading(count.Of)) {
			rq.query.Counts = slices.DeleteFunc(rq.query.Counts, func(name string) bool { return name == count.Name })
		}
	}
}
