package models

import (
	"context"
	"fmt"
	"time"

	"roster/models/store"
)

// newestSecret is what the secret of a key is found by that was made last.
const newestSecret = `SELECT n.lookup FROM credentials n WHERE n.api_key_id = ?
	ORDER BY n.created_at DESC, n.expires_at IS NULL DESC LIMIT 1`

// EndAPIKeyRotation makes the earlier secrets of a key dead when this returns. Where none of them works any more nothing happens. A caller
// ends none of a key that can do more than itself.
func EndAPIKeyRotation(ctx context.Context, db *store.DB, by Caller, id string) (*APIKey, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (key *APIKey, err error) {
		before, err := lock[APIKey](ctx, tx, APIKeys, by.Scope, id)
		if err != nil {
			return nil, err
		}
		held, err := by.over(ctx, tx, before)
		if err != nil {
			return nil, err
		}
		if err := checkTouch(held, before); err != nil {
			return nil, err
		}
		ended, err := tx.Exec(ctx, `DELETE FROM credentials WHERE api_key_id = ? AND expires_at > ? AND lookup <> (`+newestSecret+`)`,
			id, tx.Now(), id)
		if err != nil {
			return nil, fmt.Errorf("end earlier secrets of key %s: %w", id, err)
		}
		if ended == 0 {
			return before, nil
		}
		copied := *before
		return &copied, saveAPIKey(ctx, tx, by, rotated, before, &copied, nil)
	})
}

// Retiring returns what the secret is found by that the holder has presented, if it is one of before a rotation; otherwise "".
func (h *Holder) Retiring() string {
	if h.KeyID != "" && h.secretUntil != nil {
		return h.lookup
	}
	return ""
}

// TouchSecrets notes when earlier secrets of keys were last used, as TouchAPIKeys does of the keys.
func TouchSecrets(ctx context.Context, db *store.DB, used map[string]time.Time) error {
	uses := make([]keyUse, 0, len(used))
	for _, lookup := range sortedKeys(used) {
		uses = append(uses, keyUse{lookup, used[lookup]})
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		return noteSecrets.Later(ctx, tx, uses)
	})
}

var noteSecrets = store.UpdateRows("note use of secrets", "credentials",
	`(credentials.last_used_at IS NULL OR credentials.last_used_at < u.last_used_at)`,
	store.Col("lookup", "text", func(k keyUse) string { return k.id }).Key(),
	store.Col("last_used_at", "timestamptz", func(k keyUse) time.Time { return k.at }),
)
