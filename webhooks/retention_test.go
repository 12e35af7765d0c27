package webhooks

import (
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/webhooks/webhookstest"
)

const (
	keptFor  = 30 * 24 * time.Hour
	headsFor = 7 * 24 * time.Hour
)

// eachRetaining runs a test with a worker that keeps what the program keeps, at the time of this machine, which ids have in them. age makes
// what was there at the beginning that old, and purges.
func eachRetaining(t *testing.T, test func(r *rig, age func(time.Duration))) {
	t.Helper()
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		now := func() { move(-time.Until(r.db.Now())) }
		now()
		test(r, func(d time.Duration) {
			now()
			move(d + time.Hour)
			if err := r.w.Purge(r.t.Context()); err != nil {
				r.t.Fatal(err)
			}
		})
	}, func(c *WorkerConfig) { c.Retention, c.HeadRetention = keptFor, headsFor })
}

func (r *rig) counts(what ...string) []int64 {
	r.t.Helper()
	counts := make([]int64, len(what))
	for i, from := range what {
		counts[i] = r.query(`SELECT COUNT(*) FROM ` + from).(int64)
	}
	return counts
}

func TestHeadsOfAnswersAreForgottenBeforeTheirAttempts(t *testing.T) {
	eachRetaining(t, func(r *rig, age func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Body(200, []byte("thanks")))
		r.organization(receiver.URL())
		r.received(receiver, 1)
		r.quiet()
		what := []string{"webhook_attempts WHERE response_head IS NOT NULL", "webhook_attempts", "webhook_deliveries", "webhook_messages"}
		r.same("at first", r.counts(what...), 1, 1, 1, 1)
		age(headsFor)
		r.same("after a week", r.counts(what...), 0, 1, 1, 1)
		age(keptFor)
		r.same("after a month", r.counts(what...), 0, 0, 0, 0)
		if n := r.query(`SELECT COUNT(*) FROM event_positions WHERE sequence = 1`); n != int64(1) {
			r.t.Error("the number of the event is forgotten, too")
		}
	})
}

func TestWhatWaitsIsKeptAndSentWithItsBody(t *testing.T) {
	eachRetaining(t, func(r *rig, age func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(500), webhookstest.Status(200))
		org := r.organization("")
		r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		r.change(org, "Waits")
		r.received(receiver, 1)
		r.until(`SELECT COUNT(*) FROM webhook_attempts`, int64(1))
		age(keptFor)
		if m := read(r.t, r.received(receiver, 2)[1]); m.Data.Attributes["name"] != "Waits" {
			r.t.Errorf("received %+v", m)
		}
	})
}

// TestWhatWaitsForAnEndpointThatNeverComesBackExpires pauses one that is served in order, so that what comes later waits for what expires.
func TestWhatWaitsForAnEndpointThatNeverComesBackExpires(t *testing.T) {
	eachRetaining(t, func(r *rig, age func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization("")
		endpoint := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"}, "ordering", "fifo")
		r.update(endpoint, map[string]any{"status": "paused"})
		r.change(org, "Expires")
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(1))
		age(headsFor)
		r.change(org, "Waits for what expires")
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(2))
		age(keptFor)
		r.same("deliveries", r.counts("webhook_deliveries"), 1)
		r.update(endpoint, map[string]any{"status": "active"})
		r.w.Wake()
		if m := read(r.t, r.received(receiver, 1)[0]); m.Data.Attributes["name"] != "Waits for what expires" {
			r.t.Errorf("received %+v", m)
		}
		r.quiet()
	})
}

// same compares numbers.
func (r *rig) same(when string, got []int64, want ...int64) {
	r.t.Helper()
	for i := range want {
		if got[i] != want[i] {
			r.t.Errorf("%s: %v, want %v", when, got, want)
			return
		}
	}
}

func TestOldReplaysAreRemoved(t *testing.T) {
	eachRetaining(t, func(r *rig, age func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t)
		endpoint := r.endpoint(r.organization(""), receiver.URL())
		in := input(map[string]any{"since": jsonapi.Time{Time: r.db.Now().Add(-time.Hour)}})
		in.Links["webhook"] = models.Links{endpoint.ID}
		if _, err := models.CreateWebhookReplay(r.t.Context(), r.db, someone, in); err != nil {
			r.t.Fatal(err)
		}
		r.until(`SELECT COUNT(*) FROM webhook_jobs WHERE state = 'done'`, int64(1))
		age(headsFor)
		r.same("after a week", r.counts("webhook_jobs"), 1)
		age(keptFor)
		r.same("after a month", r.counts("webhook_jobs"), 0)
	})
}
