package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"modernc.org/sqlite"
)

// lite is the connection that writes to an SQLite file, as database/sql has it, which lets one goroutine at a time use it. It keeps the
// statements with arguments that it ran last: to prepare one costs as much as to insert a row by it.
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
