package webhooks

import (
	"context"
	"time"

	"roster/webhooks/queue"
)

// hold begins to serve lanes that were leased.
func (l *loop) hold(rows []*queue.LaneRow, leaseUntil time.Time) {
	if leaseUntil.Before(time.Now()) {
		return // they came too late: another worker may have them, or this worker under another lease
	}
	for _, row := range rows {
		if old := l.lanes[row.WebhookID]; old != nil {
			l.lose(old) // its lease ended before it was renewed
		}
		lane := &heldLane{
			id: row.WebhookID, token: *row.LeaseToken, state: Lane(row.LaneState), leasedHealth: row.Health, leaseUntil: leaseUntil,
			turn: turn{began: time.Now()}, endpoint: l.endpoints[row.WebhookID], nextAttemptAt: l.paces[row.WebhookID],
		}
		lane.seat = seat{lane.state.standing(), row.OrganizationID}
		delete(l.paces, lane.id)
		l.lanes[lane.id] = lane
		l.w.budget.hold(lane.seat)
		l.fit(lane)
		l.touch(lane)
	}
}

// held returns a lane if it is still held under that token, otherwise nil.
func (l *loop) held(h queue.Holding) *heldLane {
	if lane := l.lanes[h.WebhookID]; lane != nil && lane.token == h.Token {
		return lane
	}
	return nil
}

// leave ends the holding of a lane.
func (l *loop) leave(lane *heldLane) {
	delete(l.lanes, lane.id)
	l.queued -= len(lane.queue)
	lane.queue = nil
	l.w.budget.release(lane.seat)
	if lane.nextAttemptAt.After(time.Now()) {
		l.paces[lane.id] = lane.nextAttemptAt
	}
}

// reseat makes a lane count as what it has become.
func (l *loop) reseat(lane *heldLane) {
	if at := (seat{lane.state.standing(), lane.seat.organization}); at != lane.seat && l.lanes[lane.id] == lane {
		l.claims.makeRoom(lane.seat.standing)
		l.w.budget.release(lane.seat)
		l.w.budget.hold(at)
		lane.seat = at
	}
}

// lose forgets a lane that another worker may hold now. Its results are not written.
func (l *loop) lose(lane *heldLane) {
	lane.leaseLost = true
	l.unwritten.count -= lane.unwritten
	lane.unwritten = 0
	delete(l.changed, lane)
	if l.lanes[lane.id] != lane {
		return // given back before: results in the queue are of a later lease
	}
	l.leave(lane)
	l.unwritten.discard(lane.id)
}

// renew extends the leases of every lane that is held.
func (l *loop) renew() {
	if len(l.lanes) == 0 || l.renewing {
		return
	}
	held := make([]queue.Holding, 0, len(l.lanes))
	for _, lane := range l.lanes {
		held = append(held, lane.holding())
	}
	l.renewing = true
	go func() {
		r := renewed{held: held, leaseUntil: time.Now().Add(l.w.cfg.Lease)}
		ctx, cancel := context.WithTimeout(l.w.sending, l.w.cfg.Lease/3)
		defer cancel()
		r.kept, r.err = queue.RenewLanes(ctx, l.w.db, held, l.w.db.Now().Add(l.w.cfg.Lease))
		l.w.renewed <- r
	}()
}

// renewed is what became of a renewal.
type renewed struct {
	held       []queue.Holding
	kept       map[string]bool
	leaseUntil time.Time
	err        error
}

func (l *loop) takeRenewed(r renewed) {
	l.renewing = false
	if r.err != nil {
		l.w.failing(l.w.sending, "renew leases", r.err)
		return
	}
	for _, h := range r.held {
		lane := l.held(h)
		if lane == nil {
			continue
		}
		if !r.kept[lane.id] {
			l.lose(lane)
			continue
		}
		lane.leaseUntil = r.leaseUntil
		l.rotation.add(lane)
	}
}
