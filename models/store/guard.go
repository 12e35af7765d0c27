package store

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

type guardKey struct{}

// Guarded returns a context whose transactions end with a look: what it refuses is not done. A request is admitted before its body has
// come, and waits for others afterwards; whatever admitted it may have ended by the time at which it writes. The look has to keep what it
// finds until the transaction is committed, so that of a write and the end of what permits it one is first. It is the last to lock: what it
// keeps from others it keeps for a moment, and whoever takes a credential away has locked whose it is before.
func Guarded(ctx context.Context, look func(ctx context.Context, tx *DB) error) context.Context {
	return context.WithValue(ctx, guardKey{}, look)
}

// guard has the look of a transaction's context.
func guard(ctx context.Context, tx *DB) error {
	if look, ok := ctx.Value(guardKey{}).(func(context.Context, *DB) error); ok {
		return look(ctx, tx)
	}
	return nil
}

// AtLast has a look as the very last thing of a transaction, after that of its context and after what is counted: once for each key, the
// first that is given. It does not wait for what others have locked, who may wait for this transaction: it fails ([DB.Assume], NOWAIT).
// Then it is had in a transaction of its own, waits for them, and the work begins again.
func (db *DB) AtLast(key any, look func(ctx context.Context, tx *DB) error) {
	if !slices.Contains(db.last.keys, key) {
		db.last.keys, db.last.all = append(db.last.keys, key), append(db.last.all, look)
	}
}

// looks are those that a transaction ends with.
type looks struct {
	keys []any
	all  []func(ctx context.Context, tx *DB) error
}

// have has them all.
func (l *looks) have(ctx context.Context, tx *DB) error {
	for _, look := range l.all {
		if err := look(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// NoWait returns the end of a locking clause for what a transaction looks at last: it waits for nobody, unless the look is all that the
// transaction does.
func (db *DB) NoWait() string {
	if db.patient {
		return ""
	}
	return " NOWAIT"
}

// The SQLSTATEs of what somebody else has, or has taken away.
const (
	lockNotAvailable    = "55P03"
	foreignKeyViolation = "23503"
)

// taken reports whether PostgreSQL ended a transaction because somebody else has a row that it does not wait for, or because a row that it
// refers to is not there any more.
func taken(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == lockNotAvailable || pg.Code == foreignKeyViolation)
}

// lookAgain has the looks of a transaction that was refused because of what somebody else has: by itself, holding nothing, it waits for
// them. What has ended by then is refused here, before anything refers to it.
func lookAgain(ctx context.Context, db *DB, last *looks) error {
	err := transact(db.gorm.WithContext(ctx), func(g *gorm.DB) error {
		tx := *db
		tx.gorm, tx.inTransaction, tx.doubtful, tx.patient, tx.news = g, true, true, true, &news{}
		tx.tally, tx.branches, tx.numbers, tx.last = Tally{}, newBranches(), map[any]int{}, &looks{}
		if err := last.have(ctx, &tx); err != nil {
			return err
		}
		return guard(ctx, &tx)
	})
	if refused(err) { // the work meets the same, and counts it
		return nil
	}
	return err
}
