package store

import (
	"context"
	"slices"
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
// first that is given. What others keep by then is not to be waited for, which they may do for this transaction: see [DB.Assume].
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
