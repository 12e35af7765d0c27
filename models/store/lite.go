package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"modernc.org/sqlite"
)

// maxPrepared is how many statements are kept for a connection to an SQLite file. Clients can make statements without end, by filters and
// fieldsets.
const maxPrepared = 256

// lite is a connection to an SQLite file, as database/sql has it, which lets one goroutine at a time use it. It keeps the statements with
// arguments, and the queries of [DB.Ask], that it ran last: to prepare one costs as much as to insert a row by it, and more than to read
// one.
type lite struct {
	liteConn
	kept *simplelru.LRU[string, *liteStatement]
}

// liteConn is the driver's own.
type liteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	sqlite.HookRegisterer
}

// liteStatement is a statement, which is closed once it is neither used nor kept.
type liteStatement struct {
	liteStmt
	used, kept bool
}

// liteStmt is the driver's own, liteAnswer its rows.
type (
	liteStmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	liteAnswer interface {
		driver.RowsColumnTypeDatabaseTypeName
		driver.RowsColumnTypeLength
		driver.RowsColumnTypeNullable
		driver.RowsColumnTypePrecisionScale
		driver.RowsColumnTypeScanType
	}
)

// lites connects as a driver does.
type lites struct{ driver.Connector }

// Connect implements driver.Connector.
func (c lites) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	l := &lite{liteConn: conn.(liteConn)}
	l.kept, err = simplelru.NewLRU(maxPrepared, func(_ string, s *liteStatement) {
		s.kept = false
		s.closeUnneeded()
	})
	if err != nil {
		return nil, fmt.Errorf("keep statements: %w", err)
	}
	return l, nil
}

// ExecContext implements driver.ExecerContext. What has no arguments may be several statements.
func (l *lite) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return l.liteConn.ExecContext(ctx, query, args)
	}
	s, err := l.take(ctx, query)
	if err != nil {
		return nil, err
	}
	defer s.giveBack()
	return s.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (l *lite) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return l.liteConn.QueryContext(ctx, query, args)
	}
	s, err := l.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		s.giveBack()
		return nil, err
	}
	return &liteRows{rows.(liteAnswer), s}, nil
}

// ask runs queries one after the other, as the driver does it: database/sql makes a goroutine for each, and converts each value.
func (l *lite) ask(ctx context.Context, asked []asked) error {
	for i := range asked {
		if err := l.answer(ctx, &asked[i]); err != nil {
			return err
		}
	}
	return nil
}

// answer runs one query.
func (l *lite) answer(ctx context.Context, a *asked) error {
	args, err := named(a.args)
	if err != nil {
		return err
	}
	s, err := l.take(ctx, a.sql)
	if err != nil {
		return err
	}
	defer s.giveBack()
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // it only reads
	a.answer, err = answerOf(len(rows.Columns()), func(values []driver.Value) error {
		if err := ctx.Err(); err != nil { // the driver looks until the first row
			return err
		}
		return rows.Next(values)
	})
	return err
}

// named returns arguments as database/sql hands them to a driver.
func named(args []any) (_ []driver.NamedValue, err error) {
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		values[i].Ordinal = i + 1
		if values[i].Value, err = driver.DefaultParameterConverter.ConvertValue(arg); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return values, nil
}

// Close implements driver.Conn.
func (l *lite) Close() error {
	l.kept.Purge()
	return l.liteConn.Close()
}

// take returns a statement that nobody uses until it is given back: of one whose rows are still read there is another.
func (l *lite) take(ctx context.Context, query string) (*liteStatement, error) {
	kept, ok := l.kept.Get(query)
	if ok && !kept.used {
		kept.used = true
		return kept, nil
	}
	stmt, err := l.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &liteStatement{liteStmt: stmt.(liteStmt), used: true, kept: !ok}
	if s.kept {
		l.kept.Add(query, s)
	}
	return s, nil
}

func (s *liteStatement) giveBack() {
	s.used = false
	s.closeUnneeded()
}

func (s *liteStatement) closeUnneeded() {
	if !s.used && !s.kept {
		_ = s.Close() // it has told what went wrong when it ran
	}
}

// liteRows are what a statement has found.
type liteRows struct {
	liteAnswer
	of *liteStatement
}

// Close implements driver.Rows.
func (r *liteRows) Close() error {
	err := r.liteAnswer.Close()
	if r.of != nil {
		r.of.giveBack()
		r.of = nil
	}
	return err
}
