package webhooks

import (
	"time"

	"roster/models"
)

// pump starts attempts, one for each lane in turn, while there are slots.
func (l *loop) pump() {
	now, today := time.Now(), l.w.db.Now()
	l.rotation.readmit(func(lane *heldLane) bool {
		return !lane.turn.ended && !lane.leaseLost && !l.stopping && !l.w.budget.admits(lane.seat)
	})
	for len(l.rotation.ready) > 0 && l.w.budget.idle() > 0 && l.unwritten.count < maxUnwritten {
		lane := l.rotation.next()
		if !l.canStart(lane, now, today) {
			continue
		}
		if !l.w.budget.begin(lane.seat) {
			l.crowd(lane)
			continue
		}
		l.start(lane, now)
		l.rotation.add(lane)
	}
}

// crowd makes a lane wait for a slot. If more lanes of its kind are held than can be served, its turn ends instead: it would wait for as
// long as the others hang.
func (l *loop) crowd(lane *heldLane) {
	if lane.underWay == 0 && l.w.budget.overheld(lane.seat) {
		l.endTurn(lane)
		return
	}
	l.rotation.crowd(lane)
}

// canStart tells whether a lane can start an attempt now. When it cannot, what keeps it from that adds it to the rotation again.
func (l *loop) canStart(lane *heldLane, now, today time.Time) bool {
	if lane.leaseLost || lane.givenBack || l.stopping {
		return false
	}
	if until := lane.state.PausedUntil(); lane.state.Health == models.WebhookDisabled || until.After(today) {
		l.drop(lane) // given back until then
		return false
	}
	if lane.turn.ended || l.turnOver(lane, now) {
		l.endTurn(lane)
		return false
	}
	if lane.underWay >= lane.state.Cap {
		return false // nothing is read for it either before an attempt has ended: hundreds that hang would be read at each look
	}
	if lane.mayHaveMore && !lane.inFetch && len(lane.queue) < lane.depth()/4 {
		l.fetching.add(lane)
	}
	if len(lane.queue) == 0 {
		l.touch(lane)
		return false
	}
	if !l.fresh(lane.endpoint, now) && !l.adopt(lane, now) {
		l.fetching.add(lane)
		return false
	}
	if now.Add(l.w.bodyTimeout() + l.w.cfg.Sender.timeout).After(lane.leaseUntil) {
		return false // the lease might end before the attempt; renewing it adds the lane to the rotation
	}
	if lane.nextAttemptAt.After(now) {
		l.pace(lane)
		return false
	}
	return true
}

// turnOver tells whether a lane has had what it may have while others wait: of deliveries, or of time.
func (l *loop) turnOver(lane *heldLane, now time.Time) bool {
	if !lane.turn.used(now) {
		return false
	}
	return l.claims.othersWait(lane.seat.standing) || l.claims.othersWait(proven) || len(l.rotation.ready) > l.w.budget.idle()
}

// pace makes a lane wait until its rate lets it send; it is given back for that time if others could have its place.
func (l *loop) pace(lane *heldLane) {
	l.alarm(lane.nextAttemptAt)
	if l.claims.othersWait(lane.seat.standing) && lane.turn.attempts > 0 {
		l.endTurn(lane)
		return
	}
	l.rotation.pace(lane)
}

// start begins one attempt, for which the budget has a slot.
func (l *loop) start(lane *heldLane, now time.Time) {
	d := lane.queue[0]
	lane.queue[0] = nil
	lane.queue = lane.queue[1:]
	l.queued--
	lane.underWay++
	lane.turn.attempts++
	if rate := lane.endpoint.Rate; rate > 0 {
		lane.nextAttemptAt = later(lane.nextAttemptAt, now).Add(time.Second / time.Duration(rate))
	}
	a := &attempt{lane: lane, seat: lane.seat, endpoint: lane.endpoint, delivery: d, at: l.w.db.Now()}
	go l.w.perform(a)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// takeResult decides what becomes of a delivery, and queues it to be written.
func (l *loop) takeResult(a *attempt) {
	lane := a.lane
	l.w.budget.end(a.seat)
	lane.underWay--
	if lane.leaseLost {
		l.w.cfg.Metrics.lost()
		return
	}
	l.touch(lane)
	if a.result.Code == CodeCancelled {
		lane.known.forget(a.delivery.ID) // as if it had not been begun
		return
	}
	settlement := l.conclude(a)
	l.reseat(lane)
	l.unwritten.add(settlement, time.Now())
	lane.unwritten++
	l.rotation.add(lane)
}
