package handlers_test

import (
	"fmt"
	"testing"

	"roster/models/modelstest"
)

// TestPeopleAreToldWhetherTheyMayCreateHeads reads who one is as a person, with the setting that lets people create organizations without a
// parent and without it, and as a key, which is not told.
func TestPeopleAreToldWhetherTheyMayCreateHeads(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		for _, allowed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", dialect, allowed), func(t *testing.T) {
				t.Parallel()
				cfg := modelstest.Config(t, dialect)
				cfg.UsersCreateOrganizations = allowed
				s := newService(t, modelstest.OpenConfig(t, cfg))
				s.account("eva@example.com", "")
				eva := s.browser()
				eva.signIn("eva@example.com")
				if got := eva.get("/public/v2/me").want(200).json("meta", "createsHeads"); got != allowed {
					t.Errorf("createsHeads is %v, want %v", got, allowed)
				}
				want := 403
				if allowed {
					want = 201
				}
				eva.do("POST", "/public/v2/organizations", resource("organizations", object{"name": "Head"})).want(want)
				if meta, is := s.get("/public/v2/me").want(200).json("meta").(map[string]any); is && meta["createsHeads"] != nil {
					t.Errorf("a key is told %v", meta)
				}
			})
		}
	}
}
