package webhooks

import (
	"net/url"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/target"
	"roster/webhooks/webhookstest"
)

// tallied returns how many attempts at the deliveries of an endpoint are counted as delivered and as failed.
func (r *rig) tallied(webhook string) (delivered, failed any) {
	r.t.Helper()
	return r.query(`SELECT COALESCE(CAST(SUM(delivered) AS bigint), 0) FROM webhook_tallies WHERE webhook_id = '` + webhook + `'`),
		r.query(`SELECT COALESCE(CAST(SUM(failed) AS bigint), 0) FROM webhook_tallies WHERE webhook_id = '` + webhook + `'`)
}

// TestAttemptsAreCountedByTheHalfHour has a receiver that fails three times and then takes everything, over hours.
func TestAttemptsAreCountedByTheHalfHour(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		failing := webhookstest.Status(500)
		receiver := webhookstest.NewReceiver(r.t, failing, failing, failing, webhookstest.Status(200))
		org := r.organization("")
		w := r.endpoint(org, receiver.URL(), "schedule", jsonapi.Strings{"0s", "40m", "40m", "40m"})
		for n := range 4 {
			if n == 0 {
				r.change(org, "first")
			} else {
				move(50 * time.Minute)
			}
			r.received(receiver, n+1)
			r.until(`SELECT COUNT(*) FROM webhook_attempts`, int64(n+1))
		}
		for i := range 5 {
			r.change(org, string(rune('a'+i)))
		}
		r.received(receiver, 9)
		r.quiet()
		if delivered, failed := r.tallied(w.ID); delivered != int64(6) || failed != int64(3) {
			r.t.Errorf("%v delivered and %v failed, want 6 and 3", delivered, failed)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_tallies`); n != int64(4) {
			r.t.Errorf("%v half hours are kept, want 4", n)
		}
	})
}

// TestWhatIsNoFaultOfTheReceiverCountsForNothing has a proxy of ours that is not there.
func TestWhatIsNoFaultOfTheReceiverCountsForNothing(t *testing.T) {
	away := webhookstest.NewReceiver(t)
	proxy, err := url.Parse(away.URL())
	if err != nil {
		t.Fatal(err)
	}
	away.Close()
	each(t, func(r *rig) {
		w := r.endpoint(r.organization(""), "https://somewhere.test/", "eventTypes", jsonapi.Strings{"webhook.test"})
		if _, err := SendTest(r.t.Context(), r.db, someone, w.ID, models.TestEvent); err != nil {
			r.t.Fatal(err)
		}
		r.until(`SELECT COUNT(*) FROM webhook_attempts WHERE code = 'proxy_error'`, int64(1))
		if delivered, failed := r.tallied(w.ID); delivered != int64(0) || failed != int64(0) {
			r.t.Errorf("%v delivered and %v failed", delivered, failed)
		}
	}, func(c *WorkerConfig) {
		c.Sender = newSender(t, func(c *SenderConfig) { c.Proxy, c.Targets = proxy, target.Rules{} })
	})
}

func TestTalliesAreKeptForThirtyDays(t *testing.T) {
	eachRetaining(t, func(r *rig, age func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t)
		r.organization(receiver.URL())
		r.received(receiver, 1)
		r.quiet()
		age(models.TallyRetention - 2*time.Hour)
		r.same("in the month", r.counts("webhook_tallies"), 1)
		age(models.TallyRetention)
		r.same("after it", r.counts("webhook_tallies"), 0)
	})
}

// TestAnEndpointTakesItsTalliesAlong deletes one.
func TestAnEndpointTakesItsTalliesAlong(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization("")
		gone, stays := r.endpoint(org, receiver.URL()), r.endpoint(org, receiver.URL())
		r.change(org, "x")
		r.received(receiver, 2)
		r.quiet()
		if err := models.DeleteWebhook(r.t.Context(), r.db, someone, gone.ID, nil); err != nil {
			r.t.Fatal(err)
		}
		of := func(w *models.Webhook) string { return "webhook_tallies WHERE webhook_id = '" + w.ID + "'" }
		r.same("tallies", r.counts(of(gone), of(stays)), 0, 1)
	})
}
