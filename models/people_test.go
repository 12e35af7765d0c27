package models_test

import (
	"fmt"
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

// TestPeopleCreateHeadsWhereThatIsAllowed creates an organization without a parent and makes a branch one, as somebody who owns it from
// above, somebody who may take it away and does not own it, and somebody who may not; with the setting and without.
func TestPeopleCreateHeadsWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		for _, allowed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", dialect, allowed), func(t *testing.T) {
				t.Parallel()
				cfg := modelstest.Config(t, dialect)
				cfg.UsersCreateOrganizations = allowed
				headsByPeople(t, modelstest.OpenConfig(t, cfg), allowed)
			})
		}
	}
}

func headsByPeople(t *testing.T, db *store.DB, allowed bool) {
	ctx, top := t.Context(), organization(t, db, "Top", "")
	left, right := organization(t, db, "Left", top.ID), organization(t, db, "Right", top.ID)
	eve, ada, bob := user(t, db, "eve"), user(t, db, "ada"), user(t, db, "bob")
	modelstest.Membership(t, db, eve.ID, top.ID, modelstest.To("roles", models.RoleOwner))
	modelstest.Membership(t, db, ada.ID, top.ID, modelstest.To("roles", models.RoleAdmin))
	modelstest.Membership(t, db, bob.ID, top.ID, modelstest.To("roles", models.RoleManager))
	modelstest.Membership(t, db, eve.ID, left.ID)
	behead := func(by, branch string) error {
		_, err := models.UpdateOrganization(ctx, db, as(by), branch, input(nil, relations{"parent": one("")}))
		return err
	}
	made, err := models.CreateOrganization(ctx, db, as(bob.ID), input(attributes{"name": "Mine"}, nil))
	if !allowed {
		wantKind(t, err, store.Forbidden, "")
		for _, by := range []string{eve.ID, ada.ID, bob.ID} {
			wantKind(t, behead(by, left.ID), store.Forbidden, "parent")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	owns := func(user, organization string) bool {
		check := models.Check{User: user, Permission: models.EveryScope, Organization: organization}
		return must(models.Decide(ctx, db, []models.Check{check}))(t)[0].Allowed
	}
	if !owns(bob.ID, made.ID) || made.Kind != "company" || made.Token != nil {
		t.Errorf("who created %+v owns it: %v", made, owns(bob.ID, made.ID))
	}
	wantKind(t, behead(bob.ID, left.ID), store.Forbidden, "")
	wantKind(t, behead(ada.ID, right.ID), store.Conflict, "parent")
	if err := behead(eve.ID, left.ID); err != nil || !owns(eve.ID, left.ID) {
		t.Errorf("its owner makes it a head: %v, and owns it: %v", err, owns(eve.ID, left.ID))
	}
	modelstest.Membership(t, db, bob.ID, right.ID, modelstest.To("roles", models.RoleOwner))
	if err := behead(ada.ID, right.ID); err != nil || owns(ada.ID, right.ID) {
		t.Errorf("who may take it away makes it a head: %v, and owns it: %v", err, owns(ada.ID, right.ID))
	}
	modelstest.CheckConsistency(t, db)
}
