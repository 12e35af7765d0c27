package models_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestAnAddressIsOneUsersWhateverItsSpelling(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		create := func(email string) error {
			_, err := models.CreateUser(t.Context(), db, everything, input(attributes{"email": email}, nil))
			return err
		}
		for first, others := range map[string][]string{
			"ada@example.com":   {"ADA@Example.COM", "ada@ＥＸＡＭＰＬＥ.com"},
			"jürg@example.com":  {"JÜRG@EXAMPLE.COM", "ju\u0308rg@example.com"},
			"иван@example.com":  {"ИВАН@example.com"},
			"weiß@example.com":  {"WEISS@example.com", "weiss@example.com", "WEIẞ@example.com"},
			"ᎠᎡ@example.com":    {"ꭰꭱ@example.com"},
			"élan@exämple.com":  {"ÉLAN@EXÄMPLE.COM", "e\u0301lan@exa\u0308mple.com", "élan@xn--exmple-cua.com", "ÉLAN@XN--EXMPLE-CUA.com"},
			"σίσυφος@пример.рф": {"ΣΊΣΥΦΟΣ@ПРИМЕР.РФ", "σίσυφος@xn--e1afmkfd.xn--p1ai"},
			"a@ex_ample.com":    {"A@EX_AMPLE.com"},
			"a@-example.com":    {"A@-EXAMPLE.com"},
		} {
			if err := create(first); err != nil {
				t.Fatal(err)
			}
			for _, other := range others {
				wantKind(t, create(other), store.Conflict, "email")
			}
		}
		for _, other := range []string{"a.da@example.com", "ada+1@example.com", "jurg@example.com", "élan@example.com"} {
			if err := create(other); err != nil {
				t.Errorf("%s is another address: %v", other, err)
			}
		}
		taken := 0
		same := func() error { return create("same@example.com") }
		other := func() error { return create("SAME@example.com") }
		for _, err := range atOnce(same, other, same, other) {
			if err != nil {
				wantKind(t, err, store.Conflict, "email")
				taken++
			}
		}
		if taken != 3 {
			t.Errorf("of four who chose one address %d were refused", taken)
		}
		for range 2 { // nobody's address is not taken by anybody
			user(t, db, "without")
		}
		u := user(t, db, "late")
		_, err := models.UpdateUser(t.Context(), db, everything, u.ID, input(attributes{"email": "Ada@example.com"}, nil))
		wantKind(t, err, store.Conflict, "email")
		kept := must(models.UpdateUser(t.Context(), db, everything, u.ID, input(attributes{"email": "Late@Example.com"}, nil)))(t)
		if *kept.Email != "Late@Example.com" {
			t.Errorf("the address is kept as %s", *kept.Email)
		}
		if _, err := models.UpdateUser(t.Context(), db, everything, u.ID, input(attributes{"email": "LATE@example.com"}, nil)); err != nil {
			t.Errorf("another spelling of their own address: %v", err)
		}
		if _, err := models.UpdateUser(t.Context(), db, everything, u.ID, input(attributes{"email": nil}, nil)); err != nil {
			t.Errorf("no address: %v", err)
		}
		if err := create("late@example.com"); err != nil {
			t.Errorf("an address that was given up: %v", err)
		}
	})
}

func TestAUserHasSomethingToBeKnownBy(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for name, a := range map[string]attributes{"nothing": {}, "empty names": {"firstName": "", "lastName": ""},
			"an empty externalId": {"externalId": ""}, "a phone": {"phone": "1"}} {
			if _, err := models.CreateUser(t.Context(), db, everything, input(a, nil)); !store.IsKind(err, store.Required) {
				t.Errorf("%s: %v", name, err)
			}
		}
		u := user(t, db, "Ada")
		if u.FullName != "Ada" {
			t.Errorf("full name %q", u.FullName)
		}
		_, err := models.UpdateUser(t.Context(), db, everything, u.ID, input(attributes{"firstName": nil}, nil))
		wantKind(t, err, store.Required, "email")
		both := must(models.UpdateUser(t.Context(), db, everything, u.ID, input(attributes{"lastName": "Lovelace"}, nil)))(t)
		if both.FullName != "Ada Lovelace" {
			t.Errorf("full name %q", both.FullName)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// profile has another value for each attribute of a user that can be written.
var profile = attributes{
	"firstName": "x", "lastName": "x", "email": "thief@example.com", "phone": "1", "timeZone": "UTC", "locale": "de", "externalId": "x",
	"active": false, "password": "a long password",
}

func TestASharedPersonIsChangedByWhoManagesEveryOrganizationOfTheirs(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		update := func(by models.Caller, id string, a attributes, r relations) error {
			_, err := models.UpdateUser(t.Context(), db, by, id, input(a, r))
			return err
		}
		leaf := caller(collection.OnlyOrganization(g.leaf.ID))
		before := texts(t, db, "SELECT COUNT(*) FROM events")
		for _, a := range models.Users.Schema.Attributes {
			value, written := profile[a.Name]
			if written == a.ReadOnly {
				t.Errorf("%s: the test has no value for it, or needs none", a.Name)
			}
			if !written {
				continue
			}
			for _, by := range []models.Caller{
				leaf, caller(collection.Subtree(g.top.ID)), caller(collection.OnlyOrganization(g.other.ID)),
			} {
				wantKind(t, update(by, g.shared.ID, attributes{a.Name: value}, nil), store.Forbidden, a.Name)
			}
		}
		err := update(leaf, g.shared.ID, attributes{"firstName": "x", "phone": "1", "locale": nil}, nil)
		var several store.Errors
		if !errors.As(err, &several) || len(several) != 2 || several[0].Field != "firstName" || several[1].Field != "phone" {
			t.Errorf("two changes and an echo are refused by %v", err)
		}
		if after := texts(t, db, "SELECT COUNT(*) FROM events"); !slices.Equal(before, after) {
			t.Errorf("%s events became %s", before, after)
		}
		if err := update(leaf, g.shared.ID, attributes{"firstName": "shared", "active": true}, nil); err != nil {
			t.Errorf("sent back as it was read: %v", err)
		}
		// A membership in a deleted organization waits for its day: it keeps nobody from the profile, but from how the person signs in.
		if err := models.DeleteOrganization(t.Context(), db, everything, g.other.ID, nil); err != nil {
			t.Fatal(err)
		}
		if err := update(leaf, g.shared.ID, attributes{"phone": "2"}, nil); err != nil {
			t.Errorf("what is deleted objects: %v", err)
		}
		wantKind(t, update(leaf, g.shared.ID, attributes{"email": "thief@example.com"}, nil), store.Forbidden, "email")
		if err := update(everything, g.shared.ID, profile, nil); err != nil {
			t.Errorf("the management: %v", err)
		}
		// Replacing the organizations touches only those in sight.
		if err := update(leaf, g.shared.ID, nil, relations{"organizations": many()}); err != nil {
			t.Fatal(err)
		}
		same(t, "organizations of the shared user",
			texts(t, db, "SELECT CAST(organization_id AS text) FROM memberships WHERE user_id = '"+g.shared.ID+"'"), []string{g.other.ID})
		modelstest.CheckConsistency(t, db)
	})
}

func TestNobodyReservesAnAddressWithAPassword(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		known := must(models.CreateUser(t.Context(), db, everything,
			input(attributes{"email": "known@example.com", "password": "a long password"}, relations{"organization": one(g.leaf.ID)})))(t)
		for _, by := range []models.Caller{caller(collection.OnlyOrganization(g.leaf.ID)), caller(collection.Subtree(g.mid.ID))} {
			create := func(a attributes) (*models.User, error) {
				return models.CreateUser(t.Context(), db, by, input(a, nil))
			}
			update := func(id string, a attributes) error {
				_, err := models.UpdateUser(t.Context(), db, by, id, input(a, nil))
				return err
			}
			_, err := create(attributes{"email": "victim@example.com", "password": "a long password"})
			wantKind(t, err, store.Forbidden, "password")
			_, err = create(attributes{"firstName": "first without an address", "password": "a long password"})
			wantKind(t, err, store.Forbidden, "password")
			only := must(create(attributes{"firstName": "Ada", "password": nil}))(t)
			wantKind(t, update(only.ID, attributes{"password": "a long password"}), store.Forbidden, "password")
			wantKind(t, update(known.ID, attributes{"email": "victim@example.com"}), store.Forbidden, "email")
			for name, a := range profile { // of who is in no other organization, the rest can be changed
				if name == "password" || name == "active" {
					continue
				}
				if err := update(only.ID, attributes{name: a}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if err := models.DeleteUser(t.Context(), db, everything, only.ID, nil); err != nil {
				t.Fatal(err)
			}
			if err := update(known.ID, attributes{"email": "Known@Example.com", "phone": "1"}); err != nil {
				t.Errorf("another spelling of the address: %v", err)
			}
		}
		leaf := caller(collection.OnlyOrganization(g.leaf.ID))
		// Nor does taking the password away make the address anybody's.
		for _, a := range []attributes{{"password": nil}, {"password": nil, "email": "free@example.com"}} {
			_, err := models.UpdateUser(t.Context(), db, leaf, known.ID, input(a, nil))
			wantKind(t, err, store.Forbidden, "password")
		}
	})
}

func TestDeletingAUserEndsWhatTheCallerSees(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		leaf, other := caller(collection.OnlyOrganization(g.leaf.ID)), caller(collection.OnlyOrganization(g.other.ID))
		// What one organization ends there, the other is told nothing of.
		elsewhere := "SELECT COUNT(*) FROM events WHERE organization_id = '" + g.other.ID + "'"
		before := texts(t, db, elsewhere)
		if err := models.DeleteUser(t.Context(), db, caller(collection.Subtree(g.top.ID)), g.shared.ID, nil); err != nil {
			t.Fatal(err)
		}
		if after := texts(t, db, elsewhere); !slices.Equal(before, after) {
			t.Errorf("the other organization had %s events and has %s", before, after)
		}
		must(models.CreateMembership(t.Context(), db, everything,
			input(nil, relations{"user": one(g.shared.ID), "organization": one(g.leaf.ID)})))(t)
		for _, by := range []models.Caller{leaf, other} {
			if err := models.DeleteUser(t.Context(), db, by, g.shared.ID, nil); err != nil {
				t.Fatal(err)
			}
			wantKind(t, models.DeleteUser(t.Context(), db, by, g.shared.ID, nil), store.NotFound, "")
			_, err := collection.Find(t.Context(), db, models.Users, collection.Everything(), g.shared.ID, nil)
			if gone := store.IsKind(err, store.NotFound); gone != (by.Scope == other.Scope) {
				t.Errorf("after the deletion by %+v the user is gone: %v", by.Scope, gone)
			}
		}
		if err := models.DeleteUser(t.Context(), db, everything, g.nowhere.ID, nil); err != nil {
			t.Error(err)
		}
		types := texts(t, db, "SELECT event_type FROM events WHERE subject_id = '"+g.shared.ID+"' ORDER BY event_type")
		if got := slices.Compact(types); !slices.Equal(got, []string{"user.created", "user.deleted"}) {
			t.Errorf("events about them: %q", got)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestNoEventHoldsASecret makes every kind of secret and looks for each in every event.
func TestNoEventHoldsASecret(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		var secrets []string
		keep := func(s *string) {
			if s == nil {
				t.Fatal("a secret was not shown")
			}
			secrets = append(secrets, *s)
		}
		org := must(models.CreateOrganization(ctx, db, everything, input(attributes{
			"name": "x", "webhookUrl": "https://hooks.example.com", "webhookSecret": "chosen-webhook-secret",
			"token": "chosen-token-of-the-client",
		}, nil)))(t)
		keep(org.Token)
		keep(org.WebhookSecret)
		keep(must(models.RefreshToken(ctx, db, everything, org.ID))(t).Token)
		keep(must(models.UpdateOrganization(ctx, db, everything, org.ID,
			input(attributes{"webhookSecret": "another-webhook-secret"}, nil)))(t).WebhookSecret)
		other := must(models.CreateOrganization(ctx, db, everything,
			input(attributes{"name": "x", "webhookUrl": "https://hooks.example.com"}, nil)))(t)
		keep(other.WebhookSecret)
		key := apiKey(t, db, models.OrganizationKey, org.ID)
		keep(key.Key)
		keep(must(models.RotateAPIKey(ctx, db, everything, key.ID, 0))(t).Key)
		u := must(models.CreateUser(ctx, db, everything, input(attributes{"firstName": "Ada", "password": "first-password"}, nil)))(t)
		must(models.UpdateUser(ctx, db, everything, u.ID, input(attributes{"password": "second-password"}, nil)))(t)
		secrets = append(secrets, "first-password", "second-password", "argon2id")
		if u.Password != nil {
			t.Error("a password is shown")
		}
		for _, err := range []error{
			models.DeleteAPIKey(ctx, db, everything, key.ID, nil), models.DeleteUser(ctx, db, everything, u.ID, nil),
			models.DeleteOrganization(ctx, db, everything, other.ID, nil), models.DeleteOrganization(ctx, db, everything, org.ID, nil),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		rows := texts(t, db, "SELECT COALESCE(changes, '') || data || COALESCE(actor_name, '') || COALESCE(request_id, '') FROM events")
		if len(rows) < 10 {
			t.Fatalf("only %d events", len(rows))
		}
		all := strings.Join(rows, "\n")
		for _, secret := range secrets {
			if strings.Contains(all, secret) {
				t.Errorf("an event holds the secret %s", secret)
			}
		}
		// That a secret changed is told.
		for _, mark := range []string{`"webhookSecret":{"before":"(secret)","after":"(secret)"}`, `"token":{`, `"key":{`, `"password":{`} {
			if !strings.Contains(all, mark) {
				t.Errorf("no event tells %s", mark)
			}
		}
	})
}

func TestAnEventTellsBeforeAndAfter(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		parent := organization(t, db, "parent", "")
		const key = "00000000-0000-7000-8000-0000000000f1"
		by := models.Caller{Kind: models.ByManagementKey, ID: key, Name: "Key <1>", RequestID: "r-1", Scope: collection.Everything(),
			Rights: all}
		org := must(models.CreateOrganization(t.Context(), db, by, input(attributes{"name": "a", "description": "<d>"}, nil)))(t)
		clock.Advance(1_500_000_000)
		must(models.UpdateOrganization(t.Context(), db, by, org.ID,
			input(attributes{"name": "b", "description": nil}, below(parent.ID))))(t)
		page := listPage(t, db, models.Events, collection.Everything(), "filter[subjectId]="+org.ID)
		event := page.Items[1].(*models.Event)
		want := `{"description":{"before":"<d>","after":null},"kind":{"before":"company","after":"other"},` +
			`"name":{"before":"a","after":"b"},"parent":{"before":null,"after":"` + parent.ID + `"}}`
		if string(*event.Changes) != want {
			t.Errorf("changes %s\nwant    %s", *event.Changes, want)
		}
		if event.EventType != "organization.updated" || *event.RequestID != "r-1" ||
			string(event.Actor) != `{"kind":"management_key","id":"`+key+`","name":"Key <1>"}` || *event.OrganizationID != org.ID {
			t.Errorf("event %+v, actor %s", event, event.Actor)
		}
		if !event.OccurredAt.Equal(clock.Now()) || !strings.Contains(string(event.Resource), `"name":"b"`) ||
			!strings.Contains(string(event.Resource), `"self":"/public/v2/organizations/`+org.ID) {
			t.Errorf("at %v: %s", event.OccurredAt, event.Resource)
		}
	})
}

// TestWhoWaitsToHashAPasswordHoldsNoTransaction lets no password be hashed: until one is, the database hears nothing of the user.
func TestWhoWaitsToHashAPasswordHoldsNoTransaction(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		ada := user(t, db, "Ada", org.ID)
		watched, statements := models.Watch(db)
		release := models.HoldHashing(db)
		defer release()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := models.CreateUser(ctx, watched, caller(collection.OnlyOrganization(org.ID)),
			input(attributes{"firstName": "x", "password": "a long password"}, nil))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("created without a hash: %v", err)
		}
		_, err = models.UpdateUser(ctx, watched, everything, ada.ID, input(attributes{"password": "a long password"}, nil))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("updated without a hash: %v", err)
		}
		if sent := statements.Take(""); len(sent) > 0 {
			t.Errorf("before the password was hashed, the database was asked: %s", sent[0].SQL)
		}
	})
}
