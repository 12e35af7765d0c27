package queue_test

import (
	"fmt"
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

// step takes every replay a step further.
func step(t *testing.T, db *store.DB, ahead int) {
	t.Helper()
	render := func(*models.Message) []byte { return []byte(`{}`) }
	if _, err := queue.StepReplays(t.Context(), db, queue.Replaying{Ahead: ahead, Render: render}); err != nil {
		t.Fatal(err)
	}
}

// progress is what a replay tells of itself when it is read.
func progress(t *testing.T, db *store.DB, id string) string {
	t.Helper()
	found := must(collection.Find(t.Context(), db, models.WebhookReplays, collection.Everything(), id, &jsonapi.Query{}))(t)
	job := found.(*models.WebhookReplay)
	reached := "nothing"
	if job.ReachedAt != nil {
		reached = fmt.Sprint(job.ReachedAt.Sub(db.Now()))
	}
	return fmt.Sprintf("%s, %d of %d, reached %s, %s", job.State, job.Queued, job.Examined, reached, *job.Outcome)
}

func TestAReplayTellsHowFarItHasCome(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org := organization(t, db, "Acme", "").ID
		for i := range 4 {
			clock.Advance(time.Minute)
			in := change(modelstest.With("name", fmt.Sprint("Name ", i)))
			must(models.UpdateOrganization(t.Context(), db, everything, org, in))(t)
		}
		endpoint := hook(t, db, org, modelstest.With("eventTypes", jsonapi.Strings{"organization.updated"})).ID
		fannedOut(t, db, "")
		clock.Advance(time.Minute)
		job := replay(t, db, endpoint, modelstest.With("kind", "events")).ID
		var told []string
		tell := func() { told = append(told, progress(t, db, job)) }
		finish := func(state string) {
			run(t, db, `UPDATE webhook_deliveries SET state = '`+state+`', due_at = NULL, finished_at = created_at WHERE state = 'pending'`)
		}
		tell()
		step(t, db, 2)
		tell()
		step(t, db, 2) // there is no room
		tell()
		finish("succeeded")
		step(t, db, 2)
		finish("failed")
		tell()
		step(t, db, 2)
		tell()
		if diff := cmp.Diff([]string{
			`running, 0 of 0, reached nothing, {"pending":0,"succeeded":0,"failed":0,"cancelled":0}`,
			`running, 2 of 3, reached -3m0s, {"pending":2,"succeeded":0,"failed":0,"cancelled":0}`,
			`running, 2 of 3, reached -3m0s, {"pending":2,"succeeded":0,"failed":0,"cancelled":0}`,
			`done, 4 of 6, reached -1m0s, {"pending":0,"succeeded":2,"failed":2,"cancelled":0}`,
			`done, 4 of 6, reached -1m0s, {"pending":0,"succeeded":2,"failed":2,"cancelled":0}`,
		}, told); diff != "" {
			t.Errorf("it tells (-want +got):\n%s", diff)
		}
		// One that failed was not got either; those that were taken are left alone.
		second := replay(t, db, endpoint, modelstest.With("kind", "events"),
			modelstest.With("eventTypes", jsonapi.Strings{"organization.updated"})).ID
		step(t, db, 10)
		want := `done, 2 of 6, reached -1m0s, {"pending":2,"succeeded":0,"failed":0,"cancelled":0}`
		if got := progress(t, db, second); got != want {
			t.Errorf("the second one tells %s, want %s", got, want)
		}
		finish("succeeded")
		third := replay(t, db, endpoint, modelstest.With("kind", "events"), modelstest.With("includeDelivered", true)).ID
		step(t, db, 10)
		want = `done, 4 of 6, reached -1m0s, {"pending":4,"succeeded":0,"failed":0,"cancelled":0}`
		if got := progress(t, db, third); got != want {
			t.Errorf("the third one tells %s, want %s", got, want)
		}
	})
}

func TestAReplayWaitsForEventsThatAreNotFannedOut(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "").ID
		endpoint := hook(t, db, org, modelstest.With("eventTypes", jsonapi.Strings{"organization.created"})).ID
		job := replay(t, db, endpoint, modelstest.With("kind", "events")).ID
		step(t, db, 10)
		want := `running, 0 of 0, reached nothing, {"pending":0,"succeeded":0,"failed":0,"cancelled":0}`
		if got := progress(t, db, job); got != want {
			t.Errorf("before the fan-out: %s, want %s", got, want)
		}
		fannedOut(t, db, "")
		step(t, db, 10)
		if n := number(t, db, `SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`); n != 1 {
			t.Errorf("after the fan-out %d deliveries are pending", n)
		}
	})
}

// TestReplaysThatCannotComeOnHoldUpNoOther has more replays to paused endpoints than are looked at in one go.
func TestReplaysThatCannotComeOnHoldUpNoOther(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "").ID
		stuck := hook(t, db, org, modelstest.With("eventTypes", jsonapi.Strings{"organization.created"})).ID
		fannedOut(t, db, "")
		for i := range 101 {
			since := jsonapi.Time{Time: db.Now().Add(-time.Duration(i+1) * time.Hour)}
			replay(t, db, stuck, modelstest.With("kind", "events"), modelstest.With("since", since))
		}
		step(t, db, 1) // its one place is taken now, and nobody sends
		endpoint := hook(t, db, org, modelstest.With("eventTypes", jsonapi.Strings{"organization.created"})).ID
		fannedOut(t, db, "")
		job := replay(t, db, endpoint, modelstest.With("kind", "events")).ID
		step(t, db, 1)
		if n := number(t, db, `SELECT COUNT(*) FROM webhook_deliveries WHERE job_id = '`+job+`'`); n != 1 {
			t.Errorf("it has begun %d deliveries", n)
		}
	})
}

// TestAReplayThatRunsCanBePausedByWhoReadIt sends back everything that was read while it came on.
func TestAReplayThatRunsCanBePausedByWhoReadIt(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org := organization(t, db, "Acme", "").ID
		endpoint := hook(t, db, org, modelstest.With("eventTypes", jsonapi.Strings{"*", "webhook.*"})).ID
		fannedOut(t, db, "")
		job := replay(t, db, endpoint, modelstest.With("kind", "events"))
		clock.Advance(time.Second)
		step(t, db, 1)
		in := change(modelstest.With("state", "paused"))
		in.Echo = map[string]any{"queued": 0.0, "examined": 0.0, "reachedAt": nil, "outcome": nil, "updatedAt": "2024-08-20T10:45:07+00:00"}
		in.Versions = &models.Versions{Listed: []int64{job.Version}}
		if _, err := models.UpdateWebhookReplay(t.Context(), db, everything, job.ID, in); err != nil {
			t.Error(err)
		}
	})
}

// TestWhatFailedIsReplayedWhereTheEndpointReachesNow moves one of two organizations away after deliveries of both have failed.
func TestWhatFailedIsReplayedWhereTheEndpointReachesNow(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		head, elsewhere := organization(t, db, "Head", "").ID, organization(t, db, "Elsewhere", "").ID
		endpoint := hook(t, db, head, modelstest.With("subtree", true))
		stays, goes := organization(t, db, "Stays", head).ID, organization(t, db, "Goes", head).ID
		fail := func(id string) {
			event := texts(t, db, `SELECT id FROM events WHERE subject_id = '`+id+`'`)[0]
			run(t, db, fmt.Sprintf(`INSERT INTO webhook_deliveries (id, event_id, webhook_id, organization_id, event_type, ordinal, trigger,
					state, attempts, round_attempts, created_at, finished_at)
				SELECT '%s', id, '%s', '%s', event_type, 1, 'event', 'failed', 1, 1, occurred_at, occurred_at FROM events WHERE id = '%s'`,
				models.NewID(), endpoint.ID, head, event))
		}
		fail(stays)
		fail(goes)
		if err := moveTo(t, db, goes, elsewhere); err != nil {
			t.Fatal(err)
		}
		job := replay(t, db, endpoint.ID, modelstest.With("kind", "failed")).ID
		step(t, db, 10)
		again := texts(t, db, `SELECT e.subject_id FROM webhook_deliveries d JOIN events e ON e.id = d.event_id WHERE d.job_id = '`+job+`'`)
		if len(again) != 1 || again[0] != stays {
			t.Errorf("deliveries of %v are begun again, want that of %s, which is still below the endpoint", again, stays)
		}
	})
}
