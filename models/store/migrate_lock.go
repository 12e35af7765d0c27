package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// advisoryLock is had by one process at a time of all that work on a PostgreSQL database. It is an advisory lock of a transaction, on a
// connection of its own: that of a session does not hold behind a pooler that lends connections for a transaction. It ends with the
// process.
type advisoryLock struct {
	connect wires
	id      int64 // of the lock
	pool    *sql.DB
	tx      *sql.Tx
}

// begin opens the connection. Whatever it returns, it has to be released.
func (l *advisoryLock) begin(ctx context.Context) (err error) {
	l.pool = sql.OpenDB(l.connect)
	// database/sql ends a transaction with its context, and what is interrupted has to have ended before.
	if l.tx, err = l.pool.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return err
	}
	_, err = l.tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`)
	return err
}

// take reports whether the lock is had, for which it waits a while. It tries again and again: who waits in a statement has a snapshot,
// which some migrations wait for.
func (l *advisoryLock) take(ctx context.Context, patience time.Duration) (alone bool, err error) {
	const pause = 200 * time.Millisecond
	for end := time.Now().Add(patience); ; {
		err = l.tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock($1)`, l.id).Scan(&alone)
		if err != nil || alone || time.Now().After(end) {
			return alone, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// release ends the transaction and closes its connection.
func (l *advisoryLock) release() error {
	var err error
	if l.tx != nil {
		err = l.tx.Rollback()
	}
	return errors.Join(err, l.pool.Close())
}

// migrationLock lets one process at a time migrate a PostgreSQL database. goose would take the lock of the same number for a session, and
// both exclude each other, so a version that takes that one is waited for, too. It implements goose's lock.Locker.
type migrationLock struct{ advisoryLock }

const migrationWait = 5 * time.Minute

// Lock implements lock.Locker.
func (l *migrationLock) Lock(ctx context.Context, _ *sql.DB) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("wait for the others that migrate: %w", err), l.release())
		}
	}()
	if err := l.begin(ctx); err != nil {
		return err
	}
	if alone, err := l.take(ctx, migrationWait); err != nil || alone {
		return err
	}
	return fmt.Errorf("they did not end within %s", migrationWait)
}

// Unlock implements lock.Locker.
func (l *migrationLock) Unlock(context.Context, *sql.DB) error { return l.release() }
