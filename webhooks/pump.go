package webhooks

import (
	"time"

	"roster/models"
)

// wait puts a lane into the ring of those that may start something.
func (l *loop) wait(lane *work) {
	if !lane.waiting && !lane.lost {
		lane.waiting = true
		l.ring = append(l.ring, lane)
	}
}

// pump starts attempts, one for each lane in turn, while there are slots.
func (l *loop) pump() {
	now, today := time.Now(), l.w.db.Now()
	l.admit()
	for len(l.ring) > 0 && l.w.budget.idle() > 0 && l.unsettled < maxUnsettled {
		lane := l.ring[0]
		l.ring = l.ring[1:]
		lane.waiting = false
		if !l.ready(lane, now, today) {
			continue
		}
		if !l.w.budget.begin(lane.seat) {
			l.crowd(lane)
			continue
		}
		l.start(lane, now)
		l.wait(lane)
	}
	if len(l.ring) == 0 {
		l.ring = nil
	}
}

// admit puts lanes that waited for a slot back into the ring, if there is one now that they may have.
func (l *loop) admit() {
	for of, lanes := range l.crowded {
		kept := lanes[:0]
		for _, lane := range lanes {
			stays := lane.seat.standing == of && !lane.done && !lane.lost && !l.stopping
			if stays && !l.w.budget.admits(lane.seat) {
				kept = append(kept, lane)
				continue
			}
			lane.waiting = false
			l.wait(lane)
		}
		clear(lanes[len(kept):])
		l.crowded[of] = kept
	}
}

// crowd makes a lane wait for a slot. One that would wait for as long as others hang is given back, and has its next turn behind them.
func (l *loop) crowd(lane *work) {
	if lane.underWay == 0 && l.w.budget.overheld(lane.seat) {
		l.end(lane)
		return
	}
	lane.waiting = true
	l.crowded[lane.seat.standing] = append(l.crowded[lane.seat.standing], lane)
}

// ready tells whether a lane can start an attempt now. When it cannot, whatever keeps it from it will put it into the ring again.
func (l *loop) ready(lane *work, now, today time.Time) bool {
	if lane.lost || lane.released || l.stopping {
		return false
	}
	if until := lane.state.PausedUntil(); lane.state.Health == HealthDisabled || until.After(today) {
		l.drop(lane) // given back until then
		return false
	}
	if lane.done || l.turnOver(lane, now) {
		l.end(lane)
		return false
	}
	if lane.more && !lane.fetching && len(lane.queue) < lane.depth()/4 {
		l.want(lane)
	}
	if len(lane.queue) == 0 {
		l.touch(lane)
		return false
	}
	if lane.underWay >= lane.state.Cap {
		return false
	}
	if !l.fresh(lane.endpoint, now) && !l.adopt(lane, now) {
		l.want(lane)
		return false
	}
	if now.Add(l.w.bodyTimeout() + l.w.cfg.Sender.timeout).After(lane.validUntil) {
		return false // the lease might end before the attempt; renewing it puts the lane into the ring
	}
	if lane.nextAt.After(now) {
		return l.pace(lane)
	}
	return true
}

// turnOver tells whether a lane has had what it may have while others wait: of deliveries, or of time.
func (l *loop) turnOver(lane *work, now time.Time) bool {
	if lane.served < quantum && (lane.served == 0 || now.Sub(lane.turnBegan) < turnTime) {
		return false
	}
	return l.othersWait[lane.seat.standing] || l.othersWait[proven] || len(l.ring) > l.w.budget.idle()
}

// pace makes a lane wait until its rate lets it send; it is given back for that time if others could have its place.
func (l *loop) pace(lane *work) bool {
	l.alarm(lane.nextAt)
	if l.othersWait[lane.seat.standing] && lane.served > 0 {
		l.end(lane)
		return false
	}
	lane.waiting = true
	l.pacing = append(l.pacing, lane)
	return false
}

// fresh tells whether what is known about an endpoint can be relied on.
func (l *loop) fresh(e *endpoint, now time.Time) bool {
	return e != nil && e.generation == l.w.generation.Load() && now.Sub(e.readAt) <= endpointAge
}

// adopt takes what is known about an endpoint if that is fresh.
func (l *loop) adopt(lane *work, now time.Time) bool {
	known := l.endpoints[lane.id]
	if !l.fresh(known, now) {
		return false
	}
	lane.endpoint = known
	l.fit(lane)
	return true
}

// start begins one attempt, for which the budget has a slot.
func (l *loop) start(lane *work, now time.Time) {
	d := lane.queue[0]
	lane.queue[0] = nil
	lane.queue = lane.queue[1:]
	lane.underWay++
	lane.served++
	if rate := lane.endpoint.Rate; rate > 0 {
		lane.nextAt = later(lane.nextAt, now).Add(time.Second / time.Duration(rate))
	}
	a := &attempt{lane: lane, seat: lane.seat, endpoint: lane.endpoint, delivery: d, at: l.w.db.Now()}
	go l.w.attempt(a)
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
	if lane.lost {
		l.w.cfg.Metrics.lost()
		return
	}
	l.touch(lane)
	if a.result.Code == CodeCancelled {
		lane.known.forget(a.delivery.ID) // as if it had not been begun
		return
	}
	settlement := l.judge(a)
	l.reseat(lane)
	if len(l.pending) == 0 {
		l.oldest = time.Now()
	}
	l.pending = append(l.pending, settlement)
	l.urgent = l.urgent || settlement.OrderKey != nil && settlement.State != models.DeliveryPending
	lane.unsettled++
	l.unsettled++
	l.wait(lane)
}
