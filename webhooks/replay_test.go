package webhooks

import (
	"net/http"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
)

// TestAReplayGoesOnAfterARestart stops the worker in the middle of a replay. The next one goes on where it stopped, nothing comes
// twice, and what happens meanwhile does not wait for the end of the replay.
func TestAReplayGoesOnAfterARestart(t *testing.T) {
	const failed = 600
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		in := newAudience(r.t)
		in.do(func(w http.ResponseWriter, _ *http.Request) { // no failure of the endpoint, which would be left alone for a while
			w.Header().Set("Webhook-Delivery", string(ControlAbort))
			w.WriteHeader(http.StatusBadRequest)
		})
		org := r.organization("")
		hook := r.seat(org, in, 1, "oracle.asked")[0]
		r.publish(org, "oracle.asked", failed)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'cancelled' AND attempts = 1`, int64(failed))
		in.answerWith(http.StatusOK)
		move(time.Hour)
		job := input(map[string]any{"since": jsonapi.Time{Time: r.db.Now().AddDate(0, 0, -1)}})
		job.Links["webhook"] = models.Links{hook.ID}
		if _, err := models.CreateWebhookReplay(r.t.Context(), r.db, someone, job); err != nil {
			r.t.Fatal(err)
		}
		in.await(failed + replayAhead + replayAhead/2) // the second step has begun
		r.publish(org, "oracle.asked", 1)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE trigger = 'event' AND state = 'succeeded'`, int64(1))
		r.stop()
		if state := r.query(`SELECT state FROM webhook_jobs`); state != models.ReplayRunning {
			r.t.Fatalf("when the worker is stopped the replay is %v", state)
		}
		r.w, r.stop = startWorker(r.t, r.db)
		r.until(`SELECT COUNT(*) FROM webhook_jobs WHERE state = 'done' AND queued = 600`, int64(1))
		r.quiet()
		if messages, requests, _ := in.messages(); messages != failed+1 || requests != 2*failed+1 {
			r.t.Errorf("%d messages in %d requests", messages, requests)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries
			WHERE trigger = 'replay' AND state = 'succeeded' AND attempts = 2`); n != int64(failed) {
			r.t.Errorf("%v deliveries succeeded in the replay", n)
		}
	})
}
