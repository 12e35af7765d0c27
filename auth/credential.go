package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"roster/models"
	"roster/models/store"
)

// ErrAmbiguous says that a request carries two different credentials.
var ErrAmbiguous = errors.New("two different credentials")

// maxCredential bounds the text that is looked at.
const maxCredential = 512

// Credential returns the credential of a request: from Authorization, raw or behind Bearer, X-API-Key or API_KEY. It returns "" if there is
// none, and ErrAmbiguous if there are two that differ. The query string is never looked at: it ends up in logs.
func Credential(header http.Header) (string, error) {
	found := ""
	for _, name := range []string{"Authorization", "X-Api-Key", "Api_key"} {
		for _, value := range header.Values(name) {
			value = strings.TrimSpace(value)
			if scheme, rest, ok := strings.Cut(value, " "); ok && name == "Authorization" && strings.EqualFold(scheme, "Bearer") {
				value = strings.TrimSpace(rest)
			}
			switch {
			case value == "":
			case found == "" || found == value:
				found = value
			default:
				return "", ErrAmbiguous
			}
		}
	}
	return found, nil
}

// LookUp returns the question whom a credential speaks for, nil for a text that is none.
func LookUp(db *store.DB, credential string) *models.Lookup {
	if credential == "" || len(credential) > maxCredential {
		return nil
	}
	return models.LookUpHolder(db, credential)
}

// LookUpStatement is LookUp for a statement of a kind about a user's key.
func LookUpStatement(db *store.DB, kind models.StatementKind, text string) *models.Lookup {
	if len(text) > maxCredential {
		return nil
	}
	return models.LookUpStatement(db, kind, text)
}

// Authenticate returns whom a credential speaks for, or nil for one that does not work: unknown, expired and revoked are not told apart.
func Authenticate(ctx context.Context, db *store.DB, lookup *models.Lookup) (*Principal, error) {
	holder, err := lookup.Find(ctx, db)
	if err != nil || holder == nil {
		return nil, err
	}
	return &Principal{Holder: *holder}, nil
}
