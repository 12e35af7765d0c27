package models

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Keep makes sure, as the last thing of a transaction, that a credential still works, for what it did when it was looked up, and that it is
// not taken away before the commit: of a change and the revocation of what permits it, one is first. It fails with Unauthenticated for one
// that has ended, and with Forbidden for one that may do less. One that the transaction itself has changed or ended was there.
//
// It takes the weakest lock that there is, of the row that whoever takes the credential away locks first: the key, the session, or the
// token. What only notes when a key was used neither waits for it nor is waited for.
func (h *Holder) Keep(ctx context.Context, tx *store.DB) error {
	if touchesCredential(tx, cmp.Or(h.SignInID, h.KeyID, h.OrganizationID), 0) {
		return nil
	}
	var until []*jsonapi.Time
	var scopes *jsonapi.Strings
	found := false
	read := func(into ...any) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			found = true
			return rows.Scan(into...)
		}
	}
	var err error
	switch {
	case h.SessionID != "":
		var active string
		err = tx.Read(ctx, read(&active), `SELECT i.id FROM sessions s JOIN sign_ins i ON i.session_id = s.id
			WHERE s.id = ? AND i.id = ?`+keeping(tx, "s"), collection.IDOrNil(h.SessionID), collection.IDOrNil(h.SignInID))
	case h.KeyID != "":
		until = make([]*jsonapi.Time, 2)
		err = tx.Read(ctx, read(&until[0], &until[1], &scopes), `SELECT c.expires_at, k.expires_at, k.scopes
			FROM credentials c JOIN api_keys k ON k.id = c.api_key_id
			WHERE c.lookup = ? AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = k.user_id AND NOT u.active)`+keeping(tx, "k"), h.lookup)
	default:
		until = make([]*jsonapi.Time, 1)
		err = tx.Read(ctx, read(&until[0]), `SELECT c.expires_at FROM credentials c
			WHERE c.lookup = ? AND c.organization_id IS NOT NULL`+keeping(tx, "c"), h.lookup)
	}
	switch now := tx.Now(); {
	case err != nil:
		return fmt.Errorf("keep credential: %w", err)
	case !found, slices.ContainsFunc(until, func(end *jsonapi.Time) bool { return end != nil && !end.After(now) }):
		return &store.Error{Kind: store.Unauthenticated, Message: "This credential ended while the request was served."}
	case scopes != nil && slices.ContainsFunc(h.Scopes, func(scope string) bool { return !(Rights{Scopes: *scopes}).Hold(scope) }):
		return &store.Error{Kind: store.Forbidden, Message: "This credential was changed while the request was served. Send it again."}
	}
	return nil
}

// changedCredential is a key, the organization of a token, or a sign-in, whose row a transaction has locked to change or to delete it.
type changedCredential struct{ id string }

// touchesCredential adds to the times that a transaction has done so, and reports whether it has.
func touchesCredential(tx *store.DB, id string, times int) bool {
	return tx.Total(changedCredential{id}, times) > 0
}

// keeping returns the end of a SELECT whose rows are neither deleted nor locked by others until the transaction ends. On SQLite one
// transaction writes at a time, and needs nothing.
func keeping(tx *store.DB, of string) string {
	if tx.Dialect() == store.Postgres {
		return " FOR KEY SHARE OF " + of
	}
	return ""
}
