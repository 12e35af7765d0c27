package compat_test

import (
	"net/http"
	"strings"
	"testing"

	"roster/auth"
	"roster/compat/compattest"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// TestADialectKnowsNoPortal sends what a portal link has opened to a dialect that takes the cookies of people.
func TestADialectKnowsNoPortal(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		url := compattest.Serve(t, db, compattest.Config(t), door())
		acme := modelstest.Organization(t, db).ID
		cookie := portalCookie(t, db, acme)
		_, secret, _ := strings.Cut(cookie, "=")
		for _, headers := range [][]string{
			{"Cookie", cookie, auth.PortalHeader, auth.PortalValue}, {"Cookie", cookie}, {"Cookie", "roster=" + secret},
			{"Cookie", "roster=" + secret, auth.PortalHeader, auth.PortalValue},
		} {
			reply, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", url+"/hello/organizations/"+acme, nil,
				headers...)
			if err != nil || reply.StatusCode != http.StatusUnauthorized {
				t.Errorf("%v: %d %s, %v", headers, reply.StatusCode, body, err)
			}
		}
	})
}

// portalCookie opens a link to an organization, and returns the cookie of that on this machine.
func portalCookie(t *testing.T, db *store.DB, organization string) string {
	t.Helper()
	l, err := models.CreatePortalLink(t.Context(), db, models.System("test"),
		&models.Change{Links: map[string]models.Links{"organization": {organization}}})
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(*l.URL, "#")
	who, err := models.ProvePortalLink(t.Context(), db, models.Visit{}, token)
	if err != nil {
		t.Fatal(err)
	}
	written := http.Header{}
	err = store.Transaction(t.Context(), db, func(tx *store.DB) error {
		s, err := models.BeginSession(t.Context(), tx, "", models.Visit{}, who)
		if err != nil {
			return err
		}
		cookie, err := auth.RenewCookie(t.Context(), tx, auth.Site{Host: "127.0.0.1"}, s)
		if err == nil {
			cookie.Write(written)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(written.Get("Set-Cookie"), ";")
	if !strings.HasPrefix(text, "roster-portal=") {
		t.Fatalf("the cookie is %s", written)
	}
	return text
}
