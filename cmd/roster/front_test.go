package main

import (
	"strings"
	"testing"

	"roster/server/servertest"
)

// TestTheRootLeadsToTheConsole: a browser is led to the console of the program; what is no browser reads where
// the API is described.
func TestTheRootLeadsToTheConsole(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), frontDoors)
	get := func(path, accept string) (status int, location, contentType, body string) {
		a, read, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", s.base+path, nil, "Accept", accept)
		if err != nil {
			t.Fatal(err)
		}
		return a.StatusCode, a.Header.Get("Location"), a.Header.Get("Content-Type"), string(read)
	}
	status, to, _, _ := get("/", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	if status != 302 || to != "/console/" {
		t.Errorf("a browser gets %d and is led to %q", status, to)
	}
	if status, _, contentType, page := get(to, "text/html"); status != 200 || !strings.HasPrefix(contentType, "text/html") ||
		!strings.Contains(page, `id="console"`) {
		t.Errorf("there is %d, %s: %.200s", status, contentType, page)
	}
	for _, accept := range []string{"*/*", "application/vnd.api+json", "application/json"} {
		status, to, contentType, front := get("/", accept)
		if status != 200 || to != "" || contentType != "application/vnd.api+json" ||
			!strings.Contains(front, `"describedby":"/public/v2/openapi.json"`) {
			t.Errorf("%s: %d %q %s %s", accept, status, to, contentType, front)
		}
	}
}
