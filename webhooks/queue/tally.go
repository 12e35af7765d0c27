package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"roster/models"
	"roster/models/store"
)

// tally is what is added to what is kept of an endpoint and a half hour: the results of a batch.
type tally struct {
	webhookID         string
	beganAt           time.Time
	delivered, failed int64
	latencies         models.Latencies
	// first is one of the results. Either all of them were written before, or none.
	first *Settlement
}

// talliesOf adds up results by endpoint and half hour.
func talliesOf(settled []*Settlement) (tallies []*tally) {
	type key struct {
		webhook string
		beganAt time.Time
	}
	of := map[key]*tally{}
	for _, s := range settled {
		if s.OurFault {
			continue
		}
		k := key{s.WebhookID, s.Attempt.StartedAt.UTC().Truncate(models.TallySpan)}
		t := of[k]
		if t == nil {
			t = &tally{webhookID: k.webhook, beganAt: k.beganAt, first: s}
			of[k] = t
			tallies = append(tallies, t)
		}
		if s.Attempt.Code != nil {
			t.failed++
			continue
		}
		t.delivered++
		t.latencies.Add(s.Attempt.Total)
	}
	return tallies
}

// addTallies adds results to what is kept. A batch is written a second time when nobody knows whether it was committed: it then counts
// once.
var addTallies = store.ForRows("add tallies",
	addTally+" FROM ROWS"+unlessWritten, addTally+unlessWritten, tallyColumns()...)

var addTally = `INSERT INTO webhook_tallies (webhook_id, began_at, delivered, failed, ` + strings.Join(models.LatencyColumns(), ", ") + `)
	SELECT u.webhook_id, u.began_at, u.delivered, u.failed, u.` + strings.Join(models.LatencyColumns(), ", u.")

var unlessWritten = ` WHERE NOT EXISTS (SELECT 1 FROM webhook_attempts a WHERE a.delivery_id = u.delivery_id AND a.number = u.number)
	ON CONFLICT (webhook_id, began_at) DO UPDATE SET delivered = webhook_tallies.delivered + excluded.delivered,
		failed = webhook_tallies.failed + excluded.failed, ` +
	strings.Join(store.Column(models.LatencyColumns(), func(name string) string {
		return fmt.Sprintf("%[1]s = COALESCE(webhook_tallies.%[1]s + excluded.%[1]s, webhook_tallies.%[1]s, excluded.%[1]s)", name)
	}), ", ")

func tallyColumns() []store.RowColumn[*tally] {
	columns := []store.RowColumn[*tally]{
		store.Col("webhook_id", "uuid", func(t *tally) string { return t.webhookID }),
		store.Col("began_at", "timestamptz", func(t *tally) time.Time { return t.beganAt }),
		store.Col("delivered", "bigint", func(t *tally) int64 { return t.delivered }),
		store.Col("failed", "bigint", func(t *tally) int64 { return t.failed }),
		store.Col("delivery_id", "uuid", func(t *tally) string { return t.first.DeliveryID }),
		store.Col("number", "bigint", func(t *tally) int { return t.first.Attempt.Number }),
	}
	for i, name := range models.LatencyColumns() {
		columns = append(columns, store.Col(name, "bigint", func(t *tally) *int64 {
			if t.latencies[i] == 0 {
				return nil
			}
			return &t.latencies[i]
		}))
	}
	return columns
}

// PurgeTallies removes up to limit tallies of half hours that began before a time, and returns how many.
func PurgeTallies(ctx context.Context, db *store.DB, before time.Time, limit int) (removed int, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		n, err := tx.Run(ctx, `DELETE FROM webhook_tallies WHERE (webhook_id, began_at) IN (
			SELECT webhook_id, began_at FROM webhook_tallies WHERE began_at < ? ORDER BY began_at LIMIT ?)`, before, limit)
		removed = int(n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("remove old tallies: %w", err)
	}
	return removed, nil
}
