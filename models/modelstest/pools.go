package modelstest

import (
	"database/sql"
	"testing"

	"roster/models/store"
)

// Writable returns the connections of a database that may change it, past the program. Of SQLite that is one, which writes wait for.
func Writable(db *store.DB) *sql.DB { return poolOf(db, "write") }

// Readable returns the connections of a database that see everything in it, beside those that write.
func Readable(db *store.DB) *sql.DB { return poolOf(db, "read") }

// poolOf returns the pool of that name, or the one that does everything.
func poolOf(db *store.DB, name string) *sql.DB {
	if pool, ok := db.Pools()[name]; ok {
		return pool
	}
	return db.Pools()["main"]
}

// Deadlocks returns how many deadlocks PostgreSQL has ended in a database.
func Deadlocks(t testing.TB, db *store.DB) (n int64) {
	t.Helper()
	err := Writable(db).QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
