package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"roster/models/store"
)

// throttle is how often something may happen to one subject within a time, over all replicas. What it counts is kept in the database under
// a digest: addresses and accounts, also those that do not exist, are nobody's to read.
type throttle struct {
	what   string
	most   int
	window time.Duration
}

// counted is one subject of a throttle.
type counted struct {
	throttle
	subject string
	// exempt: it is counted, and not refused.
	exempt bool
}

// attempt is something that was counted.
type attempt struct{ id string }

// try counts something for each of its subjects. If one of them has had too many it is not counted, and the error, of the kind TooMany,
// says for how long to wait. It is written before it is asked: of many at once each sees the others, so that no more get through than may,
// and sometimes less.
func try(ctx context.Context, db *store.DB, message string, all ...counted) (attempt, error) {
	a := attempt{NewID()}
	keys, values, args := make([][]byte, len(all)), make([]string, len(all)), []any(nil)
	for i, c := range all {
		keys[i] = c.key(db)
		values[i], args = "(?, ?, ?)", append(args, a.id, keys[i], db.Now())
	}
	if _, err := db.Exec(ctx, `INSERT INTO attempts (id, key, at) VALUES `+strings.Join(values, ", "), args...); err != nil {
		return a, fmt.Errorf("count attempt: %w", err)
	}
	var wait time.Duration
	for i, c := range all {
		if c.exempt {
			continue
		}
		left, err := c.wait(ctx, db, keys[i])
		if err != nil {
			return a, err
		}
		wait = max(wait, left)
	}
	if wait == 0 {
		return a, nil
	}
	if err := a.forget(ctx, db); err != nil { // who is refused waits no longer for having asked
		return a, err
	}
	return a, &store.Error{Kind: store.TooMany, Message: message, Wait: wait}
}

// next returns how long it is until one more may happen than there were, 0 for now. It counts nothing.
func (c counted) next(ctx context.Context, db *store.DB) (time.Duration, error) {
	c.most--
	return c.wait(ctx, db, c.key(db))
}

// key is what the subject is known by where it is not to be read.
func (c counted) key(db *store.DB) []byte { return db.Vault().Digest("attempts "+c.what, c.subject) }

// wait returns how long it is until another one may happen, 0 for now.
func (t throttle) wait(ctx context.Context, db *store.DB, key []byte) (time.Duration, error) {
	var before time.Time
	n := 0
	err := db.Read(ctx, func(rows *sql.Rows) error {
		n++
		return rows.Scan(&before)
	}, `SELECT at FROM attempts WHERE key = ? AND at > ? ORDER BY at DESC LIMIT ?`, key, db.Now().Add(-t.window), t.most+1)
	if err != nil {
		return 0, fmt.Errorf("count attempts: %w", err)
	}
	if n <= t.most {
		return 0, nil
	}
	return max(before.Add(t.window).Sub(db.Now()), time.Second), nil
}

// forget takes an attempt back: it did not fail.
func (a attempt) forget(ctx context.Context, db *store.DB) error {
	if _, err := db.Exec(ctx, `DELETE FROM attempts WHERE id = ?`, a.id); err != nil {
		return fmt.Errorf("forget attempt: %w", err)
	}
	return nil
}

// longestThrottle is the longest window of any.
const longestThrottle = time.Hour

// PurgeAttempts removes attempts that no throttle looks at any more, at most so many, and returns how many those were.
func PurgeAttempts(ctx context.Context, db *store.DB, most int) (int, error) {
	free := map[store.Dialect]string{store.Postgres: "FOR UPDATE SKIP LOCKED"}[db.Dialect()]
	n, err := db.Exec(store.Alone(ctx), `DELETE FROM attempts WHERE (id, key) IN (
		SELECT id, key FROM attempts WHERE at <= ? ORDER BY at LIMIT ? `+free+`)`, db.Now().Add(-longestThrottle), most)
	if err != nil {
		return 0, fmt.Errorf("purge attempts: %w", err)
	}
	return int(n), nil
}
