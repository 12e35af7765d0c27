package webhooks

import (
	"context"
	"time"

	"roster/models"
)

const (
	quantum      = 64                    // deliveries that a lane may have in one turn while others wait
	maxQueued    = 256                   // deliveries of one lane in memory
	maxUnsettled = 4096                  // results that could not be written yet, above which nothing is sent
	batchSize    = 256                   // results written at once
	linger       = 10 * time.Millisecond // of a few results, unless another delivery waits for them
	endpointAge  = time.Second           // after which an endpoint is read again, should no replica have told of a change
	stopTimeout  = 5 * time.Second       // for the last writes
)

// work is a lane that this worker holds.
type work struct {
	id, token  string
	state      Lane
	row        models.WebhookLane // what the lane has beside its state
	endpoint   *endpoint
	queue      []*models.DueDelivery
	busy       map[string]struct{} // in the queue, under way, or not written yet
	recent     map[string]struct{} // written in this era: whoever looked before may still come with them
	older      map[string]struct{} // written in the one before
	era        int                 // of recent
	underWay   int
	unsettled  int
	ordered    int // of them, those that let another one go
	served     int
	validUntil time.Time // by this machine's monotonic clock
	nextAt     time.Time // when its rate lets the next attempt go

	more     bool // the database may have more that is due
	fetching bool
	waiting  bool // in the ring
	yield    bool
	lost     bool
	released bool // given back; some list of the loop may still have it
	dirty    bool
	disable  DisableReason
}

// loop is the state of the goroutine that decides.
type loop struct {
	w         *Worker
	lanes     map[string]*work
	endpoints map[string]*endpoint
	ring      []*work // may start something, in the order of their turns
	doubtful  []*work // in probation, waiting for one of their slots
	limited   []*work // waiting for their rate
	ordered   []*work // that the order is about
	dirty     map[*work]struct{}
	hungry    map[*work]struct{} // want to fetch
	slots     int
	probation int // slots in use by lanes in probation
	unsettled int

	pending   []*models.Settlement
	oldest    time.Time // when the first of them came
	urgent    bool      // one of them lets another delivery go
	writing   bool
	ordering  bool // an order is out
	look      bool // lanes may have their turn
	full      bool // the last claim took all it could
	stray     bool // a handoff came for a lane that was being given back
	fetches   int  // that have come back
	failures  int  // of them, the last in a row that failed
	era       era
	stopping  bool
	renewing  bool
	timer     *time.Timer
	timerAt   time.Time
	claimFail time.Time
}

func newLoop(w *Worker) *loop {
	return &loop{
		w: w, lanes: map[string]*work{}, endpoints: map[string]*endpoint{}, dirty: map[*work]struct{}{}, hungry: map[*work]struct{}{},
		slots: w.cfg.Slots, look: true, timer: time.NewTimer(time.Hour),
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
			l.timerAt = time.Time{}
			for _, lane := range l.limited {
				l.wait(lane)
			}
			l.limited = nil
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

// touch notes that a lane has something to be written, if only that it can be given back.
func (l *loop) touch(lane *work) {
	if lane.released {
		return
	}
	lane.dirty = true
	l.dirty[lane] = struct{}{}
}
