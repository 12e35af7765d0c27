package handlers

import (
	"slices"
	"testing"

	"roster/models"
)

func TestEveryRouteNamesAPermission(t *testing.T) {
	known := models.Scopes()
	for _, rt := range routes() {
		switch {
		case rt.needs.Public, rt.needs.Anyone, rt.needs.Session:
		case rt.needs.Scope == "":
			t.Errorf("%s %s names no permission", rt.method, rt.path)
		case !slices.Contains(known, rt.needs.Scope):
			t.Errorf("%s %s needs the scope %q, which no key can have", rt.method, rt.path, rt.needs.Scope)
		}
		if rt.tag == *management && !rt.needs.Management {
			t.Errorf("%s %s is open to more than management keys", rt.method, rt.path)
		}
	}
}
