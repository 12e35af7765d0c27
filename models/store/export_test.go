package store

// MaxPrepared is how many statements an SQLite database keeps.
const MaxPrepared = maxPrepared

// Prepared returns how many statements an SQLite database keeps.
func Prepared(db *DB) int {
	db.pools.prepared.mu.Lock()
	defer db.pools.prepared.mu.Unlock()
	return db.pools.prepared.bySQL.Len()
}
