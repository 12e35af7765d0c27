package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
	"modernc.org/sqlite"
)

// openSQLite opens the file at path with one writer, whose transactions take the write lock when they begin, and a pool of readers
// that cannot write. In WAL mode readers and the writer do not wait for each other; writers of this process wait in a queue (writer),
// writers of other processes (the command line beside a running server) wait up to ten seconds.
func openSQLite(ctx context.Context, path string, cfg Config) (write, read *sql.DB, err error) {
	if path == "" {
		return nil, nil, errors.New("database URL sqlite: names no file")
	}
	registerFunctions()
	shared := url.Values{
		"_busy_timeout":        {"10000"},
		"_foreign_keys":        {"on"},
		"_time_integer_format": {"unix_micro"},
		"_inttotime":           {"1"},
		"_dqs":                 {"0"},
		"_pragma":              {"temp_store(memory)", "cache_size(-16000)", "mmap_size(268435456)"},
	}
	dsn := func(more ...string) string {
		v := url.Values{}
		for name, values := range shared {
			v[name] = values
		}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String() + "?" + v.Encode()
	}
	// synchronous=FULL: a committed change survives a power cut.
	connector, err := sqlite.NewConnector(dsn("_txlock", "immediate", "_journal_mode", "WAL", "_synchronous", "FULL"))
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	file := &openedFile{path: path}
	write = sql.OpenDB(lites{traceable(cfg, inPlace{connector, file})})
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil { // creates the file and switches it to WAL before a reader looks at it
		return nil, nil, errors.Join(AtPlace(path, &fs.PathError{Op: "open", Path: path, Err: inUse(err)}), write.Close())
	}
	if err = file.remember(); err == nil {
		// Read-only for SQLite as well: the last connection to a file that closes would fold the log beside it into that file.
		connector, err = sqlite.NewConnector(dsn("mode", "ro", "_query_only", "on"))
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", path, err), write.Close())
	}
	read = sql.OpenDB(lites{traceable(cfg, inPlace{connector, file})})
	read.SetMaxOpenConns(cfg.MaxConnections)
	read.SetMaxIdleConns(cfg.MaxConnections)
	return write, read, nil
}

// registerFunctions adds the SQL functions that PostgreSQL gets from its first migration. The driver keeps them for the whole process.
var registerFunctions = sync.OnceFunc(func() {
	sqlite.MustRegisterDeterministicScalarFunction("roster_lower", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if s, ok := args[0].(string); ok {
				// SQLite's own lower() knows ASCII only. This is what PostgreSQL's does with ICU: İ becomes two characters, Σ at the end
				// of a word ς. A Caser has a state, so each call makes its own.
				return cases.Lower(language.Und).String(s), nil
			}
			return args[0], nil
		})
	registerSearch()
})

// splitPool sends what only reads to the readers and everything else to the writer. Transactions are writes.
type splitPool struct {
	write *writer
	read  fairPool
}

// ask runs queries on a reader, one after the other.
func (p splitPool) ask(ctx context.Context, asked []asked) error {
	leave, err := p.read.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return p.read.beneath(ctx, func(conn any) error { return conn.(*lite).ask(ctx, asked) })
}

func (p splitPool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.read.PrepareContext(ctx, query)
}

func (p splitPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.write.ExecContext(ctx, query, args...)
}

func (p splitPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.read.QueryContext(ctx, query, args...)
}

func (p splitPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.read.QueryRowContext(ctx, query, args...)
}

// BeginTx implements gorm.ConnPoolBeginner.
func (p splitPool) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	return p.write.BeginTx(ctx, opts)
}

// sqliteDialector speaks SQLite to GORM. The published dialectors bind a C library or an old copy of the driver (docs/adr/0003); the
// part that is not about creating tables, which GORM never does here, is this small.
type sqliteDialector struct{ pool gorm.ConnPool }

func (sqliteDialector) Name() string { return string(SQLite) }

func (d sqliteDialector) Initialize(db *gorm.DB) error {
	db.ConnPool = d.pool
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{
		CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT", "RETURNING"},
		UpdateClauses: []string{"UPDATE", "SET", "FROM", "WHERE", "RETURNING"},
		DeleteClauses: []string{"DELETE", "FROM", "WHERE", "RETURNING"},
	})
	// SELECT … FOR UPDATE: a write transaction is alone anyway.
	db.ClauseBuilders["FOR"] = func(clause.Clause, clause.Builder) {}
	return nil
}

func (d sqliteDialector) Migrator(db *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: db, Dialector: d}}
}

func (sqliteDialector) DataTypeOf(f *schema.Field) string { return string(f.DataType) }

func (sqliteDialector) DefaultValueOf(*schema.Field) clause.Expression {
	return clause.Expr{SQL: "NULL"}
}

func (sqliteDialector) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }

func (sqliteDialector) QuoteTo(w clause.Writer, name string) {
	for i, part := range strings.Split(name, ".") {
		if i > 0 {
			_ = w.WriteByte('.')
		}
		_, _ = w.WriteString(strconv.Quote(part))
	}
}

func (sqliteDialector) Explain(query string, vars ...any) string {
	return logger.ExplainSQL(query, nil, `'`, vars...)
}
