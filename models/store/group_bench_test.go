package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkWriters has writers note something, each in a transaction of its own: straight on the connection, as transactions that share no
// commit, and as those that do.
func BenchmarkWriters(b *testing.B) {
	for _, writers := range []int{1, 4, 16} {
		for _, way := range []struct {
			name  string
			write func(ctx context.Context, db *DB, text string) error
		}{
			{"straight", func(ctx context.Context, db *DB, text string) error {
				tx, err := db.pools.write.BeginTx(ctx, nil)
				if err != nil {
					return err
				}
				defer tx.Rollback() //nolint:errcheck // it does nothing after a commit
				if _, err := tx.ExecContext(ctx, `INSERT INTO notes (text) VALUES (?)`, text); err != nil {
					return err
				}
				return tx.Commit()
			}},
			{"alone", func(ctx context.Context, db *DB, text string) error { return inTransaction(Alone(ctx), db, text) }},
			{"shared", inTransaction},
		} {
			b.Run(fmt.Sprintf("%d/%s", writers, way.name), func(b *testing.B) {
				db := notes(b)
				ctx, cancel := context.WithCancel(b.Context()) // as requests have
				defer cancel()
				measure(b, writers, func(n int64) error { return way.write(ctx, db, fmt.Sprint(n)) })
			})
		}
	}
}

func inTransaction(ctx context.Context, db *DB, text string) error {
	return Transaction(ctx, db, func(tx *DB) error {
		_, err := tx.Run(ctx, `INSERT INTO notes (text) VALUES (?)`, text)
		return err
	})
}

// measure has writers write b.N times together, and reports the median and the 99th percentile of how long it took one.
func measure(b *testing.B, writers int, write func(n int64) error) {
	b.ReportAllocs()
	var number atomic.Int64
	var all sync.WaitGroup
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for range writers {
		all.Go(func() {
			for n := number.Add(1); n <= int64(b.N); n = number.Add(1) {
				start := time.Now()
				if err := write(n); err != nil {
					b.Error(err)
					return
				}
				took[n-1] = time.Since(start)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}
