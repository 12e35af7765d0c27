package webhooks

import (
	"context"
	"maps"
	"time"

	"roster/models"
)

const (
	quantum      = 64                    // deliveries that a lane may have in one turn while others wait
	turnTime     = 5 * time.Second       // of one turn while others wait
	queueDepth   = 16                    // deliveries of one lane in memory, for each attempt at once that it can come to
	maxUnsettled = 4096                  // results that could not be written yet, above which nothing is sent
	batchSize    = 256                   // results written at once
	linger       = 10 * time.Millisecond // of a few results, unless another delivery waits for them
	endpointAge  = time.Second           // after which an endpoint is read again, should no replica have told of a change
	stopTimeout  = 5 * time.Second       // for the last writes
)

// work is a lane that this worker holds. Only the loop touches it.
type work struct {
	id, token  string
	seat       seat // what it counts as in the budget
	state      Lane
	row        models.WebhookLane // what the lane has beside its state
	endpoint   *endpoint          // nil until it was read
	validUntil time.Time          // of the lease, by this machine's monotonic clock
	turnBegan  time.Time

	// A delivery is known from when it is queued until nobody can bring it a second time.
	queue     []*models.DueDelivery
	known     known
	underWay  int
	unsettled int       // results that are not written
	unblocks  int       // of them, those after which another delivery of the lane may be due
	served    int       // attempts begun in this turn
	nextAt    time.Time // when its rate lets the next attempt go

	more     bool // the database may have more that is due; implies that it will be fetched, unless the lane is done
	done     bool // its turn is over: what is under way ends, and then it is given back
	lost     bool // somebody else may hold it: nothing of it is written
	released bool // it was given back; some list of the loop may still have it
	disable  DisableReason

	// In which lists of the loop it is.
	waiting  bool // one of ring, pacing and crowded
	wants    bool // fetching next
	fetching bool // fetching now
	dirty    bool
}

// depth is how many deliveries a lane may queue: what it sends while more is fetched, however much waits.
func (lane *work) depth() int { return queueDepth * lane.state.Cap }

// loop is the state of the goroutine that decides. No other one touches it: what others have done comes through the channels of the worker.
type loop struct {
	w *Worker

	// Lanes that are held, by endpoint: from when their lease is known until they are given back or lost. The budget counts the same ones.
	lanes     map[string]*work
	endpoints map[string]*endpoint // as they were last read
	paces     map[string]time.Time // of lanes that were given back: when their rate lets the next attempt go
	renewing  bool

	// Sending. A lane that may have something to start is in one of three lists, until it turns out that it has not.
	ring    []*work              // in the order of their turns
	pacing  []*work              // until their rate lets them
	crowded map[standing][]*work // until there is a slot that they may have

	// Fetching. One order is out at a time.
	ordering   bool
	fetching   []*work           // that the order is about
	hungry     []*work           // that the next one is about
	turnsDue   bool              // lanes may have their turn that are not held
	othersWait map[standing]bool // the last order left such lanes where they were
	noRoom     bool              // it had no room to look for those of some standing
	missed     bool              // a handoff came for a lane that was being given back, and has its turn after that
	orderPause time.Time         // no order before then
	fetches    int               // that have come back
	failures   int               // of them, the last in a row that failed
	era        era

	// Writing. One batch is out at a time.
	writing   bool
	pending   []*models.Settlement // results, in the order in which they came
	oldest    time.Time            // when the first of them came
	urgent    bool                 // another delivery may go once one of them is written
	unsettled int                  // pending, and in the batch
	dirty     map[*work]struct{}   // that have something to be written, if only that they are given back

	stopping bool
	timer    *time.Timer
	timerAt  time.Time // zero while it is not set
}

func newLoop(w *Worker) *loop {
	return &loop{
		w: w, lanes: map[string]*work{}, endpoints: map[string]*endpoint{}, paces: map[string]time.Time{}, crowded: map[standing][]*work{},
		othersWait: map[standing]bool{}, dirty: map[*work]struct{}{}, turnsDue: true, timer: time.NewTimer(time.Hour),
	}
}

// run decides until ctx ends and everything is given back.
func (l *loop) run(ctx context.Context) {
	renew := time.NewTicker(l.w.cfg.Lease / 3)
	defer renew.Stop()
	defer l.timer.Stop()
	done := ctx.Done()
	var cut <-chan time.Time
	for {
		select {
		case h := <-l.w.handoffs:
			l.takeHandoff(h)
		case a := <-l.w.results:
			l.takeResult(a)
			for range len(l.w.results) { // whatever else has come
				l.takeResult(<-l.w.results)
			}
		case f := <-l.w.fetched:
			l.takeFetch(f)
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
			l.w.cut()
		}
		l.age()
		l.pump()
		l.write()
		l.order()
		if l.stopping && len(l.lanes) == 0 && !l.writing && !l.ordering && !l.renewing && len(l.pending) == 0 && len(l.dirty) == 0 {
			return
		}
	}
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
	for _, lane := range l.pacing {
		lane.waiting = false
		l.wait(lane)
	}
	l.pacing = nil
	l.turnsDue = l.turnsDue || len(l.paces) > 0
	maps.DeleteFunc(l.paces, func(_ string, at time.Time) bool { return !at.After(time.Now()) })
}

// touch notes that a lane has something to be written, if only that it can be given back.
func (l *loop) touch(lane *work) {
	if lane.released {
		return
	}
	lane.dirty = true
	l.dirty[lane] = struct{}{}
}
