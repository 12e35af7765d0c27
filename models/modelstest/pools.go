package modelstest

import (
	"database/sql"

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
