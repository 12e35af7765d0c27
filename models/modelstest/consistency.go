package modelstest

import (
	"testing"

	"roster/models"
	"roster/models/store"
)

// CheckConsistency fails the test for everything in the database that does not agree with the rest ([models.VerifyRequested]).
func CheckConsistency(t testing.TB, db *store.DB) {
	t.Helper()
	err := models.VerifyRequested(t.Context(), db, func(sentence string) { t.Error(sentence) })
	if err != nil {
		t.Fatal(err)
	}
}
