package models

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// The names of counters. With the key "" they count everything, with an organization what belongs to it.
const (
	countOrganizations = "organizations"
	countDescendants   = "descendants" // live organizations below one, itself not counted
	countChildren      = "children"
	countUsers         = "users"
	countMemberships   = "memberships"
	countAPIKeys       = "apiKeys"
	countEvents        = "events"
	countDeliveries    = "webhookDeliveries"   // by organization
	countDeliveriesTo  = "webhookDeliveriesTo" // by endpoint
)

// shards is the number of rows a counter is spread over on PostgreSQL, where writers would queue on one. SQLite has one writer anyway.
const shards = 16

// tally collects what a transaction adds to counters. It is stored as the last step, so that counter rows are locked for as short as
// can be, and in one order, so that transactions cannot wait for each other in a circle. One transaction has one tally, however many
// changes are part of it.
type tally map[tallyKey]int64

type tallyKey struct{ name, key string }

func (t tally) add(name, key string, n int64) { t[tallyKey{name, key}] += n }

// add adds what was collected to the counters when the transaction is committed.
func (db *DB) add(t tally) {
	for k, n := range t {
		db.tally[k] += n
	}
}

// count adds to a counter when the transaction is committed.
func (db *DB) count(name, key string, n int64) { db.tally.add(name, key, n) }

// store adds the collected numbers to the counters.
func (t tally) store(ctx context.Context, tx *DB) error {
	keys := make([]tallyKey, 0, len(t))
	for k, n := range t {
		if n != 0 {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, func(a, b tallyKey) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.key, b.key)) })
	shard := 0
	if tx.dialect == Postgres {
		shard = rand.IntN(shards) //nolint:gosec // spreads writers; nobody gains by guessing it
	}
	var args []any
	for _, k := range keys {
		args = append(args, k.name, k.key, shard, t[k])
	}
	_, err := tx.run(ctx, `INSERT INTO counters (name, key, shard, n)
		VALUES `+strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", len(keys)), ", ")+`
		ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n`, args...)
	if err != nil {
		return fmt.Errorf("update counters: %w", err)
	}
	return nil
}

// counted is a number that a counter knows.
type counted struct {
	name, key string
	// plus is added to the counter.
	plus int64
	// live: the number is that of an organization, and 0 once that is deleted.
	live bool
}

func (k counted) read(ctx context.Context, db *DB) (int64, error) {
	if k.live {
		var live int64
		err := db.session(ctx).Raw(`SELECT COUNT(*) FROM organizations WHERE id = ? AND deleted_at IS NULL`, idOrNil(k.key)).Scan(&live).Error
		if err != nil || live == 0 {
			return 0, err
		}
	}
	n, err := readCounter(ctx, db, k.name, k.key)
	return n + k.plus, err
}

// readCounter returns the number that a counter stands at.
func readCounter(ctx context.Context, db *DB, name, key string) (int64, error) {
	var n int64
	err := db.session(ctx).Raw(`SELECT COALESCE(SUM(n), 0) FROM counters WHERE name = ? AND key = ?`, name, key).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("read counter %s: %w", name, err)
	}
	return n + db.tally[tallyKey{name, key}], nil // with what this transaction has not stored yet
}
