package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"io"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// Query is a SELECT and who takes what it finds. It is written with ? for both databases; IN ? takes a slice.
type Query struct {
	SQL  string
	Args []any
	// Take is called once with the answer, which it does not keep.
	Take func(*Answer) error
}

// Ask runs queries past GORM and hands each its answer, in their order; the first error ends it. PostgreSQL is sent all of them at once,
// in a transaction with what is held back ([DB.Later]), and answers in one round trip. What they find may be from different moments.
func (db *DB) Ask(ctx context.Context, queries ...Query) error {
	if len(queries) == 0 {
		return nil
	}
	if db.first != nil && !db.first.asked {
		db.first.asked = true
		queries = append([]Query{*db.first.query}, queries...)
	}
	asked := make([]asked, len(queries))
	for i, q := range queries {
		asked[i].sql, asked[i].args = db.bound(q.SQL, q.Args)
	}
	var err error
	switch pool := db.Conn().(type) {
	case fairPool:
		err = pool.ask(ctx, asked)
	case splitPool:
		err = pool.ask(ctx, asked)
	default: // a transaction
		err = db.askWithin(ctx, pool, asked)
	}
	return hand(queries, asked, err)
}

// askWithin asks within a transaction.
func (db *DB) askWithin(ctx context.Context, tx gorm.ConnPool, asked []asked) error {
	if db.dialect == Postgres && db.inTransaction {
		_, err := tx.ExecContext(ctx, asked[0].sql, together(asked)) // see wire
		return err
	}
	for i := range asked {
		if err := asked[i].through(ctx, tx.QueryContext); err != nil {
			return err
		}
	}
	return nil
}

// ahead is a query that goes with the first that somebody asks.
type ahead struct {
	query *Query
	asked bool
}

// Ahead returns the same database, whose first Ask sends a query in front of its own. If that fails to take its answer, the error is that
// of the Ask. A transaction that comes before asks it, too. Nothing else does: whoever depends on its answer has to see to it that it was
// asked. It is for one goroutine.
func (db *DB) Ahead(query *Query) *DB {
	other := *db
	other.first = &ahead{query: query}
	return &other
}

// askFirst asks what is to be asked ahead, unless that was done.
func (db *DB) askFirst(ctx context.Context) error {
	if db.first == nil || db.first.asked {
		return nil
	}
	db.first.asked = true
	return db.Ask(ctx, *db.first.query)
}

// asked is a query as the database is sent it, and its answer, nil before there is one.
type asked struct {
	sql    string
	args   []any
	answer *Answer
}

// hand gives queries their answers. err is why the first that has none has none.
func hand(queries []Query, asked []asked, err error) error {
	for i, q := range queries {
		answer := asked[i].answer
		if answer == nil {
			return err
		}
		taken := q.Take(answer)
		answer.release()
		if taken != nil {
			return taken
		}
	}
	return err
}

// through reads the answer by database/sql.
func (a *asked) through(ctx context.Context, query func(context.Context, string, ...any) (*sql.Rows, error)) error {
	rows, err := query(ctx, a.sql, a.args...) //nolint:sqlclosecheck // they are, below
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	found, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range found {
		into[i] = &found[i]
	}
	a.answer, err = answerOf(len(columns), func(values []driver.Value) error {
		if !rows.Next() {
			return cmp.Or(rows.Err(), io.EOF)
		}
		err := rows.Scan(into...)
		for i, v := range found {
			values[i] = v
		}
		return err
	})
	return err
}

// enter waits for a place of the caller of ctx, and returns how to leave it. The program itself needs none.
func (p fairPool) enter(ctx context.Context) (leave func(), err error) {
	caller := callerOf(ctx)
	if caller == "" {
		return func() {}, nil
	}
	return p.gate.enter(ctx, caller)
}

// ask sends PostgreSQL queries on one connection of the caller's, beneath database/sql, which knows no batches and makes a value of its
// own of everything that it reads. The statements are prepared by pgx, which keeps so many for each connection.
func (p fairPool) ask(ctx context.Context, asked []asked) error {
	leave, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = again(p, cut, func() (bool, error) {
		return true, p.beneath(ctx, func(conn any) error { return conn.(*wire).askOnly(ctx, asked) })
	})
	return err
}

// beneath runs something on the driver's connection beneath one of the pool's.
func (p fairPool) beneath(ctx context.Context, run func(conn any) error) error {
	conn, err := p.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // back into the pool; the statement has told what there was to tell
	return conn.Raw(run)
}

// send sends queries and reads their answers.
func send(ctx context.Context, conn *pgx.Conn, asked []asked) error {
	if len(asked) == 1 {
		rows, err := conn.Query(ctx, asked[0].sql, asked[0].args...)
		return asked[0].read(conn, rows, err)
	}
	batch := &pgx.Batch{}
	for _, a := range asked {
		batch.Queue(a.sql, a.args...)
	}
	results := conn.SendBatch(ctx, batch)
	for i := range asked {
		rows, err := results.Query()
		if err := asked[i].read(conn, rows, err); err != nil {
			_ = results.Close() // with the same error
			return err
		}
	}
	return results.Close()
}

// read reads the answer from the wire.
func (a *asked) read(conn *pgx.Conn, rows pgx.Rows, err error) error {
	if err == nil {
		a.answer, err = answerOnWire(conn.TypeMap(), rows)
	}
	return err
}
