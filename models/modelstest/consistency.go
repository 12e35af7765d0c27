package modelstest

import (
	"testing"

	"roster/models"
	"roster/models/store"
)

// CheckConsistency fails the test for everything in the database that does not agree with the rest ([models.Verify]).
func CheckConsistency(t testing.TB, db *store.DB) {
	t.Helper()
	const most = 20
	found := 0
	err := models.Verify(t.Context(), db, func(sentence string) {
		if found++; found <= most {
			t.Error(sentence)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if found > most {
		t.Errorf("and %d more", found-most)
	}
}
