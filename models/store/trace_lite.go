package store

import (
	"context"
	"database/sql/driver"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// traceable returns a connector whose connections make spans of statements, if that is wanted.
func traceable(cfg Config, connector driver.Connector) driver.Connector {
	if cfg.Traced {
		return tracedLites{connector}
	}
	return connector
}

// tracedLites connects as a driver of SQLite does, and makes spans of the statements.
type tracedLites struct{ driver.Connector }

// Connect implements driver.Connector.
func (c tracedLites) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return tracedLite{conn.(liteConn)}, nil
}

// tracedLite is a connection whose statements are spans.
type tracedLite struct{ liteConn }

// ExecContext implements driver.ExecerContext.
func (c tracedLite) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx, span := beginSpan(ctx, semconv.DBSystemNameSQLite, query)
	result, err := c.liteConn.ExecContext(ctx, query, args)
	endSpan(span, err)
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c tracedLite) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx, span := beginSpan(ctx, semconv.DBSystemNameSQLite, query)
	rows, err := c.liteConn.QueryContext(ctx, query, args)
	return traced(span, rows, err)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c tracedLite) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.liteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return tracedStmt{stmt.(liteStmt), query}, nil
}

// tracedStmt is a statement that was prepared.
type tracedStmt struct {
	liteStmt
	query string
}

// ExecContext implements driver.StmtExecContext.
func (s tracedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	ctx, span := beginSpan(ctx, semconv.DBSystemNameSQLite, s.query)
	result, err := s.liteStmt.ExecContext(ctx, args)
	endSpan(span, err)
	return result, err
}

// QueryContext implements driver.StmtQueryContext.
func (s tracedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	ctx, span := beginSpan(ctx, semconv.DBSystemNameSQLite, s.query)
	rows, err := s.liteStmt.QueryContext(ctx, args)
	return traced(span, rows, err)
}

// traced returns what a statement has found, with whose end its span ends.
func traced(span trace.Span, rows driver.Rows, err error) (driver.Rows, error) {
	if err != nil || span == nil {
		endSpan(span, err)
		return rows, err
	}
	return &tracedRows{liteAnswer: rows.(liteAnswer), span: span}, nil
}

// tracedRows are what a statement has found.
type tracedRows struct {
	liteAnswer
	span trace.Span // nil once it has ended
}

// Close implements driver.Rows.
func (r *tracedRows) Close() error {
	err := r.liteAnswer.Close()
	endSpan(r.span, err)
	r.span = nil
	return err
}
