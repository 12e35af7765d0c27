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

// try reports whether nobody else has the lock, which is then taken.
func (l *advisoryLock) try(ctx context.Context) (alone bool, err error) {
	err = l.tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock($1)`, l.id).Scan(&alone)
	return alone, err
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

const (
	migrationWait = 5 * time.Minute
	migrationTry  = 200 * time.Millisecond // between two tries: who waits in a statement has a snapshot, which some migrations wait for
)

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
	ctx, cancel := context.WithTimeout(ctx, migrationWait)
	defer cancel()
	for {
		if alone, err := l.try(ctx); err != nil || alone {
			return err
		}
		select {
		case <-time.After(migrationTry):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Unlock implements lock.Locker.
func (l *migrationLock) Unlock(context.Context, *sql.DB) error { return l.release() }
