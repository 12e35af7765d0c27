package main

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"roster/models/store"
)

// bareDatabase is a database as the bare handlers use it: by its driver.
type bareDatabase interface {
	// each reads the rows of a statement, one after the other, into the same targets.
	each(ctx context.Context, statement string, args []any, into []any, row func() error) error
	// write runs statements in one transaction, the first of which returns a number.
	write(ctx context.Context, statements []bareStatement) (int64, error)
	// define runs statements that make something, and return nothing. There is one for each database.
	define(ctx context.Context, postgres, sqlite string) error
}

// bareStatement is one of several in a transaction; its parameters are $1, $2, ….
type bareStatement struct {
	text string
	args []any
}

func openBare(ctx context.Context, dialect store.Dialect, at string) (bareDatabase, error) {
	if dialect == store.SQLite {
		return openBareSQLite(ctx, at)
	}
	cfg, err := pgxpool.ParseConfig(at)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 16 // as the service has
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	return &barePostgres{pool}, err
}

type barePostgres struct{ pool *pgxpool.Pool }

func (db *barePostgres) each(ctx context.Context, statement string, args, into []any, row func() error) error {
	rows, err := db.pool.Query(ctx, statement, args...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, into, row)
	return err
}

// write sends everything in one batch, which is one transaction with BEGIN and COMMIT in it.
func (db *barePostgres) write(ctx context.Context, statements []bareStatement) (int64, error) {
	var number int64
	var batch pgx.Batch
	batch.Queue("BEGIN")
	for n, s := range statements {
		queued := batch.Queue(s.text, s.args...)
		if n == 0 {
			queued.QueryRow(func(row pgx.Row) error { return row.Scan(&number) })
		}
	}
	batch.Queue("COMMIT")
	return number, db.pool.SendBatch(ctx, &batch).Close()
}

func (db *barePostgres) define(ctx context.Context, postgres, _ string) error {
	_, err := db.pool.Exec(ctx, postgres)
	return err
}

// bareSQLite is a file with one writer and a pool of readers, as durable and with as much memory as the service's.
type bareSQLite struct {
	writer, readers *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func openBareSQLite(ctx context.Context, at string) (*bareSQLite, error) {
	// Triggers call functions of the program, which the driver has once a database was opened by it.
	once, err := store.Open(ctx, store.Config{URL: at, MaxConnections: 1, Now: time.Now})
	if err != nil {
		return nil, err
	}
	if err := once.Close(); err != nil {
		return nil, err
	}
	db := &bareSQLite{prepared: map[string]*sql.Stmt{}}
	for _, pool := range []struct {
		into    **sql.DB
		settled url.Values
		most    int
	}{
		{&db.writer, url.Values{"_txlock": {"immediate"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"}}, 1},
		{&db.readers, url.Values{"_query_only": {"on"}}, 16},
	} {
		for name, values := range map[string][]string{
			"_busy_timeout": {"10000"}, "_foreign_keys": {"on"}, "_time_integer_format": {"unix_micro"}, "_inttotime": {"1"},
			"_pragma": {"temp_store(memory)", "cache_size(-16000)", "mmap_size(268435456)"},
		} {
			pool.settled[name] = values
		}
		opened, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(at, "sqlite:")+"?"+pool.settled.Encode())
		if err != nil {
			return nil, err
		}
		opened.SetMaxOpenConns(pool.most)
		opened.SetMaxIdleConns(pool.most)
		*pool.into = opened
	}
	return db, nil
}

func (db *bareSQLite) each(ctx context.Context, statement string, args, into []any, row func() error) error {
	prepared, err := db.prepare(ctx, db.readers, statement) //nolint:sqlclosecheck // it is kept
	if err != nil {
		return err
	}
	rows, err := prepared.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (db *bareSQLite) define(ctx context.Context, _, sqlite string) error {
	_, err := db.writer.ExecContext(ctx, sqlite)
	return err
}

func (db *bareSQLite) write(ctx context.Context, statements []bareStatement) (int64, error) {
	var number int64
	prepared := make([]*sql.Stmt, len(statements)) // before the only connection is taken
	for n, s := range statements {
		var err error
		if prepared[n], err = db.prepare(ctx, db.writer, s.text); err != nil { //nolint:sqlclosecheck // it is kept
			return 0, err
		}
	}
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()            //nolint:errcheck // after a commit it does nothing
	for n, s := range statements { // those of the transaction end with it
		if n == 0 {
			err = tx.StmtContext(ctx, prepared[n]).QueryRowContext(ctx, s.args...).Scan(&number) //nolint:sqlclosecheck // ends with it
		} else {
			_, err = tx.StmtContext(ctx, prepared[n]).ExecContext(ctx, s.args...) //nolint:sqlclosecheck // ends with it
		}
		if err != nil {
			return 0, err
		}
	}
	return number, tx.Commit()
}

// prepare returns a statement of a pool, which is prepared once and stays so. SQLite takes $1 for a name and ?1 for a place.
func (db *bareSQLite) prepare(ctx context.Context, pool *sql.DB, statement string) (*sql.Stmt, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if found := db.prepared[statement]; found != nil {
		return found, nil
	}
	made, err := pool.PrepareContext(ctx, strings.ReplaceAll(statement, "$", "?")) //nolint:sqlclosecheck // it is kept
	if err == nil {
		db.prepared[statement] = made
	}
	return made, err
}
