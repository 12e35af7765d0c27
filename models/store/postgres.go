package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// spoken are the settings of a connection that the statements of this package are written for. Each connection asks for them when it is
// made, because the server, the database, the role or the URL may say something else.
var spoken = []setting{
	{"client_encoding", "UTF8"},
	{"standard_conforming_strings", "on"},
	// A row that was locked after a wait is read as it is then: rules such as "one owner stays" and the locks of trees depend on it.
	{"default_transaction_isolation", "read committed"},
	{"DateStyle", "ISO, MDY"},
	{"IntervalStyle", "postgres"},
	{"TimeZone", "UTC"},
}

type setting struct{ name, value string }

func openPostgres(cfg Config) (*sql.DB, error) {
	pgx, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", withoutPassword(err))
	}
	set := func(name, value string) {
		if _, given := pgx.RuntimeParams[name]; !given {
			pgx.RuntimeParams[name] = value
		}
	}
	set("application_name", "roster")
	set("statement_timeout", strconv.FormatInt(cfg.StatementTimeout.Milliseconds(), 10))
	set("idle_in_transaction_session_timeout", "60000")
	for _, s := range spoken {
		for given := range pgx.RuntimeParams { // PostgreSQL knows no case in their names
			if strings.EqualFold(given, s.name) {
				delete(pgx.RuntimeParams, given)
			}
		}
		pgx.RuntimeParams[s.name] = s.value
	}
	if pgx.ConnectTimeout == 0 {
		pgx.ConnectTimeout = 5 * time.Second
	}
	if cfg.Traced {
		pgx.Tracer = onWire{}
	}
	pool := sql.OpenDB(wires{stdlib.GetConnector(*pgx)})
	pool.SetMaxOpenConns(cfg.MaxConnections)
	pool.SetMaxIdleConns(cfg.MaxConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool, nil
}

// withoutPassword keeps pgx's parse errors, which quote the URL, from carrying a password into a log.
func withoutPassword(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return errors.New("it is not a valid postgres:// URL")
	}
	return err
}

// checkServer refuses a database whose text is not Unicode, and a connection that is not as it was asked for: some poolers drop settings.
func (db *DB) checkServer(ctx context.Context) error {
	if db.dialect == SQLite {
		var encoding string
		if err := db.pools.read.QueryRowContext(ctx, "PRAGMA encoding").Scan(&encoding); err != nil {
			return fmt.Errorf("ask for the encoding: %w", err)
		}
		if encoding != "UTF-8" {
			// Text would sort by other bytes than those that cursors compare.
			return fmt.Errorf("the file keeps text as %s, and Roster needs UTF-8: copy it with 'sqlite3 OLD .dump | sqlite3 NEW'", encoding)
		}
		return nil
	}
	names := append(Column(spoken, func(s setting) string { return s.name }), "server_encoding", "in_hot_standby", "transaction_read_only")
	found := map[string]string{}
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		found[name] = value
		return err
	}, "SELECT name, COALESCE(current_setting(name, true), '') FROM unnest(CAST(? AS text[])) AS name", names)
	if err != nil {
		return fmt.Errorf("ask for the settings: %w", err)
	}
	if encoding := found["server_encoding"]; encoding != "UTF8" {
		return fmt.Errorf("the database keeps text as %s, and Roster needs UTF8: make one with "+
			"CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0", encoding)
	}
	switch {
	case found["in_hot_standby"] == "on":
		return errors.New("the server is a standby, which takes no writes: name the primary in the URL, or several hosts with " +
			"target_session_attrs=read-write")
	case found["transaction_read_only"] == "on":
		return errors.New("the database takes no writes, because default_transaction_read_only is on: set it to off where it is set, " +
			"in the URL, with ALTER DATABASE or ALTER ROLE, or in the configuration of the server")
	}
	for _, s := range spoken {
		if found[s.name] != s.value {
			return fmt.Errorf("the connection has %s = %s, and Roster needs %s: does a pooler in between drop settings?",
				s.name, found[s.name], s.value)
		}
	}
	return nil
}
