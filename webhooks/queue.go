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

// age forgets what was written two eras ago.
func (lane *work) age(now int) {
	if lane.era == now {
		return
	}
	lane.older = lane.recent
	if lane.era < now-1 {
		lane.older = nil
	}
	lane.recent, lane.era = nil, now
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
		delete(lane.busy, d.ID)
	}
	lane.queue, lane.more = nil, false
	l.touch(lane)
}

func (l *loop) takeHandoff(h handoff) {
	if l.stopping {
		l.hold(h.leased, h.validUntil)
		l.dropQueues()
		return
	}
	l.hold(h.leased, h.validUntil)
	if h.woken {
		l.look = true
		signal(l.w.told)
	}
	for id, deliveries := range h.deliveries {
		lane := l.lanes[id]
		if lane == nil || lane.token != h.tokens[id] {
			l.stray, l.look = true, true
			signal(l.w.told)
			continue
		}
		l.enqueue(lane, deliveries)
	}
}

// enqueue adds deliveries to the queue of a lane, unless it knows them already.
func (l *loop) enqueue(lane *work, deliveries []*models.DueDelivery) {
	lane.age(l.era.n)
	for _, d := range deliveries {
		if len(lane.queue) >= maxQueued {
			lane.more = true
			break
		}
		if lane.knows(d.ID) {
			continue
		}
		lane.busy[d.ID] = struct{}{}
		lane.queue = append(lane.queue, d)
	}
	l.wait(lane)
}

func (lane *work) knows(id string) bool {
	for _, known := range []map[string]struct{}{lane.busy, lane.recent, lane.older} {
		if _, ok := known[id]; ok {
			return true
		}
	}
	return false
}
