package store_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestAStatementOfSQLiteRunsWhileItsRowsAreRead asks the same within what it has found, with other arguments.
func TestAStatementOfSQLiteRunsWhileItsRowsAreRead(t *testing.T) {
	t.Parallel()
	db := diary(t, store.SQLite)
	const query = `SELECT value FROM json_each(?) ORDER BY value`
	var found []string
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		found = nil
		return tx.Read(t.Context(), func(rows *sql.Rows) error {
			var outer int
			if err := rows.Scan(&outer); err != nil {
				return err
			}
			return tx.Read(t.Context(), func(rows *sql.Rows) error {
				var inner int
				err := rows.Scan(&inner)
				found = append(found, fmt.Sprint(outer, inner))
				return err
			}, query, "[3,4]")
		}, query, "[1,2]")
	})
	if diff := cmp.Diff([]string{"1 3", "1 4", "2 3", "2 4"}, found); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestStatementsOfSQLiteOutliveWhatTheyWerePreparedFor runs one before and after its table was changed, more others in between than are
// kept, and after a transaction in which it failed.
func TestStatementsOfSQLiteOutliveWhatTheyWerePreparedFor(t *testing.T) {
	t.Parallel()
	db := diary(t, store.SQLite)
	say := func(line any) error {
		return store.Transaction(t.Context(), db, func(tx *store.DB) error {
			_, err := tx.Run(t.Context(), write, line)
			return err
		})
	}
	if err := say("a"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Run(t.Context(), `ALTER TABLE diary ADD COLUMN mood text`); err != nil {
		t.Fatal(err)
	}
	if err := say(nil); err == nil {
		t.Error("nothing was written down as a line")
	}
	for i := range 300 {
		if _, err := db.Run(t.Context(), fmt.Sprint(`UPDATE diary SET mood = ? WHERE n = -`, i), "good"); err != nil {
			t.Fatal(err)
		}
	}
	if err := say("b"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, lines(t, db)); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkRecord runs what a change on SQLite does for its event: the same few statements in each transaction.
func BenchmarkRecord(b *testing.B) {
	db := modelstest.Open(b, store.SQLite)
	b.ReportAllocs()
	for b.Loop() {
		err := store.Transaction(b.Context(), db, func(tx *store.DB) error {
			for range 200 { // so that the commit is little of it
				if _, err := tx.Run(b.Context(), `INSERT INTO counters (name, key, shard, n) VALUES (?, ?, ?, ?)
					ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n`, "bench", "", 0, 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
