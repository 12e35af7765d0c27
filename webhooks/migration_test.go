package webhooks

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
	"roster/webhooks/webhookstest"
)

// older is a database of the version before deliveries were insert-only.
type older struct {
	*rig
	now   time.Time
	n     int // deliveries so far
	names map[string]string
}

// olderDelivery is a delivery as that version wrote it. Its event has it as its type.
type olderDelivery struct {
	name     string
	to       *models.Webhook
	state    string
	attempts int           // that it had
	waits    bool          // for an earlier one of its key
	due      time.Duration // from now, of one that is pending
	reason   any
	replay   any
}

func (o *older) run(statement string, args ...any) {
	o.t.Helper()
	err := store.Transaction(o.t.Context(), o.db, func(tx *store.DB) error {
		_, err := tx.Run(o.t.Context(), statement, args...)
		return err
	})
	if err != nil {
		o.t.Fatalf("%s: %v", statement, err)
	}
}

// younger adds or drops the columns that this version writes and that one has not.
func (o *older) younger(what, typ string) {
	o.t.Helper()
	for _, column := range []string{"subject_name", "names"} {
		o.run("ALTER TABLE events " + what + " COLUMN " + column + typ)
	}
}

// insert writes an event that is fanned out, its message, a delivery of it and the attempts at that.
func (o *older) insert(d olderDelivery) {
	o.t.Helper()
	o.n++
	id, event, at, owner := models.NewID(), models.NewID(), o.now.Add(time.Duration(o.n-100)*time.Second), d.to.OrganizationID
	o.names[d.name] = id
	kind := "older." + d.name
	changes := jsonapi.Raw("{}")
	err := store.Transaction(o.t.Context(), o.db, func(tx *store.DB) error {
		return models.Capture(o.t.Context(), tx, &models.Event{
			ID: event, EventType: kind, OccurredAt: jsonapi.Stamp{Time: at}, OrganizationID: &owner, SubjectType: "organizations",
			SubjectID: owner, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw("{}"),
		})
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.run(`INSERT INTO webhook_messages (event_id, organization_id, body) VALUES (?, ?, ?)`, event, owner, []byte(kind))
	var due, finished, attempted, key, code, status any
	switch {
	case d.state != models.DeliveryPending:
		finished = at.Add(time.Duration(d.attempts)*time.Minute + 25*time.Millisecond)
	case !d.waits:
		due = o.now.Add(d.due)
	}
	if d.to.Ordering != models.OrderNone {
		key = "*"
	}
	for n := range d.attempts {
		code, status = "http_status", 500
		if n == d.attempts-1 && d.state == models.DeliverySucceeded {
			code, status = nil, 200
		}
		attempted = at.Add(time.Duration(n+1) * time.Minute)
		o.run(`INSERT INTO webhook_attempts (delivery_id, number, trigger, started_at, url, reused, tries, dns_us, connect_us,
				tls_us, sent_us, first_byte_us, total_us, status, code, truncated, secrets)
			VALUES (?, ?, 'event', ?, 'https://hooks.example.com', ?, 1, 0, 0, 0, 0, 0, 25000, ?, ?, ?, '[]')`,
			id, n+1, attempted, false, status, code, false)
	}
	o.run(`INSERT INTO webhook_deliveries (id, event_id, webhook_id, organization_id, event_type, ordinal, order_key, state, trigger,
			attempts, round_attempts, due_at, last_code, last_status, last_attempt_at, reason, created_at, finished_at, job_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'event', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, event, d.to.ID, owner, kind, 1000+o.n, key, d.state, d.attempts, d.attempts, due, code, status, attempted, d.reason, at,
		finished, d.replay)
	for counter, of := range map[string]string{"webhookDeliveries": owner, "webhookDeliveriesTo": d.to.ID} {
		o.run(`INSERT INTO counters (name, key, shard, n) VALUES (?, ?, 0, 1)
			ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + 1`, counter, of)
	}
	o.run(`INSERT INTO counters (name, key, shard, n) VALUES ('webhookDeliveries', '', 0, 1)
		ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + 1`)
}

// deliveries are all of them, as both versions say it.
func (o *older) deliveries() []string {
	o.t.Helper()
	var columns []string
	for _, c := range []string{
		"id", "event_id", "webhook_id", "organization_id", "event_type", "ordinal", "order_key", "state", "trigger", "attempts", "due_at",
		"last_code", "last_status", "last_attempt_at", "reason", "created_at", "finished_at", "job_id",
	} {
		columns = append(columns, "'"+c+" ' || COALESCE(CAST("+c+" AS text), 'none')")
	}
	return o.texts(`SELECT ` + strings.Join(columns, " || ' ' || ") + ` FROM webhook_deliveries ORDER BY id`)
}

// texts returns the one column of a query.
func (o *older) texts(statement string) (all []string) {
	o.t.Helper()
	err := o.db.Read(o.t.Context(), func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		all = append(all, text)
		return err
	}, statement)
	if err != nil {
		o.t.Fatalf("%s: %v", statement, err)
	}
	return all
}

// TestNothingThatWaitsIsLostInTheMigration brings a database up to date whose deliveries are in every state, and lets them go.
func TestNothingThatWaitsIsLostInTheMigration(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			clock, cfg := modelstest.NewClock(), modelstest.UnmigratedConfig(t, dialect)
			cfg.Now = clock.Now
			o := &older{rig: &rig{t: t, db: modelstest.OpenConfig(t, cfg)}, now: clock.Now(), names: map[string]string{}}
			if err := o.db.MigrateTo(t.Context(), 22); err != nil {
				t.Fatal(err)
			}
			o.younger("ADD", " text")
			receiver := webhookstest.NewReceiver(t)
			org := o.organization("")
			plain := o.endpoint(org, receiver.URL())
			inOrder := o.endpoint(org, receiver.URL(), "ordering", models.OrderFIFO)
			paused := o.endpoint(org, receiver.URL())
			disabled := o.endpoint(org, receiver.URL())
			o.update(paused, map[string]any{"status": "paused"})
			err := store.Transaction(t.Context(), o.db, func(tx *store.DB) error {
				return models.DisableWebhook(t.Context(), tx, disabled.ID, string(DisabledGone))
			})
			if err != nil {
				t.Fatal(err)
			}
			replay := o.replay(plain, map[string]any{"kind": "events", "since": jsonapi.Time{Time: clock.Now().Add(-time.Hour)}}).ID
			o.run(`UPDATE webhook_jobs SET state = 'done', finished_at = ?`, clock.Now())
			o.run(`UPDATE webhook_lanes SET next_turn_at = ? WHERE health = 'ok'`, clock.Now())

			const pending, succeeded, failed, cancelled = models.DeliveryPending, models.DeliverySucceeded, models.DeliveryFailed,
				models.DeliveryCancelled
			for _, d := range []olderDelivery{
				{name: "due", to: plain, state: pending},
				{name: "retrying", to: plain, state: pending, attempts: 2, due: time.Hour},
				{name: "replaying", to: plain, state: pending, replay: replay},
				{name: "taken", to: plain, state: succeeded, attempts: 1},
				{name: "taken_late", to: plain, state: succeeded, attempts: 3},
				{name: "replayed", to: plain, state: succeeded, attempts: 1, replay: replay},
				{name: "failed", to: plain, state: failed, attempts: 10},
				{name: "aborted", to: plain, state: cancelled, attempts: 1, reason: models.CancelledByReceiver},
				{name: "unsent", to: plain, state: cancelled, reason: models.CancelledExpired},
				{name: "first", to: inOrder, state: pending, attempts: 1},
				{name: "second", to: inOrder, state: pending, waits: true},
				{name: "third", to: inOrder, state: pending, waits: true},
				{name: "paused", to: paused, state: pending},
				{name: "disabled", to: disabled, state: pending, attempts: 1},
			} {
				o.insert(d)
			}
			if err := models.NumberEvents(t.Context(), o.db); err != nil {
				t.Fatal(err)
			}
			o.run(`DELETE FROM event_queue`) // which is fanned out
			before := o.deliveries()
			o.younger("DROP", "")
			if _, err := o.db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, o.deliveries()); diff != "" {
				t.Fatalf("the migration has changed them (-before +after):\n%s", diff)
			}
			modelstest.CheckConsistency(t, o.db)
			if n := o.query(`SELECT COUNT(*) FROM webhook_open WHERE state = 'succeeded' AND job_id IS NULL`); n != int64(0) {
				t.Errorf("%v deliveries that have succeeded are kept open", n)
			}
			o.goes(receiver, clock, paused, disabled)
		})
	}
}

// goes lets everything go that waits, and sends what is finished again.
func (o *older) goes(receiver *webhookstest.Receiver, clock *modelstest.Clock, stopped ...*models.Webhook) {
	o.t.Helper()
	o.w, o.stop = startWorker(o.t, o.db)
	var want []string
	arrive := func(names ...string) {
		o.t.Helper()
		want = append(want, names...)
		var got []string
		for _, q := range o.received(receiver, len(want)) {
			got = append(got, strings.TrimPrefix(string(q.Body), "older."))
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" {
			o.t.Fatalf("came (-want +got):\n%s", diff)
		}
		if second := slices.Index(got, "second"); slices.Index(got, "first") > second || second > slices.Index(got, "third") {
			o.t.Fatalf("came in the order %v", got)
		}
	}
	arrive("due", "replaying", "first", "second", "third")
	o.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(3))
	clock.Advance(2 * time.Hour)
	o.w.Wake()
	arrive("retrying")
	for _, w := range stopped {
		o.update(w, map[string]any{"status": "active"})
	}
	for _, name := range []string{"failed", "aborted", "taken_late"} {
		if _, err := queue.Redeliver(o.t.Context(), o.db, someone, o.names[name]); err != nil {
			o.t.Fatal(err)
		}
	}
	o.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending' AND event_type LIKE 'older.%'`, int64(0))
	became := map[string]string{}
	for _, text := range o.texts(`SELECT event_type || ' ' || state || ' ' || trigger || ' ' || attempts FROM webhook_deliveries
		WHERE event_type LIKE 'older.%'`) {
		name, what, _ := strings.Cut(strings.TrimPrefix(text, "older."), " ")
		became[name] = what
	}
	if diff := cmp.Diff(map[string]string{
		"due": "succeeded event 1", "retrying": "succeeded event 3", "replaying": "succeeded event 1", "taken": "succeeded event 1",
		"taken_late": "succeeded manual 4", "replayed": "succeeded event 1", "failed": "succeeded manual 11",
		"aborted": "succeeded manual 2", "unsent": "cancelled event 0", "first": "succeeded event 2", "second": "succeeded event 1",
		"third": "succeeded event 1", "paused": "succeeded event 1", "disabled": "succeeded event 2",
	}, became); diff != "" {
		o.t.Errorf("they became (-want +got):\n%s", diff)
	}
	if n := o.query(`SELECT COUNT(*) FROM webhook_open WHERE job_id IS NULL AND state = 'succeeded'`); n != int64(0) {
		o.t.Error(fmt.Sprint(n, " deliveries that have succeeded are kept open"))
	}
	modelstest.CheckConsistency(o.t, o.db)
}
