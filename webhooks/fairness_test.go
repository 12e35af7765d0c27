package webhooks

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestFiveHundredEndpointsFailHangAndRecoverAtOnce shows what becomes of many endpoints that share a fate. Their retries are spread,
// they are put on probation, where those of one organization hold half of a quarter of the slots even when they hang, others are served
// meanwhile, and when they recover, each gets what it missed.
func TestFiveHundredEndpointsFailHangAndRecoverAtOnce(t *testing.T) {
	t.Parallel()
	const endpoints, slots, theirs = 500, 64, 64 / 8
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		many, witness := newAudience(r.t), webhookstest.NewReceiver(r.t)
		org := r.organization("")
		r.seat(org, many, endpoints, "oracle.asked")
		healthy := r.endpoint(org, witness.URL(), "eventTypes", jsonapi.Strings{"witness.asked"})
		failed := func(times int) {
			r.t.Helper()
			r.until(fmt.Sprintf(`SELECT COUNT(*) FROM webhook_deliveries
				WHERE state = 'pending' AND last_status = 503 AND attempts = %d`, times), int64(endpoints))
			r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0)) // the clock must not move past a lease
		}
		many.answerWith(http.StatusServiceUnavailable)
		r.publish(org, "oracle.asked", 1)
		failed(1)
		r.spread(4*time.Second, 6*time.Second, endpoints)
		move(7 * time.Second)
		failed(2)
		r.spread(4*time.Minute, 6*time.Minute, endpoints)
		move(7 * time.Minute)
		failed(3)
		if _, requests, _ := many.messages(); requests != 3*endpoints {
			r.t.Errorf("%d requests for three attempts at %d endpoints", requests, endpoints)
		}
		r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE health = 'probation'`, int64(endpoints))

		release := many.hang()
		move(40 * time.Minute)
		many.await(3*endpoints + theirs)
		r.publish(org, "witness.asked", 100)
		r.received(witness, 100)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending' AND webhook_id = '`+healthy.ID+`'`, int64(0))
		if _, requests, most := many.messages(); requests != 3*endpoints+theirs || most != theirs {
			r.t.Errorf("%d endpoints in doubt held slots, %d at once, of %d", requests-3*endpoints, most, slots)
		}
		release()
		r.quiet()
		if messages, requests, most := many.messages(); messages != endpoints || requests != 4*endpoints || most > theirs {
			r.t.Errorf("%d messages in %d requests, %d at once, for %d endpoints", messages, requests, most, endpoints)
		}
		if n := r.query(forgotten); n != int64(0) {
			r.t.Errorf("%v endpoints are forgotten", n)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_lanes WHERE failing_since IS NOT NULL`); n != int64(0) {
			r.t.Errorf("%v endpoints are said to fail", n)
		}
	}, func(c *WorkerConfig) {
		c.Slots, c.Lease = slots, 10*time.Minute
		c.Sender = newSender(t, within(2*time.Minute)) // nothing ends because the machine is slow
	})
}

// spread fails the test unless the retries of endpoints that failed at one moment are due all over a window.
func (r *rig) spread(from, to time.Duration, endpoints int) {
	r.t.Helper()
	const parts = 10
	var counts [parts]int
	for _, due := range r.times(`SELECT due_at FROM webhook_deliveries WHERE state = 'pending'`) {
		wait := due.Sub(r.db.Now())
		if wait < from || wait > to {
			r.t.Errorf("a retry is due in %s", wait)
			continue
		}
		counts[min(int(parts*(wait-from)/(to-from)), parts-1)]++
	}
	for i, n := range counts {
		if n == 0 || n > 3*endpoints/parts {
			r.t.Errorf("%d of %d retries are due in part %d of %d of the window", n, endpoints, i+1, parts)
		}
	}
}

// TestABacklogOfOneEndpointDoesNotKeepTheOthersWaiting lets one endpoint have a backlog and two hundred others one event each, which
// happened after all of it. The others come in between, whatever the machine can do.
func TestABacklogOfOneEndpointDoesNotKeepTheOthersWaiting(t *testing.T) {
	const backlog, others = 1500, 200
	each(t, func(r *rig) {
		in := newAudience(r.t)
		org := r.organization("")
		hooks := append(r.seat(org, in, 1, "burst.asked", "status", models.WebhookPaused),
			r.seat(org, in, others, "calm.asked", "status", models.WebhookPaused)...)
		r.publish(org, "burst.asked", backlog)
		r.publish(org, "calm.asked", 1)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(backlog+others))
		r.stop()
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			for _, w := range hooks { // the one with the backlog first
				(&rig{t: r.t, db: tx}).update(w, map[string]any{"status": models.WebhookActive})
			}
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
		r.exec(`UPDATE webhook_lanes SET answers = 1`) // as if all had answered before
		r.w, r.stop = startWorker(r.t, r.db, fewSlots)
		r.quiet()
		before, calm := 0, 0
		for _, path := range in.paths {
			if path == "/burst.asked/0" {
				before++
			} else if calm++; calm == others {
				break
			}
		}
		if calm != others || before > backlog/3 {
			r.t.Errorf("%d of the backlog of %d went before the last of the %d others", before, backlog, calm)
		}
		if messages, requests, _ := in.messages(); messages != backlog+others || requests != messages {
			r.t.Errorf("%d messages in %d requests", messages, requests)
		}
	}, fewSlots)
}

func fewSlots(c *WorkerConfig) { c.Slots = 8 }

// TestFiveHundredAttemptsThatAreCutUseUpNothing stops a worker whose attempts are all under way.
func TestFiveHundredAttemptsThatAreCutUseUpNothing(t *testing.T) {
	const endpoints = 500
	adjust := func(c *WorkerConfig) { c.Slots, c.Grace = 8*endpoints, time.Millisecond } // all at once: half of a quarter
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		many := newAudience(r.t)
		org := r.organization("")
		r.seat(org, many, endpoints, "oracle.asked")
		release := many.hang()
		r.publish(org, "oracle.asked", 1)
		many.await(endpoints)
		r.publish(org, "oracle.asked", 1) // is not begun, and waits
		r.stop()
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries
			WHERE state = 'pending' AND attempts = 0`); n == int64(0) || n != r.query(`SELECT COUNT(*) FROM webhook_deliveries`) {
			r.t.Errorf("%v deliveries are as if nothing had happened", n)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`); n != int64(0) {
			r.t.Errorf("%v lanes were not given back", n)
		}
		release()
		move(time.Second) // a timestamp of its own for the second attempt
		r.w, r.stop = startWorker(r.t, r.db, adjust)
		r.quiet()
		if messages, requests, _ := many.messages(); messages != 2*endpoints || requests != 3*endpoints {
			r.t.Errorf("%d messages in %d requests", messages, requests)
		}
	}, adjust)
}

// TestAnOpenBreakerLetsOneProbeThroughAtATime gives an endpoint that fails more events than open its breaker.
func TestAnOpenBreakerLetsOneProbeThroughAtATime(t *testing.T) {
	t.Parallel()
	const events = 15
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver, witness := webhookstest.NewReceiver(r.t, webhookstest.Status(http.StatusBadGateway)), webhookstest.NewReceiver(r.t)
		org := r.organization("")
		hook := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"oracle.asked"})
		r.endpoint(org, witness.URL(), "eventTypes", jsonapi.Strings{"witness.asked"})
		asked := func(requests, witnessed int) { // what the worker did for the witness it did for everybody
			r.t.Helper()
			r.received(receiver, requests)
			r.publish(org, "witness.asked", 1)
			r.received(witness, witnessed)
			r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0))
			if n := len(receiver.Requests()); n != requests {
				r.t.Fatalf("%d requests, want %d", n, requests)
			}
		}
		r.publish(org, "oracle.asked", events)
		asked(failuresToOpen, 1)
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries
			WHERE state = 'pending' AND attempts = 0`); n != int64(events-failuresToOpen) {
			r.t.Errorf("%v deliveries keep their place and their attempts", n)
		}
		move(10 * time.Second) // retries are due, the probe is not
		asked(failuresToOpen, 2)
		move(30 * time.Second)
		asked(failuresToOpen+1, 3)
		move(30 * time.Second) // the next probe is in a minute
		asked(failuresToOpen+1, 4)
		receiver.Script(webhookstest.Status(http.StatusOK))
		move(time.Minute)
		r.received(receiver, failuresToOpen+1+events-failuresToOpen) // those that were never tried
		move(10 * time.Minute)
		r.quiet()
		if s := r.query(`SELECT status FROM webhooks WHERE id = '` + hook.ID + `'`); s != models.WebhookActive {
			r.t.Errorf("the endpoint is %v", s)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries
			WHERE state = 'succeeded' AND event_type = 'oracle.asked'`); n != int64(events) {
			r.t.Errorf("%v deliveries succeeded", n)
		}
	})
}

// TestAReceiverThatFailsNineTimesOfTenGetsItsEventInTheEnd uses the whole schedule.
func TestAReceiverThatFailsNineTimesOfTenGetsItsEventInTheEnd(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Flapping(10))
		org := r.organization("")
		hook := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"oracle.asked"})
		r.publish(org, "oracle.asked", 1)
		for i, wait := range DefaultSchedule()[1:] {
			r.received(receiver, i+1)
			r.until(fmt.Sprintf(`SELECT COUNT(*) FROM webhook_deliveries WHERE attempts = %d AND state = 'pending'`, i+1), int64(1))
			r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0))
			move(wait + wait/4)
		}
		oneMessage(r.t, r.received(receiver, 10))
		r.quiet()
		if s := r.query(`SELECT state FROM webhook_deliveries WHERE webhook_id = '` + hook.ID + `'`); s != models.DeliverySucceeded {
			r.t.Errorf("after ten attempts the delivery is %v", s)
		}
		if s := r.query(`SELECT status FROM webhooks`); s != models.WebhookActive {
			r.t.Errorf("the endpoint is %v", s)
		}
	})
}

func TestAHungEndpointDelaysNobody(t *testing.T) {
	each(t, func(r *rig) {
		hung := webhookstest.NewReceiver(r.t, webhookstest.Silence())
		org := r.organization("")
		r.endpoint(org, hung.URL())
		healthy := make([]*webhookstest.Receiver, 20)
		for i := range healthy {
			healthy[i] = webhookstest.NewReceiver(r.t)
			r.endpoint(org, healthy[i].URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		}
		for i := range 20 {
			r.change(org, fmt.Sprint("Name ", i))
		}
		for _, receiver := range healthy {
			r.received(receiver, 20)
		}
		hung.Close()
	}, func(c *WorkerConfig) { c.Grace = time.Millisecond })
}

// TestManyNewEndpointsGetTheirEvents has more endpoints without an answer yet than there are slots for such: claims and fan-outs lease
// more of them than can be served, and those that are turned away have their turn later, without a poll.
func TestManyNewEndpointsGetTheirEvents(t *testing.T) {
	each(t, func(r *rig) {
		org := r.organization("")
		receivers := make([]*webhookstest.Receiver, 40)
		for i := range receivers {
			receivers[i] = webhookstest.NewReceiver(r.t)
			r.endpoint(org, receivers[i].URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		}
		const changes = 4
		var changing sync.WaitGroup
		for i := range changes {
			changing.Go(func() { r.change(org, fmt.Sprint("Name ", i)) })
		}
		changing.Wait()
		for _, receiver := range receivers {
			r.received(receiver, changes)
		}
	}, func(c *WorkerConfig) { c.Slots = 8 })
}

func TestABurstToOneEndpointDoesNotDelayAnother(t *testing.T) {
	each(t, func(r *rig) {
		busy, calm := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		crowd, one := r.organization(""), r.organization("")
		r.endpoint(crowd, busy.URL(), "rate", int64(100))
		r.endpoint(one, calm.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		const burst = 300
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			for i := range burst {
				_, err := models.UpdateOrganization(r.t.Context(), tx, someone, crowd.ID,
					input(map[string]any{"name": fmt.Sprint(i)}))
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
		r.received(busy, 1)
		r.change(one, "Now")
		r.received(calm, 1)
		if n := len(busy.Requests()); n >= burst {
			r.t.Errorf("the burst of %d was over before", n)
		}
	})
}

// TestABurstLeavesTheQueueAShareAtATime lets thousands of events of one organization wait before one of another.
func TestABurstLeavesTheQueueAShareAtATime(t *testing.T) {
	each(t, func(r *rig) {
		busy, calm := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		crowd, one := r.organization(""), r.organization("")
		r.endpoint(crowd, busy.URL(), "rate", int64(1))
		hook := r.endpoint(one, calm.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		r.stop()
		const burst = 2000
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			changes := jsonapi.Raw("{}")
			for range burst {
				err := models.Capture(r.t.Context(), tx, &models.Event{
					ID: models.NewID(), EventType: "burst.made", OccurredAt: jsonapi.Stamp{Time: r.db.Now()}, OrganizationID: &crowd.ID,
					SubjectType: "organizations", SubjectID: crowd.ID, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw("{}"),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
		r.change(one, "Now")
		startWorker(r.t, r.db)
		r.received(calm, 1)
		r.until(`SELECT COUNT(*) FROM event_queue`, int64(0))
		before := r.query(`SELECT COUNT(*) FROM webhook_deliveries WHERE event_type = 'burst.made'
			AND ordinal < (SELECT ordinal FROM webhook_deliveries WHERE webhook_id = '` + hook.ID + `')`)
		if n := before.(int64); n > 1000 {
			r.t.Errorf("%d of %d events of the burst went before", n, burst)
		}
	})
}
