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
	doubts := max(l.w.cfg.Slots/4, 1)
	for l.slots > 0 && l.unsettled < maxUnsettled {
		if l.probation < doubts && len(l.doubtful) > 0 {
			next := l.doubtful[0]
			l.doubtful = l.doubtful[1:]
			next.waiting = false
			l.wait(next)
		}
		if len(l.ring) == 0 {
			break
		}
		lane := l.ring[0]
		l.ring = l.ring[1:]
		lane.waiting = false
		if !l.ready(lane, now, today) {
			continue
		}
		doubted := lane.state.Health != HealthOK
		if doubted && l.probation >= doubts {
			lane.waiting = true
			l.doubtful = append(l.doubtful, lane)
			continue
		}
		l.start(lane, doubted, now)
		l.wait(lane)
	}
	if len(l.ring) == 0 {
		l.ring = nil
	}
	l.w.free.Store(int64(l.slots))
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
	if !lane.yield && lane.served >= quantum && (l.full || len(l.ring) > l.slots) {
		lane.yield = true
	}
	if lane.yield {
		l.drop(lane)
		return false
	}
	if lane.more && !lane.fetching && len(lane.queue) < maxQueued/4 {
		l.hungry[lane] = struct{}{}
	}
	if len(lane.queue) == 0 {
		l.touch(lane)
		return false
	}
	if lane.underWay >= lane.state.Cap {
		return false
	}
	if lane.endpoint == nil || lane.endpoint.generation != l.w.generation.Load() || now.Sub(lane.endpoint.readAt) > endpointAge {
		if !l.adopt(lane, now) {
			l.hungry[lane] = struct{}{}
			return false
		}
	}
	if now.Add(l.w.cfg.Sender.timeout).After(lane.validUntil) {
		return false // the lease might end before the attempt; renewing it puts the lane into the ring
	}
	if lane.nextAt.After(now) {
		l.limited = append(l.limited, lane)
		l.alarm(lane.nextAt)
		return false
	}
	return true
}

// adopt takes what is known about an endpoint if that is fresh.
func (l *loop) adopt(lane *work, now time.Time) bool {
	known := l.endpoints[lane.id]
	if known == nil || known.generation != l.w.generation.Load() || now.Sub(known.readAt) > endpointAge {
		return false
	}
	lane.endpoint = known
	l.fit(lane)
	return true
}

// alarm makes the loop run again at a time.
func (l *loop) alarm(at time.Time) {
	if l.timerAt.IsZero() || at.Before(l.timerAt) {
		l.timerAt = at
		l.timer.Reset(time.Until(at))
	}
}

// start begins one attempt.
func (l *loop) start(lane *work, doubted bool, now time.Time) {
	d := lane.queue[0]
	lane.queue[0] = nil
	lane.queue = lane.queue[1:]
	lane.underWay++
	lane.served++
	l.slots--
	if doubted {
		l.probation++
	}
	if rate := lane.endpoint.Rate; rate > 0 {
		lane.nextAt = later(lane.nextAt, now).Add(time.Second / time.Duration(rate))
	}
	a := &attempt{lane: lane, endpoint: lane.endpoint, delivery: d, at: l.w.db.Now(), doubted: doubted}
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
	l.slots++
	if a.doubted {
		l.probation--
	}
	lane.underWay--
	if lane.lost {
		l.w.cfg.Metrics.lost()
		return
	}
	l.touch(lane)
	if a.result.Code == CodeCancelled {
		delete(lane.busy, a.delivery.ID) // as if it had not been begun
		return
	}
	settlement := l.judge(a)
	if len(l.pending) == 0 {
		l.oldest = time.Now()
	}
	l.pending = append(l.pending, settlement)
	l.urgent = l.urgent || settlement.OrderKey != nil && settlement.State != models.DeliveryPending
	lane.unsettled++
	l.unsettled++
	l.wait(lane)
}
