package webhooks

import (
	"context"
	"time"

	"roster/models"
)

// hold begins to serve lanes that were leased.
func (l *loop) hold(rows []*models.WebhookLane, validUntil time.Time) {
	if validUntil.Before(time.Now()) {
		return // they came too late: somebody else may have them, or this worker under another lease
	}
	for _, row := range rows {
		if old := l.lanes[row.WebhookID]; old != nil {
			l.lose(old) // its lease ended before it was renewed
		}
		lane := &work{
			id: row.WebhookID, token: *row.LeaseToken, state: laneOf(row), row: *row, validUntil: validUntil, turnBegan: time.Now(),
			endpoint: l.endpoints[row.WebhookID], nextAt: l.paces[row.WebhookID],
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
func (l *loop) held(h models.Holding) *work {
	if lane := l.lanes[h.WebhookID]; lane != nil && lane.token == h.Token {
		return lane
	}
	return nil
}

// leave ends the holding of a lane.
func (l *loop) leave(lane *work) {
	delete(l.lanes, lane.id)
	l.w.budget.release(lane.seat)
	if lane.nextAt.After(time.Now()) {
		l.paces[lane.id] = lane.nextAt
	}
}

// reseat makes a lane count as what it has become.
func (l *loop) reseat(lane *work) {
	if at := (seat{lane.state.standing(), lane.seat.organization}); at != lane.seat && l.lanes[lane.id] == lane {
		l.turnsDue = l.turnsDue || l.othersWait[lane.seat.standing] // it leaves a place to them
		l.w.budget.release(lane.seat)
		l.w.budget.hold(at)
		lane.seat = at
	}
}

// fit bounds a lane by what its endpoint and the configuration allow now.
func (l *loop) fit(lane *work) {
	lane.state.MaxCap = l.w.cfg.LaneCap
	if lane.endpoint != nil && lane.endpoint.Ordering == models.OrderFIFO {
		lane.state.MaxCap = 1
	}
	lane.state.Cap = max(1, min(lane.state.Cap, lane.state.MaxCap))
}

// lose forgets a lane that somebody else may hold now. Its results are not written.
func (l *loop) lose(lane *work) {
	lane.lost = true
	l.unsettled -= lane.unsettled
	lane.unsettled = 0
	delete(l.dirty, lane)
	if l.lanes[lane.id] != lane {
		return // given back; what is to be written comes from whoever holds it again
	}
	l.leave(lane)
	kept := l.pending[:0]
	for _, s := range l.pending {
		if s.WebhookID != lane.id {
			kept = append(kept, s)
		}
	}
	l.pending = kept
}

// renew extends the leases of every lane that is held.
func (l *loop) renew() {
	if len(l.lanes) == 0 || l.renewing {
		return
	}
	held := make([]models.Holding, 0, len(l.lanes))
	for _, lane := range l.lanes {
		held = append(held, models.Holding{WebhookID: lane.id, Token: lane.token})
	}
	l.renewing = true
	go func() {
		r := renewed{held: held, validUntil: time.Now().Add(l.w.cfg.Lease)}
		ctx, cancel := context.WithTimeout(l.w.sending, l.w.cfg.Lease/3)
		defer cancel()
		r.kept, r.err = models.RenewLanes(ctx, l.w.db, held, l.w.db.Now().Add(l.w.cfg.Lease))
		l.w.renewed <- r
	}()
}

// renewed is what became of a renewal.
type renewed struct {
	held       []models.Holding
	kept       map[string]bool
	validUntil time.Time
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
		lane.validUntil = r.validUntil
		l.wait(lane)
	}
}
