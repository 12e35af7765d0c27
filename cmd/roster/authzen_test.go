package main

import (
	"encoding/json"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/server/servertest"
)

// TestWhoIsSignedInAsksAuthZENAboutThemselves by the cookie of their session, from a page of the same origin alone.
func TestWhoIsSignedInAsksAuthZENAboutThemselves(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		const password = "correct horse battery"
		row := printedRow.FindStringSubmatch(fillDemo(t, dir, url, "--organizations", "60", "--users", "200", "--password", password))
		v := &visitor{t: t, base: s.base}
		v.signIn(row[1], password, 201)
		me, one := v.ask("GET", "me", "", 200), v.ask("GET", "organizations?page[size]=1", "", 200)
		evaluate := func(from string) (int, string) {
			body := `{"subject":{"type":"user","id":"` + idIn(t, me.Data) + `"},"action":{"name":"organizations:read"},` +
				`"resource":{"type":"organization","id":"` + idIn(t, one.Data) + `"}}`
			reply, read, err := servertest.Exchange(t.Context(), servertest.Fresh(), "POST", s.base+"/access/v1/evaluation",
				strings.NewReader(body), "Cookie", v.cookie, "Sec-Fetch-Site", from, "Content-Type", "application/json")
			if err != nil {
				t.Fatal(err)
			}
			return reply.StatusCode, string(read)
		}
		if status, read := evaluate("same-origin"); status != 200 || !strings.Contains(read, `"decision":true`) {
			t.Errorf("of themselves: %d %s", status, read)
		}
		if status, read := evaluate("cross-site"); status != 403 {
			t.Errorf("from a page of others: %d %s", status, read)
		}
	})
}

// idIn returns the id of a resource, or of the first of a list.
func idIn(t *testing.T, data json.RawMessage) string {
	t.Helper()
	type named struct{ ID string }
	var one named
	var list []named
	if json.Unmarshal(data, &one) == nil {
		return one.ID
	}
	if err := json.Unmarshal(data, &list); err != nil || len(list) == 0 {
		t.Fatalf("no resource in %s", data)
	}
	return list[0].ID
}
