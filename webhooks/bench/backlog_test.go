package bench

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
)

var (
	lanes = flag.Int("lanes", 10_000, "endpoints of the backlog")
	each  = flag.Int("each", 100, "deliveries that are pending for each of them")
	burst = flag.Int("burst", 100_000, "events of the burst")
)

// BenchmarkBacklog is a million deliveries that wait for ten thousand endpoints on PostgreSQL: how long it takes to lease 50 lanes and
// fetch 8 deliveries of each, and to write that they succeeded, when all of it waits, when half of it is done, and when a fifth is left.
func BenchmarkBacklog(b *testing.B) {
	db := modelstest.Open(b, store.Postgres)
	pool := db.Pools()["main"]
	org := modelstest.Organization(b, db, modelstest.With("webhookUrl", "http://127.0.0.1:9/"), modelstest.With("webhookSecret", secret))
	for _, statement := range []string{
		`DELETE FROM event_queue`,
		`INSERT INTO webhooks SELECT (jsonb_populate_record(w, jsonb_build_object('id', gen_random_uuid(), 'kind', 'extra'))).*
			FROM webhooks w, generate_series(1, ` + fmt.Sprint(*lanes-1) + `)`,
		`INSERT INTO webhook_lanes (webhook_id, organization_id, cap, max_cap, health, clean, consecutive_failures, answers, failing,
				slow, latency, failed_probes, next_turn_at)
			SELECT id, organization_id, 1, 8, 'ok', 0, 0, 0, 0, 0, 0, 0, now() - interval '1 hour' * random() FROM webhooks
			ON CONFLICT (webhook_id) DO UPDATE SET next_turn_at = excluded.next_turn_at`,
		`INSERT INTO webhook_messages (event_id, organization_id, body)
			SELECT gen_random_uuid(), '` + org.ID + `', convert_to(repeat('x', 500), 'UTF8')
			FROM generate_series(1, ` + fmt.Sprint(*each) + `) AS n`,
		`INSERT INTO webhook_dispatches (id, event_id, webhook_id, organization_id, event_type, ordinal, created_at)
			SELECT gen_random_uuid(), m.event_id, w.id, w.organization_id, 'bench.made', row_number() OVER (PARTITION BY w.id), now()
			FROM webhook_messages m, webhooks w`,
		`INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, trigger, due_at, state, attempts, round_attempts)
			SELECT id, webhook_id, ordinal, created_at, 'event', now() - interval '1 hour' * random(), 'pending', 0, 0
			FROM webhook_dispatches`,
		`VACUUM ANALYZE`,
		`CHECKPOINT`, // of what was filled in; what is measured makes its own
	} {
		exec(b, pool, statement)
	}
	for b.Loop() {
		drain(b, db, "start")
		for _, later := range []struct {
			name string
			done int
		}{{"half", *each / 2}, {"end", *each * 4 / 5}} {
			exec(b, pool, `DELETE FROM webhook_open WHERE ordinal <= `+fmt.Sprint(later.done))
			drain(b, db, later.name)
		}
	}
}

// drain works off 200 batches without sending anything.
func drain(b *testing.B, db *store.DB, name string) {
	b.Helper()
	const rounds, ring, share = 200, 50, 8
	claimed, settled := make([]time.Duration, rounds), make([]time.Duration, rounds)
	began, done := time.Now(), 0
	for i := range rounds {
		lease := queue.Lease{Token: uuid.NewString(), Until: db.Now().Add(time.Minute)}
		start := time.Now()
		held, err := claim(b, db, lease, ring)
		var searches []queue.DueSearch
		for _, l := range held {
			searches = append(searches, queue.DueSearch{Holding: queue.Holding{WebhookID: l.WebhookID, Token: lease.Token}, Limit: share})
		}
		var due []*queue.DueDelivery
		if err == nil {
			due, err = queue.FindDue(b.Context(), db, searches)
		}
		claimed[i] = time.Since(start)
		if err != nil || len(due) != ring*share {
			b.Fatalf("%d deliveries of %d lanes, %v", len(due), len(held), err)
		}
		start = time.Now()
		settle(b, db, held, due)
		settled[i] = time.Since(start)
		done += len(due)
	}
	b.ReportMetric(float64(done)/time.Since(began).Seconds(), name+"-deliveries/s")
	quantiles(b, claimed, name+"-claim")
	quantiles(b, settled, name+"-settle")
}

func claim(b *testing.B, db *store.DB, lease queue.Lease, most int) (held []*queue.LaneRow, err error) {
	b.Helper()
	waiting, err := queue.FindWaitingLanes(b.Context(), db, []queue.LaneSearch{{Standing: queue.Newcomer, Limit: most}})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(waiting))
	for i, l := range waiting {
		ids[i] = l.WebhookID
	}
	err = store.Transaction(b.Context(), db, func(tx *store.DB) (err error) {
		held, err = queue.ClaimLanes(b.Context(), tx, lease, ids)
		return err
	})
	return held, err
}

func settle(b *testing.B, db *store.DB, held []*queue.LaneRow, due []*queue.DueDelivery) {
	b.Helper()
	now := db.Now()
	var written []*queue.Settlement
	for _, d := range due {
		written = append(written, &queue.Settlement{
			DeliveryID: d.ID, WebhookID: d.WebhookID, State: models.DeliverySucceeded, RoundAttempts: 1, FinishedAt: &now,
			Attempt: &queue.Attempt{Number: 1, Trigger: d.Trigger, StartedAt: now, Secrets: "[]"},
		})
	}
	var back []*queue.LaneSettlement
	for _, l := range held {
		back = append(back, &queue.LaneSettlement{Holding: l.Holding(), State: l.LaneState, Release: true, NotBefore: now})
	}
	lost, err := queue.Settle(b.Context(), db, written, back)
	if err != nil || len(lost) > 0 {
		b.Fatalf("lost %d, %v", len(lost), err)
	}
}

func quantiles(b *testing.B, took []time.Duration, name string) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(milliseconds(took, 50), name+"-p50-ms")
	b.ReportMetric(milliseconds(took, 99), name+"-p99-ms")
}

// BenchmarkBurst commits 100,000 events for one endpoint in ten transactions, and then single events for others: how long those take.
func BenchmarkBurst(b *testing.B) {
	r := newReceiver(b)
	r.expect(100)
	x := newRoster(b, store.Postgres)
	orgs := x.organizations(100, func(i int) string { return fmt.Sprint(r.url, i) })
	r.wait(b)
	for b.Loop() {
		r.expect(*burst + 99)
		flood(b, x.db.Pools()["main"], orgs[0], *burst/2)
		x.w.Committed(false)
		took := make([]time.Duration, 0, 99)
		ids, committed := []string{}, []time.Time{}
		start := time.Now()
		go flood(b, x.db.Pools()["main"], orgs[0], *burst-*burst/2)
		for _, org := range orgs[1:] {
			ids = append(ids, x.publish(org))
			committed = append(committed, time.Now())
			time.Sleep(20 * time.Millisecond)
		}
		r.wait(b)
		b.ReportMetric(float64(*burst)/time.Since(start).Seconds(), "events/s")
		r.mu.Lock()
		for i, id := range ids {
			took = append(took, max(r.at[id].Sub(committed[i]), 0))
		}
		r.mu.Unlock()
		quantiles(b, took, "others")
		b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "others-max-ms")
	}
}

// flood commits n events of an organization in transactions of 10,000.
func flood(b *testing.B, pool *sql.DB, org string, n int) {
	for left := n; left > 0; left -= 10_000 {
		_, err := pool.ExecContext(context.Background(), `WITH e AS (
			INSERT INTO events (id, event_type, organization_id, subject_type, subject_id, actor_kind, changes, data, occurred_at)
			SELECT gen_random_uuid(), 'bench.made', $1, 'organizations', $1, 'system', '{}', $2, now()
			FROM generate_series(1, $3::int) RETURNING id
		) INSERT INTO event_queue (event_id, organization_id) SELECT id, $1 FROM e`, org, data, min(left, 10_000))
		if err != nil {
			b.Errorf("flood: %v", err)
			return
		}
	}
}
