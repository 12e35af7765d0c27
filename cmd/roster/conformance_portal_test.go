package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"roster/conformance/suite"
	"roster/models/modelstest"
	"roster/server/servertest"
)

// shownInAPortal is how many rows what a portal sees can show at least.
const shownInAPortal = 240

// TestEveryRowHoldsInAPortal runs the black-box conformance suite as the page of a portal link: what the session of one sees is described
// by conformance/portal.json, and no row depends on what it does not see.
func TestEveryRowHoldsInAPortal(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	description, err := suite.LoadDescription(filepath.Join("..", "..", "conformance", "portal.json"))
	if err != nil {
		t.Fatal(err)
	}
	modelstestURLs(t, func(t *testing.T, url string) {
		s := serve(t, t.TempDir(), frontDoors, "--database-url", url, "--migrate", "--rate-limit", "0",
			"--webhook-endpoints", "0")
		header := http.Header{"Roster-Session": {"portal"}, "Sec-Fetch-Site": {"same-origin"}}
		header.Set("Cookie", portalCookie(t, s.base, "Bearer "+keyPrinted.FindString(s.stdout.String())))
		report := holds(t, s.base, description, suite.Options{Header: header})
		held := 0
		for _, result := range report.Results {
			if result.Outcome == suite.Passed {
				held++
			}
			if result.ID == "FETCH-1" && result.Outcome != suite.Excepted {
				t.Errorf("FETCH-1 is %s, want the exception that portal.json declares", result.Outcome)
			}
		}
		if held < shownInAPortal {
			t.Errorf("only %d rows could be shown, want %d", held, shownInAPortal)
		}
	})
}

// portalCookie makes a portal link with every permission that one can have, opens it, and returns the cookie of its session.
func portalCookie(t *testing.T, base, credential string) string {
	t.Helper()
	send := func(path, body string, headers ...string) (servertest.Reply, []byte) {
		answer, read, err := servertest.Exchange(t.Context(), servertest.Fresh(), "POST", base+"/public/v2/"+path, strings.NewReader(body),
			append(headers, "Content-Type", "application/vnd.api+json")...)
		if err != nil || answer.StatusCode != http.StatusCreated {
			t.Fatalf("%s: %v %s", path, err, read)
		}
		return answer, read
	}
	var made struct {
		Data struct {
			ID         string
			Attributes struct{ URL string }
		}
	}
	parse := func(_ servertest.Reply, read []byte) {
		if err := json.Unmarshal(read, &made); err != nil {
			t.Fatal(err)
		}
	}
	parse(send("management/organizations", `{"data":{"type":"organizations","attributes":{"name":"Acme"}}}`, "Authorization", credential))
	parse(send("portalLinks", fmt.Sprintf(`{"data":{"type":"portalLinks","attributes":{"permissions":["webhooks:write",
		"webhookDeliveries:write","events:read"],"sessionExpiresIn":43200},"relationships":{"organization":{"data":
		{"type":"organizations","id":%q}}}}}`, made.Data.ID), "Authorization", credential))
	_, token, _ := strings.Cut(made.Data.Attributes.URL, "#")
	opened, _ := send("sessions", fmt.Sprintf(`{"data":{"type":"sessions"},"meta":{"portalToken":%q}}`, token),
		"Sec-Fetch-Site", "same-origin")
	for _, cookie := range (&http.Response{Header: opened.Header}).Cookies() {
		return cookie.Name + "=" + cookie.Value
	}
	t.Fatal("the session has no cookie")
	return ""
}
