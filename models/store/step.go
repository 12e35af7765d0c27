package store

import "context"

// ByIndex makes PostgreSQL find by indexes whatever the statements that follow in a transaction look for, with one plan for all arguments,
// which a connection makes once (docs/adr/0100). It is for the steps of a queue, which touch few rows of tables that grow and shrink faster
// than statistics are kept: a plan that was made while a table was empty reads all of it, and one for each set of arguments takes longer
// than the statement. It does nothing on SQLite.
func (db *DB) ByIndex(ctx context.Context) error {
	if db.dialect != Postgres {
		return nil
	}
	return db.Later(ctx, "plan", `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true),
		set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`)
}

// LockStep lets one transaction at a time past it, of all that name one of the same locks of the PostgreSQL database, until it ends; it
// plans [DB.ByIndex]. Locks are taken in their order. A transaction that then stalls is cut off by the database after five seconds, so that
// the others can go on. It is sent with the next statement, which sees whatever was committed before the locks were taken.
func (db *DB) LockStep(ctx context.Context, locks ...int64) error {
	if err := db.ByIndex(ctx); err != nil {
		return err
	}
	for _, lock := range locks {
		err := db.Later(ctx, "wait for the others", `SELECT set_config('idle_in_transaction_session_timeout', '5s', true),
			pg_advisory_xact_lock(?)`, lock)
		if err != nil {
			return err
		}
	}
	return nil
}

// Unflushed makes the COMMIT of a transaction on PostgreSQL not wait until it is on the disk. Everybody sees it at once; if the database's
// machine fails within the next moment, it never was. Whatever is committed by another transaction after that, and waited for, is on the
// disk with it. It is for what would then be done again. It does nothing on SQLite.
func (db *DB) Unflushed(ctx context.Context) error {
	if db.dialect != Postgres {
		return nil
	}
	return db.Later(ctx, "do not wait for the disk", `SELECT set_config('synchronous_commit', 'off', true)`)
}
