package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"roster/models/store"
)

// What became of the attempts at the deliveries of an endpoint is kept for each half hour: how many were answered well and how many failed,
// and how many of the good answers took how long, in buckets that never change. So buckets of several half hours, and of several writes,
// are added up, and what an endpoint costs does not depend on how much it is sent.

const (
	// TallySpan is how much time one row of tallies is of.
	TallySpan = 30 * time.Minute
	// TallyRetention is how long tallies are kept.
	TallyRetention = 30 * 24 * time.Hour
)

// latencyBounds are the upper bounds of the buckets, in milliseconds. One more is of what takes longer than all of them.
var latencyBounds = [...]int{
	1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 20_000,
}

// Latencies are numbers of answers by how long they took.
type Latencies [len(latencyBounds) + 1]int64

// LatencyColumns returns the columns of the buckets, in their order.
func LatencyColumns() []string {
	names := make([]string, 0, len(Latencies{}))
	for _, bound := range latencyBounds {
		names = append(names, "ms_"+strconv.Itoa(bound))
	}
	return append(names, "ms_more")
}

// Add counts an answer that took so long.
func (l *Latencies) Add(took time.Duration) {
	bucket, _ := slices.BinarySearchFunc(latencyBounds[:], took, func(bound int, took time.Duration) int {
		return int(time.Duration(bound)*time.Millisecond - took)
	})
	l[bucket]++
}

// quantile returns how many milliseconds a share of the answers took at most, from 0 to 1; nil if there are none. Within a bucket answers
// are taken to be spread evenly; those beyond the last bound took at least that long, which is what is said of them.
func (l *Latencies) quantile(share float64) *float64 {
	total := int64(0)
	for _, n := range l {
		total += n
	}
	if total == 0 {
		return nil
	}
	rank, below := share*float64(total), 0.0
	for i, n := range l[:len(latencyBounds)] {
		if n > 0 && rank <= below+float64(n) {
			from := 0
			if i > 0 {
				from = latencyBounds[i-1]
			}
			return new(rounded(float64(from) + float64(latencyBounds[i]-from)*(rank-below)/float64(n)))
		}
		below += float64(n)
	}
	return new(float64(latencyBounds[len(latencyBounds)-1]))
}

// tally is what became of the attempts at the deliveries of an endpoint in some time.
type tally struct {
	delivered, failed int64
	latencies         Latencies
}

// tallied returns the columns of a tally, each in an expression.
func tallied(expression string) string {
	return strings.Join(store.Column(append([]string{"delivered", "failed"}, LatencyColumns()...), func(name string) string {
		return fmt.Sprintf(expression, name)
	}), ", ")
}

// into returns where the columns are scanned to, behind others.
func (t *tally) into(others ...any) []any {
	all := append(others, &t.delivered, &t.failed)
	for i := range t.latencies {
		all = append(all, &t.latencies[i])
	}
	return all
}

// latencySpan is how far back the latencies reach that the health of an endpoint tells, to the half hour.
const latencySpan = 24 * time.Hour

// recentLatencies returns how long good answers of endpoints took lately, by the ids of those that gave some.
func recentLatencies(ctx context.Context, db *store.DB, ids []string) (map[string]*Latencies, error) {
	recent := make(map[string]*Latencies, len(ids))
	in, arg := db.Among("webhook_id", ids)
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var id string
		var t tally
		err := rows.Scan(t.into(&id)...)
		if t.delivered > 0 {
			recent[id] = &t.latencies
		}
		return err
	}, `SELECT webhook_id, `+tallied("CAST(COALESCE(SUM(%s), 0) AS bigint)")+` FROM webhook_tallies
		WHERE `+in+` AND began_at > ? GROUP BY webhook_id`, arg, db.Now().Add(-latencySpan-TallySpan))
	if err != nil {
		return nil, fmt.Errorf("read latencies of webhooks: %w", err)
	}
	return recent, nil
}
