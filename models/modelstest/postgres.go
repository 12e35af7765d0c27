package modelstest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// server is a PostgreSQL server on which this process makes databases.
//
// Several processes may use one server at once. Each holds an advisory lock on its own number for as long as it lives and puts that
// number into the names of its databases: roster_test_<number>_<purpose>. So whoever comes later can tell what a killed process left
// behind, and drops it.
type server struct {
	url     *url.URL // of the database that the advisory locks are in
	run     int64
	cluster *cluster // held here, or the collector would close its lifeline; nil if ROSTER_TEST_POSTGRES names the server
	copying string   // the option of CREATE DATABASE with which a template is copied file by file: half the time, with so little in it

	// template returns the name of a migrated database that nothing is connected to. It is made at the first call.
	template func() (string, error)

	mu        sync.Mutex // of what follows
	conn      *pgx.Conn
	databases int
}

// postgresURL returns the URL of a new database, migrated or without any table, and drops it when the test is over.
func postgresURL(t testing.TB, migrated bool) string {
	t.Helper()
	if !migrated {
		return PostgresURL(t, "")
	}
	s, err := theServer(t)
	if err != nil {
		t.Fatal(err)
	}
	template, err := s.template()
	if err != nil {
		t.Fatal(err)
	}
	return s.temporary(t, template+s.copying)
}

// PostgresURL returns the URL of a new database without any table, made with options of CREATE DATABASE.
func PostgresURL(t testing.TB, options string) string {
	t.Helper()
	s, err := theServer(t)
	if err != nil {
		t.Fatal(err)
	}
	return s.temporary(t, "template0 "+options) // has nothing in it
}

// temporary makes a database as a copy of template and drops it when the test is over.
func (s *server) temporary(t testing.TB, template string) string {
	t.Helper()
	name, err := s.create(context.Background(), template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.drop(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	return s.databaseURL(name)
}

// theServer returns the server of this process, which it finds or starts when the first test asks. A benchmark gets one with PostgreSQL's
// own settings: what it costs to keep data is part of what it measures.
func theServer(t testing.TB) (*server, error) {
	if _, measures := t.(*testing.B); measures {
		return durableServer()
	}
	return hastyServer()
}

var (
	hastyServer   = sync.OnceValues(func() (*server, error) { return newServer(inMemory, hasty...) })
	durableServer = sync.OnceValues(func() (*server, error) { return newServer(onDisk) })
)

func newServer(place string, settings ...string) (*server, error) {
	if given := os.Getenv("ROSTER_TEST_POSTGRES"); given != "" {
		s, err := connect(context.Background(), given)
		if err != nil {
			return nil, fmt.Errorf("use the server of ROSTER_TEST_POSTGRES: %w", err)
		}
		return s, nil
	}
	cluster, err := startCluster(place, settings...)
	if err != nil {
		return nil, err
	}
	s, err := connect(context.Background(), cluster.url())
	if err != nil {
		return nil, err
	}
	s.cluster = cluster
	return s, nil
}

func connect(ctx context.Context, address string) (*server, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read URL of the test server: %w", err)
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("connect to the test server: %w", err)
	}
	s := &server{url: u, run: rand.Int64(), conn: conn}
	s.template = sync.OnceValues(func() (string, error) { return s.makeTemplate(context.Background()) })
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", s.run); err != nil {
		return nil, fmt.Errorf("lock the number of this process: %w", err)
	}
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return nil, fmt.Errorf("ask for the version of the test server: %w", err)
	}
	if version >= 15_00_00 { // before, there was no other way
		s.copying = " STRATEGY = FILE_COPY"
	}
	return s, s.sweep(ctx)
}

// sweep drops the databases of processes that have ended without doing so.
func (s *server) sweep(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, `
		SELECT datname, split_part(datname, '_', 3)::bigint
		FROM pg_database
		WHERE datname ~ '^roster_test_[0-9]+_'`)
	if err != nil {
		return fmt.Errorf("list test databases: %w", err)
	}
	type database struct {
		Name string
		Run  int64
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[database])
	if err != nil {
		return fmt.Errorf("list test databases: %w", err)
	}
	for _, d := range found {
		var ended bool
		if err := s.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", d.Run).Scan(&ended); err != nil {
			return fmt.Errorf("ask whether run %d has ended: %w", d.Run, err)
		}
		if !ended {
			continue
		}
		if err := s.exec(ctx, "DROP DATABASE IF EXISTS "+d.Name+" WITH (FORCE)"); err != nil {
			return err
		}
		if err := s.exec(ctx, fmt.Sprintf("SELECT pg_advisory_unlock(%d)", d.Run)); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) makeTemplate(ctx context.Context) (string, error) {
	name := fmt.Sprintf("roster_test_%d_template", s.run)
	if err := s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	if err := migrate(ctx, s.databaseURL(name)); err != nil {
		return "", fmt.Errorf("make template: %w", err)
	}
	return name, nil
}

// create makes a database as a copy of template and returns its name.
func (s *server) create(ctx context.Context, template string) (string, error) {
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("roster_test_%d_%d", s.run, s.databases)
	s.mu.Unlock()
	return name, s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
}

// drop ends the connections to a database and removes it.
func (s *server) drop(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
}

// exec runs one statement on the connection that holds this process's lock; tests that run side by side take turns.
func (s *server) exec(ctx context.Context, statement string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", strings.ToLower(statement), err)
	}
	return nil
}

func (s *server) databaseURL(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}
