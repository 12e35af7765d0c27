package webhooks

import "roster/webhooks/queue"

// dropQueues leaves what was not begun to the next lease.
func (l *loop) dropQueues() {
	for _, lane := range l.lanes {
		l.drop(lane)
	}
}

// drop empties the queue of a lane. What was in it is still pending in the database.
func (l *loop) drop(lane *heldLane) {
	l.queued -= len(lane.queue)
	for _, d := range lane.queue {
		lane.known.forget(d.ID)
	}
	lane.queue, lane.mayHaveMore = nil, false
	l.touch(lane)
}

// endTurn lets a lane begin nothing any more.
func (l *loop) endTurn(lane *heldLane) {
	lane.turn.ended = true
	l.drop(lane)
}

func (l *loop) takeHandoff(h handoff) {
	l.keepEndpoints(h.endpoints)
	l.hold(h.leased, h.leaseUntil)
	if l.stopping {
		l.dropQueues()
		return
	}
	if h.woken {
		l.claims.due = true
		signal(l.w.told)
	}
	for id, deliveries := range h.deliveries {
		lane := l.held(queue.Holding{WebhookID: id, Token: h.tokens[id]})
		if lane == nil {
			l.claims.miss()
			signal(l.w.told)
			continue
		}
		most := lane.depth()
		if len(lane.queue) < most && l.queued < queuedAtOnce {
			most += len(deliveries) // to fetch them would cost more than to keep them
		}
		l.enqueue(lane, deliveries, most)
	}
}

// enqueue adds deliveries to the queue of a lane until it has so many, unless it knows them already.
func (l *loop) enqueue(lane *heldLane, deliveries []*queue.DueDelivery, most int) {
	for _, d := range deliveries {
		if len(lane.queue) >= most {
			lane.mayHaveMore = true
			break
		}
		if lane.known.add(d.ID, l.era.n) {
			lane.queue = append(lane.queue, d)
			l.queued++
		}
	}
	l.rotation.add(lane)
}

// lookAround makes the loop ask for lanes that have their turn, and for what is due in those it holds.
func (l *loop) lookAround() {
	l.claims.look(l.writing)
	for _, lane := range l.lanes {
		if !lane.turn.ended && !l.stopping {
			lane.mayHaveMore = true
			l.rotation.add(lane)
		}
	}
}
