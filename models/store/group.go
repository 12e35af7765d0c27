package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"gorm.io/gorm"
	"modernc.org/sqlite"
)

const (
	// mostInGroup is how many transactions share a commit at most.
	mostInGroup = 16
	// groupTime is for how long a group takes more transactions after the first is done.
	groupTime = 5 * time.Millisecond
)

type aloneKey struct{}

// Alone returns a context whose transactions share no commit on SQLite: those that may take long, which others that are done would have to
// wait for.
func Alone(ctx context.Context) context.Context { return context.WithValue(ctx, aloneKey{}, true) }

func isAlone(ctx context.Context) bool { return ctx.Value(aloneKey{}) != nil }

// group is transactions of SQLite that share a commit, one after the other on one connection. All that are done are committed, or none.
type group struct {
	conn  *sql.Conn
	tx    *sql.Tx
	alone bool

	begun, done int       // transactions
	since       time.Time // when the first of them was done
	ended       bool      // SQLite has rolled all of it back by itself
	committing  bool

	settled chan struct{} // closed when what became of it is known
	err     error         // from then on: why nothing of it is there
}

// newGroup begins a group with one transaction. ctx ends the waiting for the connection.
func newGroup(ctx context.Context, pool *sql.DB) (*group, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	g := &group{conn: conn, alone: isAlone(ctx), begun: 1, settled: make(chan struct{})}
	if g.tx, err = conn.BeginTx(context.WithoutCancel(ctx), nil); err == nil {
		if err = g.hook(g.rolledBack, g.mayCommit); err != nil {
			_ = g.tx.Rollback() // nothing was written
		}
	}
	if err != nil {
		_ = conn.Close() // back into the pool
		return nil, err
	}
	return g, nil
}

// hook makes SQLite say when it rolls back, and ask before it commits. nil ends that.
func (g *group) hook(rolledBack func(), mayCommit func() int32) error {
	return g.conn.Raw(func(conn any) error {
		c := conn.(sqlite.HookRegisterer)
		c.RegisterRollbackHook(rolledBack)
		c.RegisterCommitHook(mayCommit)
		return nil
	})
}

func (g *group) rolledBack() { g.ended = true }

// mayCommit refuses what is not the commit of the group: after SQLite has rolled back by itself, for a full disk, each further statement
// would be a transaction of its own.
func (g *group) mayCommit() int32 {
	if g.committing {
		return 0
	}
	return 1
}

// takes reports whether the first that waits is to be one more of the group, which takes more for so long.
func (g *group) takes(waiting []*turn, open time.Duration) bool {
	return len(waiting) > 0 && !waiting[0].alone && !g.alone && !g.ended && g.err == nil && g.done > 0 && g.begun < mostInGroup &&
		time.Since(g.since) < open
}

// join begins one more transaction.
func (g *group) join() (*sharedTx, error) {
	g.begun++
	t := &sharedTx{Tx: g.tx, group: g}
	if err := t.control("SAVEPOINT member"); err != nil {
		return nil, err
	}
	return t, nil
}

// settle commits what is done, and lets everybody know.
func (g *group) settle() {
	if g.ended {
		g.fail(nil) // if nobody has said why
	}
	if g.done == 0 || g.err != nil {
		_ = g.tx.Rollback() // SQLite may have done it
	} else {
		g.committing = true
		g.err = g.tx.Commit()
	}
	_ = g.hook(nil, nil) // fails for a connection that is gone
	_ = g.conn.Close()   // back into the pool
	close(g.settled)
}

// errEnded is for what shared a commit with a transaction at which SQLite rolled back, if SQLite did not say why.
var errEnded = errors.New("SQLite has rolled back the transactions that were to be committed together")

// fail makes nothing of the group be committed. cause is what the transaction failed with at which that turned out.
func (g *group) fail(cause error) {
	if g.done == 0 || g.err != nil {
		return // nobody else is concerned
	}
	g.err = errEnded
	var lite *sqlite.Error // alone: the rest of the cause is another's
	if errors.As(cause, &lite) {
		g.err = fmt.Errorf("commit together with others: %w", lite)
	}
}

// sharedTx is a transaction of a group. It implements gorm.TxCommitter.
type sharedTx struct {
	*sql.Tx // of the group
	group   *group
	first   bool // of the group: rolling it back is rolling back all there is
	ctx     context.Context
	end     func()
	over    bool
	cause   error // of its rollback, nil for a panic
}

// ExecContext implements gorm.ConnPool.
func (t *sharedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(t.whole(ctx), query, args...)
}

// QueryContext implements gorm.ConnPool.
func (t *sharedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(t.whole(ctx), query, args...)
}

// QueryRowContext implements gorm.ConnPool.
func (t *sharedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.Tx.QueryRowContext(t.whole(ctx), query, args...)
}

// whole returns the context of a statement. SQLite answers an interrupted write by rolling back everything, so only the first of a group,
// which has nobody before it, is interrupted.
func (t *sharedTx) whole(ctx context.Context) context.Context {
	if t.first {
		return ctx
	}
	return uninterrupted(ctx)
}

// uninterrupted returns a context that has ended if ctx has, and does not end any more otherwise: a statement begins or not.
func uninterrupted(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// control runs statements that begin and end the transaction within its group.
func (t *sharedTx) control(statements string) error {
	_, err := t.Tx.ExecContext(context.Background(), statements)
	return err
}

// Commit implements gorm.TxCommitter. It returns after the commit of the group. If it fails the transaction is rolled back.
func (t *sharedTx) Commit() (err error) {
	_, span := beginSpan(t.ctx, semconv.DBSystemNameSQLite, "COMMIT")
	defer func() { endSpan(span, err) }()
	if t.over {
		return sql.ErrTxDone
	}
	g := t.group
	switch err = t.ctx.Err(); {
	case err != nil:
	case g.ended:
		err = errEnded
	case !t.first:
		err = t.control("RELEASE member")
	}
	if err != nil {
		t.cause = err
		_ = t.Rollback() // what became of the group tells because
		return t.because(err)
	}
	if g.done++; g.done == 1 {
		g.since = time.Now()
	}
	return t.wait()
}

// Rollback implements gorm.TxCommitter. It returns after the commit of the group, too: what the transaction failed for may be what those
// before it have written, and readers find that from then on.
func (t *sharedTx) Rollback() error {
	if t.over {
		return sql.ErrTxDone
	}
	g := t.group
	if g.ended {
		g.fail(t.cause)
	} else if !t.first {
		if err := t.control("ROLLBACK TO member; RELEASE member"); err != nil {
			g.fail(err)
		}
	}
	return t.wait()
}

// wait passes the connection on, and returns what becomes of the group.
func (t *sharedTx) wait() error {
	t.over = true
	t.end()
	<-t.group.settled
	return t.group.err
}

// because returns what whoever ran the transaction is told: err, or why nothing of its group is there. The transaction is over.
func (t *sharedTx) because(err error) error {
	if t.group.err != nil {
		return t.group.err
	}
	return err
}

// transact is GORM's Transaction, whose rollbacks neither know why nor have a result.
func transact(db *gorm.DB, fn func(tx *gorm.DB) error) error {
	var shared *sharedTx
	err := db.Transaction(func(tx *gorm.DB) error {
		err := fn(tx)
		if shared, _ = tx.Statement.ConnPool.(*sharedTx); shared != nil {
			shared.cause = err
		}
		return err
	})
	if shared != nil {
		return shared.because(err)
	}
	return err
}
