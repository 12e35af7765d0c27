package models_test

import (
	"sync"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// hook creates an endpoint of an organization.
func hook(t *testing.T, db *store.DB, organization string, a attributes) *models.Webhook {
	t.Helper()
	all := attributes{"url": "https://hooks.example.com/"}
	for name, value := range a {
		all[name] = value
	}
	in := input(all, relations{"organization": one(organization)})
	return must(models.CreateWebhook(t.Context(), db, everything, in))(t)
}

// tested sends a test to an endpoint and returns the delivery.
func tested(t *testing.T, db *store.DB, webhook string) *models.WebhookDelivery {
	t.Helper()
	render := func(*models.Message) ([]byte, error) { return []byte(`{}`), nil }
	return must(models.SendTest(t.Context(), db, everything, webhook, render))(t)
}

// delivery reads a delivery.
func delivery(t *testing.T, db *store.DB, id string) *models.WebhookDelivery {
	t.Helper()
	return must(models.Find(t.Context(), db, models.WebhookDeliveries, models.Everything(), id, nil))(t).(*models.WebhookDelivery)
}

// leased leases the lane of an endpoint that has its turn.
func leased(t *testing.T, db *store.DB) *models.WebhookLane {
	t.Helper()
	lease := models.Lease{Token: models.NewID(), Until: db.Now().Add(time.Minute)}
	searches := []models.LaneSearch{{Standing: "ok", Limit: 10}, {Standing: "newcomer", Limit: 10}, {Standing: "probation", Limit: 10}}
	waiting := must(models.FindWaitingLanes(t.Context(), db, searches))(t)
	var lanes []*models.WebhookLane
	err := store.Transaction(t.Context(), db, func(tx *store.DB) (err error) {
		var ids []string
		for _, l := range waiting {
			ids = append(ids, l.WebhookID)
		}
		lanes, err = models.ClaimLanes(t.Context(), tx, lease, ids)
		return err
	})
	if err != nil || len(lanes) != 1 {
		t.Fatalf("%d lanes were leased: %v", len(lanes), err)
	}
	return lanes[0]
}

// attempted is what a worker writes of the first attempt at a delivery, which used up its schedule.
func attempted(db *store.DB, d *models.WebhookDelivery) *models.Settlement {
	now := db.Now()
	code := "timeout"
	return &models.Settlement{
		DeliveryID: d.ID, WebhookID: d.WebhookID, State: models.DeliveryFailed, RoundAttempts: 1, FinishedAt: &now,
		Attempt: &models.Attempt{
			DeliveryID: d.ID, Number: 1, Trigger: d.Trigger, StartedAt: now, URL: "https://hooks.example.com/", Tries: 1, Code: &code,
			Secrets: "[]",
		},
	}
}

// TestWhatIsDueIsFoundUnderTheLease looks for what is due in a lane, for its holder and for one whose lease was taken away.
func TestWhatIsDueIsFoundUnderTheLease(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		d := tested(t, db, hook(t, db, organization(t, db, "Acme", "").ID, nil).ID)
		lane := leased(t, db)
		for token, want := range map[string]int{*lane.LeaseToken: 1, models.NewID(): 0} {
			held := models.Holding{WebhookID: d.WebhookID, Token: token}
			if due := must(models.FindDue(t.Context(), db, []models.DueSearch{{Holding: held, Limit: 10}}))(t); len(due) != want {
				t.Errorf("%d are due, want %d", len(due), want)
			}
		}
	})
}

func TestAResultThatIsWrittenTwiceChangesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		d := tested(t, db, hook(t, db, organization(t, db, "Acme", "").ID, nil).ID)
		lane := leased(t, db)
		held := []*models.LaneSettlement{{WebhookLane: *lane, Token: *lane.LeaseToken}}
		result := []*models.Settlement{attempted(db, d)}
		write := func() {
			t.Helper()
			if lost, err := models.Settle(t.Context(), db, result, held); err != nil || len(lost) > 0 {
				t.Fatalf("lost %v: %v", lost, err)
			}
		}
		write()
		if got := delivery(t, db, d.ID); got.State != models.DeliveryFailed || got.Attempts != 1 {
			t.Fatalf("after the attempt it is %s with %d attempts", got.State, got.Attempts)
		}
		// The answer to the commit got lost, and before it is written again somebody asks for it to be sent again.
		must(models.Redeliver(t.Context(), db, everything, d.ID))(t)
		write()
		got := delivery(t, db, d.ID)
		if got.State != models.DeliveryPending || got.Trigger != models.TriggerManual || got.RoundAttempts != 0 ||
			got.NextAttemptAt == nil {
			t.Errorf("the redelivery was undone: it is %s by %s, attempt %d of its round", got.State, got.Trigger, got.RoundAttempts)
		}
	})
}

// finished is a delivery that was tried once and failed. Its lane is free.
func finished(t *testing.T, db *store.DB, webhook string) *models.WebhookDelivery {
	t.Helper()
	d := tested(t, db, webhook)
	lane := leased(t, db)
	held := []*models.LaneSettlement{{WebhookLane: *lane, Token: *lane.LeaseToken, Release: true}}
	if _, err := models.Settle(t.Context(), db, []*models.Settlement{attempted(db, d)}, held); err != nil {
		t.Fatal(err)
	}
	return delivery(t, db, d.ID)
}

// replay begins one of everything that happened before the present moment of the clock.
func replay(t *testing.T, db *store.DB, webhook string, a attributes) *models.WebhookJob {
	t.Helper()
	all := attributes{"since": jsonapi.Time{Time: db.Now().Add(-time.Hour)}, "until": jsonapi.Time{Time: db.Now().Add(time.Hour)}}
	for name, value := range a {
		all[name] = value
	}
	return must(models.CreateWebhookJob(t.Context(), db, everything, input(all, relations{"webhook": one(webhook)})))(t)
}

// fannedOut takes every event out of the queue. Those of one type get a body, as if somebody had been to get them.
func fannedOut(t *testing.T, db *store.DB, wanted string) {
	t.Helper()
	if err := models.NumberEvents(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	bytes := map[store.Dialect]string{store.Postgres: "convert_to(e.data, 'UTF8')", store.SQLite: "CAST(e.data AS blob)"}[db.Dialect()]
	run(t, pool(db), `INSERT INTO webhook_messages (event_id, organization_id, body) SELECT q.event_id, e.organization_id, `+bytes+`
		FROM event_queue q JOIN events e ON e.id = q.event_id WHERE e.event_type = '`+wanted+`'`)
	run(t, pool(db), `DELETE FROM event_queue`)
}

// TestAReplayAndThePurgeLeaveNoDeliveryWithoutABody lets the purge come while a replay, as that of another replica, has chosen an event and
// not yet committed a delivery of it: the one that the event had before is the last that the purge sees.
func TestAReplayAndThePurgeLeaveNoDeliveryWithoutABody(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "").ID
		first := hook(t, db, org, attributes{"eventTypes": jsonapi.Strings{"organization.created"}}).ID
		second := hook(t, db, org, attributes{"eventTypes": jsonapi.Strings{"*", "webhook.*"}}).ID
		fannedOut(t, db, "organization.created")
		purged := make(chan error, 1)
		step := func(render func(*models.Message) []byte) {
			t.Helper()
			r := models.Replaying{Ahead: 10, Render: render}
			if _, err := models.StepWebhookJobs(t.Context(), db, r); err != nil {
				t.Fatal(err)
			}
		}
		replay(t, db, first, attributes{"kind": "events"})
		step(nil)
		run(t, pool(db), `UPDATE webhook_deliveries SET state = 'succeeded', due_at = NULL, finished_at = created_at`)

		replay(t, db, second, attributes{"kind": "events"})
		begin := sync.OnceFunc(func() {
			go func() {
				_, err := models.PurgeDeliveries(t.Context(), db, time.Now().Add(time.Hour), 1000)
				purged <- err
			}()
			awaitBlocked(t, db, purged)
		})
		step(func(*models.Message) []byte { begin(); return []byte(`{}`) })
		if err := <-purged; err != nil {
			t.Fatal(err)
		}
		if n := number(t, db, `SELECT COUNT(*) FROM webhook_deliveries d WHERE d.state = 'pending'
			AND NOT EXISTS (SELECT 1 FROM webhook_messages m
			WHERE m.event_id = d.event_id AND m.organization_id = d.organization_id)`); n != 0 {
			t.Errorf("%d deliveries are pending without a body", n)
		}
		if n := number(t, db, `SELECT COUNT(*) FROM webhook_deliveries`); n != 3 {
			t.Errorf("%d deliveries, want the three of the second endpoint", n)
		}
	})
}

// awaitBlocked waits until what a test has started waits for a lock, or has put something into a full channel. On SQLite it waits for the
// one writer, from the beginning.
func awaitBlocked(t *testing.T, db *store.DB, ended chan error) {
	for db.Dialect() == store.Postgres && len(ended) == 0 {
		if number(t, db, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0 {
			return
		}
		if t.Context().Err() != nil {
			return
		}
	}
}
