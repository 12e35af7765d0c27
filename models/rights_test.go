package models_test

import (
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestWhatRightsCover(t *testing.T) {
	t.Parallel()
	at := func(hours int) *jsonapi.Time {
		return &jsonapi.Time{Time: time.Date(2026, 1, 1, hours, 0, 0, 0, time.UTC)}
	}
	rights := func(until *jsonapi.Time, scopes ...string) models.Rights {
		return models.Rights{Scopes: scopes, Until: until}
	}
	for name, c := range map[string]struct {
		these, those models.Rights
		want         bool
	}{
		"none cover none":                 {rights(nil), rights(nil), true},
		"none cover no scope":             {rights(nil), rights(nil, "users:read"), false},
		"all cover all":                   {rights(nil, "*"), rights(nil, "*"), true},
		"all scopes are not all":          {rights(nil, models.Scopes()[1:]...), rights(nil, "*"), false},
		"who writes reads":                {rights(nil, "users:write"), rights(nil, "users:read"), true},
		"who reads does not write":        {rights(nil, "users:read"), rights(nil, "users:write"), false},
		"one of two is too few":           {rights(nil, "users:read"), rights(nil, "users:read", "events:read"), false},
		"what ends does not last":         {rights(at(1), "*"), rights(nil, "*"), false},
		"what lasts covers what ends":     {rights(nil, "*"), rights(at(1), "*"), true},
		"the same end":                    {rights(at(1), "*"), rights(at(1), "*"), true},
		"an earlier end":                  {rights(at(2), "*"), rights(at(1), "*"), true},
		"a later end":                     {rights(at(1), "*"), rights(at(2), "*"), false},
		"a scope with another's prefix":   {rights(nil, "users:writer"), rights(nil, "users:read"), false},
		"a scope that is only a subject":  {rights(nil, "users"), rights(nil, "users:read"), false},
		"nothing is written by what ends": {rights(at(1)), rights(at(1), "users:write"), false},
	} {
		if got := c.these.Cover(c.those); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestRightsOverKeysOnlyShrink has a key that ends, and lacks some scopes, make and change keys.
func TestRightsOverKeysOnlyShrink(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		ctx, org := t.Context(), organization(t, db, "Acme", "").ID
		end := clock.Now().Add(time.Hour)
		by := until(holding(caller(collection.OnlyOrganization(org)), "apiKeys:write", "users:write"), end)
		at := func(d time.Duration) *jsonapi.Time { return &jsonapi.Time{Time: end.Add(d)} }
		with := func(ends *jsonapi.Time, scopes ...string) *models.APIKey {
			t.Helper()
			a := attributes{"name": "k", "scopes": jsonapi.Strings(scopes)}
			if ends != nil {
				a["expiresAt"] = *ends
			}
			return must(models.CreateAPIKey(ctx, db, everything, input(a, relations{"organization": one(org)})))(t)
		}
		create := func(a attributes) func() error {
			return func() error {
				a["name"] = "made"
				_, err := models.CreateAPIKey(ctx, db, by, input(a, nil))
				return err
			}
		}
		change := func(key *models.APIKey, a attributes) func() error {
			return func() error {
				_, err := models.UpdateAPIKey(ctx, db, by, key.ID, input(a, nil))
				return err
			}
		}
		rotate := func(key *models.APIKey) func() error {
			return func() error {
				_, err := models.RotateAPIKey(ctx, db, by, key.ID, 0)
				return err
			}
		}
		revoke := func(key *models.APIKey) func() error {
			return func() error { return models.DeleteAPIKey(ctx, db, by, key.ID, nil) }
		}
		reads, writes := jsonapi.Strings{"users:read"}, jsonapi.Strings{"users:write"}
		for _, c := range []struct {
			name  string
			do    func() error
			field string // of the refusal, "" for none
		}{
			{"a key that ends with its maker", create(attributes{"scopes": reads, "expiresAt": *at(0)}), ""},
			{"a key that ends before", create(attributes{"scopes": reads, "expiresAt": *at(-time.Second)}), ""},
			{"a key that ends after", create(attributes{"scopes": reads, "expiresAt": *at(time.Second)}), "expiresAt"},
			{"a key for ever", create(attributes{"scopes": reads, "expiresAt": nil}), "expiresAt"},
			{"a key that can do nothing, for ever", create(attributes{"expiresAt": nil}), "expiresAt"},
			{"a key that can do more", create(attributes{"scopes": jsonapi.Strings{"events:read"}}), "scopes"},

			{"ending a key for ever", change(with(nil, "users:read"), attributes{"expiresAt": *at(0)}), ""},
			{"ending a key for ever later than oneself", change(with(nil, "users:read"), attributes{"expiresAt": *at(time.Minute)}), ""},
			{"prolonging up to oneself", change(with(at(-time.Minute), "users:read"), attributes{"expiresAt": *at(0)}), ""},
			{"prolonging beyond oneself", change(with(at(-time.Minute), "users:read"), attributes{"expiresAt": *at(time.Second)}),
				"expiresAt"},
			{"taking an end away", change(with(at(0), "users:read"), attributes{"expiresAt": nil}), "expiresAt"},
			{"taking the end of a later one away", change(with(at(time.Hour), "users:read"), attributes{"expiresAt": nil}), "expiresAt"},
			{"widening one that ends before", change(with(at(0), "users:read"), attributes{"scopes": writes}), ""},
			{"widening one that goes on", change(with(nil, "users:read"), attributes{"scopes": writes}), "expiresAt"},
			{"widening and ending one", change(with(nil, "users:read"), attributes{"scopes": writes, "expiresAt": *at(0)}), ""},
			{"narrowing one that goes on", change(with(nil, "users:write"), attributes{"scopes": reads}), ""},
			{"renaming one that goes on", change(with(nil, "users:write"), attributes{"name": "n"}), ""},
			{"saying what is", change(with(nil, "events:read"), attributes{"name": "k", "expiresAt": nil}), ""},

			{"narrowing a stronger one", change(with(at(0), "users:read", "events:read"), attributes{"scopes": reads}), "scopes"},
			{"emptying the strongest", change(with(at(0), "*"), attributes{"scopes": jsonapi.Strings{}}), "scopes"},
			{"renaming a stronger one", change(with(at(0), "events:read"), attributes{"name": "n"}), "scopes"},
			{"ending a stronger one", change(with(nil, "events:read"), attributes{"expiresAt": *at(0)}), "scopes"},

			{"rotating one that ends before", rotate(with(at(0), "users:read")), ""},
			{"rotating one that goes on", rotate(with(nil, "users:read")), "expiresAt"},
			{"rotating a stronger one", rotate(with(at(0), "events:read")), "scopes"},

			{"revoking one that goes on", revoke(with(nil, "users:write")), ""},
			{"revoking a stronger one", revoke(with(at(0), "users:write", "events:read")), "scopes"},
		} {
			t.Run(c.name, func(t *testing.T) {
				err := c.do()
				if c.field == "" && err != nil {
					t.Error(err)
				}
				if c.field != "" {
					wantKind(t, err, store.Forbidden, c.field)
				}
			})
		}
		made := must(models.CreateAPIKey(ctx, db, by, input(attributes{"name": "k"}, nil)))(t)
		if made.ExpiresAt == nil || !made.ExpiresAt.Equal(end) {
			t.Errorf("a key without an expiry has %v, want that of its maker", made.ExpiresAt)
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestATokenLivesNoLongerThanWhoAskedForIt(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		ctx := t.Context()
		create := func(by models.Caller, a attributes) (*models.Organization, error) {
			a["name"] = "Acme"
			return models.CreateOrganization(ctx, db, by, input(a, nil))
		}
		weak := holding(everything, models.Scopes()[1:]...)
		if org := must(create(weak, attributes{}))(t); org.Token != nil {
			t.Error("who cannot do everything is shown a token that can")
		}
		_, err := create(weak, attributes{"token": "5I9cezE6QPYl8v9jggrN3w"})
		wantKind(t, err, store.Forbidden, "token")
		org := must(create(until(everything, clock.Now().Add(time.Hour)), attributes{}))(t)
		_, err = models.RefreshToken(ctx, db, weak, org.ID)
		wantKind(t, err, store.Forbidden, "")
		refreshed := must(models.RefreshToken(ctx, db, until(everything, clock.Now().Add(2*time.Hour)),
			must(create(everything, attributes{}))(t).ID))(t)
		forever := must(create(everything, attributes{}))(t)

		// What the token makes ends with it.
		holder := must(models.FindHolder(ctx, db, *org.Token))(t)
		child := models.Caller{
			Kind: models.ByOrganizationToken, ID: org.ID, Scope: collection.OnlyOrganization(org.ID), Rights: holder.Rights,
		}
		key := must(models.CreateAPIKey(ctx, db, child, input(attributes{"name": "k", "scopes": jsonapi.Strings{"*"}}, nil)))(t)

		for _, step := range []struct {
			wait  time.Duration
			alive map[string]bool
		}{
			{0, map[string]bool{*org.Token: true, *key.Key: true, *refreshed.Token: true, *forever.Token: true}},
			{time.Hour, map[string]bool{*org.Token: false, *key.Key: false, *refreshed.Token: true, *forever.Token: true}},
			{time.Hour, map[string]bool{*refreshed.Token: false, *forever.Token: true}},
		} {
			clock.Advance(step.wait)
			for secret, want := range step.alive {
				if got := speaksFor(t, db, secret) != ""; got != want {
					t.Errorf("after %s: %s works: %v", step.wait, secret, got)
				}
			}
		}
	})
}

func TestAnOrganizationHasAtMostAHundredKeys(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org, other := organization(t, db, "Acme", "").ID, organization(t, db, "Other", "").ID
		add := func(kind models.KeyKind) error {
			_, err := models.CreateAPIKey(t.Context(), db, everything,
				input(attributes{"name": "k", "kind": string(kind)}, relations{"organization": one(org)}))
			return err
		}
		for i := range 98 {
			if err := add([]models.KeyKind{models.OrganizationKey, models.ManagementKey}[i%2]); err != nil {
				t.Fatal(err)
			}
		}
		var at []func() error
		for range 6 {
			at = append(at, func() error { return add(models.OrganizationKey) })
		}
		refused := 0
		for _, err := range atOnce(at...) {
			if err != nil {
				wantKind(t, err, store.Conflict, "organization")
				refused++
			}
		}
		if refused != 4 {
			t.Errorf("of six keys for two places %d were refused", refused)
		}
		apiKey(t, db, models.OrganizationKey, other)
		apiKey(t, db, models.ManagementKey, "")
		if err := models.DeleteAPIKey(t.Context(), db, everything, list(t, db, models.APIKeys, collection.OnlyOrganization(org), "")[0],
			nil); err != nil {
			t.Fatal(err)
		}
		if err := add(models.OrganizationKey); err != nil {
			t.Errorf("after a deletion: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}
