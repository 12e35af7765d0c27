package webhooks

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/webhooks/queue"
	"roster/webhooks/webhookstest"
)

// TestARetryIsSignedWithTheSecretsOfItsOwnTime rotates the secret while a retry is pending: with an overlap the retry carries a
// signature of each, the new one first; once the overlap is over, or if there is none, that of the new one only.
func TestARetryIsSignedWithTheSecretsOfItsOwnTime(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		down := webhookstest.Status(http.StatusServiceUnavailable)
		receiver := webhookstest.NewReceiver(r.t, down, down, down, webhookstest.Status(http.StatusOK))
		org := r.organization("")
		hook := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		rotate := func(overlap time.Duration) string {
			r.t.Helper()
			rotated, err := models.RotateWebhookSecret(r.t.Context(), r.db, someone, hook.ID, overlap)
			if err != nil {
				r.t.Fatal(err)
			}
			return *rotated.Secret
		}
		signed := func(attempt int, secrets ...string) {
			r.t.Helper()
			q := r.received(receiver, attempt)[attempt-1]
			r.failedOnce(attempt)
			signatures := strings.Fields(q.Signature)
			if len(signatures) != len(secrets) {
				r.t.Fatalf("attempt %d has %d signatures", attempt, len(signatures))
			}
			for i, secret := range secrets {
				q.Header.Set(HeaderSignature, signatures[i])
				if err := q.VerifyAtAnyTime(secret); err != nil {
					r.t.Errorf("attempt %d, signature %d: %v", attempt, i+1, err)
				}
			}
		}
		r.change(org, "Acme & Sons")
		signed(1, officialSecret)
		second := rotate(time.Hour)
		move(7 * time.Second)
		signed(2, second, officialSecret)
		move(2 * time.Hour)
		signed(3, second)
		third := rotate(0)
		move(2 * time.Hour)
		signed(4, third)
		r.quiet()
	})
}

// failedOnce waits until an attempt is written down, and nothing is held.
func (r *rig) failedOnce(attempt int) {
	r.t.Helper()
	r.until(`SELECT MAX(attempts) FROM webhook_deliveries`, int64(attempt))
	r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0))
}

// TestARetryGoesToTheURLOfItsOwnTime moves an endpoint while a retry is pending.
func TestARetryGoesToTheURLOfItsOwnTime(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		before, after := webhookstest.NewReceiver(r.t, webhookstest.Status(http.StatusInternalServerError)), webhookstest.NewReceiver(r.t)
		org := r.organization("")
		hook := r.endpoint(org, before.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		r.change(org, "Acme & Sons")
		r.received(before, 1)
		r.failedOnce(1)
		r.update(hook, map[string]any{"url": after.URL()})
		move(7 * time.Second)
		r.received(after, 1)
		r.quiet()
		oneMessage(r.t, append(before.Requests(), after.Requests()...))
		for number, want := range map[string]string{"1": RedactURL(before.URL()), "2": RedactURL(after.URL())} {
			if url := r.query(`SELECT url FROM webhook_attempts WHERE number = ` + number); url != want {
				r.t.Errorf("attempt %s went to %v, want %s", number, url, want)
			}
		}
	})
}

// TestATypeThatIsNoLongerWantedIsStillRetried narrows a subscription while a retry is pending.
func TestATypeThatIsNoLongerWantedIsStillRetried(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(500), webhookstest.Status(200))
		witness := webhookstest.NewReceiver(r.t)
		org := r.organization("")
		hook := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		r.endpoint(org, witness.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		r.change(org, "Wanted")
		r.received(receiver, 1)
		r.failedOnce(1)
		r.update(hook, map[string]any{"eventTypes": jsonapi.Strings{"user.*"}})
		r.change(org, "Not wanted")
		r.received(witness, 2)
		move(7 * time.Second)
		r.received(receiver, 2)
		r.quiet()
		oneMessage(r.t, receiver.Requests())
	})
}

// TestAClickBesideARetryIsOneAttempt asks twice for a delivery whose retry is pending, and lets the time of the retry come.
func TestAClickBesideARetryIsOneAttempt(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		clicked := make(chan struct{}) // twice, before the attempt of the first click ends: what has ended is sent again by the second
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(http.StatusInternalServerError), func(x *webhookstest.Exchange) {
			if x.Read() && x.Await(clicked) {
				x.Respond(http.StatusOK, nil)
			}
		})
		org := r.organization("")
		r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		r.change(org, "Acme & Sons")
		r.received(receiver, 1)
		r.failedOnce(1)
		move(time.Second)
		id := r.query(`SELECT CAST(id AS text) FROM webhook_deliveries`).(string)
		for range 2 {
			if _, err := queue.Redeliver(r.t.Context(), r.db, someone, id); err != nil {
				r.t.Fatal(err)
			}
		}
		close(clicked)
		r.received(receiver, 2)
		r.quiet()
		r.failedOnce(2)
		move(time.Hour)
		r.change(org, "Later")
		oneMessage(r.t, r.received(receiver, 3)[:2])
		r.quiet()
		if n := len(receiver.Requests()); n != 3 {
			r.t.Errorf("%d requests", n)
		}
	})
}

// TestWhatWaitedForADayComesInOrder pauses an ordered endpoint with a rate for a day.
func TestWhatWaitedForADayComesInOrder(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization("")
		hook := r.endpoint(org, receiver.URL(), "ordering", models.OrderFIFO, "rate", int64(50),
			"eventTypes", jsonapi.Strings{"organization.updated"},
			"status", models.WebhookPaused)
		const events = 10
		for i := range events {
			r.change(org, strings.Repeat("x", i+1))
		}
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(events))
		move(24 * time.Hour)
		if n := receiver.Connections(); n != 0 {
			r.t.Errorf("a paused endpoint saw %d connections", n)
		}
		began := time.Now()
		r.update(hook, map[string]any{"status": models.WebhookActive})
		for i, q := range r.received(receiver, events) {
			if name := read(r.t, q).Data.Attributes["name"]; name != strings.Repeat("x", i+1) {
				r.t.Errorf("event %d is %v", i+1, name)
			}
		}
		if took := time.Since(began); took < (events-1)*time.Second/50 {
			r.t.Errorf("%d events at 50 a second took %s", events, took)
		}
		r.quiet()
	})
}

// TestAnAttemptUnderWayMayEndAfterItsEndpointIsDeleted deletes an endpoint while one attempt is under way and another delivery waits.
func TestAnAttemptUnderWayMayEndAfterItsEndpointIsDeleted(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		answer := make(chan struct{})
		receiver := webhookstest.NewReceiver(r.t, func(x *webhookstest.Exchange) {
			x.Read()
			x.Await(answer)
			x.Respond(http.StatusInternalServerError, nil)
		}, webhookstest.Status(http.StatusOK))
		witness := webhookstest.NewReceiver(r.t)
		org := r.organization("")
		hook := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		r.endpoint(org, witness.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		r.change(org, "Under way")
		r.received(receiver, 1)
		r.change(org, "Waits")
		r.received(witness, 2)
		if err := models.DeleteWebhook(r.t.Context(), r.db, someone, hook.ID, nil); err != nil {
			r.t.Fatal(err)
		}
		close(answer)
		r.change(org, "After")
		r.received(witness, 3)
		r.quiet()
		move(time.Hour)
		r.change(org, "Much later")
		r.received(witness, 4)
		r.quiet()
		if n := len(receiver.Requests()); n != 1 {
			r.t.Errorf("a deleted endpoint got %d requests", n)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries
			WHERE state = 'cancelled' AND reason = 'endpoint_deleted'`); n != int64(2) {
			r.t.Errorf("%v deliveries were cancelled with the reason", n)
		}
	})
}
