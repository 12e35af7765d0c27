package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// shards is the number of rows a counter is spread over on PostgreSQL, where writers would queue on one. SQLite has one writer anyway.
const shards = 16

// mostCounted is how many counters one statement adds to: both databases bound its parameters.
const mostCounted = 4096

// Tally collects what a transaction adds to counters. It is stored as the last step, so that counter rows are locked for as short as
// can be, and in one order, so that transactions cannot wait for each other in a circle. One transaction has one Tally, however many
// changes are part of it.
type Tally map[CounterKey]int64

// CounterKey names a counter.
type CounterKey struct{ Name, Key string }

// Add adds to a counter.
func (t Tally) Add(name, key string, n int64) { t[CounterKey{name, key}] += n }

// Add adds what was collected to the counters when the transaction is committed.
func (db *DB) Add(t Tally) {
	for k, n := range t {
		db.tally[k] += n
	}
}

// Count adds to a counter when the transaction is committed.
func (db *DB) Count(name, key string, n int64) { db.tally.Add(name, key, n) }

// LockCounters makes whoever counts wait until the transaction ends. What was counted before is committed, and the next statement of the
// transaction sees what it was counted for. SQLite has one writer anyway.
func (db *DB) LockCounters(ctx context.Context) error {
	if db.dialect == SQLite {
		return nil
	}
	_, err := db.Run(ctx, `LOCK TABLE counters IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// HoldCounters makes [DB.LockCounters] wait until the transaction ends, and waits for it first. Whoever adds to counters what another one
// stands at needs that: a number that is set right after it was read would be added as it was.
func (db *DB) HoldCounters(ctx context.Context) error {
	if db.dialect == SQLite {
		return nil
	}
	return db.Later(ctx, "hold counters", `LOCK TABLE counters IN ROW EXCLUSIVE MODE`)
}

// storeCounts adds what was collected to the counters, all of it in the same shard.
func (db *DB) storeCounts(ctx context.Context) error {
	if len(db.tally)+len(db.branches.tally) == 0 {
		return nil
	}
	shard := db.shard()
	if err := db.tally.store(ctx, db, shard); err != nil {
		return err
	}
	return db.branches.store(ctx, db, shard)
}

// shard returns the rows that a transaction counts on.
func (db *DB) shard() int {
	if db.dialect == Postgres {
		return db.pools.nextShard()
	}
	return 0
}

// store adds the collected numbers to the counters.
func (t Tally) store(ctx context.Context, tx *DB, shard int) error {
	keys := make([]CounterKey, 0, len(t))
	for k, n := range t {
		if n != 0 {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, func(a, b CounterKey) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	for keys := range slices.Chunk(keys, mostCounted) {
		var args []any
		for _, k := range keys {
			args = append(args, k.Name, k.Key, shard, t[k])
		}
		err := tx.Later(ctx, "update counters", `INSERT INTO counters (name, key, shard, n)
			VALUES `+strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", len(keys)), ", ")+`
			ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// nextShard returns the rows that the next transaction counts on. They have turns: two transactions of one process that end at the same
// time meet on a row only if there are more than shards of them, where by chance every third of eight waited for the commit of another.
func (p *pools) nextShard() int { return int(p.shard.Add(1) % shards) }

// ReadCounter returns the number that a counter stands at.
func ReadCounter(ctx context.Context, db *DB, name, key string) (n int64, err error) {
	sql, args := CounterSQL(name, key)
	err = db.Ask(ctx, Query{"SELECT " + sql, args, func(a *Answer) error {
		n = a.Number(0, 0) + db.Uncounted(name, key)
		return nil
	}})
	if err != nil {
		return 0, fmt.Errorf("read counter %s: %w", name, err)
	}
	return n, nil
}

// CounterSQL returns the expression of the number that a counter stands at, but for what a transaction has [DB.Uncounted].
func CounterSQL(name, key string) (sql string, args []any) {
	return "(SELECT CAST(COALESCE(SUM(n), 0) AS bigint) FROM counters WHERE name = ? AND key = ?)", []any{name, key}
}

// Uncounted returns what this transaction adds to a counter and has not stored yet.
func (db *DB) Uncounted(name, key string) int64 { return db.tally[CounterKey{name, key}] }
