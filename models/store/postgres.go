package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	{"DateStyle", "ISO, MDY"},
	{"TimeZone", "UTC"},
	{"IntervalStyle", "postgres"},
	// A row that was locked after a wait is read as it is then: rules such as "one owner stays" and the locks of trees depend on it.
	{isolation, "read committed"},
}

const isolation = "default_transaction_isolation"

// carried are the parameters with which a connection begins that every pooler takes and keeps for its client
// (https://www.pgbouncer.org/config.html, track_extra_parameters). It refuses a client that begins with others, or drops them.
var carried = []string{"application_name", "client_encoding", "standard_conforming_strings", "datestyle", "timezone"}

// postgresConfig reads a URL of PostgreSQL. What a connection begins with is in the first of what is returned, and what is set for it
// afterwards behind a pooler, or for each transaction, in the second.
func postgresConfig(cfg Config) (*pgx.ConnConfig, []setting, error) {
	config, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, nil, fmt.Errorf("read database URL: %w", withoutPassword(err))
	}
	wanted := map[string]setting{} // PostgreSQL knows no case in their names
	want := func(s setting) { wanted[strings.ToLower(s.name)] = s }
	want(setting{"application_name", "roster"})
	want(setting{"statement_timeout", strconv.FormatInt(cfg.StatementTimeout.Milliseconds(), 10)})
	want(setting{"idle_in_transaction_session_timeout", "60000"})
	want(setting{"jit", "off"}) // compiling takes seconds where what is asked takes milliseconds (docs/adr/0124)
	for name, value := range config.RuntimeParams {
		want(setting{name, value})
	}
	for _, s := range spoken {
		want(s)
	}
	var afterwards []setting
	begins := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if s := wanted[name]; slices.Contains(carried, name) || name == "options" { // which are no setting
			begins[s.name] = s.value
		} else {
			afterwards = append(afterwards, s)
		}
	}
	config.RuntimeParams = begins
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	return config, afterwards, nil
}

// openPostgres returns the pool, and one that makes a connection each time it is used, for who looks whether that is possible.
func openPostgres(ctx context.Context, cfg Config) (*pools, error) {
	config, settings, err := postgresConfig(cfg)
	if err != nil {
		return nil, err
	}
	pooler, err := findPooler(ctx, config)
	if err != nil {
		return nil, err
	}
	config.DefaultQueryExecMode = pooler.mode()
	if cfg.Traced {
		config.Tracer = onWire{}
	}
	var connect wires
	switch pooler.Mode {
	case PoolSession:
		set := settingSQL(settings, false)
		connect.Connector = stdlib.GetConnector(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
			return conn.PgConn().Exec(ctx, set).Close()
		}))
	case PoolTransaction:
		// The isolation is said at BEGIN; that of a transaction which has begun does not change.
		settings = slices.DeleteFunc(settings, func(s setting) bool { return s.name == isolation })
		connect = wires{Connector: stdlib.GetConnector(*config), each: &statement{sql: settingSQL(settings, true)}}
	default: // with the first packet: it takes no round trip, and nothing runs before them
		for _, s := range settings {
			config.RuntimeParams[s.name] = s.value
		}
		connect.Connector = stdlib.GetConnector(*config)
	}
	pool, aside := sql.OpenDB(connect), sql.OpenDB(connect)
	pool.SetMaxOpenConns(cfg.MaxConnections)
	pool.SetMaxIdleConns(cfg.MaxConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	aside.SetMaxOpenConns(1)
	aside.SetMaxIdleConns(-1)
	return &pools{write: pool, read: pool, aside: aside, pooler: pooler, connect: connect}, nil
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
func (db *DB) checkServer(ctx context.Context, filling bool) error {
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
	}, "SELECT name, COALESCE(current_setting(name, true), '') FROM unnest(CAST(? AS text[])) AS name "+
		"UNION ALL SELECT '"+copyMark+"', COALESCE(CAST(to_regclass('"+copyMark+"') AS text), '') "+
		"UNION ALL SELECT 'schema', COALESCE(current_schema(), '')", append(names, "search_path"))
	if err != nil {
		return fmt.Errorf("ask for the settings: %w", err)
	}
	if encoding := found["server_encoding"]; encoding != "UTF8" {
		return fmt.Errorf("the database keeps text as %s, and Roster needs UTF8: make one with "+
			"CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0", encoding)
	}
	switch {
	case found["schema"] == "": // PostgreSQL would say that no table of ours exists
		return fmt.Errorf("the connection has no schema to work in: of those in search_path (%s) none exists that the role may use; "+
			"CREATE SCHEMA, GRANT USAGE ON SCHEMA, or set search_path in the URL, or with ALTER DATABASE or ALTER ROLE",
			found["search_path"])
	case found[copyMark] != "" && !filling:
		return ErrHalfCopied
	case db.need == Reading:
	case found["in_hot_standby"] == "on":
		return errors.New("the server is a standby, which takes no writes: name the primary in the URL, or several hosts with " +
			"target_session_attrs=read-write")
	case found["transaction_read_only"] == "on":
		return errors.New("the database takes no writes, because default_transaction_read_only is on: set it to off where it is set, " +
			"in the URL, with ALTER DATABASE or ALTER ROLE, or in the configuration of the server")
	}
	for _, s := range spoken {
		if found[s.name] != s.value {
			return errSpoken(db.Pooler(), s, found[s.name])
		}
	}
	return nil
}

// errSpoken says what to do about a setting that a connection does not have.
func errSpoken(pooler Pooler, s setting, found string) error {
	if pooler.Mode == PoolTransaction {
		return fmt.Errorf("the connection has %s = %s, and Roster needs %s; a pooler that lends connections for a transaction keeps "+
			"no setting of its clients: take it away where it is set (ALTER ROLE … RESET %[1]s, ALTER DATABASE … RESET %[1]s, the "+
			"configuration of the server), or set pool_mode = session", s.name, found, s.value)
	}
	return fmt.Errorf("the connection has %s = %s, and Roster needs %s: does a pooler in between drop settings?", s.name, found, s.value)
}
