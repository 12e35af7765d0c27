package models

import (
	"context"
	"fmt"
	"time"

	"roster/jsonapi"
	"roster/models/store"
)

// throttle counts one more of a kind for a key, unless there were as many as the limit within the window: then it counts nothing, and
// returns how long it takes until there is room. All replicas count together.
func throttle(ctx context.Context, tx *store.DB, kind, key string, limit int, window time.Duration) (time.Duration, error) {
	if tx.Dialect() == store.Postgres { // on SQLite a write transaction is alone
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, "throttle "+kind+" "+key); err != nil {
			return 0, fmt.Errorf("lock what is counted: %w", err)
		}
	}
	now := tx.Now()
	if _, err := tx.Exec(ctx, `DELETE FROM throttles WHERE kind = ? AND key = ? AND at <= ?`, kind, key, now.Add(-window)); err != nil {
		return 0, fmt.Errorf("forget what was counted: %w", err)
	}
	var counted []jsonapi.Stamp
	err := tx.Session(ctx).Raw(`SELECT at FROM throttles WHERE kind = ? AND key = ? ORDER BY at`, kind, key).Scan(&counted).Error
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	if len(counted) >= limit {
		return counted[len(counted)-limit].Add(window).Sub(now), nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO throttles (id, kind, key, at) VALUES (?, ?, ?, ?)`, NewID(), kind, key, now); err != nil {
		return 0, fmt.Errorf("count one more: %w", err)
	}
	return 0, nil
}
