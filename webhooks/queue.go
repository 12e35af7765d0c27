package webhooks

import "roster/models"

// era is a time at the end of which everybody has come back who looked into the database before it began. What was written in one era can
// still be brought, as something to send, by whoever looked in it, until the next one ends.
type era struct {
	n        int
	fetching bool // when it began
	fetches  int
	fanOuts  int64
}

// age begins a new era if the present one is over.
func (l *loop) age() {
	fanOuts := l.w.fanOuts.Load()
	if fanOuts > l.era.fanOuts && (!l.era.fetching || l.fetches > l.era.fetches) {
		l.era = era{n: l.era.n + 1, fetching: l.ordering, fetches: l.fetches, fanOuts: fanOuts}
	}
}

// dropQueues leaves to others what was not begun.
func (l *loop) dropQueues() {
	for _, lane := range l.lanes {
		l.drop(lane)
	}
}

// drop empties the queue of a lane. What was in it is still pending in the database.
func (l *loop) drop(lane *work) {
	for _, d := range lane.queue {
		lane.known.forget(d.ID)
	}
	lane.queue, lane.more = nil, false
	l.touch(lane)
}

// end ends the turn of a lane.
func (l *loop) end(lane *work) {
	lane.done = true
	l.drop(lane)
}

func (l *loop) takeHandoff(h handoff) {
	l.hold(h.leased, h.validUntil)
	if l.stopping {
		l.dropQueues()
		return
	}
	if h.woken {
		l.turnsDue = true
		signal(l.w.told)
	}
	for id, deliveries := range h.deliveries {
		lane := l.held(models.Holding{WebhookID: id, Token: h.tokens[id]})
		if lane == nil {
			l.missed, l.turnsDue = true, true
			signal(l.w.told)
			continue
		}
		l.enqueue(lane, deliveries)
	}
}

// enqueue adds deliveries to the queue of a lane, up to its depth, unless it knows them already.
func (l *loop) enqueue(lane *work, deliveries []*models.DueDelivery) {
	for _, d := range deliveries {
		if len(lane.queue) >= lane.depth() {
			lane.more = true
			break
		}
		if lane.known.add(d.ID, l.era.n) {
			lane.queue = append(lane.queue, d)
		}
	}
	l.wait(lane)
}
