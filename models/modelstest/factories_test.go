package modelstest_test

import (
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestWhatATestIsNotAboutIsMade(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		parent := modelstest.Organization(t, db)
		child := modelstest.Organization(t, db, modelstest.With("name", "Child"), modelstest.To("parent", parent.ID))
		if child.Name != "Child" || child.ParentID == nil || *child.ParentID != parent.ID {
			t.Errorf("below %s is %+v", parent.ID, child)
		}
		user := modelstest.User(t, db, modelstest.To("organizations", parent.ID))
		if m := modelstest.Membership(t, db, user.ID, child.ID); m.UserID != user.ID || m.OrganizationID != child.ID {
			t.Errorf("the membership is %+v", m)
		}
		if w := modelstest.Webhook(t, db, child.ID, "https://hooks.example.com/"); w.OrganizationID != child.ID {
			t.Errorf("the endpoint is %+v", w)
		}
		for organization, kind := range map[string]models.KeyKind{"": models.ManagementKey, child.ID: models.OrganizationKey} {
			if key := modelstest.Key(t, db, kind, organization); key.Kind != string(kind) {
				t.Errorf("the key is %+v", key)
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}
