package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Snapshot has fn read all of the database as it is at one moment, while others write. Nothing can be written.
func Snapshot(ctx context.Context, db *DB, fn func(tx *sql.Tx) error) (err error) {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.dialect == Postgres { // a transaction of SQLite always sees one moment
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.pools.read.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() {
		if end := tx.Rollback(); end != nil && !errors.Is(end, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("end to read: %w", end))
		}
	}()
	return fn(tx)
}
