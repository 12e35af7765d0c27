package webhooks

import (
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
)

// nowhere is the URL of endpoints that nothing is sent to.
const nowhere = "https://hooks.example.com/"

// eachStill runs a test on each database with a worker that takes no step by itself, and a clock that stands still until it is moved.
func eachStill(t *testing.T, test func(r *rig, clock *modelstest.Clock)) {
	t.Helper()
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		w := NewWorker(db, WorkerConfig{Logger: slog.New(slog.DiscardHandler)})
		test(&rig{t: t, db: db, w: w, stop: func() {}}, clock)
	})
}

// step takes every replay a step further.
func (r *rig) step(ahead int) {
	r.t.Helper()
	if _, err := r.w.stepReplays(r.t.Context(), ahead); err != nil {
		r.t.Fatal(err)
	}
}

// replay begins one of what happened within an hour of the present moment of the clock.
func (r *rig) replay(w *models.Webhook, attributes map[string]any) *models.WebhookReplay {
	r.t.Helper()
	in := input(map[string]any{
		"since": jsonapi.Time{Time: r.db.Now().Add(-time.Hour)}, "until": jsonapi.Time{Time: r.db.Now().Add(time.Hour)},
	})
	maps.Copy(in.Attributes, attributes)
	in.Links["webhook"] = models.Links{w.ID}
	replay, err := models.CreateWebhookReplay(r.t.Context(), r.db, someone, in)
	if err != nil {
		r.t.Fatal(err)
	}
	return replay
}

// fannedOut takes every event out of the queue. Those of one type get a body, as if somebody had been to get them.
func (r *rig) fannedOut(wanted string) {
	r.t.Helper()
	if err := models.NumberEvents(r.t.Context(), r.db); err != nil {
		r.t.Fatal(err)
	}
	bytes := map[store.Dialect]string{store.Postgres: "convert_to(e.data, 'UTF8')", store.SQLite: "CAST(e.data AS blob)"}[r.db.Dialect()]
	r.exec(`INSERT INTO webhook_messages (event_id, organization_id, body) SELECT q.event_id, e.organization_id, ` + bytes + `
		FROM event_queue q JOIN events e ON e.id = q.event_id WHERE e.event_type = '` + wanted + `'`)
	r.exec(`DELETE FROM event_queue`)
}

// progress is what a replay tells of itself when it is read.
func (r *rig) progress(replay *models.WebhookReplay) string {
	r.t.Helper()
	found, err := collection.Find(r.t.Context(), r.db, models.WebhookReplays, collection.Everything(), replay.ID, &jsonapi.Query{})
	if err != nil {
		r.t.Fatal(err)
	}
	job := found.(*models.WebhookReplay)
	reached := "nothing"
	if job.ReachedAt != nil {
		reached = fmt.Sprint(job.ReachedAt.Sub(r.db.Now()))
	}
	return fmt.Sprintf("%s, %d of %d, reached %s, %s", job.State, job.Queued, job.Examined, reached, *job.Outcome)
}

func TestAReplayTellsHowFarItHasCome(t *testing.T) {
	eachStill(t, func(r *rig, clock *modelstest.Clock) {
		org := r.organization("")
		for i := range 4 {
			clock.Advance(time.Minute)
			r.change(org, fmt.Sprint("Name ", i))
		}
		endpoint := r.endpoint(org, nowhere, "eventTypes", jsonapi.Strings{"organization.updated"})
		r.fannedOut("")
		clock.Advance(time.Minute)
		job := r.replay(endpoint, map[string]any{"kind": "events"})
		var told []string
		tell := func() { told = append(told, r.progress(job)) }
		finish := func(state string) {
			r.exec(`UPDATE webhook_open SET state = '` + state + `', due_at = NULL, finished_at = created_at WHERE state = 'pending'`)
		}
		tell()
		r.step(2)
		tell()
		r.step(2) // there is no room
		tell()
		finish("succeeded")
		r.step(2)
		finish("failed")
		tell()
		r.step(2)
		tell()
		if diff := cmp.Diff([]string{
			`running, 0 of 0, reached nothing, {"pending":0,"succeeded":0,"failed":0,"cancelled":0}`,
			`running, 2 of 3, reached -3m0s, {"pending":2,"succeeded":0,"failed":0,"cancelled":0}`,
			`running, 2 of 3, reached -3m0s, {"pending":2,"succeeded":0,"failed":0,"cancelled":0}`,
			`done, 4 of 6, reached -1m0s, {"pending":0,"succeeded":2,"failed":2,"cancelled":0}`,
			`done, 4 of 6, reached -1m0s, {"pending":0,"succeeded":2,"failed":2,"cancelled":0}`,
		}, told); diff != "" {
			r.t.Errorf("it tells (-want +got):\n%s", diff)
		}
		// One that failed was not got either; those that were taken are left alone.
		second := r.replay(endpoint, map[string]any{"kind": "events", "eventTypes": jsonapi.Strings{"organization.updated"}})
		r.step(10)
		want := `done, 2 of 6, reached -1m0s, {"pending":2,"succeeded":0,"failed":0,"cancelled":0}`
		if got := r.progress(second); got != want {
			r.t.Errorf("the second one tells %s, want %s", got, want)
		}
		finish("succeeded")
		third := r.replay(endpoint, map[string]any{"kind": "events", "includeDelivered": true})
		r.step(10)
		want = `done, 4 of 6, reached -1m0s, {"pending":4,"succeeded":0,"failed":0,"cancelled":0}`
		if got := r.progress(third); got != want {
			r.t.Errorf("the third one tells %s, want %s", got, want)
		}
	})
}

func TestAReplayWaitsForEventsThatAreNotFannedOut(t *testing.T) {
	eachStill(t, func(r *rig, _ *modelstest.Clock) {
		org := r.organization("")
		endpoint := r.endpoint(org, nowhere, "eventTypes", jsonapi.Strings{"organization.created"})
		job := r.replay(endpoint, map[string]any{"kind": "events"})
		r.step(10)
		want := `running, 0 of 0, reached nothing, {"pending":0,"succeeded":0,"failed":0,"cancelled":0}`
		if got := r.progress(job); got != want {
			r.t.Errorf("before the fan-out: %s, want %s", got, want)
		}
		r.fannedOut("")
		r.step(10)
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`); n != int64(1) {
			r.t.Errorf("after the fan-out %v deliveries are pending", n)
		}
	})
}

// TestReplaysThatCannotComeOnHoldUpNoOther has more replays to paused endpoints than are looked at in one go.
func TestReplaysThatCannotComeOnHoldUpNoOther(t *testing.T) {
	eachStill(t, func(r *rig, _ *modelstest.Clock) {
		org := r.organization("")
		stuck := r.endpoint(org, nowhere, "eventTypes", jsonapi.Strings{"organization.created"})
		r.fannedOut("")
		for i := range 101 {
			since := jsonapi.Time{Time: r.db.Now().Add(-time.Duration(i+1) * time.Hour)}
			r.replay(stuck, map[string]any{"kind": "events", "since": since})
		}
		r.step(1) // its one place is taken now, and nobody sends
		endpoint := r.endpoint(org, nowhere, "eventTypes", jsonapi.Strings{"organization.created"})
		r.fannedOut("")
		job := r.replay(endpoint, map[string]any{"kind": "events"})
		r.step(1)
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries WHERE job_id = '` + job.ID + `'`); n != int64(1) {
			r.t.Errorf("it has begun %v deliveries", n)
		}
	})
}

// TestAReplayThatRunsCanBePausedByWhoReadIt sends back everything that was read while it came on.
func TestAReplayThatRunsCanBePausedByWhoReadIt(t *testing.T) {
	eachStill(t, func(r *rig, clock *modelstest.Clock) {
		org := r.organization("")
		endpoint := r.endpoint(org, nowhere, "eventTypes", jsonapi.Strings{"*", "webhook.*"})
		r.fannedOut("")
		job := r.replay(endpoint, map[string]any{"kind": "events"})
		clock.Advance(time.Second)
		r.step(1)
		in := input(map[string]any{"state": "paused"})
		in.Echo = map[string]any{"queued": 0.0, "examined": 0.0, "reachedAt": nil, "outcome": nil, "updatedAt": "2024-08-20T10:45:07+00:00"}
		in.Versions = &models.Versions{Listed: []int64{job.Version}}
		if _, err := models.UpdateWebhookReplay(r.t.Context(), r.db, someone, job.ID, in); err != nil {
			r.t.Error(err)
		}
	})
}

// TestWhatFailedIsReplayedWhereTheEndpointReachesNow moves one of two organizations away after deliveries of both have failed.
func TestWhatFailedIsReplayedWhereTheEndpointReachesNow(t *testing.T) {
	eachStill(t, func(r *rig, _ *modelstest.Clock) {
		head, elsewhere := modelstest.Organization(r.t, r.db), modelstest.Organization(r.t, r.db)
		endpoint := r.endpoint(head, nowhere, "subtree", true)
		stays := modelstest.Organization(r.t, r.db, modelstest.To("parent", head.ID))
		goes := modelstest.Organization(r.t, r.db, modelstest.To("parent", head.ID))
		for _, org := range []*models.Organization{stays, goes} {
			r.exec(fmt.Sprintf(`INSERT INTO webhook_dispatches (id, event_id, webhook_id, organization_id, event_type, ordinal, created_at)
				SELECT '%s', id, '%s', '%s', event_type, 1, occurred_at FROM events WHERE subject_id = '%s'`,
				models.NewID(), endpoint.ID, head.ID, org.ID))
		}
		r.exec(`INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, state, trigger, attempts, round_attempts,
				finished_at)
			SELECT id, webhook_id, 1, created_at, 'failed', 'event', 1, 1, created_at FROM webhook_dispatches
			WHERE webhook_id = '` + endpoint.ID + `' AND id NOT IN (SELECT delivery_id FROM webhook_open)`)
		move := input(nil)
		modelstest.To("parent", elsewhere.ID)(move)
		if _, err := models.UpdateOrganization(r.t.Context(), r.db, someone, goes.ID, move); err != nil {
			r.t.Fatal(err)
		}
		job := r.replay(endpoint, map[string]any{"kind": "failed"})
		r.step(10)
		const again = `FROM webhook_deliveries d JOIN events e ON e.id = d.event_id WHERE d.job_id = '`
		if n, subject := r.query(`SELECT COUNT(*) `+again+job.ID+`'`), r.query(`SELECT e.subject_id `+again+job.ID+`'`); n != int64(1) ||
			subject != stays.ID {
			r.t.Errorf("%v are begun again, the first of %v, want that of %s, which is still below the endpoint", n, subject, stays.ID)
		}
	})
}

// TestAReplayAndThePurgeLeaveNoDeliveryWithoutABody lets the purge come while a replay, as that of another replica, has chosen an event and
// not yet committed a delivery of it: the one that the event had before is the last that the purge sees.
func TestAReplayAndThePurgeLeaveNoDeliveryWithoutABody(t *testing.T) {
	eachStill(t, func(r *rig, _ *modelstest.Clock) {
		org := r.organization("")
		first := r.endpoint(org, nowhere, "eventTypes", jsonapi.Strings{"organization.created"})
		second := r.endpoint(org, nowhere, "eventTypes", jsonapi.Strings{"*", "webhook.*"})
		r.fannedOut("organization.created")
		purged := make(chan error, 1)
		r.replay(first, map[string]any{"kind": "events"})
		r.step(10)
		r.exec(`UPDATE webhook_open SET state = 'succeeded', due_at = NULL, finished_at = created_at`)

		job := r.replay(second, map[string]any{"kind": "events"})
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			step, err := nextReplayStep(r.t.Context(), tx, job.ID, 10)
			if err != nil {
				return err
			}
			go func() {
				_, err := queue.PurgeDeliveries(r.t.Context(), r.db, time.Now().Add(time.Hour), 1000)
				purged <- err
			}()
			r.awaitBlocked(purged)
			rendered, err := r.w.renderAll(r.t.Context(), tx, step.bare())
			if err != nil {
				return err
			}
			began, err := step.begin(r.t.Context(), tx, rendered)
			if err != nil {
				return err
			}
			return step.save(r.t.Context(), tx, began)
		})
		if err != nil {
			r.t.Fatal(err)
		}
		if err := <-purged; err != nil {
			r.t.Fatal(err)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries d WHERE d.state = 'pending'
			AND NOT EXISTS (SELECT 1 FROM webhook_messages m
				WHERE m.event_id = d.event_id AND m.organization_id = d.organization_id)`); n != int64(0) {
			r.t.Errorf("%v deliveries are pending without a body", n)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries`); n != int64(3) {
			r.t.Errorf("%v deliveries, want the three of the second endpoint", n)
		}
	})
}

// awaitBlocked waits until what a test has started waits for a lock, or has put something into a full channel. On SQLite it waits for the
// one writer, from the beginning.
func (r *rig) awaitBlocked(ended chan error) {
	r.t.Helper()
	for r.db.Dialect() == store.Postgres && len(ended) == 0 {
		if r.query(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != int64(0) {
			return
		}
		if r.t.Context().Err() != nil {
			return
		}
	}
}

func TestWhatAReplayWants(t *testing.T) {
	t.Parallel()
	since := time.Date(2024, 8, 20, 0, 0, 0, 0, time.UTC)
	step := func(kind string) *replayStep {
		return &replayStep{
			replay: &models.WebhookReplay{
				Kind: kind, EventTypes: jsonapi.Strings{"user.*", "webhook.*"},
				Since: jsonapi.Time{Time: since}, Until: jsonapi.Time{Time: since.Add(time.Hour)},
			},
			webhook: &models.Webhook{EventTypes: jsonapi.Strings{"user.created", "webhook.*"}},
		}
	}
	failed, events, all := step(models.ReplayFailed), step(models.ReplayEvents), step(models.ReplayEvents)
	all.replay.IncludeDelivered = true
	for _, v := range []struct {
		name                string
		state, eventType    string
		after               time.Duration
		outOfReach          bool
		failed, events, all bool
	}{
		{name: "never sent", state: queue.NoDelivery, failed: true, events: true, all: true}, // which a replay of deliveries never meets
		{name: "pending", state: models.DeliveryPending},
		{name: "failed", state: models.DeliveryFailed, failed: true, events: true, all: true},
		{name: "cancelled", state: models.DeliveryCancelled, failed: true, events: true, all: true},
		{name: "succeeded", state: models.DeliverySucceeded, all: true},
		{name: "out of reach", state: models.DeliveryFailed, outOfReach: true},
		{name: "before the span", state: models.DeliveryFailed, after: -time.Microsecond},
		{name: "at the end of the span", state: models.DeliveryFailed, after: time.Hour},
		{name: "not asked for", state: models.DeliveryFailed, eventType: "organization.updated"},
		{name: "not subscribed to now", state: models.DeliveryFailed, eventType: "user.deleted", failed: true},
		{name: "a test", state: models.DeliveryFailed, eventType: models.TestEvent, failed: true},
	} {
		c := queue.Candidate{EventType: "user.created", At: since.Add(v.after), Reached: !v.outOfReach, State: v.state}
		if v.eventType != "" {
			c.EventType = v.eventType
		}
		if got := [...]bool{failed.wants(c), events.wants(c), all.wants(c)}; got != [...]bool{v.failed, v.events, v.all} {
			t.Errorf("%s: wanted by failed, events, and all of them: %v", v.name, got)
		}
	}
}
