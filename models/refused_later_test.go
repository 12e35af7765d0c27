package models_test

import (
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestARefusalIsToldWhereItHappens: that of a row which is held back comes before that of what is looked at behind it, and belongs to the
// one of several changes in one transaction that made the row.
func TestARefusalIsToldWhereItHappens(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		create := func(db *store.DB, slug string, echo map[string]any) error {
			in := input(attributes{"name": "Acme", "slug": slug}, nil)
			in.Echo = echo
			_, err := models.CreateOrganization(t.Context(), db, everything, in)
			return err
		}
		if err := create(db, "taken", nil); err != nil {
			t.Fatal(err)
		}
		number := map[string]any{"number": "none"} // which it cannot have
		wantKind(t, create(db, "free", number), store.ReadOnly, "number")
		wantKind(t, create(db, "taken", number), store.Conflict, "slug")

		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			err := create(tx, "taken", nil)
			wantKind(t, err, store.Conflict, "slug")
			return err
		})
		wantKind(t, err, store.Conflict, "slug")

		ada := input(attributes{"firstName": "Ada", "email": "ada@example.com"}, nil)
		if _, err := models.CreateUser(t.Context(), db, everything, ada); err != nil {
			t.Fatal(err)
		}
		_, err = models.CreateUser(t.Context(), db, everything, ada)
		wantKind(t, err, store.Conflict, "email")
		modelstest.CheckConsistency(t, db)
	})
}

// TestWhatIsNotTakenIsAssumedOnce creates organizations of one name in one transaction, and each in one of its own: the first has the slug
// of the name, the others another one, and what ran before in the same transaction ran once.
func TestWhatIsNotTakenIsAssumedOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		runs, slugs := 0, map[string]bool{}
		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			runs++
			for range 3 {
				slugs[organization(t, tx, "Acme", "").Slug] = true
			}
			return nil
		})
		if err != nil || runs != 1 {
			t.Errorf("ran %d times: %v", runs, err)
		}
		for range 2 {
			slugs[organization(t, db, "Acme", "").Slug] = true
		}
		if len(slugs) != 5 || !slugs["acme"] {
			t.Errorf("slugs %v", slugs)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestNumbersAreGivenOnceAndAscend, whether the database gives them with the row or before it.
func TestNumbersAreGivenOnceAndAscend(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		last := organization(t, db, "First", "")
		for _, name := range []string{"Second", "Second"} { // of which one tries two slugs
			next := organization(t, db, name, "")
			found := must(collection.Find(t.Context(), db, models.Organizations, collection.Everything(), next.ID, nil))(t)
			read := found.(*models.Organization)
			if read.Number != next.Number || read.Number <= last.Number {
				t.Errorf("number %d after %d, and %d was returned", read.Number, last.Number, next.Number)
			}
			last = next
		}
		file := modelstest.Logo(t, db, last.ID, "logo.png")
		read := must(collection.Find(t.Context(), db, models.Files, collection.Everything(), file.ID, nil))(t).(*models.File)
		if read.Number != file.Number || read.Number == 0 {
			t.Errorf("the file has the number %d, and %d was returned", read.Number, file.Number)
		}
	})
}
