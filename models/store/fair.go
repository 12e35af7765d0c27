package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// fairPool is a pool of connections of which each caller takes no more than it leaves free (ForCaller). The program's own statements go
// straight to the pool, and so does what no request uses: single rows outside of a transaction, and prepared statements. A caller does not
// notice that a connection ended while nobody used it. It implements gorm.ConnPool and gorm.ConnPoolBeginner.
type fairPool struct {
	*sql.DB
	gate *gate
}

// newFairPool returns the pool, which has so many connections.
func newFairPool(pool *sql.DB, connections int) fairPool {
	return fairPool{DB: pool, gate: newGate(connections)}
}

// asCaller runs a statement on a connection that is held for the caller of ctx, until what the statement returned is closed. ended tells a
// connection that had ended before.
func (p fairPool) asCaller(ctx context.Context, ended func(error) bool, run func(*sql.Conn) error) error {
	leave, err := p.gate.enter(ctx, callerOf(ctx))
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		conn, err := p.DB.Conn(ctx)
		if err != nil {
			leave()
			return err
		}
		err = run(conn)
		if n < mostEnded(p.DB) && ended(err) {
			_ = conn.Close()
			continue
		}
		// Close waits for open rows: "Close is safe to call concurrently with other operations and will block until all other operations
		// finish" (database/sql).
		done := func() {
			_ = conn.Close() // back into the pool; the statement has told what there was to tell
			leave()
		}
		if err != nil {
			done()
		} else {
			go done()
		}
		return err
	}
}

// again runs a statement, or begins a transaction, until it meets a connection that has not ended. ended tells one that did.
func again[T any](p fairPool, ended func(error) bool, run func() (T, error)) (T, error) {
	for n := 0; ; n++ {
		v, err := run()
		if n == mostEnded(p.DB) || !ended(err) {
			return v, err
		}
	}
}

// cut reports whether a connection is gone, whether or not the server has said so: a server that crashes says nothing. What was sent on it
// may have taken effect, so this is for what can be done twice: to read, and to begin.
func cut(err error) bool {
	if err == nil {
		return false
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return false
	}
	return endedIdle(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// mostEnded is how many connections that ended while they were idle one statement can meet: all that there are.
func mostEnded(pool *sql.DB) int { return pool.Stats().MaxOpenConnections }

// endedIdle reports whether a statement took no effect, because its connection ended before it was done: mostly while nobody used it, and
// the next statement reads the server's last words. sql.DB tries again by itself only if the driver has noticed the end before.
func endedIdle(err error) bool {
	if err == nil {
		return false
	}
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &connect): // there is no other connection
		return false
	case errors.As(err, &pg):
		return pg.Code == "57P01" || pg.Code == "57P02" // ended by an administrator, or with the whole server
	}
	return errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}

// ExecContext implements gorm.ConnPool.
func (p fairPool) ExecContext(ctx context.Context, query string, args ...any) (res sql.Result, err error) {
	if callerOf(ctx) == "" {
		return again(p, endedIdle, func() (sql.Result, error) { return p.DB.ExecContext(ctx, query, args...) })
	}
	err = p.asCaller(ctx, endedIdle, func(conn *sql.Conn) (err error) {
		res, err = conn.ExecContext(ctx, query, args...)
		return err
	})
	return res, err
}

// QueryContext implements gorm.ConnPool.
func (p fairPool) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	if callerOf(ctx) == "" {
		return again(p, cut, func() (*sql.Rows, error) { //nolint:sqlclosecheck // whoever asked closes them
			return p.DB.QueryContext(ctx, query, args...)
		})
	}
	err = p.asCaller(ctx, cut, func(conn *sql.Conn) (err error) {
		rows, err = conn.QueryContext(ctx, query, args...) //nolint:sqlclosecheck,rowserrcheck // whoever asked does both
		return err
	})
	return rows, err
}

// BeginTx implements gorm.ConnPoolBeginner.
func (p fairPool) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	begin := func() (*sql.Tx, error) { return p.DB.BeginTx(ctx, opts) }
	if callerOf(ctx) == "" {
		return again(p, cut, begin)
	}
	leave, err := p.gate.enter(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	tx, err := again(p, cut, begin)
	if err != nil {
		leave()
		return nil, err
	}
	return &fairTx{Tx: tx, leave: sync.OnceFunc(leave)}, nil
}

// GetDBConn implements gorm.GetDBConnector, for what works on one connection of its own.
func (p fairPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// fairTx is a transaction on a connection that is held for a caller. It implements gorm.TxCommitter.
type fairTx struct {
	*sql.Tx
	leave func()
}

// Commit implements gorm.TxCommitter.
func (t *fairTx) Commit() error {
	defer t.leave()
	return t.Tx.Commit()
}

// Rollback implements gorm.TxCommitter.
func (t *fairTx) Rollback() error {
	defer t.leave()
	return t.Tx.Rollback()
}
