package models

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

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
//
// What it wants to find is nearly always there, just as it was. So that is assumed, and looked for together with the commit; if it is not
// so, the transaction is run again and looks. It does not wait for who has the row: they take the credential away, and may wait for what
// the transaction refers to.
func (h *Holder) Keep(ctx context.Context, tx *store.DB) error {
	if slices.ContainsFunc([]string{h.SignInID, cmp.Or(h.KeyID, h.OrganizationID)}, func(id string) bool {
		return id != "" && touchesCredential(tx, id, 0)
	}) {
		return nil
	}
	query, args := h.look(tx)
	soon := tx.Now().Add(lookedAhead)
	assumed, err := tx.Assume(ctx, `SELECT 1 FROM (`+query+`) AS k
		WHERE (k.secret_end IS NULL OR k.secret_end > ?) AND (k.key_end IS NULL OR k.key_end > ?) AND (k.scopes IS NULL OR k.scopes = ?)`,
		append(args, soon, soon, jsonapi.Strings(h.Scopes))...)
	if assumed || err != nil {
		return err
	}
	var until [2]*jsonapi.Time
	var scopes *jsonapi.Strings
	found := false
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&until[0], &until[1], &scopes)
	}, query, args...)
	switch now := tx.Now(); {
	case err != nil:
		return fmt.Errorf("keep credential: %w", err)
	case !found, slices.ContainsFunc(until[:], func(end *jsonapi.Time) bool { return end != nil && !end.After(now) }):
		return &store.Error{Kind: store.Unauthenticated, Message: "This credential ended while the request was served."}
	case scopes != nil && slices.ContainsFunc(h.Scopes, func(scope string) bool { return !(Rights{Scopes: *scopes}).Hold(scope) }):
		return &store.Error{Kind: store.Forbidden, Message: "This credential was changed while the request was served. Send it again."}
	}
	return nil
}

// lookedAhead is how long a credential has to go on for, at least, that Keep looks at it together with the commit: by the time at which
// that has waited for the locks of others, it must not have ended.
const lookedAhead = time.Minute

// look returns the query of what is there of a credential: when its secret ends, when the key does, and the scopes; NULL is never, and all.
func (h *Holder) look(tx *store.DB) (query string, args []any) {
	const never = `CAST(NULL AS timestamptz)`
	switch {
	case h.IsPortal():
		return portalLook + keeping(tx, "s"), []any{collection.IDOrNil(h.SessionID)}
	case h.SessionID != "" && !h.IsPerson():
		from, keyEnd, scopes, of := ``, never, `CAST(NULL AS text)`, "s, c"
		if h.KeyID != "" {
			from, keyEnd, scopes, of = ` JOIN api_keys k ON k.id = c.api_key_id`, `k.expires_at`, `k.scopes`, "s, k"
		}
		return `SELECT c.expires_at AS secret_end, ` + keyEnd + ` AS key_end, ` + scopes + ` AS scopes
			FROM sessions s JOIN credentials c ON c.lookup = s.credential` + from + `
			WHERE s.id = ? AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = ? AND NOT u.active)` + keeping(tx, of),
			[]any{collection.IDOrNil(h.SessionID), collection.IDOrNil(h.UserID)}
	case h.SessionID != "":
		return `SELECT ` + never + ` AS secret_end, ` + never + ` AS key_end, CAST(NULL AS text) AS scopes
			FROM sessions s JOIN sign_ins i ON i.session_id = s.id
			WHERE s.id = ? AND i.id = ?` + keeping(tx, "s"), []any{collection.IDOrNil(h.SessionID), collection.IDOrNil(h.SignInID)}
	case h.KeyID != "":
		return `SELECT c.expires_at AS secret_end, k.expires_at AS key_end, k.scopes AS scopes
			FROM credentials c JOIN api_keys k ON k.id = c.api_key_id
			WHERE c.lookup = ? AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = k.user_id AND NOT u.active)` + keeping(tx, "k"),
			[]any{h.lookup}
	default:
		return `SELECT c.expires_at AS secret_end, ` + never + ` AS key_end, CAST(NULL AS text) AS scopes FROM credentials c
			WHERE c.lookup = ? AND c.organization_id IS NOT NULL` + keeping(tx, "c"), []any{h.lookup}
	}
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
		return " FOR KEY SHARE OF " + of + tx.NoWait()
	}
	return ""
}
