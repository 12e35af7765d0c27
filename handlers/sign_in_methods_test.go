package handlers_test

import (
	"testing"

	"roster/handlers"
)

// TestHowOneSignsInIsToldToEverybody, with providers and without.
func TestHowOneSignsInIsToldToEverybody(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		const password = `{"type":"signInMethods","id":"password"}`
		for want, providers := range map[string][]handlers.Provider{
			`{"data":[` + password + `],"links":`: nil,
			`{"data":[` + password + `,{"type":"signInMethods","id":"skyline","attributes":{"kind":"oidc","name":"Skyline ID",` +
				`"url":"/auth/skyline"}}],"links":`: {{ID: "skyline", Name: "Skyline ID", URL: "/auth/skyline"}},
		} {
			s.api.Providers = providers
			a := s.as("").get("/public/v2/signInMethods").want(200)
			if got := string(a.Body); len(got) < len(want) || got[:len(want)] != want {
				t.Errorf("the ways to sign in are %s, want %s", got, want)
			}
			if total := a.json("meta", "total"); total != float64(1+len(providers)) {
				t.Errorf("%v in all", total)
			}
		}
		s.as("").get("/public/v2/signInMethods?sort=name").want(400)
		s.as("").do("POST", "/public/v2/signInMethods", nil).want(405)
	})
}
