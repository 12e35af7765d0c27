package models_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// newcomer returns somebody with an address who is to be in an organization with some roles.
func newcomer(email, organization string, roles ...string) *models.Newcomer {
	return &models.Newcomer{Profile: input(attributes{"email": email}, nil), Organization: organization, Roles: roles}
}

// ownRole makes a role of an organization, and returns its id.
func ownRole(t *testing.T, db *store.DB, organization, key string) string {
	t.Helper()
	in := input(attributes{"key": key, "name": key}, relations{"organization": one(organization)})
	return must(models.CreateRole(t.Context(), db, everything, in))(t).ID
}

// rolesIn returns the keys of the roles that the user with an address has in an organization.
func rolesIn(t *testing.T, db *store.DB, email, organization string) []string {
	t.Helper()
	return texts(t, db, `SELECT r.key FROM memberships m JOIN users u ON u.id = m.user_id
		JOIN membership_roles mr ON mr.membership_id = m.id JOIN roles r ON r.id = mr.role_id
		WHERE u.email_key = '`+email+`' AND m.organization_id = '`+organization+`' ORDER BY r.key`)
}

func TestNewcomersAreMadeOrJoinOrWereThere(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		head := modelstest.Organization(t, db).ID
		below := modelstest.Organization(t, db, modelstest.To("parent", head)).ID
		auditor := ownRole(t, db, head, "auditor")
		bob := modelstest.User(t, db, modelstest.With("email", "bob@example.com"))
		ada := newcomer("ada@example.com", below, "auditor", "viewer", auditor)
		ada.Profile.Attributes["firstName"] = "Ada"
		renamed := newcomer("ADA@example.com", below, "owner")
		renamed.Profile.Attributes["firstName"] = "Not Ada"
		people := []*models.Newcomer{ada, renamed, newcomer("Bob@Example.com", below), newcomer("ada@example.com", head, "admin")}
		arrivals, err := models.Admit(t.Context(), db, everything, people)
		became := []models.Arrival{models.Created, models.WasThere, models.Joined, models.Joined}
		if err != nil || !slices.Equal(arrivals, became) {
			t.Fatalf("%v %v", arrivals, err)
		}
		for _, c := range []struct {
			email, organization string
			want                []string
		}{
			{"ada@example.com", below, []string{"auditor", "viewer"}},
			{"bob@example.com", below, []string{"member"}},
			{"ada@example.com", head, []string{"admin"}},
		} {
			if diff := cmp.Diff(c.want, rolesIn(t, db, c.email, c.organization)); diff != "" {
				t.Errorf("%s: %s", c.email, diff)
			}
		}
		names := texts(t, db, `SELECT first_name FROM users WHERE email_key = 'ada@example.com'`)
		if !slices.Equal(names, []string{"Ada"}) {
			t.Errorf("Ada is called %v", names)
		}
		if version := texts(t, db, `SELECT version FROM users WHERE id = '`+bob.ID+`'`); !slices.Equal(version, []string{"2"}) {
			t.Errorf("somebody who joins is of version %v", version)
		}
		events := texts(t, db, `SELECT event_type || ' ' || COUNT(*) FROM events
			WHERE subject_type IN ('users', 'memberships') GROUP BY event_type ORDER BY 1`)
		if want := []string{"membership.created 3", "user.created 2"}; !slices.Equal(events, want) { // with that of Bob, who was there
			t.Errorf("events: %v", events)
		}
		before := modelstest.Dump(t, db)
		if arrivals, err = models.Admit(t.Context(), db, everything, people); err != nil || slices.Max(arrivals) != models.WasThere {
			t.Errorf("again: %v %v", arrivals, err)
		}
		if modelstest.Dump(t, db) != before {
			t.Error("who was there is changed")
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestNobodyIsMadeAMemberByAnAddressThatTheyOnlyClaim: who hears that somebody will come could give themselves that address first.
func TestNobodyIsMadeAMemberByAnAddressThatTheyOnlyClaim(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		theirs, ours := modelstest.Organization(t, db).ID, modelstest.Organization(t, db).ID
		user := modelstest.User(t, db, modelstest.To("organizations", theirs)).ID
		claiming := everything
		claiming.Scope = collection.Subtree(theirs)
		claim := input(attributes{"email": "cfo@example.com"}, nil)
		if _, err := models.UpdateUser(t.Context(), db, claiming, user, claim); err != nil {
			t.Fatal(err)
		}
		coming := []*models.Newcomer{newcomer("CFO@example.com", ours, "owner")}
		if _, err := models.Admit(t.Context(), db, everything, coming); !store.IsKind(err, store.Conflict) {
			t.Errorf("who has claimed the address: %v", err)
		}
		if roles := rolesIn(t, db, "cfo@example.com", ours); len(roles) > 0 {
			t.Errorf("they are %v", roles)
		}
		there := []*models.Newcomer{newcomer("cfo@example.com", theirs)}
		if arrivals, err := models.Admit(t.Context(), db, everything, there); err != nil || arrivals[0] != models.WasThere {
			t.Errorf("where they are a member: %v %v", arrivals, err)
		}
		for _, email := range []string{"cfo@example.org", "cfo@example.com"} { // by who may say whose it is
			if _, err := models.UpdateUser(t.Context(), db, everything, user, input(attributes{"email": email}, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if arrivals, err := models.Admit(t.Context(), db, everything, coming); err != nil || arrivals[0] != models.Joined {
			t.Errorf("once it is theirs: %v %v", arrivals, err)
		}
	})
}

func TestOneNewcomerWhoIsRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		head := modelstest.Organization(t, db).ID
		below := modelstest.Organization(t, db, modelstest.To("parent", head)).ID
		gone := modelstest.Organization(t, db)
		ownRole(t, db, head, "twice")
		ownRole(t, db, below, "twice")
		foreign := ownRole(t, db, modelstest.Organization(t, db).ID, "foreign")
		if err := models.DeleteOrganization(t.Context(), db, everything, gone.ID, nil); err != nil {
			t.Fatal(err)
		}
		elsewhere := modelstest.User(t, db, modelstest.With("email", "else@example.com"),
			modelstest.To("organizations", modelstest.Organization(t, db).ID))
		crowded := modelstest.User(t, db, modelstest.With("email", "crowd@example.com"))
		crowd(t, db, crowded.ID, models.MaxMemberships)
		password := newcomer("p@example.com", head)
		password.Profile.Attributes["password"] = "correct horse battery"
		locale := newcomer("l@example.com", head)
		locale.Profile.Attributes["locale"] = "?"
		before := modelstest.Dump(t, db)
		for name, c := range map[string]struct {
			by    models.Caller
			who   *models.Newcomer
			kind  store.Kind
			field string
		}{
			"nobody":          {everything, newcomer("", head), store.Required, "email"},
			"nowhere":         {everything, newcomer("x@example.com", ""), store.Required, "organization"},
			"no organization": {everything, newcomer("x@example.com", models.NewID()), store.RelatedNotFound, "organization"},
			"a deleted one":   {everything, newcomer("x@example.com", gone.ID), store.RelatedNotFound, "organization"},
			"one out of sight": {caller(collection.Subtree(below)), newcomer("x@example.com", head), store.RelatedNotFound,
				"organization"},
			"a wrong attribute":      {everything, locale, store.Invalid, "locale"},
			"a password":             {everything, password, store.ReadOnly, "password"},
			"an unknown role":        {everything, newcomer("x@example.com", head, "member", "nosuch"), store.RelatedNotFound, "roles"},
			"no role":                {everything, newcomer("x@example.com", head, models.NewID()), store.RelatedNotFound, "roles"},
			"a key of two roles":     {everything, newcomer("x@example.com", below, "twice"), store.Invalid, "roles"},
			"the role of another":    {everything, newcomer("x@example.com", head, foreign), store.Invalid, "roles"},
			"its key":                {everything, newcomer("x@example.com", head, "foreign"), store.RelatedNotFound, "roles"},
			"too many organizations": {everything, newcomer("crowd@example.com", head), store.Conflict, ""},
			"an address out of sight": {caller(collection.Subtree(head)), newcomer(*elsewhere.Email, head), store.Conflict,
				"email"},
			"without the right": {holding(caller(collection.Subtree(head)), "memberships:write"), newcomer("x@example.com", head),
				store.Forbidden, ""},
		} {
			_, err := models.Admit(t.Context(), db, c.by, []*models.Newcomer{newcomer("first@example.com", below), c.who,
				newcomer("last@example.com", below)})
			var refused *models.RefusedNewcomer
			if c.by.Rights.Hold("users:write") && (!errors.As(err, &refused) || refused.Place != 1) {
				t.Errorf("%s: %v", name, err)
			}
			wantKind(t, err, c.kind, c.field)
		}
		if modelstest.Dump(t, db) != before {
			t.Error("something is changed")
		}
	})
}
