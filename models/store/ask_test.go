package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/models/modelstest"
	"roster/models/store"
)

// one returns a query of one value, as a sql.Scanner is given it.
func one(v *any, statement string, args ...any) store.Query {
	return store.Query{SQL: statement, Args: args, Take: func(a *store.Answer) error {
		var scanned sql.Null[any]
		err := a.Into(0, 0, &scanned)
		*v = scanned.V
		return err
	}}
}

// TestEveryTypeIsReadAsDatabaseSQLReadsIt asks for values of types that Roster has no columns of, too.
func TestEveryTypeIsReadAsDatabaseSQLReadsIt(t *testing.T) {
	t.Parallel()
	expressions := map[store.Dialect][]string{
		store.SQLite: {"NULL", "''", "'é'", "x'00ff'", "-1", "9223372036854775807", "1.5", "1 = 1"},
		store.Postgres: {
			"NULL", "''", "'é'", "'é'::varchar(3)", "'é'::char(3)", "'n'::name", "'c'::\"char\"", "'00ff'::bytea", "''::bytea",
			"(-32768)::int2", "(-1)::int4", "2147483647", "(-9223372036854775808)::int8", "1 = 1", "1 = 0", "1.5::float4", "1.5::float8",
			"'NaN'::float8", "12.50::numeric", "'0af12f6a-8c00-7abc-8def-0123456789ab'::uuid", "'{\"a\": 1}'::json", "'{\"a\": 1}'::jsonb",
			"'2000-01-01'::timestamptz", "'0001-01-01 00:00:00.000001+00'::timestamptz", "'1999-12-31 23:59:59.999999+00'::timestamptz",
			"'9999-12-31'::timestamptz", "'infinity'::timestamptz", "'2000-01-01'::timestamp", "'2000-01-01'::date", "'(1,2)'::point",
		},
	}
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, e := range expressions[db.Dialect()] {
			var want, got, inTransaction any
			read := func(rows *sql.Rows) error { return rows.Scan(&want) }
			transaction := func(tx *store.DB) error { return tx.Ask(t.Context(), one(&inTransaction, "SELECT "+e)) }
			err := errors.Join(db.Read(t.Context(), read, "SELECT "+e), db.Ask(t.Context(), one(&got, "SELECT "+e)),
				store.Transaction(t.Context(), db, transaction))
			if err != nil {
				t.Errorf("%s: %v", e, err)
			}
			for _, v := range []any{got, inTransaction} {
				if !cmp.Equal(want, v, cmpopts.EquateNaNs()) {
					t.Errorf("%s is %T %v, want %T %v", e, v, v, want, want)
				}
			}
		}
	})
}

// TestAnswersAreTheSameInEveryMode asks in the ways of pgx that poolers need, some of which have values come as texts.
func TestAnswersAreTheSameInEveryMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		cfg := modelstest.Config(t, store.Postgres)
		cfg.URL += "&default_query_exec_mode=" + mode
		db := modelstest.OpenConfig(t, cfg)
		const id = "0af12f6a-8c00-7abc-8def-0123456789ab"
		values := make([]any, 6)
		err := db.Ask(t.Context(), one(&values[0], "SELECT CAST(? AS uuid)", id),
			one(&values[1], "SELECT CAST(? AS uuid) IN ?", id, []string{id}),
			one(&values[2], "SELECT 7::int8"), one(&values[3], "SELECT timestamptz '1999-12-31 23:59:59.5+00' LIMIT ?", 1),
			one(&values[4], "SELECT 'é'"), one(&values[5], "SELECT '\\x00ff'::bytea"))
		want := []any{id, true, int64(7), time.Date(1999, 12, 31, 23, 59, 59, 500_000_000, time.UTC), "é", []byte{0, 255}}
		if diff := cmp.Diff(want, values); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", mode, err, diff)
		}
	}
}

// TestAnArrayIsNotRead: on the wire it would be bytes that nobody can use.
func TestAnArrayIsNotRead(t *testing.T) {
	t.Parallel()
	var v any
	err := modelstest.Open(t, store.Postgres).Ask(t.Context(), one(&v, "SELECT ARRAY[1, 2]"))
	if err == nil {
		t.Errorf("an array was read as %v", v)
	}
}

// TestTheFirstErrorEndsARound asks three things, the second of which fails.
func TestTheFirstErrorEndsARound(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, wrong := range []string{"SELECT nothing", "SELECT CAST(9223372036854775807 AS bigint) + a.n FROM (SELECT 1 AS n) a WHERE"} {
			var first, second, third any
			err := db.Ask(t.Context(), one(&first, "SELECT ?", "a"), one(&second, wrong), one(&third, "SELECT ?", "c"))
			if err == nil || second != nil || third != nil {
				t.Errorf("%s: %v, and then %v and %v", wrong, err, second, third)
			}
		}
		refused := errors.New("refused")
		var taken []string
		take := func(err error) func(*store.Answer) error {
			return func(a *store.Answer) error {
				taken = append(taken, a.Text(0, 0))
				return err
			}
		}
		err := db.Ask(t.Context(), store.Query{SQL: "SELECT 'a'", Take: take(nil)}, store.Query{SQL: "SELECT 'b'", Take: take(refused)},
			store.Query{SQL: "SELECT 'c'", Take: take(nil)})
		if !errors.Is(err, refused) || strings.Join(taken, "") != "ab" {
			t.Errorf("%v, and taken was %v", err, taken)
		}
		if err := db.Ask(t.Context(), store.Query{SQL: "SELECT 'd'", Take: take(nil)}); err != nil {
			t.Errorf("after that: %v", err)
		}
	})
}

// TestARoundIsAskedAgainWhereTheConnectionsHadEnded ends all connections of a pool behind its back.
func TestARoundIsAskedAgainWhereTheConnectionsHadEnded(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	db, other := modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
	for _, caller := range []string{"", "somebody"} {
		for _, queries := range []int{1, 2} {
			ctx := store.ForCaller(t.Context(), caller)
			taken := 0
			round := slices.Repeat([]store.Query{{SQL: "SELECT pg_sleep(0.01)", Take: func(*store.Answer) error { taken++; return nil }}},
				queries)
			var clients sync.WaitGroup
			for range 4 { // so that there are several connections
				clients.Go(func() {
					if err := db.Ask(t.Context(),
						store.Query{SQL: "SELECT pg_sleep(0.1)", Take: func(*store.Answer) error { return nil }}); err != nil {
						t.Error(err)
					}
				})
			}
			clients.Wait()
			_, err := other.Run(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Ask(ctx, round...); err != nil || taken != queries {
				t.Errorf("%d queries of %q: %v, %d answers are taken", queries, caller, err, taken)
			}
		}
	}
}

// TestRowsAreAlikeWhereTheirBytesAre compares rows whose values run into each other.
func TestRowsAreAlikeWhereTheirBytesAre(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		seen := map[string]string{}
		for _, row := range []string{
			`'a', 'bc'`, `'ab', 'c'`, `'abc', ''`, `'abc', NULL`, `NULL, 'abc'`, `NULL, NULL`, `'', NULL`, `1, 2`, `12, NULL`, `'1', '2'`,
			`1, -2`, `-1, 2`, `0, NULL`, `NULL, 0`,
		} {
			var bytes [2]string
			for i := range bytes {
				q := store.Query{SQL: "SELECT " + row, Take: func(a *store.Answer) error {
					bytes[i] = string(a.AppendRow(nil, 0))
					return nil
				}}
				if err := db.Ask(t.Context(), q); err != nil {
					t.Fatal(err)
				}
			}
			if other, known := seen[bytes[0]]; bytes[0] != bytes[1] || known {
				t.Errorf("%s has %q and %q, as %s has", row, bytes[0], bytes[1], other)
			}
			seen[bytes[0]] = row
		}
	})
}

// TestAnEndlessAnswerEndsWithItsContext asks for rows without end.
func TestAnEndlessAnswerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		var n any
		err := db.Ask(ctx, one(&n, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n`))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ended with %v", err)
		}
		if err := db.Ask(t.Context(), one(&n, `SELECT 'after'`)); err != nil || n != "after" {
			t.Errorf("the next answer is %v, %v", n, err)
		}
	})
}

// TestListsAreArguments binds lists of texts and of numbers.
func TestListsAreArguments(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, test := range []struct {
			list any
			want bool
		}{
			{[]string{"a", "b\x01\"é"}, false}, {[]string{"a", "7"}, true}, {[]string{}, false},
			{[]any{"7"}, true}, {[]any{"a", "b"}, false},
		} {
			var got bool
			q := store.Query{SQL: "SELECT CAST(? AS text) = 'x' AND CAST('7' AS text) IN ? AND 7 IN ?",
				Args: []any{"x", test.list, []any{int64(6), int64(7)}}, Take: func(a *store.Answer) error { return a.Into(0, 0, &got) }}
			if err := db.Ask(t.Context(), q); err != nil || got != test.want {
				t.Errorf("%v: %v, %v", test.list, got, err)
			}
		}
	})
}

// TestStatementsAreBounded asks more different statements than are kept, several at once, as clients can by filters and fieldsets.
func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			cfg.MaxConnections = 2
			db := modelstest.OpenConfig(t, cfg)
			var clients sync.WaitGroup
			for range 4 {
				clients.Go(func() {
					for n := range 700 {
						if err := askAlso(t.Context(), db, n); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			clients.Wait()
			if dialect == store.SQLite {
				if n, err := store.Prepared(t.Context(), db); n != store.MaxPrepared || err != nil {
					t.Errorf("%d statements are kept, %v, want %d", n, err, store.MaxPrepared)
				}
				return
			}
			var n any
			if err := db.Ask(t.Context(), one(&n, "SELECT COUNT(*) FROM pg_prepared_statements")); err != nil || n.(int64) > 600 {
				t.Errorf("one connection has %v statements: %v", n, err)
			}
		})
	}
}

// askAlso asks the n-th statement and the one that everybody asks.
func askAlso(ctx context.Context, db *store.DB, n int) error {
	var same, other any
	err := db.Ask(ctx, one(&same, "SELECT 'same'"), one(&other, fmt.Sprintf("SELECT '%d'", n)))
	if err == nil && (same != "same" || other != fmt.Sprint(n)) {
		err = fmt.Errorf("the answers are %v and %v, want same and %d", same, other, n)
	}
	return err
}
