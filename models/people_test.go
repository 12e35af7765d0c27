package models_test

import (
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// as returns a person with everything that their roles permit.
func as(user string) models.Caller {
	return models.Caller{Kind: models.ByUserKey, ID: "a key", Name: "Somebody", Scope: collection.Person(user), Rights: all}
}

// TestADeletedOrganizationKeepsNobodyFromWritingAProfile changes somebody who is a member of an organization that was deleted, too: their
// profile whoever may write it where they still are, how they sign in nobody who does not outrank them there as well.
func TestADeletedOrganizationKeepsNobodyFromWritingAProfile(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, here, gone := t.Context(), organization(t, db, "Here", ""), organization(t, db, "Gone", "")
		ada, bob := user(t, db, "ada"), user(t, db, "bob")
		modelstest.Membership(t, db, ada.ID, here.ID, modelstest.To("roles", models.RoleAdmin))
		modelstest.Membership(t, db, bob.ID, here.ID)
		modelstest.Membership(t, db, bob.ID, gone.ID)
		program := models.Caller{Kind: models.ByOrganizationToken, ID: here.ID, Scope: collection.OnlyOrganization(here.ID), Rights: all}
		callers := []models.Caller{as(ada.ID), program}
		change := func(by models.Caller, attribute string, value any) error {
			_, err := models.UpdateUser(ctx, db, by, bob.ID, input(attributes{attribute: value}, nil))
			return err
		}
		for _, by := range callers {
			if errs := store.ErrorsOf(change(by, "lastName", by.Kind)); len(errs) != 1 || errs[0].Kind != store.Forbidden {
				t.Errorf("%s writes somebody who is elsewhere, too: %v", by.Kind, errs)
			}
		}
		if err := models.DeleteOrganization(ctx, db, everything, gone.ID, nil); err != nil {
			t.Fatal(err)
		}
		for _, by := range callers {
			if err := change(by, "lastName", by.Kind); err != nil {
				t.Errorf("%s writes the profile: %v", by.Kind, err)
			}
			wantKind(t, change(by, "email", "other@example.com"), store.Forbidden, "email")
			wantKind(t, change(by, "active", false), store.Forbidden, "active")
		}
		// Who deletes them ends what is here; what comes back with the organization stays.
		if err := models.DeleteUser(ctx, db, as(ada.ID), bob.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := collection.Find(ctx, db, models.Users, collection.Everything(), bob.ID, nil); err != nil {
			t.Error(err)
		}
		modelstest.CheckConsistency(t, db)
	})
}
