package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"roster/models/modelstest"
	"roster/models/store"
)

// poolers are the ways in which a PgBouncer may be set up, and what is to be found out about each.
func poolers(t *testing.T) map[string]poolerCase {
	cases := map[string]poolerCase{
		"session":                 {store.PoolSession, nil, true},
		"session in turn":         {store.PoolSession, []string{"server_round_robin = 1"}, true},
		"transaction":             {store.PoolTransaction, nil, false},
		"transaction in turn":     {store.PoolTransaction, []string{"server_round_robin = 1", "min_pool_size = 2"}, false},
		"transaction, one server": {store.PoolTransaction, []string{"default_pool_size = 1"}, false},
	}
	major, minor := modelstest.PoolerVersion(t)
	if major > 1 || minor >= 21 { // https://www.pgbouncer.org/changelog.html
		for name, c := range cases {
			if c.mode == store.PoolTransaction {
				c.settings = append(c.settings, "max_prepared_statements = 0")
				cases[name] = c
			}
		}
		cases["transaction with prepared statements"] = poolerCase{store.PoolTransaction, []string{"max_prepared_statements = 100"}, true}
	}
	return cases
}

type poolerCase struct {
	mode     store.PoolMode
	settings []string
	prepares bool
}

// eachPooler runs test before a migrated database with each of them.
func eachPooler(t *testing.T, test func(t *testing.T, direct string, pooler *modelstest.Pooler, c poolerCase)) {
	t.Helper()
	for name, c := range poolers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := modelstest.URL(t, store.Postgres)
			test(t, direct, modelstest.NewPooler(t, direct, c.mode, c.settings...), c)
		})
	}
}

func TestAPoolerIsFoundOut(t *testing.T) {
	t.Parallel()
	if got := modelstest.Open(t, store.Postgres).Pooler(); got != (store.Pooler{Prepares: true}) {
		t.Errorf("without a pooler: %+v", got)
	}
	eachPooler(t, func(t *testing.T, _ string, pooler *modelstest.Pooler, c poolerCase) {
		db := modelstest.OpenConfig(t, modelstest.ConfigAt(pooler.URL))
		if diff := cmp.Diff(store.Pooler{Mode: c.mode, Prepares: c.prepares}, db.Pooler()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := db.Hears(); got != (c.mode == store.PoolSession) {
			t.Errorf("hears: %t", got)
		}
	})
}

func TestAPoolThatIsTooSmallForSessionsIsRefused(t *testing.T) {
	t.Parallel()
	pooler := modelstest.NewPooler(t, modelstest.URL(t, store.Postgres), store.PoolSession, "default_pool_size = 1",
		"query_wait_timeout = 1")
	_, err := store.Open(t.Context(), modelstest.ConfigAt(pooler.URL).Config)
	if err == nil || !strings.Contains(err.Error(), "let its pool (pool_size) be as large as --database-connections") {
		t.Errorf("opening says %v", err)
	}
}

func TestAPoolForStatementsIsRefusedWithTheSettingToChange(t *testing.T) {
	t.Parallel()
	pooler := modelstest.NewPooler(t, modelstest.URL(t, store.Postgres), "statement", "default_pool_size = 4")
	_, err := store.Open(t.Context(), modelstest.ConfigAt(pooler.URL).Config)
	if err == nil || !strings.Contains(err.Error(), "there are no transactions; set pool_mode = transaction") {
		t.Errorf("it is opened: %v", err)
	}
}

// TestBehindAPoolerAConnectionIsAsItHasToBe asks for the settings, outside and inside of a transaction, where the database has others.
func TestBehindAPoolerAConnectionIsAsItHasToBe(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"standard_conforming_strings": "on", "client_encoding": "UTF8", "TimeZone": "UTC", "DateStyle": "ISO, MDY",
		"IntervalStyle": "postgres", "statement_timeout": "7s", "idle_in_transaction_session_timeout": "1min", "work_mem": "3MB",
		"jit": "off",
	}
	eachPooler(t, func(t *testing.T, direct string, pooler *modelstest.Pooler, c poolerCase) {
		for name, value := range map[string]string{
			"standard_conforming_strings": "off", "TimeZone": "Asia/Kathmandu", "DateStyle": "SQL, DMY", "IntervalStyle": "sql_standard",
			"statement_timeout": "9min", "jit": "on",
		} {
			alter(t, direct, "SET "+name+" = '"+value+"'")
		}
		cfg := modelstest.ConfigAt(pooler.URL + "&work_mem=3MB")
		cfg.StatementTimeout = 7 * time.Second
		db := modelstest.OpenConfig(t, cfg)
		for name, value := range want {
			check := func(where string, db *store.DB) error {
				if got := setting(t, db, name); got != value {
					t.Errorf("%s: %s is %q, want %q", where, name, got, value)
				}
				return nil
			}
			_ = check("alone", db)
			err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				if got := setting(t, tx, "transaction_isolation"); got != "read committed" {
					t.Errorf("the isolation is %q", got)
				}
				return check("in a transaction", tx)
			})
			if err != nil {
				t.Error(err)
			}
		}
		if c.mode == store.PoolTransaction {
			leftNothing(t, pooler.URL)
		}
	})
}

// leftNothing looks at what another client of a pooler finds on the connections that we had.
func leftNothing(t *testing.T, address string) {
	t.Helper()
	other, err := pgx.Connect(t.Context(), address+"&default_query_exec_mode=exec")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background()) //nolint:errcheck // it only asked
	for range 4 {
		var timeout string
		var statements int
		err := other.QueryRow(t.Context(), `SELECT current_setting('statement_timeout'),
			(SELECT COUNT(*) FROM pg_prepared_statements WHERE name NOT LIKE 'PGBOUNCER_%')`).Scan(&timeout, &statements)
		if err != nil || timeout != "9min" || statements != 0 {
			t.Errorf("another client finds the timeout %s and %d prepared statements (%v)", timeout, statements, err)
		}
	}
}

func alter(t *testing.T, address, what string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // it has done its work
	if _, err := conn.Exec(t.Context(), "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" "+what); err != nil {
		t.Fatal(err)
	}
}

func setting(t *testing.T, db *store.DB, name string) (value string) {
	t.Helper()
	err := db.Read(t.Context(), func(rows *sql.Rows) error { return rows.Scan(&value) }, `SELECT current_setting(?)`, name)
	if err != nil {
		t.Error(err)
	}
	return value
}

func TestAnotherIsolationIsRefusedBehindAPoolerThatKeepsNoSettings(t *testing.T) {
	t.Parallel()
	eachPooler(t, func(t *testing.T, direct string, pooler *modelstest.Pooler, c poolerCase) {
		alter(t, direct, "SET default_transaction_isolation = 'serializable'")
		db, err := store.Open(t.Context(), modelstest.ConfigAt(pooler.URL).Config)
		if err == nil {
			_ = db.Close()
		}
		switch {
		case c.mode == store.PoolSession && err != nil:
			t.Error(err)
		case c.mode == store.PoolTransaction &&
			(err == nil || !strings.Contains(err.Error(), "ALTER DATABASE … RESET default_transaction_isolation")):
			t.Errorf("opening says %v", err)
		}
	})
}

func TestAStatementThatTakesTooLongIsEndedBehindAPooler(t *testing.T) {
	t.Parallel()
	eachPooler(t, func(t *testing.T, _ string, pooler *modelstest.Pooler, _ poolerCase) {
		cfg := modelstest.ConfigAt(pooler.URL)
		cfg.StatementTimeout = 100 * time.Millisecond
		db := modelstest.OpenConfig(t, cfg)
		sleep := func(db *store.DB) error {
			return db.Read(t.Context(), func(*sql.Rows) error { return nil }, `SELECT pg_sleep(?)`, 60)
		}
		for name, err := range map[string]error{
			"alone":    sleep(db),
			"together": db.Ask(t.Context(), store.Query{SQL: `SELECT 1 FROM pg_sleep(?)`, Args: []any{60}, Take: ignore}),
			"in one":   store.Transaction(t.Context(), db, sleep),
		} {
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != "57014" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func ignore(*store.Answer) error { return nil }

// TestClientsOfAPoolerDoNotMeet lets many transactions and questions go over the few connections that a pooler has.
func TestClientsOfAPoolerDoNotMeet(t *testing.T) {
	t.Parallel()
	eachPooler(t, func(t *testing.T, _ string, pooler *modelstest.Pooler, _ poolerCase) {
		cfg := modelstest.ConfigAt(pooler.URL)
		cfg.MaxConnections = 6
		db := modelstest.OpenConfig(t, cfg)
		if _, err := db.Run(t.Context(), `CREATE TABLE diary (n bigserial PRIMARY KEY, line text NOT NULL UNIQUE)`); err != nil {
			t.Fatal(err)
		}
		const writers, each = 6, 25
		results := make(chan error)
		for w := range writers {
			go func() {
				for n := range each {
					if err := writeAndAsk(db, fmt.Sprintf("%d of %d", n, w)); err != nil {
						results <- err
						return
					}
				}
				results <- nil
			}()
		}
		for range writers {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if got := len(lines(t, db)); got != writers*each {
			t.Errorf("%d lines, want %d", got, writers*each)
		}
	})
}

// writeAndAsk writes a line in a transaction, and reads it there and afterwards.
func writeAndAsk(db *store.DB, line string) error {
	ctx := context.Background()
	find := func(in *store.DB) error {
		found := 0
		count := func(a *store.Answer) error {
			found += a.Len()
			return nil
		}
		err := in.Ask(ctx, store.Query{SQL: `SELECT n FROM diary WHERE line = ?`, Args: []any{line}, Take: count},
			store.Query{SQL: `SELECT line FROM diary WHERE line IN ?`, Args: []any{[]string{line, "none"}}, Take: count})
		if err == nil && found != 2 {
			err = fmt.Errorf("%q is found %d times", line, found)
		}
		return err
	}
	err := store.Transaction(ctx, db, func(tx *store.DB) error {
		if err := tx.Later(ctx, "write", write, line); err != nil {
			return err
		}
		return find(tx)
	})
	if err != nil {
		return err
	}
	return find(db)
}

// TestAPoolerThatCrashedIsFoundAgain: what is asked meanwhile is refused, and what is asked as soon as it is back is answered.
func TestAPoolerThatCrashedIsFoundAgain(t *testing.T) {
	t.Parallel()
	eachPooler(t, func(t *testing.T, _ string, pooler *modelstest.Pooler, _ poolerCase) {
		db := modelstest.OpenConfig(t, modelstest.ConfigAt(pooler.URL))
		ask := func() error {
			return db.Ask(t.Context(), store.Query{SQL: `SELECT 1`, Take: ignore})
		}
		change := func() error {
			return store.Transaction(t.Context(), db, func(tx *store.DB) error {
				return tx.Later(t.Context(), "write", `INSERT INTO taken_ids (id) VALUES (gen_random_uuid())`)
			})
		}
		for name, do := range map[string]func() error{"read": ask, "write": change} {
			if err := errors.Join(ask(), change()); err != nil {
				t.Fatal(err)
			}
			pooler.Stop()
			if err := do(); !store.Unavailable(err) {
				t.Errorf("%s without the pooler: %v", name, err)
			}
			pooler.Start()
			if err := do(); err != nil {
				t.Errorf("%s, once it is back: %v", name, err)
			}
		}
	})
}
