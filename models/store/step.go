package store

import "context"

// LockStep lets one transaction at a time past it, of all that name the same lock of the PostgreSQL database, until it ends. One that then
// stalls is cut off by the database after five seconds, so that the others can go on. It is sent with the next statement, which sees
// whatever was committed before the lock was taken.
func (db *DB) LockStep(ctx context.Context, lock int64) error {
	return db.Later(ctx, "wait for the others", `SELECT set_config('idle_in_transaction_session_timeout', '5s', true),
		pg_advisory_xact_lock(?)`, lock)
}
