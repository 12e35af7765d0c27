package webhooks

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models/modelstest"
	"roster/webhooks/webhookstest"
)

// crowds are how many endpoints one organization has in the tests of what the others notice.
var crowds = []int{80, 700, 1040}

// unhurried makes a worker wait for answers for longer than a test takes.
func unhurried(t *testing.T, slots int) func(*WorkerConfig) {
	return func(c *WorkerConfig) {
		c.Slots, c.Lease, c.Sender, c.Grace = slots, 10*time.Minute, newSender(t, within(2*time.Minute)), time.Millisecond
	}
}

// TestEndpointsThatHangFromTheFirstMessageLeaveOthersTheirSlots gives every endpoint of a crowd ten events, which it takes and never
// answers. Endpoints of other organizations get theirs meanwhile, be they new or not, and so does one of the same organization that
// answered before.
func TestEndpointsThatHangFromTheFirstMessageLeaveOthersTheirSlots(t *testing.T) {
	t.Parallel()
	const slots, strangers = 64, 20
	for _, n := range crowds {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			each(t, func(r *rig) {
				crowd, others, sibling := newAudience(r.t), newAudience(r.t), webhookstest.NewReceiver(r.t)
				org, other := r.organization(""), r.organization("")
				r.endpoint(org, sibling.URL(), "eventTypes", jsonapi.Strings{"sibling.asked"})
				r.publish(org, "sibling.asked", 1)
				r.received(sibling, 1)
				r.seat(org, crowd, n, "crowd.asked")
				r.seat(other, others, strangers, "stranger.asked")
				defer crowd.hang()()
				r.publish(org, "crowd.asked", 10)
				crowd.await(slots / 8)
				began := time.Now()
				for i := range 5 {
					r.publish(other, "stranger.asked", 1)
					r.publish(org, "sibling.asked", 1)
					others.await((i + 1) * strangers)
					r.received(sibling, i+2)
				}
				r.t.Logf("%d messages in %s", 5*(strangers+1), time.Since(began))
				if _, requests, most := crowd.messages(); requests != slots/8 || most != slots/8 {
					r.t.Errorf("%d endpoints that hang hold slots, %d at once, of %d", requests, most, slots)
				}
			}, unhurried(t, slots))
		})
	}
}

// TestEndpointsThatTimeOutAreGivenBack lets every endpoint of a crowd run into the deadline. From then on they are in doubt, and in the
// end no more of them are held than may be served. An endpoint of another organization gets what is its own all the while.
func TestEndpointsThatTimeOutAreGivenBack(t *testing.T) {
	t.Parallel()
	const slots, endpoints = 16, 80
	eachClockIn(t, func(r *rig, _ func(time.Duration)) {
		crowd, witness := newAudience(r.t), webhookstest.NewReceiver(r.t)
		org, other := r.organization(""), r.organization("")
		r.seat(org, crowd, endpoints, "crowd.asked")
		r.endpoint(other, witness.URL(), "eventTypes", jsonapi.Strings{"witness.asked"})
		defer crowd.hang()()
		r.publish(org, "crowd.asked", 10)
		for i := 1; r.query(`SELECT COUNT(*) FROM webhook_lanes WHERE health = 'probation'`) != int64(endpoints); i++ {
			r.publish(other, "witness.asked", 1)
			r.received(witness, i)
		}
		held, done := stepsOn(r.t, r.db).await(func() (any, bool) {
			n := r.w.budget.room().of[doubted]
			return n, n <= slots/4
		})
		if !done {
			r.t.Fatalf("%d lanes in doubt are held, with %d slots", held, slots)
		}
		if n := r.query(forgotten); n != int64(0) {
			r.t.Errorf("%v endpoints are forgotten", n)
		}
	}, func(c *WorkerConfig) {
		c.Slots, c.Sender, c.Grace = slots, newSender(t, within(100*time.Millisecond)), time.Millisecond
	})
}

// TestASlowOrganizationIsOneNeighbour lets every endpoint of a crowd answer well, and then take its time, not so much that it would be in
// doubt. They hold half of the slots; what others are sent, and what new ones are, does not wait for them.
func TestASlowOrganizationIsOneNeighbour(t *testing.T) {
	t.Parallel()
	const slots, strangers = 64, 20
	for _, n := range crowds {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			each(t, func(r *rig) {
				crowd, others := newAudience(r.t), newAudience(r.t)
				org, other := r.organization(""), r.organization("")
				r.seat(org, crowd, n, "crowd.asked")
				r.seat(other, others, strangers, "stranger.asked")
				r.publish(org, "crowd.asked", 1)
				crowd.await(n)
				r.quiet()
				release := crowd.hang()
				r.publish(org, "crowd.asked", 1)
				crowd.await(n + slots/2)
				for i := range 5 {
					r.publish(other, "stranger.asked", 1)
					others.await((i + 1) * strangers)
				}
				if _, requests, most := crowd.messages(); requests != n+slots/2 || most != slots/2 {
					r.t.Errorf("%d endpoints of one organization are served, %d at once, with %d slots", requests-n, most, slots)
				}
				release()
				r.quiet()
				if messages, requests, _ := crowd.messages(); messages != 2*n || requests != 2*n {
					r.t.Errorf("%d messages in %d requests for two events to %d endpoints", messages, requests, n)
				}
			}, unhurried(t, slots))
		})
	}
}

// TestEndpointsThatWaitForTheirRateLeaveTheirPlaces lets more endpoints than there are slots have a backlog and a rate. Another one, of the
// same kind, has its turn between them, and none is sent more than its rate.
func TestEndpointsThatWaitForTheirRateLeaveTheirPlaces(t *testing.T) {
	const slots, endpoints = 8, 40
	each(t, func(r *rig) {
		crowd, witness := newAudience(r.t), webhookstest.NewReceiver(r.t)
		org, other := r.organization(""), r.organization("")
		r.seat(org, crowd, endpoints, "crowd.asked", "rate", int64(1))
		r.endpoint(other, witness.URL(), "eventTypes", jsonapi.Strings{"witness.asked"})
		r.exec(`UPDATE webhook_lanes SET answers = 1`)
		began := time.Now()
		r.publish(org, "crowd.asked", 1000)
		crowd.await(endpoints) // all have had a turn: none keeps its place while it waits
		r.publish(other, "witness.asked", 1)
		r.received(witness, 1)
		_, requests, _ := crowd.messages()
		if most := endpoints * (int(time.Since(began)/time.Second) + 2); requests > most {
			r.t.Errorf("%d requests, more than %d", requests, most)
		}
	}, func(c *WorkerConfig) { c.Slots, c.Poll, c.Grace = slots, time.Second, time.Millisecond })
}

// TestEndpointsMadeOneAfterTheOtherAreNotToldOfEachOther makes endpoints that want everything: n of them would cost n²/2 deliveries.
func TestEndpointsMadeOneAfterTheOtherAreNotToldOfEachOther(t *testing.T) {
	each(t, func(r *rig) {
		crowd := newAudience(r.t)
		org := r.organization("")
		r.seat(org, crowd, 700, "*")
		r.publish(org, "crowd.asked", 1)
		crowd.await(700)
		r.quiet()
		if messages, requests, _ := crowd.messages(); messages != 700 || requests != 700 {
			r.t.Errorf("%d messages in %d requests", messages, requests)
		}
	})
}

// TestABatchOfEventsForManyEndpointsIsASmallOne lets fifty events wait for each endpoint of a crowd, and then one for another
// organization. It comes behind two batches at most, and a batch is bounded by its deliveries.
func TestABatchOfEventsForManyEndpointsIsASmallOne(t *testing.T) {
	t.Parallel()
	const events = 50
	for _, n := range crowds {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			each(t, func(r *rig) {
				crowd, witness := newAudience(r.t), webhookstest.NewReceiver(r.t)
				org, other := r.organization(""), r.organization("")
				r.seat(org, crowd, n, "crowd.asked")
				hook := r.endpoint(other, witness.URL(), "eventTypes", jsonapi.Strings{"witness.asked"})
				r.quiet()
				r.stop()
				r.publish(org, "crowd.asked", events)
				r.publish(other, "witness.asked", 1)
				defer crowd.hang()()
				_, stop := startWorker(r.t, r.db, unhurried(r.t, 64))
				r.received(witness, 1)
				stop()
				before := r.query(`SELECT COUNT(*) FROM webhook_deliveries WHERE event_type = 'crowd.asked'
					AND ordinal < (SELECT ordinal FROM webhook_deliveries WHERE webhook_id = '` + hook.ID + `')`).(int64)
				if most := 2 * max(newBatching(r.db.Dialect()).maxDeliveries, n); before > int64(most) {
					r.t.Errorf("%d of %d deliveries of the crowd went before, more than %d", before, events*n, most)
				}
			})
		})
	}
}

// TestMemoryFollowsWhatIsSent lets a crowd that hangs wait for thirty events of 30 KiB each. It has the memory for itself: no other test
// runs beside it.
func TestMemoryFollowsWhatIsSent(t *testing.T) {
	const endpoints, events = 700, 30
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			db := modelstest.Open(t, dialect)
			r := newRig(t, db, unhurried(t, 1024))
			crowd := newAudience(t)
			org := r.organization("")
			r.seat(org, crowd, endpoints, "crowd.asked")
			r.publish(org, "crowd.asked", 1)
			crowd.await(endpoints)
			r.quiet()
			before := heap()
			defer crowd.hang()()
			r.publishData(org, "crowd.asked", events, `{"text":"`+strings.Repeat("x", 30<<10)+`"}`)
			r.until(`SELECT COUNT(*) FROM event_queue`, int64(0))
			crowd.await(endpoints + 512)
			r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(endpoints*events))
			if grown := (heap() - before) >> 20; grown > 128 {
				t.Errorf("%d MiB are held for %d deliveries that wait", grown, endpoints*events)
			} else {
				t.Logf("%d MiB are held", grown)
			}
		})
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
