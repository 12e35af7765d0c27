package store_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"roster/models/modelstest"
	"roster/models/store"
)

// diary returns a database with a table for lines, numbered as they come.
func diary(t *testing.T, dialect store.Dialect) *store.DB {
	t.Helper()
	db := modelstest.Open(t, dialect)
	serial := map[store.Dialect]string{store.Postgres: "bigserial PRIMARY KEY", store.SQLite: "INTEGER PRIMARY KEY"}[dialect]
	if _, err := db.Run(t.Context(), `CREATE TABLE diary (n `+serial+`, line text NOT NULL UNIQUE)`); err != nil {
		t.Fatal(err)
	}
	return db
}

const write = `INSERT INTO diary (line) VALUES (?)`

func lines(t *testing.T, db *store.DB) (all []string) {
	t.Helper()
	err := db.Read(t.Context(), func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		all = append(all, line)
		return err
	}, `SELECT line FROM diary ORDER BY n`)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStatementsTakeEffectInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			db := diary(t, dialect)
			var want, seen []string
			err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				want, seen = nil, nil
				for _, line := range strings.Fields("a b 1 c 2 d e ? f") {
					var err error
					switch want = append(want, line); line {
					case "1":
						_, err = tx.Run(t.Context(), write, line)
					case "2":
						_, err = tx.Exec(t.Context(), "INSERT INTO diary (line) VALUES ('2')") // without arguments
					default:
						err = tx.Later(t.Context(), "write", write, line)
					}
					if err != nil {
						return err
					}
					if line == "?" {
						seen = lines(t, tx)
						if diff := cmp.Diff(want, seen); diff != "" {
							t.Errorf("the transaction itself does not see what it did (-want +got):\n%s", diff)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, lines(t, db)); diff != "" {
				t.Errorf("after COMMIT (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatFailsIsToldAndLeavesNothing has a statement fail that others come after, in the batch of another statement and in that of COMMIT.
func TestWhatFailsIsToldAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		for _, asked := range []bool{true, false} {
			db := diary(t, dialect)
			err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				for _, line := range []any{"a", nil, "b"} {
					if err := tx.Later(t.Context(), "write down", write, line); err != nil {
						return err
					}
				}
				if asked {
					_, err := tx.Run(t.Context(), write, "c")
					return err
				}
				return nil
			})
			if err == nil || !strings.HasPrefix(err.Error(), "write down: ") || !store.Unwritable(err) {
				t.Errorf("%s, %t: %v", dialect, asked, err)
			}
			if got := lines(t, db); len(got) != 0 {
				t.Errorf("%s, %t: %q are left", dialect, asked, got)
			}
			if err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				return tx.Later(t.Context(), "write down", write, "next")
			}); err != nil {
				t.Errorf("%s, %t: the next transaction: %v", dialect, asked, err)
			}
		}
	}
}

// TestManyStatementsAreNotPiledUp has so many held back that they are sent on the way.
func TestManyStatementsAreNotPiledUp(t *testing.T) {
	t.Parallel()
	db := diary(t, store.Postgres)
	var sent int
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		for range 200 {
			err := tx.Later(t.Context(), "write", `INSERT INTO diary (line) SELECT COUNT(*)::text FROM diary WHERE ? <> ''`, "x")
			if err != nil {
				return err
			}
		}
		return db.Read(t.Context(), func(rows *sql.Rows) error { return rows.Scan(&sent) }, // beside the transaction
			`SELECT last_value FROM diary_n_seq`)
	})
	if err != nil {
		t.Fatal(err)
	}
	if sent < 100 || sent >= 200 {
		t.Errorf("%d statements of 200 were sent before COMMIT", sent)
	}
	if got := lines(t, db); len(got) != 200 || got[199] != "199" {
		t.Errorf("%d lines, %q last", len(got), got[len(got)-1])
	}
}

// TestAnAssumptionThatDoesNotHoldIsLookedInto runs a transaction on something that is so, and on something that is not.
func TestAnAssumptionThatDoesNotHoldIsLookedInto(t *testing.T) {
	t.Parallel()
	db := diary(t, store.Postgres)
	for _, query := range []string{`SELECT 1`, `SELECT 1 WHERE ? = ''`} {
		holds, runs := query == `SELECT 1`, 0
		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			runs++
			if err := tx.Later(t.Context(), "write", write, query); err != nil {
				return err
			}
			var args []any
			if !holds {
				args = append(args, "something")
			}
			assumed, err := tx.Assume(t.Context(), query, args...)
			if want := runs == 1; assumed != want {
				t.Errorf("%s, run %d: assumed is %t", query, runs, assumed)
			}
			return err
		})
		if want := map[bool]int{true: 1, false: 2}[holds]; err != nil || runs != want {
			t.Errorf("%s: %d runs, want %d: %v", query, runs, want, err)
		}
	}
	if diff := cmp.Diff([]string{`SELECT 1`, `SELECT 1 WHERE ? = ''`}, lines(t, db)); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
}

// TestAConnectionThatEndedBeforeATransactionIsReplaced has the server end every connection of a pool between two transactions, and once in
// the middle of one, which then fails.
func TestAConnectionThatEndedBeforeATransactionIsReplaced(t *testing.T) {
	t.Parallel()
	db := diary(t, store.Postgres)
	beside := modelstest.Writable(diary(t, store.Postgres))
	var name string
	if err := modelstest.Writable(db).QueryRowContext(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	end := func() {
		_, err := beside.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name)
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		end()
		runs := 0
		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			runs++
			_, err := tx.Run(t.Context(), `DELETE FROM diary WHERE line <> ?`, "")
			if err == nil {
				_, err = tx.Run(t.Context(), write, "there")
			}
			return err
		})
		if err != nil {
			t.Errorf("after %d runs: %v", runs, err)
		}
	}
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		_, err := tx.Run(t.Context(), `DELETE FROM diary WHERE line <> ?`, "")
		if err == nil {
			end()
			err = tx.Later(t.Context(), "write", write, "lost")
		}
		return err
	})
	if err == nil || !store.Unavailable(err) {
		t.Errorf("a connection that ended within a transaction: %v", err)
	}
	if diff := cmp.Diff([]string{"there"}, lines(t, db)); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
}

// TestTheFirstAnswerOfATransactionReadsAsAnyOther compares what database/sql makes of values that came in a batch with what it makes of
// the driver's own.
func TestTheFirstAnswerOfATransactionReadsAsAnyOther(t *testing.T) {
	t.Parallel()
	pool := modelstest.Writable(modelstest.Open(t, store.Postgres))
	const query = `SELECT $1::text AS text, 'c'::varchar, 'n'::name, true, 1::smallint, 2::integer, 3::bigint, 1.5::real, 2.5::float8,
		12.50::numeric, '\x00ff'::bytea, '018f3c5e-0000-7000-8000-0000000000aa'::uuid, '{"a": [1]}'::json, '{"a": [1]}'::jsonb, NULL::text,
		'2026-01-02 03:04:05.678901+00'::timestamptz, '2026-01-02 03:04:05.678901'::timestamp, '2026-01-02'::date, 5::oid,
		'1 day 02:03:04'::interval, '10.0.0.0/8'::cidr, 'und'::"char" FROM generate_series(1, 2)`
	type asker interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	read := func(q asker) (names []string, all [][]any) {
		rows, err := q.QueryContext(t.Context(), query, "t")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if names, err = rows.Columns(); err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			all = append(all, values)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return names, all
	}
	names, want := read(pool)
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	gotNames, got := read(tx)
	if diff := cmp.Diff([]any{names, want}, []any{gotNames, got}); diff != "" {
		t.Errorf("(-outside +inside a transaction):\n%s", diff)
	}
	if _, err := tx.PrepareContext(t.Context(), "SELECT 1"); err == nil { //nolint:sqlclosecheck // there is none
		t.Error("a transaction prepares a statement, which would overtake what is held back")
	}
}

func TestATransactionThatFailedIsNotReportedAsCommitted(t *testing.T) {
	t.Parallel()
	db := diary(t, store.Postgres)
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		if _, err := tx.Run(t.Context(), write, "a"); err != nil {
			return err
		}
		if _, err := tx.Run(t.Context(), write, nil); err == nil {
			t.Error("NULL was taken")
		}
		return nil // and does not care
	})
	if err == nil {
		t.Error("it was reported as committed")
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code != "25P02" {
		t.Errorf("it was refused with %v", err)
	}
}

// TestWhatATransactionAsksTogetherIsOneRoundTrip asks twice, behind what is held back, and meets the error of either.
func TestWhatATransactionAsksTogetherIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	for _, c := range []struct {
		held, second string // CAST to a number
		err          string
	}{
		{"1", "2", ""},
		{"x", "2", "divide: "},
		{"1", "x", "ERROR: "},
	} {
		var first, second any
		fewest := 1 << 30
		var err error
		for range 3 { // the first time prepares
			err = store.Transaction(t.Context(), db, func(tx *store.DB) error {
				if err := tx.Later(t.Context(), "divide", `SELECT CAST(? AS bigint)`, c.held); err != nil {
					return err
				}
				before := proxy.Turns()
				err := tx.Ask(t.Context(), one(&first, `SELECT 'a'`), one(&second, `SELECT CAST(CAST(? AS text) AS bigint)`, c.second))
				fewest = min(fewest, proxy.Turns()-before)
				return err
			})
		}
		if c.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("%s, %s: %v", c.held, c.second, err)
			}
			continue
		}
		if err != nil || first != "a" || second != int64(2) || fewest != 1 {
			t.Errorf("%v and %v in %d round trips: %v", first, second, fewest, err)
		}
	}
}
