package webhooks

import (
	"context"
	"time"

	"roster/webhooks/queue"
)

// What one fetch may cost, however much waits. It brings one delivery of each lane at least, and one body.
const (
	fetchLanes      = 64
	fetchDeliveries = 2000            // that were not known before
	fetchBytes      = 16 << 20        // of bodies
	fetchPause      = time.Second / 2 // after one that failed
)

// fetchRequest is what the loop asks for in one go about lanes that it holds: endpoints to read, deliveries that are due.
type fetchRequest struct {
	endpoints  []string
	due        []queue.DueSearch
	generation uint64 // of what is read about endpoints
}

func (rq fetchRequest) empty() bool {
	return len(rq.endpoints) == 0 && len(rq.due) == 0
}

// askFor makes the request bring up to n deliveries of a lane that is held under a token.
func (rq *fetchRequest) askFor(webhook, token string, n int) {
	rq.due = append(rq.due, queue.DueSearch{Holding: queue.Holding{WebhookID: webhook, Token: token}, Limit: n})
}

// fetched is what became of a fetchRequest.
type fetched struct {
	request    fetchRequest
	endpoints  map[string]*endpoint
	unreadable map[string]error // of endpoints
	due        []*queue.DueDelivery
	cut        map[string]bool // webhooks of which more is due than was read
	err        error
}

// dueByLane returns the deliveries that have come, by endpoint.
func (f fetched) dueByLane() map[string][]*queue.DueDelivery {
	byLane := map[string][]*queue.DueDelivery{}
	for _, d := range f.due {
		byLane[d.WebhookID] = append(byLane[d.WebhookID], d)
	}
	return byLane
}

// fetch does what the loop asked for.
func (w *Worker) fetch(ctx context.Context, rq fetchRequest) fetched {
	f := fetched{request: rq}
	if len(f.request.endpoints) > 0 {
		if f.endpoints, f.unreadable, f.err = w.readEndpoints(ctx, f.request.endpoints, rq.generation); f.err != nil {
			return f
		}
	}
	if len(f.request.due) > 0 {
		if f.due, f.err = queue.FindDue(ctx, w.db, f.request.due); f.err != nil {
			return f
		}
		f.due, f.cut, f.err = w.prepare(ctx, f.due, fetchBytes)
	}
	return f
}

// fetching is what the loop has read by a goroutine of its own, one request at a time.
type fetching struct {
	underWay bool
	lanes    []*heldLane // that the request under way is about
	waiting  []*heldLane // for the next one
	resumeAt time.Time   // no request before then
	answers  int         // that have come
	failures int         // of them, the last in a row that failed
}

// add makes the next request bring what a lane lacks: its endpoint, or more that is due.
func (f *fetching) add(lane *heldLane) {
	if !lane.needsFetch {
		lane.needsFetch = true
		f.waiting = append(f.waiting, lane)
	}
}

// next takes out the lane that has waited longest. There must be one.
func (f *fetching) next() *heldLane {
	lane := f.waiting[0]
	if f.waiting = f.waiting[1:]; len(f.waiting) == 0 {
		f.waiting = nil
	}
	lane.needsFetch = false
	return lane
}

// startFetch asks for what the lanes need, unless a request is under way.
func (l *loop) startFetch() {
	now := time.Now()
	if l.fetching.underWay || now.Before(l.fetching.resumeAt) {
		return
	}
	rq, lanes := l.nextRequest(now)
	if rq.empty() {
		return
	}
	l.fetching.underWay, l.fetching.lanes = true, lanes
	patience := l.w.patience(l.fetching.failures)
	go func() {
		ctx, cancel := context.WithTimeout(l.w.sending, patience)
		defer cancel()
		f := l.w.fetch(ctx, rq)
		l.w.stepped()
		l.w.fetched <- f
	}()
}

// nextRequest returns what to ask for, and the lanes that it is about.
func (l *loop) nextRequest(now time.Time) (rq fetchRequest, lanes []*heldLane) {
	rq = fetchRequest{generation: l.w.generation.Load()}
	lanes = l.lacking(fetchLanes, now)
	share := fetchDeliveries / max(len(lanes), 1)
	for _, lane := range lanes {
		if !l.fresh(lane.endpoint, now) {
			rq.endpoints = append(rq.endpoints, lane.id)
		}
		if lane.mayHaveMore {
			lane.mayHaveMore = false // unless more is told of while this is under way
			rq.askFor(lane.id, lane.token, max(min(lane.depth()-len(lane.queue), share), 1)+len(lane.known.busy))
		}
		lane.inFetch = true
	}
	return rq, lanes
}

// lacking takes up to most lanes out of those that wait for a fetch, and leaves out those for which it has come meanwhile.
func (l *loop) lacking(most int, now time.Time) (lanes []*heldLane) {
	for len(l.fetching.waiting) > 0 && len(lanes) < most {
		lane := l.fetching.next()
		if lane.leaseLost || lane.givenBack || l.stopping {
			continue
		}
		if lane.endpoint != nil {
			l.adopt(lane, now)
		}
		if l.fresh(lane.endpoint, now) && !lane.mayHaveMore { // a request without it would never come back for it
			l.rotation.add(lane)
			continue
		}
		lanes = append(lanes, lane)
	}
	return lanes
}

func (l *loop) takeFetched(f fetched) {
	l.fetching.underWay = false
	l.fetching.answers++
	l.keepEndpoints(f.endpoints)
	if f.err != nil {
		l.fetchAgain(f)
	} else {
		l.fetching.failures = 0
		l.takeRead(f)
	}
	for _, lane := range l.fetching.lanes {
		lane.inFetch = false
		if lane.leaseLost {
			continue
		}
		l.rotation.add(lane)
		l.touch(lane)
		if f.err != nil {
			l.fetching.add(lane)
		}
	}
	l.fetching.lanes = nil
	if l.stopping {
		l.dropQueues()
	}
}

// takeRead takes what a fetch that succeeded has read.
func (l *loop) takeRead(f fetched) {
	for _, id := range f.request.endpoints {
		if lane := l.lanes[id]; lane != nil {
			l.refresh(lane, f)
		}
	}
	due := f.dueByLane()
	for _, s := range f.request.due {
		if lane := l.held(s.Holding); lane != nil && !l.stopping && !lane.turn.ended {
			lane.mayHaveMore = lane.mayHaveMore || f.cut[lane.id] || len(due[lane.id]) >= s.Limit
			l.enqueue(lane, due[lane.id], lane.depth())
			l.touch(lane)
		}
	}
}

// fetchAgain asks for the same once more, after a pause, because the fetch failed.
func (l *loop) fetchAgain(f fetched) {
	l.fetching.failures++
	l.w.failing(l.w.sending, "fetch deliveries", f.err)
	l.fetching.resumeAt = time.Now().Add(fetchPause)
	l.alarm(l.fetching.resumeAt)
	for _, s := range f.request.due {
		if lane := l.held(s.Holding); lane != nil && !lane.turn.ended && !l.stopping {
			lane.mayHaveMore = true
			l.fetching.add(lane)
		}
	}
}
