package bench

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks"
)

// outbox is a table, four claimers with SKIP LOCKED and batches of 32, one UPDATE for each batch. No history, no fairness, no leases, no
// retries. With history each publisher writes the event down as well, into the table that the API reads, with its indexes: so it does what
// one of Roster does, and what is left is the difference in delivery.
type outbox struct {
	b       *testing.B
	pool    *sql.DB
	history bool
	r       *receiver
	s       *webhooks.Sender
	key     webhooks.Secret
	nudge   chan struct{}
}

func openOutbox(b *testing.B, r *receiver, history bool) sender {
	b.Helper()
	db := modelstest.Open(b, store.Postgres)
	pool := db.Pools()["main"]
	pool.SetMaxOpenConns(24)
	pool.SetMaxIdleConns(24)
	exec(b, pool, `CREATE TABLE outbox (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		id uuid NOT NULL, body bytea NOT NULL, sent boolean NOT NULL DEFAULT false)`)
	exec(b, pool, `CREATE INDEX outbox_unsent ON outbox (n) WHERE NOT sent`)
	o := &outbox{b: b, pool: pool, history: history, r: r, s: newSender(b), key: signingKey(b), nudge: make(chan struct{}, 4)}
	ctx, stop := context.WithCancel(context.Background())
	var claimers sync.WaitGroup
	for range 4 {
		claimers.Go(func() { o.claim(ctx) })
	}
	return sender{publish: o.publish, stop: func() {
		stop()
		claimers.Wait()
		_ = db.Close() // whatever was written is of no interest
	}}
}

func (o *outbox) publish(int) string {
	id := models.NewID()
	tx, err := o.pool.Begin()
	switch {
	case err != nil:
	case o.history:
		_, err = tx.Exec(`WITH e AS (
			INSERT INTO events (id, event_type, organization_id, subject_type, subject_id, actor_kind, changes, data, occurred_at)
			VALUES ($1, 'bench.made', $2, 'organizations', $2, 'system', '{}', $3, now()) RETURNING id
		) INSERT INTO outbox (id, body) SELECT id, $4 FROM e`, id, organization, data, body)
	default:
		_, err = tx.Exec(`INSERT INTO outbox (id, body) VALUES ($1, $2)`, id, body)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		o.b.Error(err)
	}
	select {
	case o.nudge <- struct{}{}:
	default:
	}
	return id
}

func (o *outbox) claim(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := o.batch(ctx)
		if err != nil && ctx.Err() == nil {
			o.b.Error(err)
			return
		}
		if n == 0 {
			select {
			case <-o.nudge:
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

func (o *outbox) batch(ctx context.Context) (int, error) {
	tx, err := o.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	rows, err := tx.QueryContext(ctx, `SELECT n, id, body FROM outbox WHERE NOT sent ORDER BY n LIMIT 32 FOR UPDATE SKIP LOCKED`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var sent []int64
	var ids []string
	var bodies [][]byte
	for rows.Next() {
		var n int64
		var id string
		var text []byte
		if err := rows.Scan(&n, &id, &text); err != nil {
			return 0, err
		}
		sent, ids, bodies = append(sent, n), append(ids, id), append(bodies, text)
	}
	if rows.Err() != nil || len(sent) == 0 {
		return 0, rows.Err()
	}
	for i, id := range ids {
		o.s.Send(ctx, webhooks.Request{URL: o.r.url, ID: id, At: time.Now(), Body: bodies[i], Secrets: []webhooks.Secret{o.key}})
	}
	if _, err := tx.ExecContext(ctx, `UPDATE outbox SET sent = true WHERE n = ANY($1)`, sent); err != nil {
		return 0, err
	}
	return len(sent), tx.Commit()
}
