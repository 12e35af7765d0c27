package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// wire is a connection to PostgreSQL as database/sql has it. In a transaction it holds back BEGIN and what nobody waits for the answer of
// ([DB.Later]), and sends it with the next statement that does want an answer, or with COMMIT, in one round trip. Statements reach the
// server in the order in which they were run, and nothing behind one that fails is done.
type wire struct {
	*native
	each          *statement // comes first in each transaction, nil for nothing
	inTransaction bool
	held          []statement
}

// native is the driver's own.
type native = stdlib.Conn

// statement is one that is held back, or that others are sent with.
type statement struct {
	later
	sql  string
	args []any
}

// later is the argument, before its own, of a statement that is to be held back.
type later struct {
	doing   string            // what its error is told with
	refusal func(error) error // see LaterOr, nil for what nobody is refused for
	assumes bool              // see Assume
}

// refusals, in the place of a statement, sends what is held back if somebody may be refused for some of it.
type refusals struct{}

// mostHeld is how many statements are held back at most: a change of many rows does not pile up.
const mostHeld = 64

const begin, commit = "begin isolation level read committed", "commit"

// wires connects as a driver does.
type wires struct {
	driver.Connector
	each *statement // of every connection
}

// Connect implements driver.Connector.
func (c wires) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &wire{native: conn.(*native), each: c.each}, nil
}

// BeginTx implements driver.ConnBeginTx. Nothing is sent yet: if the connection has ended, the first statement is who meets that.
func (w *wire) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	switch {
	case opts != driver.TxOptions{}:
		return w.native.BeginTx(ctx, opts)
	case w.Conn().IsClosed():
		return nil, driver.ErrBadConn
	}
	w.inTransaction, w.held = true, append(w.held, statement{sql: begin})
	return &wireTx{w, ctx}, nil
}

// ExecContext implements driver.ExecerContext.
func (w *wire) ExecContext(ctx context.Context, query string, named []driver.NamedValue) (driver.Result, error) {
	if how, ok := first[later](named); ok {
		return driver.ResultNoRows, w.hold(ctx, statement{how, query, valuesOf(named[1:])})
	}
	if _, ok := first[refusals](named); ok {
		return driver.ResultNoRows, w.refuse(ctx)
	}
	if all, ok := first[together](named); ok {
		return driver.ResultNoRows, w.ask(ctx, all)
	}
	if len(named) == 0 { // it may be several statements, which a batch does not take
		if err := w.flush(ctx); err != nil {
			return nil, err
		}
	}
	if w.sendsAlone() || len(named) == 0 {
		return w.native.ExecContext(ctx, query, named)
	}
	tag, err := w.finish(ctx, statement{sql: query, args: valuesOf(named)})
	return driver.RowsAffected(tag.RowsAffected()), err
}

// QueryContext implements driver.QueryerContext.
func (w *wire) QueryContext(ctx context.Context, query string, named []driver.NamedValue) (driver.Rows, error) {
	if w.sendsAlone() {
		return w.native.QueryContext(ctx, query, named)
	}
	b, err := w.send(ctx, statement{sql: query, args: valuesOf(named)})
	if err != nil {
		return nil, err
	}
	rows, err := b.Query()
	if err != nil {
		return nil, b.failed(err)
	}
	more := rows.Next() // its columns are known only then
	if err := rows.Err(); err != nil {
		return nil, b.failed(err)
	}
	return &wireRows{Rows: rows, batch: b, types: w.Conn().TypeMap(), ahead: true, more: more}, nil
}

// PrepareContext implements driver.ConnPrepareContext. In a transaction it fails: what is run by a prepared statement would overtake what
// is held back. pgx prepares every statement by itself, and keeps it for the connection.
func (w *wire) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if w.inTransaction {
		return nil, errors.New("a transaction on PostgreSQL prepares no statements")
	}
	return w.native.PrepareContext(ctx, query)
}

// sendsAlone reports whether nothing is sent with a statement.
func (w *wire) sendsAlone() bool { return len(w.held) == 0 && (w.each == nil || w.inTransaction) }

// first returns the argument before a statement's own, which says what is to be done with it, and whether there is one.
func first[T any](named []driver.NamedValue) (how T, ok bool) {
	if len(named) > 0 {
		how, ok = named[0].Value.(T)
	}
	return how, ok
}

func valuesOf(named []driver.NamedValue) []any {
	values := make([]any, len(named))
	for i, v := range named {
		values[i] = v.Value
	}
	return values
}

// hold holds a statement back.
func (w *wire) hold(ctx context.Context, s statement) error {
	w.held = append(w.held, s)
	if w.inTransaction && len(w.held) < mostHeld {
		return nil
	}
	return w.flush(ctx)
}

// refuse sends what is held back if somebody may be refused for some of it.
func (w *wire) refuse(ctx context.Context) error {
	if !slices.ContainsFunc(w.held, func(s statement) bool { return s.refusal != nil }) {
		return nil
	}
	return w.flush(ctx)
}

// Beneath calls use with pgx's own connection beneath one of a pool's, after what is held back on that has been sent.
func Beneath(ctx context.Context, conn *sql.Conn, use func(*pgx.Conn) error) error {
	return conn.Raw(func(driver any) error { return driver.(*wire).use(ctx, use) })
}

// use is [Beneath] of the connection.
func (w *wire) use(ctx context.Context, use func(*pgx.Conn) error) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	return use(w.Conn())
}

// flush sends what is held back.
func (w *wire) flush(ctx context.Context) error {
	if len(w.held) == 0 {
		return nil
	}
	last := w.held[len(w.held)-1]
	w.held = w.held[:len(w.held)-1]
	_, err := w.finish(ctx, last)
	return err
}

// finish sends what is held back and one more, and waits for all answers.
func (w *wire) finish(ctx context.Context, last statement) (pgconn.CommandTag, error) {
	b, err := w.send(ctx, last)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := b.Exec()
	if err == nil {
		err = b.Close()
	}
	if err != nil {
		return pgconn.CommandTag{}, b.failed(last.failed(err))
	}
	return tag, nil
}

// send sends what is held back and more, and reads the answers to what was held back.
func (w *wire) send(ctx context.Context, more ...statement) (*batch, error) {
	all, queue := append(slices.Clip(w.held), more...), &pgx.Batch{}
	w.held = nil
	opens := all[0].sql == begin
	switch {
	case w.each == nil:
	case opens:
		all = slices.Insert(all, 1, *w.each)
	case !w.inTransaction: // what is sent at once is a transaction
		all = slices.Insert(all, 0, *w.each)
	}
	for _, s := range all {
		queue.Queue(s.sql, s.args...)
	}
	b := &batch{w.Conn().SendBatch(ctx, queue), opens, more[len(more)-1].sql == commit}
	for _, s := range all[:len(all)-len(more)] {
		if _, err := b.Exec(); err != nil {
			return nil, b.failed(s.failed(err))
		}
	}
	return b, nil
}

// askOnly sends queries outside of a transaction, and reads their answers.
func (w *wire) askOnly(ctx context.Context, all []asked) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	if w.sendsAlone() {
		return send(ctx, w.Conn(), all)
	}
	return w.ask(ctx, all)
}

// together is the one argument of what stands for several queries, which are to be sent at once.
type together []asked

// ask sends what is held back and queries, and reads their answers.
func (w *wire) ask(ctx context.Context, all together) error {
	b, err := w.send(ctx, Column(all, func(a asked) statement { return statement{sql: a.sql, args: a.args} })...)
	if err != nil {
		return err
	}
	for i := range all {
		rows, err := b.Query()
		if err := all[i].read(w.Conn(), rows, err); err != nil {
			return b.failed(err)
		}
	}
	if err := b.Close(); err != nil {
		return b.failed(err)
	}
	return nil
}

// failed tells what was being done when a statement failed.
func (s *statement) failed(err error) error {
	var pg *pgconn.PgError
	switch {
	case s.assumes && errors.As(err, &pg) && (pg.Code == divisionByZero || pg.Code == postgresUniqueViolation):
		return errAssumption
	case s.refusal != nil:
		return s.refusal(err)
	case s.doing != "":
		return fmt.Errorf("%s: %w", s.doing, err)
	}
	return err
}

// batch is what was sent at once.
type batch struct {
	pgx.BatchResults
	opens, closes bool // with BEGIN, with COMMIT
}

// failed ends a batch, and returns why.
func (b *batch) failed(err error) error {
	_ = b.Close() // with the same error
	// With COMMIT in it, it may have taken effect if only the answer is lost.
	if b.opens && (!b.closes && cut(err) || pgconn.SafeToRetry(err)) {
		return &unbegunError{err}
	}
	return err
}

// unbegunError is why a transaction has not begun: its connection ended before, mostly while nobody used it.
type unbegunError struct{ error }

// Unwrap returns what the connection said.
func (e *unbegunError) Unwrap() error { return e.error }

// wireTx is a transaction.
type wireTx struct {
	wire *wire
	ctx  context.Context
}

// Commit implements driver.Tx. A transaction without any statement is not sent at all.
func (t *wireTx) Commit() error {
	w := t.wire
	if len(w.held) == 1 && w.held[0].sql == begin {
		return t.Rollback()
	}
	tag, err := w.finish(t.ctx, statement{sql: commit})
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	if err != nil {
		_ = t.Rollback() // of what COMMIT was not reached behind
	}
	w.inTransaction = false
	return err
}

// Rollback implements driver.Tx.
func (t *wireTx) Rollback() error {
	w, conn := t.wire, t.wire.Conn()
	w.inTransaction, w.held = false, nil
	switch {
	case conn.IsClosed():
		return driver.ErrBadConn
	case conn.PgConn().TxStatus() == 'I': // none has begun
		return nil
	}
	_, err := conn.Exec(t.ctx, "rollback")
	if err != nil {
		_ = conn.Close(t.ctx) // nobody knows in which state it is
	}
	return err
}
