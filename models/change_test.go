package models_test

import (
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAChangeIsCheckedWhicheverDoorItComesThrough: the rules of single attributes hold for who makes up no document as well.
func TestAChangeIsCheckedWhicheverDoorItComesThrough(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		for name, test := range map[string]struct {
			in    *models.Change
			kind  store.Kind
			field string
		}{
			"nothing that is required":  {input(attributes{}, nil), store.Required, "name"},
			"a blank name":              {input(attributes{"name": " "}, nil), store.Invalid, "name"},
			"null where there is none":  {input(attributes{"name": nil}, nil), store.Invalid, "name"},
			"another type":              {input(attributes{"name": true}, nil), store.Invalid, "name"},
			"a word that is none":       {input(attributes{"name": "x", "kind": "guild"}, nil), store.Invalid, "kind"},
			"an attribute that is none": {input(attributes{"name": "x", "colour": "red"}, nil), store.Invalid, "colour"},
			"what is computed":          {input(attributes{"name": "x", "number": int64(7)}, nil), store.ReadOnly, "number"},
			"two parents": {
				input(attributes{"name": "x"}, relations{"parent": many(org.ID, org.ID)}), store.Invalid, "parent"},
			"a link that is none": {input(attributes{"name": "x"}, relations{"sister": one(org.ID)}), store.Invalid, "sister"},
		} {
			_, err := models.CreateOrganization(t.Context(), db, everything, test.in)
			t.Run(name, func(t *testing.T) { wantKind(t, err, test.kind, test.field) })
			if _, sent := test.in.Attributes["name"]; !sent {
				continue // which is no fault of a change
			}
			_, err = models.UpdateOrganization(t.Context(), db, everything, org.ID, test.in)
			t.Run(name+", changed", func(t *testing.T) { wantKind(t, err, test.kind, test.field) })
		}
	})
}
