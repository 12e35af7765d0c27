package webhooks

import (
	"context"
	"slices"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

// batch is what is written in one transaction.
type batch struct {
	deliveries []*queue.Settlement
	lanes      []*queue.LaneSettlement
	of         map[string]*heldLane
	freed      map[standing]bool // of which standings lanes are given back
}

// settled is what became of a batch.
type settled struct {
	batch *batch
	lost  map[string]bool
	err   error // it was given up
}

// write hands the settle step a batch, if that is free: many results at once when many come, soon when few do.
func (l *loop) write() {
	if l.writing || len(l.unwritten.queue) == 0 && len(l.changed) == 0 {
		return
	}
	now := time.Now()
	if until := l.unwritten.lingerUntil(now); !l.stopping && !until.IsZero() {
		l.alarm(until)
		return
	}
	if b := l.nextBatch(now); len(b.lanes) > 0 {
		l.writing = true
		l.w.batches <- b
	}
}

// nextBatch takes what is to be written: results, the lanes that they are of, and lanes that are given back.
func (l *loop) nextBatch(now time.Time) *batch {
	b := &batch{of: map[string]*heldLane{}, freed: map[standing]bool{}}
	var left map[string]int
	b.deliveries, left = l.unwritten.take(now)
	for _, s := range b.deliveries {
		b.of[s.WebhookID] = l.lanes[s.WebhookID]
	}
	for lane := range l.changed {
		if lane.idle() && left[lane.id] == 0 {
			b.of[lane.id] = lane
		}
	}
	clear(l.changed)
	for id, lane := range b.of {
		settlement := lane.settlement()
		lane.disable, lane.signings = "", nil
		if lane.idle() && left[id] == 0 {
			settlement.Release, settlement.NotBefore = true, l.nextTurn(lane)
			b.freed[lane.seat.standing], lane.givenBack = true, true
			l.leave(lane)
		}
		b.lanes = append(b.lanes, settlement)
	}
	return b
}

// nextTurn returns the time before which a lane that is given back has no turn; zero if it has one when something is due.
func (l *loop) nextTurn(lane *heldLane) time.Time {
	if !lane.turn.ended {
		return time.Time{}
	}
	return l.w.db.Now().Add(max(time.Until(lane.nextAttemptAt), 0))
}

// settleLoop writes one batch after the other. A database that does not answer is asked again until it does: what was sent and is not
// written down would be sent again.
func (w *Worker) settleLoop() {
	for b := range w.batches {
		s := w.settle(b)
		w.stepped()
		w.settled <- s
	}
}

func (w *Worker) settle(b *batch) settled {
	failures := 0
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		ctx, cancel := context.WithTimeout(w.writing, w.patience(failures))
		lost, err := queue.Settle(ctx, w.db, b.deliveries, b.lanes)
		cancel()
		if err == nil {
			for _, d := range b.deliveries {
				if lost[d.WebhookID] {
					w.cfg.Metrics.lost()
				} else {
					w.cfg.Metrics.wrote()
				}
			}
			return settled{batch: b, lost: lost}
		}
		if w.writing.Err() != nil { // it stops, and the database has not answered
			w.wasCut.Store(true)
			return settled{batch: b, err: err}
		}
		failures++
		w.failing(w.writing, "write results", err)
		if store.Unwritable(err) {
			// Answers are made printable before they come here. If the database refuses one anyway, the result is written without it: one
			// receiver must not hold up the results of the others.
			for _, s := range b.deliveries {
				s.Attempt.ForgetAnswer()
			}
		}
		// Once the worker is to end there is not much time left. What is not written then is sent again when the leases have ended.
		if w.sending.Err() != nil && wait > time.Second {
			return settled{batch: b, err: err}
		}
		sleep(w.writing, wait)
	}
}

func (l *loop) takeSettled(s settled) {
	l.writing = false
	var lost []string
	for id := range s.lost {
		if lane := s.batch.of[id]; !lane.leaseLost {
			l.lose(lane)
			lost = append(lost, id)
		}
	}
	l.w.tellTakenOver(lost)
	for _, d := range s.batch.deliveries {
		lane := s.batch.of[d.WebhookID]
		if lane.leaseLost {
			continue
		}
		lane.unwritten--
		l.unwritten.count--
		lane.known.written(d.DeliveryID, l.era.n)
		if endsHead(d) {
			lane.unwrittenHeads--
			lane.mayHaveMore = !lane.turn.ended && !l.stopping // the next one of its key may go
			l.fetching.add(lane)
		}
	}
	for id, lane := range s.batch.of {
		if l.lanes[id] == lane {
			l.touch(lane)
		}
	}
	for freed := range s.batch.freed {
		l.claims.gaveBack(freed)
	}
	for _, lane := range s.batch.turnedAway() {
		l.claims.turnAway(lane.seat.standing, l.w.budget.room().admits(lane.seat))
	}
	l.claims.due = l.claims.due || s.batch.leavesWork()
}

// tellTakenOver logs which lanes another replica has: as one line, since after an outage it has all of them.
func (w *Worker) tellTakenOver(ids []string) {
	if len(ids) == 0 {
		return
	}
	slices.Sort(ids)
	w.cfg.Logger.Warn("webhooks: lanes were taken over", "lanes", len(ids), "first_webhook_id", ids[0])
	for _, id := range ids {
		w.cfg.Logger.Debug("webhooks: a lane was taken over", "webhook_id", id)
	}
}

// turnedAway returns the lanes that were given back before they sent what is due, for want of a slot.
func (b *batch) turnedAway() (lanes []*heldLane) {
	for _, given := range b.lanes {
		if lane := b.of[given.WebhookID]; given.Release && given.Due && lane.turn.ended && lane.turn.attempts == 0 {
			lanes = append(lanes, lane)
		}
	}
	return lanes
}

// leavesWork tells whether lanes can be claimed because of what was given back: a lane with something due, which was inserted or became
// due after the worker had looked or is more than a turn, or one of those that wait for a slot of lanes in doubt. A lane whose turn was
// ended before it sent anything proves neither.
func (b *batch) leavesWork() bool {
	for _, given := range b.lanes {
		lane := b.of[given.WebhookID]
		sent := lane.turn.attempts > 0
		doubted := lane.leasedHealth != models.HealthOK || lane.state.Health != models.HealthOK
		if given.Release && (given.Due && (sent || !lane.turn.ended) || sent && doubted) {
			return true
		}
	}
	return false
}
