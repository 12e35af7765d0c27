package modelstest

import (
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

// RoleUnlessDeleted makes a role of an organization, unless that is deleted.
func RoleUnlessDeleted(t testing.TB, db *store.DB, organization string, options ...Option) {
	t.Helper()
	in := input(append([]Option{
		With("name", "a role"), With("permissions", jsonapi.Strings{}), To("organization", organization),
	}, options...))
	if _, err := models.CreateRole(t.Context(), db, author, in); err != nil && !store.IsKind(err, store.RelatedNotFound) {
		t.Fatal(err)
	}
}

// SearchedText returns the text that a resource is searched by.
func SearchedText(item any) string {
	text := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	switch m := item.(type) {
	case *models.Organization:
		return store.SearchText(m.Name, m.Slug)
	case *models.User:
		return store.SearchText(text(m.FirstName)+" "+text(m.LastName), text(m.Email))
	case *models.Webhook:
		return store.SearchText(text(m.Name), m.Origin)
	case *models.Role:
		return store.SearchText(m.Name, m.Key)
	default:
		return store.SearchText(m.(*models.APIKey).Name, "")
	}
}
