package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// ClockDifference returns how far the clock of a PostgreSQL server is ahead of the one here; negative if it is behind. What cannot be told
// from the time that the question took counts as no difference. An SQLite database has no clock of its own.
func ClockDifference(ctx context.Context, db *DB) (time.Duration, error) {
	if db.dialect == SQLite {
		return 0, nil
	}
	var there time.Time
	before := db.Now()
	err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&there) }, `SELECT clock_timestamp()`)
	if err != nil {
		return 0, fmt.Errorf("read the clock of the database: %w", err)
	}
	return clockDifference(before, there, db.Now()), nil
}

// clockDifference compares a time there, which was read between two moments here.
func clockDifference(before, there, after time.Time) time.Duration {
	switch {
	case there.Before(before):
		return there.Sub(before)
	case there.After(after):
		return there.Sub(after)
	}
	return 0
}
