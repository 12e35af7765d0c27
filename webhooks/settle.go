package webhooks

import (
	"context"
	"time"

	"roster/models"
)

// batch is what is written in one transaction.
type batch struct {
	deliveries []*models.Settlement
	lanes      []*models.LaneSettlement
	of         map[string]*work
	freed      map[standing]bool // of which standings lanes are given back
}

// settled is what became of a batch.
type settled struct {
	batch *batch
	lost  map[string]bool
	err   error // it was given up
}

// write hands the results that have come to the settle step, if that is free: many at once when many come, soon when few do.
func (l *loop) write() {
	if l.writing || len(l.pending) == 0 && len(l.dirty) == 0 {
		return
	}
	if n := len(l.pending); n > 0 && n < batchSize/4 && !l.urgent && !l.stopping {
		if due := l.oldest.Add(linger); time.Now().Before(due) {
			l.alarm(due)
			return
		}
	}
	n := min(len(l.pending), batchSize)
	b := &batch{deliveries: l.pending[:n:n], of: map[string]*work{}, freed: map[standing]bool{}}
	l.pending = append([]*models.Settlement(nil), l.pending[n:]...)
	l.oldest, l.urgent = time.Now(), l.urgent && len(l.pending) > 0
	left := map[string]int{} // results of each lane that do not fit
	for _, s := range l.pending {
		left[s.WebhookID]++
	}
	for _, s := range b.deliveries {
		b.of[s.WebhookID] = l.lanes[s.WebhookID]
	}
	for lane := range l.dirty {
		lane.dirty = false
		delete(l.dirty, lane)
		if lane.idle() && left[lane.id] == 0 {
			b.of[lane.id] = lane
		}
	}
	for id, lane := range b.of {
		settlement := &models.LaneSettlement{WebhookLane: rowOf(id, lane.state), Token: lane.token, Disable: string(lane.disable)}
		settlement.LastSuccessAt, settlement.Latency = lane.row.LastSuccessAt, lane.row.Latency
		lane.disable = ""
		if lane.idle() && left[id] == 0 {
			settlement.Release, settlement.NotBefore = true, l.nextTurn(lane)
			b.freed[lane.seat.standing], lane.released = true, true
			l.leave(lane)
		}
		b.lanes = append(b.lanes, settlement)
	}
	if len(b.lanes) == 0 {
		return
	}
	l.writing = true
	l.w.batches <- b
}

// nextTurn returns the time before which a lane that is given back has no turn; zero if it has one when something is due.
func (l *loop) nextTurn(lane *work) time.Time {
	if !lane.done {
		return time.Time{}
	}
	return l.w.db.Now().Add(max(time.Until(lane.nextAt), 0))
}

// idle tells whether a lane can be given back once what has come is written.
func (lane *work) idle() bool {
	return !lane.lost && len(lane.queue) == 0 && lane.underWay == 0 && lane.unblocks == 0 && !lane.more && !lane.fetching
}

// settleLoop writes one batch after the other. A database that does not answer is asked again until it does: what was sent and is not
// written down would be sent again.
func (w *Worker) settleLoop() {
	for b := range w.batches {
		w.settled <- w.settle(b)
	}
}

func (w *Worker) settle(b *batch) settled {
	failures := 0
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		ctx, cancel := context.WithTimeout(context.Background(), w.patience(failures))
		lost, err := models.Settle(ctx, w.db, b.deliveries, b.lanes)
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
		failures++
		w.failing(context.Background(), "write results", err)
		if models.Unwritable(err) {
			// Whatever receivers say is made printable before it comes here. Should one find words all the same that the database does not
			// take, the results are worth more than the words: nobody else's must wait for them.
			for _, s := range b.deliveries {
				s.Attempt.ForgetAnswer()
			}
		}
		// Once the worker is to end there is not much time left. What is not written then is sent again when the leases have ended.
		if w.sending.Err() != nil && wait > time.Second {
			return settled{batch: b, err: err}
		}
		time.Sleep(wait)
	}
}

func (l *loop) takeSettled(s settled) {
	l.writing = false
	for id := range s.lost {
		if lane := s.batch.of[id]; !lane.lost {
			l.w.cfg.Logger.Warn("webhooks: a lane was taken over", "webhook_id", id)
			l.lose(lane)
		}
	}
	for _, d := range s.batch.deliveries {
		lane := s.batch.of[d.WebhookID]
		if lane.lost {
			continue
		}
		lane.unsettled--
		l.unsettled--
		lane.known.written(d.DeliveryID, l.era.n)
		if d.OrderKey != nil && d.State != models.DeliveryPending {
			lane.unblocks--
			lane.more = !lane.done && !l.stopping // the next one of its key may go
			l.want(lane)
		}
	}
	for id, lane := range s.batch.of {
		if l.lanes[id] == lane {
			l.touch(lane)
		}
	}
	for freed := range s.batch.freed {
		l.turnsDue = l.turnsDue || l.missed || l.noRoom || l.othersWait[freed]
		l.missed = false
	}
	l.turnsDue = l.turnsDue || s.batch.leavesWork()
}

// leavesWork tells whether lanes can be claimed because of what was given back: a lane with something due, which was inserted after the worker
// had looked or is more than a turn, or one of those that wait for a slot of lanes in doubt. A lane that sent nothing in its turn proves
// neither.
func (b *batch) leavesWork() bool {
	for _, given := range b.lanes {
		lane := b.of[given.WebhookID]
		doubted := lane.row.Health != string(HealthOK) || lane.state.Health != HealthOK
		if given.Release && lane.served > 0 && (given.Due || doubted) {
			return true
		}
	}
	return false
}
