package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Keep makes sure that a credential still works, for what it did when it was looked up, and that it is not taken away before the
// transaction ends: of a change and the revocation of what permits it, one is first. It fails with Unauthenticated for one that has ended,
// and with Forbidden for one that may do less.
//
// It takes the weakest lock that there is: revocations, rotations and changes of a key lock its row for themselves, and wait for it or are
// seen by it; what only notes when a key was used does neither.
func (h *Holder) Keep(ctx context.Context, tx *store.DB) error {
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
			WHERE s.id = ? AND i.id = ?`+keeping(tx, "s, i"), collection.IDOrNil(h.SessionID), collection.IDOrNil(h.SignInID))
	case h.KeyID != "":
		until = make([]*jsonapi.Time, 2)
		err = tx.Read(ctx, read(&until[0], &until[1], &scopes), `SELECT c.expires_at, k.expires_at, k.scopes
			FROM credentials c JOIN api_keys k ON k.id = c.api_key_id WHERE c.lookup = ?`+keeping(tx, "c, k"), h.lookup)
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

// keeping returns the end of a SELECT whose rows are neither deleted nor locked by others until the transaction ends. On SQLite one
// transaction writes at a time, and needs nothing.
func keeping(tx *store.DB, of string) string {
	if tx.Dialect() == store.Postgres {
		return " FOR KEY SHARE OF " + of
	}
	return ""
}
