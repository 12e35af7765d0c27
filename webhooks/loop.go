package webhooks

import (
	"context"
	"maps"
	"time"
)

const (
	maxUnwritten = 4096            // results that are not written yet, above which no attempt begins
	stopTimeout  = 5 * time.Second // for the last writes
)

// loop decides what happens to the lanes that this worker holds. Everything in it belongs to the goroutine of run, which never waits
// for the network or the database: it hands work to other goroutines and takes what they bring from the channels of the worker.
type loop struct {
	w *Worker

	// Lanes, by endpoint. A lane is in lanes, and counted by the budget, from when its lease is known until it is given back or lost.
	lanes     map[string]*heldLane
	endpoints map[string]*endpoint // as they were last read
	queued    int                  // deliveries in the queues of the lanes
	paces     map[string]time.Time // of lanes that were given back: when their rate permits the next attempt

	// What decides what happens next. The pure part of each is in a file of its own.
	rotation  rotation  // which lane starts the next attempt
	claims    claims    // whether lanes are to be leased that are not held
	fetching  fetching  // which lanes need something read
	era       era       // how long a delivery that was written may still be brought again
	unwritten unwritten // results
	signings  signings  // which secrets are known to be used

	// Lanes of which something may have to be written, if only that they are given back. Such a lane is held.
	changed map[*heldLane]struct{}

	// Other goroutines at work for the loop, one of each kind at most. The others are a fetch and a claim, see there.
	writing  bool // settleLoop has a batch
	renewing bool // leases are being extended

	stopping bool // no attempt begins, and every lane is given back when what is under way has ended

	// The one timer. timerAt is zero while it is not set, and never later than what an alarm asked for.
	timer   *time.Timer
	timerAt time.Time
}

func newLoop(w *Worker) *loop {
	return &loop{
		w: w, lanes: map[string]*heldLane{}, endpoints: map[string]*endpoint{}, paces: map[string]time.Time{},
		rotation: newRotation(), claims: newClaims(), signings: signings{}, changed: map[*heldLane]struct{}{},
		timer: time.NewTimer(time.Hour),
	}
}

// run decides until ctx ends and every lane is given back.
func (l *loop) run(ctx context.Context) {
	renew := time.NewTicker(l.w.cfg.Lease / 3)
	defer renew.Stop()
	defer l.timer.Stop()
	done := ctx.Done()
	var cut <-chan time.Time
	for !l.finished() {
		select {
		case h := <-l.w.handoffs:
			l.takeHandoff(h)
		case a := <-l.w.results:
			l.takeResult(a)
			for range len(l.w.results) { // whatever else has come
				l.takeResult(<-l.w.results)
			}
		case f := <-l.w.fetched:
			l.takeFetched(f)
		case c := <-l.w.claimed:
			l.takeClaimed(c)
		case s := <-l.w.settled:
			l.takeSettled(s)
		case r := <-l.w.renewed:
			l.takeRenewed(r)
		case <-l.w.looks:
			l.lookAround()
		case <-renew.C:
			l.renew()
		case <-l.timer.C:
			l.takeAlarm()
		case <-done:
			done, l.stopping = nil, true
			grace := time.NewTimer(l.w.cfg.Grace)
			defer grace.Stop()
			cut = grace.C
			l.dropQueues()
		case <-cut:
			l.w.wasCut.Store(l.sends())
			l.w.cut()
			defer time.AfterFunc(lastWrite, l.w.giveUp).Stop()
		}
		l.era = l.era.next(l.fetching.underWay, l.fetching.answers, l.w.fanOuts.Load())
		l.pump()
		l.write()
		l.startClaim()
		l.startFetch()
	}
}

// sends tells whether an attempt is under way.
func (l *loop) sends() bool {
	for _, lane := range l.lanes {
		if lane.underWay > 0 {
			return true
		}
	}
	return false
}

// finished tells whether a loop that stops has nothing left to do, and no other goroutine at work.
func (l *loop) finished() bool {
	return l.stopping && len(l.lanes) == 0 && len(l.changed) == 0 && len(l.unwritten.queue) == 0 &&
		!l.writing && !l.renewing && !l.fetching.underWay && !l.claims.underWay
}

// alarm makes the loop run again at a time.
func (l *loop) alarm(at time.Time) {
	if l.timerAt.IsZero() || at.Before(l.timerAt) {
		l.timerAt = at
		l.timer.Reset(time.Until(at))
	}
}

func (l *loop) takeAlarm() {
	l.timerAt = time.Time{}
	l.rotation.resumePaced()
	l.claims.due = l.claims.due || len(l.paces) > 0
	maps.DeleteFunc(l.paces, func(_ string, at time.Time) bool { return !at.After(time.Now()) })
}

// touch notes that a lane may have something to be written.
func (l *loop) touch(lane *heldLane) {
	if !lane.givenBack && !lane.leaseLost {
		l.changed[lane] = struct{}{}
	}
}
