package queue_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		return queue.InsertTest(t.Context(), tx, w, &models.Message{Event: event, Owner: w.OrganizationID, Body: []byte(`{}`)}, event.Type)
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
			Number: 1, Trigger: d.Trigger, StartedAt: now, URL: "https://hooks.example.com/", Tries: 1, Code: &code,
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
		held := []*queue.LaneSettlement{{Holding: lane.Holding(), State: lane.LaneState}}
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
		again := func() {
			t.Helper()
			must(queue.Redeliver(t.Context(), db, everything, d.ID))(t)
			write()
			got, round := delivery(t, db, d.ID), texts(t, db, `SELECT CAST(round_attempts AS text) FROM webhook_open`)
			if got.State != models.DeliveryPending || got.Trigger != models.TriggerManual || !slices.Equal(round, []string{"0"}) ||
				got.NextAttemptAt == nil {
				t.Errorf("the redelivery was undone: it is %s by %s, attempts of its round: %v", got.State, got.Trigger, round)
			}
		}
		again()
		// The same of an attempt that succeeds.
		result[0].State, result[0].Attempt.Number, result[0].Attempt.Code = models.DeliverySucceeded, 2, nil
		write()
		if got := delivery(t, db, d.ID); got.State != models.DeliverySucceeded || got.Attempts != 2 || got.Trigger != d.Trigger ||
			got.LastCode != nil || got.FinishedAt == nil || got.NextAttemptAt != nil {
			t.Errorf("after the second attempt it is %+v", got)
		}
		if left := texts(t, db, `SELECT delivery_id FROM webhook_open`); len(left) != 0 {
			t.Errorf("%v is still open", left)
		}
		again()
	})
}

// finished is a delivery that was tried once and failed. Its lane is free.
func finished(t *testing.T, db *store.DB, webhook string) *models.WebhookDelivery {
	t.Helper()
	d := tested(t, db, webhook)
	lane := leased(t, db)
	held := []*queue.LaneSettlement{{Holding: lane.Holding(), State: lane.LaneState, Release: true}}
	if _, err := queue.Settle(t.Context(), db, []*queue.Settlement{attempted(db, d)}, held); err != nil {
		t.Fatal(err)
	}
	return delivery(t, db, d.ID)
}

// TestTheStateOfALaneIsReadAsItWasWritten writes every column, and then none that can be NULL.
func TestTheStateOfALaneIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		d := tested(t, db, hook(t, db, organization(t, db, "Acme", "").ID).ID)
		lane := leased(t, db)
		noon := time.Date(2024, 8, 20, 12, 0, 0, 0, time.UTC)
		for _, want := range []queue.LaneState{
			{
				Cap: 2, MaxCap: 3, Health: models.HealthProbation, Clean: 4, ConsecutiveFailures: 5, FailingSince: noon,
				LastFailureAt: noon.Add(time.Millisecond), LastSuccessAt: noon.Add(time.Second), Answers: 6, Failing: 0.25, Slow: 0.5,
				Latency: 0.75, RetryAfter: noon.Add(time.Minute), FailedProbes: 7, ProbeAt: noon.Add(time.Hour),
			},
			{Cap: 1, MaxCap: 1, Health: models.HealthOK},
		} {
			written := []*queue.LaneSettlement{{Holding: lane.Holding(), State: want}}
			if lost, err := queue.Settle(t.Context(), db, nil, written); err != nil || len(lost) > 0 {
				t.Fatalf("lost %v: %v", lost, err)
			}
			var read []*queue.LaneRow
			err := store.Transaction(t.Context(), db, func(tx *store.DB) (err error) {
				read, err = queue.LockLanes(t.Context(), tx, []string{d.WebhookID})
				return err
			})
			if err != nil || len(read) != 1 {
				t.Fatalf("%d lanes: %v", len(read), err)
			}
			if diff := cmp.Diff(want, read[0].LaneState); diff != "" {
				t.Errorf("the state (-want +got):\n%s", diff)
			}
		}
	})
}
