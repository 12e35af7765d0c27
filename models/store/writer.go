package store

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"
)

// writer is the one connection that writes to an SQLite file. The transactions that wait for it share a commit, see group: who is done
// passes the connection on to the next and waits for the commit, which is made by the last of the group. Nobody waits for others to come.
// It implements gorm.ConnPoolBeginner.
type writer struct {
	fairPool               // of the one connection; callers share the places of a group in the queue
	open     time.Duration // for how long a group takes more, after the first of it is done

	mu      sync.Mutex // of what follows
	taken   bool       // somebody has the connection
	waiting []*turn    // for it; nobody does while it is not taken
	group   *group     // has begun and takes more, nil for none; it belongs to who has the connection
}

// turn is somebody who waits.
type turn struct {
	alone bool
	come  chan struct{} // closed when it is theirs
}

func newWriter(pool *sql.DB) *writer {
	return &writer{fairPool: newFairPool(pool, mostInGroup), open: groupTime}
}

// BeginTx implements gorm.ConnPoolBeginner.
func (w *writer) BeginTx(ctx context.Context, _ *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := w.begin(ctx)
	if err != nil {
		return nil, err
	}
	return tx, nil
}

// ExecContext implements gorm.ConnPool: a statement that is in no transaction is one of its own.
func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	tx, err := w.begin(ctx)
	if err != nil {
		return nil, err
	}
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		tx.cause = err
		_ = tx.Rollback() // what became of the group tells because
		return nil, tx.because(err)
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	return res, nil
}

// begin waits for the connection, and begins a transaction that has it until it ends.
func (w *writer) begin(ctx context.Context) (*sharedTx, error) {
	leave, err := w.enter(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.take(ctx); err != nil {
		leave()
		return nil, err
	}
	tx, err := w.join(ctx)
	if err != nil {
		leave()
		w.passOn()
		return nil, err
	}
	tx.ctx, tx.end = ctx, func() {
		leave()
		w.passOn()
	}
	return tx, nil
}

// join begins a transaction as one more of the group, or as the first of a new one.
func (w *writer) join(ctx context.Context) (*sharedTx, error) {
	if w.group != nil {
		return w.group.join()
	}
	g, err := newGroup(ctx, w.DB)
	if err != nil {
		return nil, err
	}
	w.group = g
	return &sharedTx{Tx: g.tx, group: g, first: true}, nil
}

// take waits for the connection until ctx ends.
func (w *writer) take(ctx context.Context) error {
	w.mu.Lock()
	if !w.taken {
		w.taken = true
		w.mu.Unlock()
		return nil
	}
	t := &turn{alone: isAlone(ctx), come: make(chan struct{})}
	w.waiting = append(w.waiting, t)
	w.mu.Unlock()
	select {
	case <-t.come:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	n := slices.Index(w.waiting, t)
	if n >= 0 {
		w.waiting = slices.Delete(w.waiting, n, n+1)
	}
	w.mu.Unlock()
	if n < 0 { // the turn came at the same moment
		w.passOn()
	}
	return ctx.Err()
}

// passOn gives the connection to who waits longest, after the commit of the group if that does not take them. Whoever has it calls it.
func (w *writer) passOn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.group; g != nil && !g.takes(w.waiting, w.open) {
		w.group = nil
		w.mu.Unlock()
		g.settle()
		w.mu.Lock()
	}
	if w.taken = len(w.waiting) > 0; w.taken {
		close(w.waiting[0].come)
		w.waiting = slices.Delete(w.waiting, 0, 1)
	}
}
