package server

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/mux"
)

func TestBranchesMatchAsOneRouterDoes(t *testing.T) {
	t.Parallel()
	table := []Route{
		{Method: "GET", Path: "/v2/users"}, {Method: "POST", Path: "/v2/users"},
		{Method: "POST", Path: "/v2/users/merge"}, {Method: "GET", Path: "/v2/users/{id}"}, {Method: "PATCH", Path: "/v2/users/{id}"},
		{Method: "GET", Path: "/v2/users/{id}/keys"}, {Method: "GET", Path: "/v2/users/{id}/{relationship}"},
		{Method: "GET", Path: "/v2/users-of"}, {Method: "GET", Path: "/v3/{type}/schema"}, {Method: "DELETE", Path: "/v2/me"},
		{Method: "GET", Path: "/docs/{file}"}, {Method: "GET", Path: "/docs"}, {Method: "GET", Path: "/docs/{api}/openapi.json"},
		{Method: "GET", Path: "/other/place"}, {Method: "PUT", Path: "/other/place/{id}"},
	}
	all := doors{{Routes: table[:9]}, {Routes: table[9:]}}
	routers, one := newBranches(all), mux.NewRouter().SkipClean(true)
	for _, rt := range table {
		for _, router := range []*mux.Router{routers.of(rt.Path), one} {
			router.StrictSlash(true).Handle(rt.Path, http.NotFoundHandler()).Methods(rt.Method)
		}
	}
	if len(routers) != 7 { // the rest is one
		t.Errorf("there are %d branches", len(routers))
	}
	found := func(router *mux.Router, r *http.Request) (template, id string, err error) {
		var match mux.RouteMatch
		if router.Match(r, &match) {
			template, _ = match.Route.GetPathTemplate()
		}
		return template, match.Vars["id"], match.MatchErr
	}
	for _, path := range []string{
		"/", "/v2", "/v2/", "/v2/users", "/v2/users/", "/v2/users/merge", "/v2/users/1", "/v2/users/1/keys", "/v2/users/1/roles",
		"/v2/users-of", "/v2/users-off", "/v2/users/schema", "/v3/keys/schema", "/v3", "/v2/me", "/docs", "/docs/a", "/docs/a/openapi.json",
		"/docs/a/b", "/documents", "/other", "/other/place", "/other/place/1", "/other/places", "*",
	} {
		for _, method := range methods {
			r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
			r.URL.Path = path
			template, id, err := found(routers.of(path), r)
			if wanted, wantedID, wrong := found(one, r); template != wanted || id != wantedID || !errors.Is(err, wrong) {
				t.Errorf("%s %s: %q, %q, %v; one router finds %q, %q, %v", method, path, template, id, err, wanted, wantedID, wrong)
			}
		}
	}
}

func TestASlashAtTheEndIsTheRoutesOwnAndNotInItsName(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for path, want := range map[string]struct {
		status int
		route  string
	}{
		"/long/1": {200, "/long/{id}"}, "/long/1/": {200, "/long/{id}"}, "/long/1//": {404, ""},
		"/healthz": {200, "/healthz"}, "/healthz/": {404, ""},
	} {
		answer, _ := b.do(t, "GET", path, "")
		if line := b.findLine(t, path); answer.StatusCode != want.status || line["route"] != want.route {
			t.Errorf("%s: %d by %q, want %d by %q", path, answer.StatusCode, line["route"], want.status, want.route)
		}
	}
}
