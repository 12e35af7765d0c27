package handlers

// Route is a line of the route table as tests read it.
type Route struct {
	Method, Path, Scope string
	Management          bool
	Extended            bool // asks for an extension
}

// RouteTable returns every route.
func RouteTable() []Route {
	var out []Route
	for _, rt := range routes() {
		out = append(out, Route{rt.method, rt.path, rt.needs.Scope, rt.needs.Management, len(rt.ext) > 0})
	}
	return out
}
