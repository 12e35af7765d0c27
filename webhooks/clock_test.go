package webhooks

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestAClockThatJumpsMakesNoStormAndNoStall moves the clock of the worker while endpoints wait for a retry, for a probe and for an answer
// that is under way. Whatever way it jumps, what happens then is sent at once and dated by the clock, nothing is sent more than once
// for each jump, and in the end everybody has everything.
func TestAClockThatJumpsMakesNoStormAndNoStall(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{
		"ten minutes on": 10 * time.Minute, "ten minutes back": -10 * time.Minute,
		"a day on": 24 * time.Hour, "a day back": -24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
				r := newRig(t, db, func(c *WorkerConfig) { // however slow the machine is
					c.Lease, c.Sender = 7*time.Minute, newSender(t, within(2*time.Minute))
				})
				move := func(by time.Duration) {
					clock.Advance(by)
					r.w.Wake()
				}
				answer := make(chan struct{})
				failing := webhookstest.NewReceiver(t, webhookstest.Status(500), webhookstest.Status(200))
				asking := webhookstest.NewReceiver(t, webhookstest.RetryAfter(429, "60"), webhookstest.Status(http.StatusOK))
				busy := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) {
					x.Read()
					x.Await(answer)
					x.Respond(http.StatusOK, nil)
				}, webhookstest.Status(http.StatusOK))
				healthy := webhookstest.NewReceiver(t)
				org := r.organization("")
				for _, receiver := range []*webhookstest.Receiver{failing, asking, busy, healthy} {
					r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
				}
				r.change(org, "Before")
				for _, receiver := range []*webhookstest.Receiver{failing, asking, busy, healthy} {
					r.received(receiver, 1)
				}
				r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE attempts = 1`, int64(3))
				r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(1))

				move(jump)
				r.change(org, "After")
				requests := r.received(healthy, 2)
				if at := requests[1].Timestamp; at != strconv.FormatInt(clock.Now().Unix(), 10) {
					t.Errorf("after the jump to %d it is dated %s", clock.Now().Unix(), at)
				}
				close(answer)
				r.received(busy, 2)
				r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0))
				if jump < 0 { // the clock is set right, or catches up, and the waits are over
					move(-jump + 2*time.Minute)
				}
				r.quiet()
				for name, receiver := range map[string]*webhookstest.Receiver{
					"failing": failing, "asking": asking, "busy": busy, "healthy": healthy,
				} {
					byID := map[string]int{}
					for _, q := range receiver.Requests() {
						byID[q.ID]++
						if err := q.VerifyAtAnyTime(officialSecret); err != nil {
							t.Error(err)
						}
					}
					for id, n := range byID {
						if n > 3 { // two attempts, and what was under way at a jump
							t.Errorf("%s: the message %s was sent %d times", name, id, n)
						}
					}
					if len(byID) != 2 {
						t.Errorf("%s: %d messages", name, len(byID))
					}
				}
				if n := len(healthy.Requests()); n != 2 {
					t.Errorf("%d requests at the healthy endpoint", n)
				}
				r.until(fmt.Sprintf(`SELECT COUNT(*) FROM webhook_lanes
					WHERE next_turn_at IS NOT NULL OR health <> '%s'`, models.HealthOK), int64(0))
			})
		})
	}
}

// TestALeaseOfAClockThatWasAheadEnds has lanes leased by workers that died, one while the clock was a day ahead: that one is not left alone
// for a day.
func TestALeaseOfAClockThatWasAheadEnds(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		r := newRig(t, db)
		receiver, other := webhookstest.NewReceiver(t), webhookstest.NewReceiver(t)
		org := r.organization("")
		stuck := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		leased := r.endpoint(org, other.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		lease := func(id string, until time.Time) {
			t.Helper()
			_, err := db.Run(t.Context(), `UPDATE webhook_lanes SET lease_token = ?, lease_until = ?, next_turn_at = ?
				WHERE webhook_id = ?`, models.NewID(), until, until, id)
			if err != nil {
				t.Fatal(err)
			}
		}
		lease(stuck.ID, clock.Now().Add(24*time.Hour))
		lease(leased.ID, clock.Now().Add(time.Minute))
		r.change(org, "After")
		if err := r.w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.w.Wake()
		r.received(receiver, 1)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(1))
		if n := len(other.Requests()); n != 0 {
			t.Errorf("%d requests of a lane that somebody else has", n)
		}
	})
}
