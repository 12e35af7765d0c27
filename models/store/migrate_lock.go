package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	gooselock "github.com/pressly/goose/v3/lock"
)

// migrationLock lets one process at a time migrate a PostgreSQL database. It is an advisory lock of a transaction, on a connection of its
// own: that of a session, which goose would take, does not hold behind a pooler that lends connections for a transaction. Both exclude each
// other, so a version that takes that one is waited for, too. It implements goose's lock.Locker.
type migrationLock struct {
	connect wires
	pool    *sql.DB
	tx      *sql.Tx
}

const (
	migrationWait = 5 * time.Minute
	migrationTry  = 200 * time.Millisecond // between two tries: who waits in a statement has a snapshot, which some migrations wait for
)

// Lock implements lock.Locker.
func (l *migrationLock) Lock(ctx context.Context, _ *sql.DB) (err error) {
	l.pool = sql.OpenDB(l.connect)
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("wait for the others that migrate: %w", err), l.release())
		}
	}()
	// database/sql ends a transaction with its context, and a migration that is interrupted has to have ended before.
	if l.tx, err = l.pool.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return err
	}
	if _, err := l.tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, migrationWait)
	defer cancel()
	for {
		var alone bool
		err := l.tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock($1)`, gooselock.DefaultLockID).Scan(&alone)
		if err != nil || alone {
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

// release ends the transaction and closes its connection.
func (l *migrationLock) release() error {
	var err error
	if l.tx != nil {
		err = l.tx.Rollback()
	}
	return errors.Join(err, l.pool.Close())
}
