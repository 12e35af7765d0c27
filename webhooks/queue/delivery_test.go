package queue_test

import (
	"sync"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
)

// tested sends a test to an endpoint and returns the delivery.
func tested(t *testing.T, db *store.DB, webhook string) *models.WebhookDelivery {
	t.Helper()
	return must(store.Resulting(t.Context(), db, func(tx *store.DB) (*models.WebhookDelivery, error) {
		w, err := models.LockForTest(t.Context(), tx, everything, webhook)
		if err != nil {
			return nil, err
		}
		event, err := models.RecordTest(t.Context(), tx, everything, w)
		if err != nil {
			return nil, err
		}
		return queue.InsertTest(t.Context(), tx, w, &models.Message{Event: event, Owner: w.OrganizationID, Body: []byte(`{}`)})
	}))(t)
}

// delivery reads a delivery.
func delivery(t *testing.T, db *store.DB, id string) *models.WebhookDelivery {
	t.Helper()
	return must(collection.Find(t.Context(), db, models.WebhookDeliveries, collection.Everything(), id, nil))(t).(*models.WebhookDelivery)
}

// leased leases the lane of an endpoint that has its turn.
func leased(t *testing.T, db *store.DB) *queue.LaneRow {
	t.Helper()
	lease := queue.Lease{Token: models.NewID(), Until: db.Now().Add(time.Minute)}
	var searches []queue.LaneSearch
	for _, standing := range []string{queue.Proven, queue.Newcomer, queue.Doubted} {
		searches = append(searches, queue.LaneSearch{Standing: standing, Limit: 10})
	}
	waiting := must(queue.FindWaitingLanes(t.Context(), db, searches))(t)
	var lanes []*queue.LaneRow
	err := store.Transaction(t.Context(), db, func(tx *store.DB) (err error) {
		var ids []string
		for _, l := range waiting {
			ids = append(ids, l.WebhookID)
		}
		lanes, err = queue.ClaimLanes(t.Context(), tx, lease, ids)
		return err
	})
	if err != nil || len(lanes) != 1 {
		t.Fatalf("%d lanes were leased: %v", len(lanes), err)
	}
	return lanes[0]
}

// attempted is what a worker writes of the first attempt at a delivery, which used up its schedule.
func attempted(db *store.DB, d *models.WebhookDelivery) *queue.Settlement {
	now := db.Now()
	code := "timeout"
	return &queue.Settlement{
		DeliveryID: d.ID, WebhookID: d.WebhookID, State: models.DeliveryFailed, RoundAttempts: 1, FinishedAt: &now,
		Attempt: &queue.Attempt{
			DeliveryID: d.ID, Number: 1, Trigger: d.Trigger, StartedAt: now, URL: "https://hooks.example.com/", Tries: 1, Code: &code,
			Secrets: "[]",
		},
	}
}

// TestWhatIsDueIsFoundUnderTheLease looks for what is due in a lane, for its holder and for one whose lease was taken away.
func TestWhatIsDueIsFoundUnderTheLease(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		d := tested(t, db, hook(t, db, organization(t, db, "Acme", "").ID).ID)
		lane := leased(t, db)
		for token, want := range map[string]int{*lane.LeaseToken: 1, models.NewID(): 0} {
			held := queue.Holding{WebhookID: d.WebhookID, Token: token}
			if due := must(queue.FindDue(t.Context(), db, []queue.DueSearch{{Holding: held, Limit: 10}}))(t); len(due) != want {
				t.Errorf("%d are due, want %d", len(due), want)
			}
		}
	})
}

func TestAResultThatIsWrittenTwiceChangesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		d := tested(t, db, hook(t, db, organization(t, db, "Acme", "").ID).ID)
		lane := leased(t, db)
		held := []*queue.LaneSettlement{{LaneRow: *lane, Token: *lane.LeaseToken}}
		result := []*queue.Settlement{attempted(db, d)}
		write := func() {
			t.Helper()
			if lost, err := queue.Settle(t.Context(), db, result, held); err != nil || len(lost) > 0 {
				t.Fatalf("lost %v: %v", lost, err)
			}
		}
		write()
		if got := delivery(t, db, d.ID); got.State != models.DeliveryFailed || got.Attempts != 1 {
			t.Fatalf("after the attempt it is %s with %d attempts", got.State, got.Attempts)
		}
		// The answer to the commit got lost, and before it is written again somebody asks for it to be sent again.
		must(queue.Redeliver(t.Context(), db, everything, d.ID))(t)
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
	held := []*queue.LaneSettlement{{LaneRow: *lane, Token: *lane.LeaseToken, Release: true}}
	if _, err := queue.Settle(t.Context(), db, []*queue.Settlement{attempted(db, d)}, held); err != nil {
		t.Fatal(err)
	}
	return delivery(t, db, d.ID)
}

// replay begins one of everything that happened before the present moment of the clock.
func replay(t *testing.T, db *store.DB, webhook string, options ...modelstest.Option) *models.WebhookReplay {
	t.Helper()
	in := change(append([]modelstest.Option{
		modelstest.With("since", jsonapi.Time{Time: db.Now().Add(-time.Hour)}),
		modelstest.With("until", jsonapi.Time{Time: db.Now().Add(time.Hour)}),
		modelstest.To("webhook", webhook),
	}, options...)...)
	return must(models.CreateWebhookReplay(t.Context(), db, everything, in))(t)
}

// fannedOut takes every event out of the queue. Those of one type get a body, as if somebody had been to get them.
func fannedOut(t *testing.T, db *store.DB, wanted string) {
	t.Helper()
	if err := models.NumberEvents(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	bytes := map[store.Dialect]string{store.Postgres: "convert_to(e.data, 'UTF8')", store.SQLite: "CAST(e.data AS blob)"}[db.Dialect()]
	run(t, db, `INSERT INTO webhook_messages (event_id, organization_id, body) SELECT q.event_id, e.organization_id, `+bytes+`
		FROM event_queue q JOIN events e ON e.id = q.event_id WHERE e.event_type = '`+wanted+`'`)
	run(t, db, `DELETE FROM event_queue`)
}

// TestAReplayAndThePurgeLeaveNoDeliveryWithoutABody lets the purge come while a replay, as that of another replica, has chosen an event and
// not yet committed a delivery of it: the one that the event had before is the last that the purge sees.
func TestAReplayAndThePurgeLeaveNoDeliveryWithoutABody(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "").ID
		first := hook(t, db, org, modelstest.With("eventTypes", jsonapi.Strings{"organization.created"})).ID
		second := hook(t, db, org, modelstest.With("eventTypes", jsonapi.Strings{"*", "webhook.*"})).ID
		fannedOut(t, db, "organization.created")
		purged := make(chan error, 1)
		step := func(render func(*models.Message) []byte) {
			t.Helper()
			r := queue.Replaying{Ahead: 10, Render: render}
			if _, err := queue.StepReplays(t.Context(), db, r); err != nil {
				t.Fatal(err)
			}
		}
		replay(t, db, first, modelstest.With("kind", "events"))
		step(nil)
		run(t, db, `UPDATE webhook_deliveries SET state = 'succeeded', due_at = NULL, finished_at = created_at`)

		replay(t, db, second, modelstest.With("kind", "events"))
		begin := sync.OnceFunc(func() {
			go func() {
				_, err := queue.PurgeDeliveries(t.Context(), db, time.Now().Add(time.Hour), 1000)
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
