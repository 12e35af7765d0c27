package compat_test

import (
	"os"
	"strings"
	"testing"

	"roster/compat/compattest"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// TestTheExampleIsADialect: the folder of the documentation's example serves, refuses, and knows whom it shows what.
func TestTheExampleIsADialect(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		url := compattest.Serve(t, db, compattest.Config(t), door())
		acme, other := modelstest.Organization(t, db).ID, modelstest.Organization(t, db).ID
		key := *modelstest.Key(t, db, models.OrganizationKey, acme).Key
		for _, c := range []struct {
			path, key string
			status    int
			body      string
		}{
			{"/hello/organizations/" + acme + "/", key, 200, `{"hello":"Acme"}`},
			{"/hello/organizations/" + other, key, 404,
				`{"sorry":"There is no resource of type organizations with the id \"` + other + `\"."}`},
			{"/hello/organizations/" + acme, "", 401, `{"sorry":"Send a key as Authorization: Bearer, or sign in."}`},
			{"/hello/world", "", 404, `{"sorry":"There is nothing at this path."}`},
		} {
			reply, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", url+c.path, nil, "API_KEY", c.key)
			if err != nil || reply.StatusCode != c.status || string(body) != c.body {
				t.Errorf("%s: %d %s, %v", c.path, reply.StatusCode, body, err)
			}
		}
	})
}

// TestTheDocumentationHasTheExample as it is compiled.
func TestTheDocumentationHasTheExample(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/dialects.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "// door is")
	if !strings.Contains(string(page), "```go\n// door is"+code+"```") {
		t.Error("docs/dialects.md has another example than compat/example_test.go")
	}
}
