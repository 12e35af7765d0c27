package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAnUpgradeTellsCallersApart writes events and kept answers as they were before identities had a kind of credential.
func TestAnUpgradeTellsCallersApart(t *testing.T) {
	t.Parallel()
	eachUnmigrated(t, func(t *testing.T, cfg models.Config) {
		db := modelstest.OpenConfig(t, cfg)
		if err := db.MigrateTo(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		const (
			org  = "01912f6a-8c00-7abc-8def-000000000001"
			key  = "01912f6a-8c00-7abc-8def-000000000002"
			gone = "01912f6a-8c00-7abc-8def-000000000003"
		)
		run := func(statement string) {
			t.Helper()
			if _, err := pool(db).ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		run(`INSERT INTO organizations (id, name, slug, kind, is_event_producer, location_tracking, version, created_at, updated_at)
			VALUES ('` + org + `', 'Acme', 'acme', 'company', TRUE, FALSE, 1, '2024-01-01 00:00:00+00:00', '2024-01-01 00:00:00+00:00')`)
		for i, e := range []struct{ typ, kind, id, subject string }{
			{"user.created", "management", key, gone}, {"user.created", "organization", org, gone},
			{"user.created", "organization", key, gone}, {"user.deleted", "system", "", gone},
		} {
			run(`INSERT INTO events (id, event_type, subject_type, subject_id, actor_kind, actor_id, data, occurred_at)
				VALUES ('01912f6a-8c00-7abc-8def-10000000000` + string(rune('0'+i)) + `', '` + e.typ +
				`', 'users', '` + e.subject + `', '` + e.kind + `', '` + e.id + `', '{}', '2024-01-01 00:00:00+00:00')`)
		}
		for _, caller := range []string{"management " + key, "organization " + org, "organization " + key} {
			blob := map[store.Dialect]string{store.SQLite: "x'01'", store.Postgres: `'\x01'`}[db.Dialect()]
			run(`INSERT INTO idempotency_keys (credential_id, key, fingerprint, answer, created_at)
				VALUES ('` + caller + `', 'k', ` + blob + `, ` + blob + `, '2024-01-01 00:00:00+00:00')`)
		}
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"management_key", "organization_token", "organization_key", "system"},
			texts(t, db, "SELECT actor_kind FROM events ORDER BY id")); diff != "" {
			t.Errorf("actors (-want +got):\n%s", diff)
		}
		want := []string{"management_key:" + key, "organization_key:" + key, "organization_token:" + org}
		if diff := cmp.Diff(want, texts(t, db, "SELECT caller FROM idempotency_keys WHERE answer IS NULL ORDER BY caller")); diff != "" {
			t.Errorf("kept answers (-want +got):\n%s", diff)
		}
		in := input(attributes{"firstName": "Second"}, nil)
		in.ID = gone
		_, err := models.CreateUser(t.Context(), db, everything, in)
		wantKind(t, err, store.Conflict, "id")
	})
}

// TestAnIDIsNeverUsedAgain chooses, for new organizations and users, the ids of everything there is and was.
func TestAnIDIsNeverUsedAgain(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		create := map[string]func(id string) error{
			"organizations": func(id string) error {
				in := input(attributes{"name": "Acme"}, nil)
				in.ID = id
				_, err := models.CreateOrganization(ctx, db, everything, in)
				return err
			},
			"users": func(id string) error {
				in := input(attributes{"firstName": "Ada"}, nil)
				in.ID = id
				_, err := models.CreateUser(ctx, db, everything, in)
				return err
			},
		}
		ids := onePerType(t, db)
		refuseAll := func(when string) {
			t.Helper()
			for typ, id := range ids {
				for what, choose := range create {
					if err := choose(id); !store.IsKind(err, store.Conflict) {
						t.Errorf("%s: the id of one of %s is taken for one of %s: %v", when, typ, what, err)
					}
				}
			}
		}
		for what, choose := range create {
			id := models.NewID()
			if err := choose(id); err != nil {
				t.Fatalf("a free id for one of %s: %v", what, err)
			}
			ids["chosen for "+what] = id
		}
		refuseAll("while it is there")
		for _, err := range []error{
			models.DeleteWebhook(ctx, db, everything, ids["webhooks"], nil), models.DeleteAPIKey(ctx, db, everything, ids["apiKeys"], nil),
			models.DeleteMembership(ctx, db, everything, ids["memberships"], nil),
			models.DeleteUser(ctx, db, everything, ids["users"], nil),
			models.DeleteUser(ctx, db, everything, ids["chosen for users"], nil),
			models.DeleteOrganization(ctx, db, everything, ids["organizations"], nil),
			models.DeleteOrganization(ctx, db, everything, ids["chosen for organizations"], nil),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		refuseAll("after its deletion")
		modelstest.CheckConsistency(t, db)
	})
}

// onePerType makes one of everything and returns the ids by type.
func onePerType(t *testing.T, db *store.DB) map[string]string {
	t.Helper()
	ctx := t.Context()
	org := organization(t, db, "Acme", "").ID
	hook := must(models.CreateWebhook(ctx, db, everything,
		input(attributes{"url": "https://hooks.example.com/"}, relations{"organization": one(org)})))(t)
	job := must(models.CreateWebhookReplay(ctx, db, everything,
		input(attributes{"since": jsonapi.Time{Time: db.Now().Add(-time.Hour)}}, relations{"webhook": one(hook.ID)})))(t)
	test := modelstest.Delivery(t, db, hook)
	return map[string]string{
		"organizations": org, "users": user(t, db, "Ada", org).ID,
		"memberships": list(t, db, models.Memberships, collection.Everything(), "")[0],
		"apiKeys":     apiKey(t, db, models.OrganizationKey, org).ID, "webhooks": hook.ID, "webhookReplays": job.ID,
		"webhookDeliveries": test.ID, "events": test.EventID,
	}
}

func TestOfTwoWhoChooseAnIDAtOnceOneGetsIt(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		id := models.NewID()
		choose := make([]func() error, 8)
		for i := range choose {
			choose[i] = func() error {
				if i%2 == 0 {
					in := input(attributes{"firstName": "Ada"}, nil)
					in.ID = id
					_, err := models.CreateUser(t.Context(), db, everything, in)
					return err
				}
				in := input(attributes{"name": "Acme"}, nil)
				in.ID = id
				_, err := models.CreateOrganization(t.Context(), db, everything, in)
				return err
			}
		}
		made := 0
		for _, err := range atOnce(choose...) {
			switch {
			case err == nil:
				made++
			case !store.IsKind(err, store.Conflict) || !strings.Contains(err.Error(), "That id is taken."):
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d got the id", made)
		}
	})
}
