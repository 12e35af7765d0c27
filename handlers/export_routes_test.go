package handlers

import "roster/handlers/openapi"

// Route is a line of the route table as tests read it.
type Route struct {
	Method, Path, Scope string
	Management, Public  bool // Public: asks for no credential
	Visitor             bool
	Session             bool // is for a person in a session alone
	Extended            bool // asks for an extension
	DecodesResource     bool // takes a resource object
}

// RouteTable returns every route.
func RouteTable() []Route {
	var out []Route
	for _, rt := range routes() {
		out = append(out, Route{
			Method: rt.method, Path: rt.path, Scope: rt.needs.Scope, Management: rt.needs.Management, Public: rt.needs.Public,
			Visitor: rt.needs.Visitor, Session: rt.needs.Session,
			Extended:        len(rt.ext) > 0,
			DecodesResource: rt.form == openapi.Create || rt.form == openapi.Update,
		})
	}
	return out
}
