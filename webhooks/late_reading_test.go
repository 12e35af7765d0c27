package webhooks

import (
	"testing"
	"time"

	"roster/jsonapi"
	"roster/webhooks/queue"
	"roster/webhooks/webhookstest"
)

// TestALaneWaitsForNoRequestThatIsNotMade has a lane that asked for something which it has by then, while what the loop knows of its
// endpoint is older than what the lane knows, or was forgotten to make room. It is served on, and given back when there is nothing to do:
// it never waits for an answer to what nobody asks.
func TestALaneWaitsForNoRequestThatIsNotMade(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, _ func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization("")
		hook := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		r.change(org, "First")
		r.received(receiver, 1)
		r.stop()
		r.change(org, "Second")

		next := NewWorker(r.db, r.w.cfg) // nothing of it runs
		b := newBatching(r.db.Dialect())
		h, claimed, _, err := next.fanOut(r.t.Context(), queue.EventClaim{Limit: b.limit}, &b)
		if err != nil || claimed != 1 || len(h.leased) != 1 || h.endpoints[hook.ID] == nil {
			r.t.Fatalf("%d events, %d lanes, %d endpoints, %v", claimed, len(h.leased), len(h.endpoints), err)
		}
		late := h.endpoints
		h.endpoints = nil
		for what, come := range map[string]func(*loop){
			"a reading that comes late": func(l *loop) { l.takeHandoff(handoff{endpoints: late}) },
			"others that are read":      func(l *loop) { clear(l.endpoints) },
		} {
			l := newLoop(next)
			l.takeHandoff(h)
			lane := l.lanes[hook.ID]
			newer := *late[hook.ID]
			newer.readAt = time.Now()
			newer.generation = next.generation.Add(1)
			l.keepEndpoints(map[string]*endpoint{hook.ID: &newer})
			l.adopt(lane, time.Now())
			l.drop(lane) // as if it had sent what it had
			come(l)
			l.fetching.add(lane)
			l.startFetch()
			if lane.inFetch || !lane.idle() || !lane.inRotation {
				r.t.Errorf("%s: it waits for a request %t, is idle %t, has its turn %t", what, lane.inFetch, lane.idle(), lane.inRotation)
			}
			l.leave(lane)
		}
	})
}
