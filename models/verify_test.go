package models_test

import (
	"slices"
	"strings"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestVerifyFindsWhatDoesNotAgree breaks one thing after the other behind the back of the service, and has it found.
func TestVerifyFindsWhatDoesNotAgree(t *testing.T) {
	t.Parallel()
	const leaf = `(SELECT id FROM organizations WHERE name = 'Leaf')`
	for name, broken := range map[string]struct{ statement, says string }{
		"a row of the closure too many": {
			`INSERT INTO organization_paths (ancestor_id, descendant_id, distance) SELECT id, ` + leaf + `, 1 FROM organizations
				WHERE name = 'Other'`,
			"an organization with closure rows that its parent_id does not imply: "},
		"one that is missing": {
			`DELETE FROM organization_paths WHERE distance = 2`,
			"an organization without a closure row that its parent_id implies: "},
		"one of itself that is missing": {
			`DELETE FROM organization_paths WHERE distance = 0 AND ancestor_id = ` + leaf,
			"an organization that the closure does not have above itself: "},
		"one of another distance": {
			`UPDATE organization_paths SET distance = 3 WHERE distance = 2`,
			"an organization without a closure row that its parent_id implies: "},
		"a counter": {
			`UPDATE counters SET n = n + 1 WHERE name = 'users' AND key = ''`,
			"the counter users of all stands at 2, and counting finds 1"},
		"counters that are missing": {
			`DELETE FROM counters WHERE name = 'descendants'`,
			"stands at 0, and counting finds 2"},
		"an endpoint's URL": {`UPDATE webhooks SET sealed_url = (SELECT sealed FROM webhook_secrets)`,
			"what is sealed in sealed_url of webhooks cannot be opened"},
		"an endpoint's secret": {`UPDATE webhook_secrets SET sealed = (SELECT sealed_url FROM webhooks)`,
			"what is sealed in sealed of webhook_secrets cannot be opened"},
		"a creation that nobody was told of": {`DELETE FROM events WHERE event_type = 'user.created'`, "users without user.created: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modelstest.Each(t, func(t *testing.T, db *store.DB) {
				top := organization(t, db, "Top", "").ID
				deep := organization(t, db, "Leaf", organization(t, db, "Middle", top).ID).ID
				organization(t, db, "Other", "")
				user(t, db, "ada", deep)
				endpoint(t, db, deep, "https://127.0.0.1:1/planted-secret")
				if found := verified(t, db); len(found) != 0 {
					t.Fatalf("before: %q", found)
				}
				if _, err := modelstest.Writable(db).ExecContext(t.Context(), broken.statement); err != nil {
					t.Fatal(err)
				}
				found := verified(t, db)
				if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, broken.says) }) {
					t.Errorf("found %q, want %q", found, broken.says)
				}
				if all := strings.Join(found, " "); strings.Contains(all, "planted") {
					t.Errorf("it tells a secret: %s", all)
				}
			})
		})
	}
}

// verified returns what Verify finds.
func verified(t *testing.T, db *store.DB) (found []string) {
	t.Helper()
	if err := models.VerifyRequested(t.Context(), db, func(sentence string) { found = append(found, sentence) }); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestVerifySeesOneMoment looks while others write.
func TestVerifySeesOneMoment(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		ended := make(chan error, 1)
		go func() {
			for n := range 60 {
				org, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": models.NewID()}, below(top)))
				if err == nil && n%2 == 0 {
					err = models.DeleteOrganization(t.Context(), db, everything, org.ID, nil)
				}
				if err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
		for looks := 0; ; looks++ {
			if found := verified(t, db); len(found) != 0 {
				t.Fatalf("look %d: %q", looks, found)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Fatal(err)
				}
				return
			default:
			}
		}
	})
}
