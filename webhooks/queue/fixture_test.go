package queue_test

import (
	"database/sql"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// everything is a caller that sees the whole installation and may do everything.
var everything = models.Caller{
	Kind: models.ByManagementKey, ID: "00000000-0000-7000-8000-0000000000ff", Name: "Test", Scope: collection.Everything(),
	Rights: models.Rights{Scopes: []string{models.EveryScope}},
}

// change puts together what a write is asked for.
func change(options ...modelstest.Option) *models.Change {
	in := &models.Change{Attributes: map[string]any{}, Links: map[string]models.Links{}}
	for _, o := range options {
		o(in)
	}
	return in
}

// organization makes one below another, or at the head of a tree for "".
func organization(t testing.TB, db *store.DB, name, parent string) *models.Organization {
	t.Helper()
	return modelstest.Organization(t, db, modelstest.With("name", name), modelstest.To("parent", parent))
}

// hook makes an endpoint of an organization.
func hook(t testing.TB, db *store.DB, organization string, options ...modelstest.Option) *models.Webhook {
	t.Helper()
	return modelstest.Webhook(t, db, organization, "https://hooks.example.com/", options...)
}

// moveTo gives an organization another parent.
func moveTo(t testing.TB, db *store.DB, id, parent string) error {
	t.Helper()
	_, err := models.UpdateOrganization(t.Context(), db, everything, id, change(modelstest.To("parent", parent)))
	return err
}

// must is for calls that cannot fail in the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// texts returns the one column of a query.
func texts(t testing.TB, db *store.DB, query string) []string {
	t.Helper()
	var out []string
	err := db.Read(t.Context(), func(rows *sql.Rows) error {
		var s sql.NullString
		err := rows.Scan(&s)
		out = append(out, s.String)
		return err
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
