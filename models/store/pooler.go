package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Pooler is what stands between the program and PostgreSQL: nothing, or a program that has its own connections to the server and lends
// them to clients.
type Pooler struct {
	// Mode is "" without a pooler.
	Mode PoolMode
	// Prepares reports whether statements that a client has prepared are there for it on whichever connection it is lent.
	Prepares bool
}

// PoolMode says for how long a pooler lends a connection. The words are PgBouncer's.
type PoolMode string

// A client has the same connection for as long as it stays, or for one transaction. What belongs to a connection and not to a transaction
// does not hold in the second mode: settings, prepared statements, LISTEN, and locks of a session (docs/adr/0110).
const (
	PoolSession     PoolMode = "session"
	PoolTransaction PoolMode = "transaction"
)

// Pooler returns what stands between the program and the database, as it was found when that was opened.
func (db *DB) Pooler() Pooler { return db.pools.pooler }

// mode returns how pgx runs statements there: each is prepared once for a connection, or described once for it and sent whole each time.
func (p Pooler) mode() pgx.QueryExecMode {
	if p.Prepares {
		return pgx.QueryExecModeCacheStatement
	}
	return pgx.QueryExecModeCacheDescribe
}

// lending is how long a connection of a pooler is waited for when it is looked at: a machine with too much to do takes seconds to begin a
// process of the server.
const lending = 10 * time.Second

// findPooler looks at what stands at the address of a database. It fails if nothing answers there.
func findPooler(ctx context.Context, cfg *pgx.ConnConfig) (found Pooler, err error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return found, fmt.Errorf("reach database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it only asked
	looking := poolerConn{conn}
	process, err := looking.process(ctx)
	if err != nil {
		return found, err
	}
	if process == conn.PgConn().PID() { // a pooler gives its clients numbers of its own
		return Pooler{Prepares: true}, nil
	}
	if found.Mode, err = looking.mode(ctx, cfg); err != nil {
		return found, err
	}
	found.Prepares = found.Mode == PoolSession
	if !found.Prepares {
		found.Prepares, err = looking.renames(ctx)
	}
	return found, err
}

// Lent asks for all connections that the pool may have at once, and returns how many it got before no further one came for a while. It is
// for the start of a server, when nobody else has any.
func (db *DB) Lent(ctx context.Context) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	patience := time.AfterFunc(lending, cancel)
	defer patience.Stop()
	var lent atomic.Int64
	var asked, all sync.WaitGroup
	n := db.pools.write.Stats().MaxOpenConnections
	asked.Add(n)
	for range n {
		all.Go(func() {
			conn, err := db.pools.write.Conn(ctx)
			if err == nil {
				defer conn.Close() //nolint:errcheck // into the pool
				err = conn.PingContext(ctx)
			}
			if err == nil {
				lent.Add(1)
				patience.Reset(lending)
			}
			asked.Done()
			asked.Wait() // each is held until all were asked for
		})
	}
	all.Wait()
	return int(lent.Load())
}

// poolerConn is a connection to a pooler that looks at it. It sends nothing that stays on the server.
type poolerConn struct{ *pgx.Conn }

// process returns the number of the server's process that answers.
func (c poolerConn) process(ctx context.Context) (uint32, error) {
	rows := c.PgConn().ExecParams(ctx, `SELECT pg_backend_pid()`, nil, nil, nil, nil).Read()
	if rows.Err != nil {
		return 0, fmt.Errorf("ask for the process of the server: %w", rows.Err)
	}
	n, err := strconv.ParseUint(string(rows.Rows[0][0]), 10, 32)
	return uint32(n), err
}

// turns is the order in which two clients ask for the process that answers them, again and again. It has no period: a pooler that lends its
// connections in turn does not look as if each client had one of its own.
const turns = "abbabaabbaababba"

// mode finds out how long the pooler lends. For the time of a session, two clients have two processes, each always the same.
func (c poolerConn) mode(ctx context.Context, cfg *pgx.ConnConfig) (PoolMode, error) {
	ctx, cancel := context.WithTimeout(ctx, lending)
	defer cancel()
	second, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return "", errNoSecond(err)
	}
	defer second.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it only asked
	clients, processes := map[rune]poolerConn{'a': c, 'b': {second}}, map[rune]uint32{}
	for _, name := range turns {
		n, err := clients[name].process(ctx)
		if err != nil {
			return "", errNoSecond(err)
		}
		if before, known := processes[name]; known && before != n {
			return PoolTransaction, nil
		}
		processes[name] = n
		if processes['a'] == processes['b'] {
			return PoolTransaction, nil
		}
	}
	return PoolSession, nil
}

// errNoSecond explains why a second client of a pooler got no answer.
func errNoSecond(err error) error {
	return fmt.Errorf("the pooler lent no second connection; let its pool (pool_size) be as large as --database-connections "+
		"(ROSTER_DATABASE_CONNECTIONS) of all replicas together, or set pool_mode = transaction: %w", err)
}

// renames reports whether the pooler keeps account of what its clients prepare: it then gives statements names of its own, so that those of
// different clients can be on one connection. Everything is done in one transaction, which is on one connection.
func (c poolerConn) renames(ctx context.Context) (renamed bool, err error) {
	const name, text = "roster_pooler", "SELECT 'roster_pooler'"
	pg := c.PgConn()
	run := func(sql string) error { return pg.Exec(ctx, sql).Close() }
	if err = run("begin"); refusesTransactions(err) {
		return false, fmt.Errorf("the pooler lends a connection for one statement, so that there are no transactions; "+
			"set pool_mode = transaction: %w", err)
	}
	if err == nil {
		_, err = pg.Prepare(ctx, name, text, nil)
	}
	if err == nil {
		found := pg.ExecParams(ctx, `SELECT name FROM pg_prepared_statements WHERE statement = $1`, [][]byte{[]byte(text)}, nil, nil,
			nil).Read()
		err = found.Err
		renamed = len(found.Rows) == 1 && string(found.Rows[0][0]) != name
	}
	if err == nil {
		err = pg.Deallocate(ctx, name)
	}
	if err == nil {
		err = run("rollback")
	}
	if err != nil {
		return false, fmt.Errorf("find out whether the pooler keeps account of prepared statements: %w", err)
	}
	return renamed, nil
}

// refusesTransactions reports whether a pooler ended a connection because of a BEGIN, as PgBouncer does with pool_mode = statement.
func refusesTransactions(err error) bool {
	const protocolViolation = "08P01" // https://www.postgresql.org/docs/current/errcodes-appendix.html
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == protocolViolation
}

// setting is the value of a setting of a connection.
type setting struct{ name, value string }

// settingSQL returns a statement that makes settings, in the transaction or for the connection.
func settingSQL(settings []setting, local bool) string {
	return "SELECT " + strings.Join(Column(settings, func(s setting) string {
		return fmt.Sprintf("set_config(%s, %s, %t)", literal(s.name), literal(s.value), local)
	}), ", ")
}

// literal returns a text as SQL has it, with standard_conforming_strings.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
