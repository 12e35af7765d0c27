package handlers

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"roster/auth"
)

func TestEveryRouteNamesAPermission(t *testing.T) {
	known := auth.Scopes()
	for _, rt := range routes() {
		switch {
		case rt.needs.Public, rt.needs.Anyone:
		case rt.needs.Scope == "":
			t.Errorf("%s %s names no permission", rt.method, rt.path)
		case !slices.Contains(known, rt.needs.Scope):
			t.Errorf("%s %s needs the scope %q, which no key can have", rt.method, rt.path, rt.needs.Scope)
		}
		if len(rt.path) >= 10 && rt.path[:10] == "management" && !rt.needs.Management {
			t.Errorf("%s %s is open to more than management keys", rt.method, rt.path)
		}
	}
}

// Clients make the path of a resource of its type.
func TestACollectionIsAtTheNameOfItsType(t *testing.T) {
	for _, rt := range routes() {
		if rt.method != http.MethodGet || strings.Contains(rt.path, "{") {
			continue
		}
		shown := rt.shows
		if shown == nil {
			shown = rt.served.Schema
		}
		if path.Base(rt.path) != shown.Type {
			t.Errorf("%s lists %s", rt.path, shown.Type)
		}
	}
}
