package models_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/modelstest"
)

// TestAResetForNobodyIsTheSameWork compares what the database is asked for an address that a user has with what it is asked for another.
func TestAResetForNobodyIsTheSameWork(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			cfg.Mails, cfg.BaseURL = true, "https://roster.example"
			db := modelstest.OpenConfig(t, cfg)
			modelstest.User(t, db, modelstest.With("email", "ada@example.com"))
			var asked [2][]string
			for i, email := range []string{"ada@example.com", "eve@example.com"} {
				watched, statements := models.Watch(db)
				if err := models.RequestPasswordReset(t.Context(), watched, email); err != nil {
					t.Fatal(err)
				}
				for _, s := range statements.Take("") {
					asked[i] = append(asked[i], s.SQL)
				}
			}
			if diff := cmp.Diff(asked[0], asked[1]); diff != "" || len(asked[0]) == 0 {
				t.Errorf("for a user and for nobody it is asked %d statements:\n%s", len(asked[0]), diff)
			}
		})
	}
}
