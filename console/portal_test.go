//go:build !no_console

package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// portalLink makes a portal link of an organization, and returns its id and token.
func portalLink(t *testing.T, db *store.DB, organization string, ancestors ...string) (id, token string) {
	t.Helper()
	by := models.Caller{Kind: models.BySystem, Scope: collection.Everything(), Rights: models.Rights{Scopes: []string{models.EveryScope}}}
	l, err := models.CreatePortalLink(t.Context(), db, by, &models.Change{
		Attributes: map[string]any{"frameAncestors": jsonapi.Strings(ancestors)},
		Links:      map[string]models.Links{"organization": {organization}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ = strings.Cut(*l.URL, "#")
	return l.ID, token
}

// TestALinkSaysWhoEmbedsItsPage asks for the pages of links in every state.
func TestALinkSaysWhoEmbedsItsPage(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newServiceOver(t, db)
		org := modelstest.Organization(t, db).ID
		const app, local = "https://app.example.com", "http://localhost:3000"
		framed := func(id string) string {
			for _, below := range []string{"", "/", "/webhooks/x/deliveries/y", "?x=y"} {
				answer, body := s.get("/console/portal/" + id + below)
				policy := answer.Header.Get("Content-Security-Policy")
				_, ancestors, _ := strings.Cut(policy, "frame-ancestors ")
				ancestors, _, _ = strings.Cut(ancestors, ";")
				none := ancestors == "'none'"
				if answer.StatusCode != http.StatusOK || len(body) == 0 || none != (answer.Header.Get("X-Frame-Options") == "DENY") ||
					answer.Header.Get("Cache-Control") != "no-store" || strings.Contains(policy, "unsafe") {
					t.Errorf("%s: %s %v", below, answer.Status, answer.Header)
				}
				if below == "/webhooks/x/deliveries/y" {
					return ancestors
				}
			}
			return ""
		}
		both, token := portalLink(t, db, org, app, local)
		if got := framed(both); got != app+" "+local {
			t.Errorf("both are %s", got)
		}
		alone, _ := portalLink(t, db, org)
		for _, id := range []string{alone, "01912f6a-8c00-7abc-8def-0123456789ab", "x"} {
			if got := framed(id); got != "'none'" {
				t.Errorf("%s is %s", id, got)
			}
		}
		visit := models.Visit{}
		who, err := models.ProvePortalLink(t.Context(), db, visit, token)
		if err != nil {
			t.Fatal(err)
		}
		session, err := models.BeginSession(t.Context(), db, "", visit, who)
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(10 * time.Minute)
		if got := framed(both); got != app+" "+local {
			t.Errorf("while it is open they are %s", got)
		}
		late, _ := portalLink(t, db, org, app)
		clock.Advance(5*time.Minute + time.Second)
		if got := framed(late); got != "'none'" {
			t.Errorf("too late they are %s", got)
		}
		system := models.System("test")
		if err := models.DeleteSession(t.Context(), db, system, session.ID, nil); err != nil {
			t.Fatal(err)
		}
		if got := framed(both); got != "'none'" {
			t.Errorf("in the end they are %s", got)
		}
		// Other pages are embedded by nobody.
		if answer, _ := s.get("/console/portal"); answer.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%v", answer.Header)
		}
	})
}
