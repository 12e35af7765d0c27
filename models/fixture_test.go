package models_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// attributes and relationships of an input, as the decoder hands them over.
type (
	attributes = map[string]any
	relations  = map[string]models.Links
)

// all are the rights to do everything, for ever.
var all = models.Rights{Scopes: []string{models.EveryScope}}

// everything is a caller who sees the whole installation and may do everything.
var everything = models.Caller{Kind: models.ByManagementKey, ID: "00000000-0000-7000-8000-0000000000ff", Name: "Test",
	Scope: collection.Everything(), Rights: all}

// caller returns one with another scope.
func caller(scope collection.Scope) models.Caller {
	return models.Caller{Kind: models.ByOrganizationKey, ID: "00000000-0000-7000-8000-0000000000ff", Name: "Test", Scope: scope,
		Rights: all}
}

// holding returns a caller with fewer scopes.
func holding(by models.Caller, scopes ...string) models.Caller {
	by.Rights.Scopes = scopes
	return by
}

// until returns a caller whose credential ends.
func until(by models.Caller, end time.Time) models.Caller {
	by.Rights.Until = &jsonapi.Time{Time: end}
	return by
}

func one(id string) models.Links {
	if id == "" {
		return nil
	}
	return models.Links{id}
}

func many(ids ...string) models.Links { return ids }

func input(a attributes, r relations) *models.Change {
	return &models.Change{Attributes: a, Links: r}
}

// below returns the relationship to a parent, none for "".
func below(parent string) relations {
	if parent == "" {
		return nil
	}
	return relations{"parent": one(parent)}
}

// organization creates an organization.
func organization(t testing.TB, db *store.DB, name, parent string) *models.Organization {
	t.Helper()
	org, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": name}, below(parent)))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// user creates a user who is a member of some organizations.
func user(t testing.TB, db *store.DB, name string, organizations ...string) *models.User {
	t.Helper()
	u, err := models.CreateUser(t.Context(), db, everything,
		input(attributes{"firstName": name}, relations{"organizations": many(organizations...)}))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// apiKey creates a key of an organization, or of the whole installation for "".
func apiKey(t testing.TB, db *store.DB, kind models.KeyKind, organization string, scopes ...string) *models.APIKey {
	t.Helper()
	r := relations{}
	if organization != "" {
		r["organization"] = one(organization)
	}
	key, err := models.CreateAPIKey(t.Context(), db, everything,
		input(attributes{"name": "key", "kind": string(kind), "scopes": jsonapi.Strings(scopes)}, r))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// wantKind fails the test unless err is a refusal of that kind, about that field.
func wantKind(t testing.TB, err error, kind store.Kind, field string) {
	t.Helper()
	var several store.Errors
	var refusal *store.Error
	if errors.As(err, &several) {
		refusal = several[0]
	} else {
		errors.As(err, &refusal)
	}
	if refusal == nil || refusal.Kind != kind || refusal.Field != field {
		t.Errorf("error %v, want one of the kind %q about %q", err, kind, field)
	}
}

// refused reports whether an error is a refusal: something that a caller can do something about.
func refused(err error) bool {
	var several store.Errors
	var refusal *store.Error
	return errors.As(err, &several) || errors.As(err, &refusal)
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

// list returns the ids of a collection that a scope sees, in the order of the query.
func list(t testing.TB, db *store.DB, c *collection.Collection, scope collection.Scope, query string) []string {
	t.Helper()
	page := listPage(t, db, c, scope, query)
	ids := []string{}
	for _, item := range page.Items {
		ids = append(ids, c.ID(item))
	}
	return ids
}

func listPage(t testing.TB, db *store.DB, c *collection.Collection, scope collection.Scope, query string) *collection.Page {
	t.Helper()
	q, err := jsonapi.ParseQuery(query, jsonapi.ListQuery, c.Schema, models.SchemaOf)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	page, err := collection.List(t.Context(), db, c, scope, q)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return page
}

// pool returns the connections that can read everything that was written.
func pool(db *store.DB) *sql.DB {
	return modelstest.Writable(db)
}

// texts returns the one column of a query.
func texts(t testing.TB, db *store.DB, query string) []string {
	t.Helper()
	rows, err := pool(db).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
