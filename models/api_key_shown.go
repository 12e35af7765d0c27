package models

import (
	"context"
	"fmt"
	"slices"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// FillKeyIDs sets the public parts of the secrets of keys, with one query for all of them.
func FillKeyIDs(ctx context.Context, db *store.DB, keys ...*APIKey) error {
	byID := map[string]*APIKey{}
	for _, key := range keys {
		byID[key.ID] = key
	}
	if len(byID) == 0 {
		return nil
	}
	var rows []struct {
		APIKeyID, Lookup string
		ExpiresAt        *jsonapi.Time
		LastUsedAt       *jsonapi.Stamp
	}
	// The secret that was made last is the one that the key has now; those before it work until a rotation has them end.
	err := db.Session(ctx).Raw(`SELECT api_key_id, lookup, expires_at, last_used_at FROM credentials WHERE api_key_id IN ?
		AND (expires_at IS NULL OR expires_at > ?) ORDER BY created_at, expires_at IS NULL`, sortedKeys(byID), db.Now()).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("read the ids of keys: %w", err)
	}
	for _, key := range keys {
		key.KeyID, key.PreviousKeyID, key.PreviousExpiresAt, key.PreviousLastUsedAt = nil, nil, nil, nil
		key.SecretExpiresAt, key.SecretUsedAt = nil, nil
	}
	for _, row := range rows {
		key := byID[row.APIKeyID]
		if key.KeyID != nil && !key.ended(db.Now()) {
			ends := key.SecretExpiresAt
			if end := key.ExpiresAt; end != nil && (ends == nil || end.Before(ends.Time)) {
				ends = end
			}
			key.PreviousKeyID, key.PreviousExpiresAt, key.PreviousLastUsedAt = key.KeyID, stampOf(ends), key.SecretUsedAt
		}
		key.KeyID, key.SecretExpiresAt, key.SecretUsedAt = &row.Lookup, row.ExpiresAt, row.LastUsedAt
	}
	return nil
}

// stampOf returns a time as the server prints its own; nil for none.
func stampOf(t *jsonapi.Time) *jsonapi.Stamp {
	if t == nil {
		return nil
	}
	return &jsonapi.Stamp{Time: t.Time}
}

// ended reports whether a key ceased to work, whatever its secret.
func (k *APIKey) ended(now time.Time) bool { return k.ExpiresAt != nil && !k.ExpiresAt.After(now) }

// gatherKeyIDs is FillKeyIDs for a page of keys, where somebody wants to know.
func gatherKeyIDs(ctx context.Context, db *store.DB, items []any, q *jsonapi.Query) error {
	asked := slices.ContainsFunc([]string{"keyId", "previousKeyId", "previousExpiresAt", "previousLastUsedAt"}, func(name string) bool {
		return q.Wants(APIKeys.Schema.Type, name)
	})
	if !asked {
		return nil
	}
	keys := make([]*APIKey, len(items))
	for i, item := range items {
		keys[i] = item.(*APIKey)
	}
	return FillKeyIDs(ctx, db, keys...)
}

// byKeyID returns the condition that a key has a secret with that public part, which works.
func byKeyID(db *store.DB, v any) collection.Where {
	return collection.Condition("(api_keys.expires_at IS NULL OR api_keys.expires_at > ?) "+
		"AND api_keys.id IN (SELECT api_key_id FROM credentials WHERE lookup = ? AND (expires_at IS NULL OR expires_at > ?))",
		db.Now(), v, db.Now())
}
