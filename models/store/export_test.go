package store

import "context"

// MaxPrepared is how many statements a connection to an SQLite file keeps.
const MaxPrepared = maxPrepared

// Prepared returns how many statements a connection that reads an SQLite file keeps.
func Prepared(ctx context.Context, db *DB) (n int, err error) {
	pool := db.Conn().(splitPool).read
	err = pool.beneath(ctx, func(conn any) error {
		n = conn.(*lite).kept.Len()
		return nil
	})
	return n, err
}
