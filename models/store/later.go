package store

import (
	"context"
	"errors"
	"fmt"
)

// Later runs a statement of a transaction, written with ? for both databases, that nobody waits for the answer of. On PostgreSQL it is held
// back and sent with the next one that somebody does wait for, or with COMMIT, in one round trip; whoever runs that one, or commits, gets
// the error, with what was being done. The arguments must stay as they are until the transaction ends.
func (db *DB) Later(ctx context.Context, doing, statement string, args ...any) error {
	if db.dialect == Postgres && db.inTransaction {
		return db.hold(ctx, later{doing: doing}, statement, args)
	}
	if _, err := db.Run(ctx, statement, args...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// LaterOr is Later for a statement that a client may be refused for: refusal returns what its error is for them. It is told before whatever
// went wrong afterwards, and at the latest by the [Transaction] in which it was run, one that is part of another too.
func (db *DB) LaterOr(ctx context.Context, refusal func(error) error, statement string, args ...any) error {
	if db.dialect == Postgres && db.inTransaction {
		return db.hold(ctx, later{refusal: refusal}, statement, args)
	}
	if _, err := db.Run(ctx, statement, args...); err != nil {
		return refusal(err)
	}
	return nil
}

// refusedFirst returns the refusal that is held back, if there is one, and otherwise what a transaction has come to.
func (db *DB) refusedFirst(ctx context.Context, err error) error {
	if db.dialect == Postgres {
		if _, refused := db.Conn().ExecContext(ctx, "", refusals{}); refused != nil {
			return refused
		}
	}
	return err
}

// Assumes reports whether something can be assumed: in a transaction on PostgreSQL, in which nothing was assumed before that is not so.
func (db *DB) Assumes() bool { return db.dialect == Postgres && db.inTransaction && !db.doubtful }

// Assume makes a transaction end only if a query, held back as by Later, finds something; its locks are taken as ever. Otherwise nothing is
// changed, the transaction is run again, and Assume reports false, as it does wherever nothing can be assumed: the caller has to look.
func (db *DB) Assume(ctx context.Context, query string, args ...any) (assumed bool, err error) {
	if !db.Assumes() {
		return false, nil
	}
	// A query that finds nothing is no error. Dividing by how much it finds is.
	return true, db.hold(ctx, later{assumes: true}, "SELECT 1 / COUNT(*) FROM ("+query+") AS assumed", args)
}

// AssumeFree makes a transaction end only if an INSERT, held back as by Later, meets no duplicate. If it does, all is as with [DB.Assume].
// What is a part of a larger transaction does not assume that: all of it would have to be run again, for what is not rare.
func (db *DB) AssumeFree(ctx context.Context, statement string, args ...any) (assumed bool, err error) {
	if !db.Assumes() || db.part {
		return false, nil
	}
	return true, db.hold(ctx, later{assumes: true}, statement, args)
}

// Doubt returns the error of an assumption that does not hold: the transaction is run again, and assumes nothing.
func (db *DB) Doubt() error { return errAssumption }

// divisionByZero is the SQLSTATE of an assumption that does not hold, and postgresUniqueViolation that of one of [DB.AssumeFree].
const divisionByZero = "22012"

// errAssumption says that an assumption of the transaction does not hold.
var errAssumption = errors.New("what the transaction assumed is not so")

// hold hands a statement to the connection (see wire), which tells with its error what was being done.
func (db *DB) hold(ctx context.Context, how later, statement string, args []any) error {
	_, err := db.Conn().ExecContext(ctx, db.Bind(statement), append([]any{how}, args...)...)
	return err
}

// tries counts how often a transaction has been run, and why.
type tries struct {
	refused, unbegun int
	doubtful         bool // an assumption did not hold, or could not be looked at several times
}

// maxTries is how often a transaction that the database refused for the sake of another one is tried.
const maxTries = 5

// again reports whether a transaction that failed is to be run again.
func (t *tries) again(db *DB, err error) bool {
	var unbegun *unbegunError
	switch {
	case errors.Is(err, ErrTryAgain): // it does not count, since another transaction was committed
		return true
	case errors.Is(err, errAssumption) && !t.doubtful:
		t.doubtful = true
		return true
	case errors.As(err, &unbegun):
		t.unbegun++
		return t.unbegun <= mostEnded(db.pools.write)
	case refused(err):
		t.refused++
		t.doubtful = t.doubtful || t.refused > maxTries/2
		return t.refused < maxTries
	}
	return false
}
