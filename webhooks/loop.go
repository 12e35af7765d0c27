package webhooks

import (
	"context"
	"time"

	"roster/models"
)

const (
	quantum      = 64   // deliveries that a lane may have in one turn while others wait
	maxQueued    = 256  // deliveries of one lane in memory
	maxUnsettled = 4096 // results that could not be written yet, above which nothing is sent
	batchSize    = 256  // results written at once
	linger       = 5 * time.Millisecond
	endpointAge  = time.Second     // after which an endpoint is read again, should no replica have told of a change
	stopTimeout  = 5 * time.Second // for the last writes
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
	writing   bool
	ordering  bool // an order is out
	look      bool // lanes may have their turn
	full      bool // the last claim took all it could
	stray     bool // a handoff came for a lane that was being given back
	fetches   int  // that have come back
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

// touch notes that a lane has something to be written, if only that it can be given back.
func (l *loop) touch(lane *work) {
	if lane.released {
		return
	}
	lane.dirty = true
	l.dirty[lane] = struct{}{}
}

// hold begins to serve lanes that were leased.
func (l *loop) hold(rows []*models.WebhookLane, validUntil time.Time) {
	if validUntil.Before(time.Now()) {
		return // they came too late: somebody else may have them, or this worker under another lease
	}
	for _, row := range rows {
		lane := &work{
			id: row.WebhookID, token: *row.LeaseToken, state: laneOf(row), row: *row, validUntil: validUntil,
			busy: map[string]struct{}{}, endpoint: l.endpoints[row.WebhookID],
		}
		if old := l.lanes[lane.id]; old != nil {
			l.lose(old) // its lease ended before it was renewed
		}
		l.lanes[lane.id] = lane
		l.fit(lane)
		l.touch(lane)
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
	delete(l.hungry, lane)
	if l.lanes[lane.id] != lane {
		return // given back; what is to be written comes from whoever holds it again
	}
	delete(l.lanes, lane.id)
	kept := l.pending[:0]
	for _, s := range l.pending {
		if s.WebhookID != lane.id {
			kept = append(kept, s)
		}
	}
	l.pending = kept
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

// wait puts a lane into the ring of those that may start something.
func (l *loop) wait(lane *work) {
	if !lane.waiting && !lane.lost {
		lane.waiting = true
		l.ring = append(l.ring, lane)
	}
}

// lookAround makes the loop ask for lanes that have their turn, and for what is due in those it holds.
func (l *loop) lookAround() {
	l.look = true
	l.stray = l.stray || l.writing // what is being given back may have its turn
	for _, lane := range l.lanes {
		if !lane.yield && !l.stopping {
			lane.more = true
			l.hungry[lane] = struct{}{}
		}
	}
}

// pump starts attempts, one for each lane in turn, while there are slots.
func (l *loop) pump() {
	now, today := time.Now(), l.w.db.Now()
	doubts := max(l.w.cfg.Slots/4, 1)
	for l.slots > 0 && l.unsettled < maxUnsettled {
		if l.probation < doubts && len(l.doubtful) > 0 {
			next := l.doubtful[0]
			l.doubtful = l.doubtful[1:]
			next.waiting = false
			l.wait(next)
		}
		if len(l.ring) == 0 {
			break
		}
		lane := l.ring[0]
		l.ring = l.ring[1:]
		lane.waiting = false
		if !l.ready(lane, now, today) {
			continue
		}
		doubted := lane.state.Health != HealthOK
		if doubted && l.probation >= doubts {
			lane.waiting = true
			l.doubtful = append(l.doubtful, lane)
			continue
		}
		l.start(lane, doubted, now)
		l.wait(lane)
	}
	if len(l.ring) == 0 {
		l.ring = nil
	}
	l.w.free.Store(int64(l.slots))
}

// ready tells whether a lane can start an attempt now. When it cannot, whatever keeps it from it will put it into the ring again.
func (l *loop) ready(lane *work, now, today time.Time) bool {
	if lane.lost || lane.released || l.stopping {
		return false
	}
	if until := lane.state.PausedUntil(); lane.state.Health == HealthDisabled || until.After(today) {
		l.drop(lane) // given back until then
		return false
	}
	if !lane.yield && lane.served >= quantum && (l.full || len(l.ring) > l.slots) {
		lane.yield = true
	}
	if lane.yield {
		l.drop(lane)
		return false
	}
	if lane.more && !lane.fetching && len(lane.queue) < maxQueued/4 {
		l.hungry[lane] = struct{}{}
	}
	if len(lane.queue) == 0 {
		l.touch(lane)
		return false
	}
	if lane.underWay >= lane.state.Cap {
		return false
	}
	if lane.endpoint == nil || lane.endpoint.generation != l.w.generation.Load() || now.Sub(lane.endpoint.readAt) > endpointAge {
		if !l.adopt(lane, now) {
			l.hungry[lane] = struct{}{}
			return false
		}
	}
	if now.Add(l.w.cfg.Sender.timeout).After(lane.validUntil) {
		return false // the lease might end before the attempt; renewing it puts the lane into the ring
	}
	if lane.nextAt.After(now) {
		l.limited = append(l.limited, lane)
		l.alarm(lane.nextAt)
		return false
	}
	return true
}

// adopt takes what is known about an endpoint if that is fresh.
func (l *loop) adopt(lane *work, now time.Time) bool {
	known := l.endpoints[lane.id]
	if known == nil || known.generation != l.w.generation.Load() || now.Sub(known.readAt) > endpointAge {
		return false
	}
	lane.endpoint = known
	l.fit(lane)
	return true
}

// alarm makes the loop run again at a time.
func (l *loop) alarm(at time.Time) {
	if l.timerAt.IsZero() || at.Before(l.timerAt) {
		l.timerAt = at
		l.timer.Reset(time.Until(at))
	}
}

// start begins one attempt.
func (l *loop) start(lane *work, doubted bool, now time.Time) {
	d := lane.queue[0]
	lane.queue[0] = nil
	lane.queue = lane.queue[1:]
	lane.underWay++
	lane.served++
	l.slots--
	if doubted {
		l.probation++
	}
	if rate := lane.endpoint.Rate; rate > 0 {
		lane.nextAt = later(lane.nextAt, now).Add(time.Second / time.Duration(rate))
	}
	a := &attempt{lane: lane, endpoint: lane.endpoint, delivery: d, at: l.w.db.Now(), doubted: doubted}
	go l.w.attempt(a)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// takeResult decides what becomes of a delivery, and queues it to be written.
func (l *loop) takeResult(a *attempt) {
	lane := a.lane
	l.slots++
	if a.doubted {
		l.probation--
	}
	lane.underWay--
	if lane.lost {
		l.w.cfg.Metrics.lost()
		return
	}
	l.touch(lane)
	if a.result.Code == CodeCancelled {
		delete(lane.busy, a.delivery.ID) // as if it had not been begun
		return
	}
	settlement := l.judge(a)
	if len(l.pending) == 0 {
		l.oldest = time.Now()
	}
	l.pending = append(l.pending, settlement)
	lane.unsettled++
	l.unsettled++
	l.wait(lane)
}

// order asks for what the lanes need, one order at a time.
func (l *loop) order() {
	if l.ordering || time.Now().Before(l.claimFail) {
		return
	}
	o := order{generation: l.w.generation.Load()}
	now := time.Now()
	if l.look && !l.stopping {
		if o.lanes = min(max(l.slots, 0), l.w.cfg.Slots-len(l.lanes)); o.lanes < 0 {
			o.lanes = 0
		}
		o.probation = min(max(l.w.cfg.Slots/4-l.probation, 0), max(l.w.cfg.Slots-len(l.lanes), 0))
		l.look, o.looked = false, true
		l.full = l.full || o.lanes == 0 // whoever gives a lane back looks again
	}
	for lane := range l.hungry {
		delete(l.hungry, lane)
		if lane.lost || l.stopping {
			continue
		}
		known := lane.endpoint != nil && l.adopt(lane, now)
		if known && !lane.more {
			l.wait(lane) // what it wanted has come meanwhile
			l.alarm(now)
			continue
		}
		if !known {
			o.endpoints = append(o.endpoints, lane.id)
		}
		if lane.more {
			lane.more = false // unless somebody tells of more while this is under way
			if o.limits == nil {
				o.limits = map[string]int{}
			}
			o.limits[lane.id] = min(quantum*2, maxQueued-len(lane.queue)) + len(lane.busy)
		}
		lane.fetching = true
		l.ordered = append(l.ordered, lane)
	}
	if o.empty() {
		return
	}
	l.ordering = true
	go func() {
		ctx, cancel := context.WithTimeout(l.w.sending, l.w.cfg.Lease/3)
		defer cancel()
		l.w.fetched <- l.w.fetch(ctx, o)
	}()
}

func (l *loop) takeFetch(f fetch) {
	l.ordering = false
	l.fetches++
	l.hold(f.leased, f.validUntil)
	if f.err != nil {
		l.askAgain(f)
	}
	for id, e := range f.endpoints {
		l.endpoints[id] = e
	}
	if len(l.endpoints) > 4*l.w.cfg.Slots {
		l.endpoints = f.endpoints
	}
	byLane := map[string][]*models.DueDelivery{}
	for _, d := range f.due {
		byLane[d.WebhookID] = append(byLane[d.WebhookID], d)
	}
	for _, id := range f.order.endpoints {
		if lane := l.lanes[id]; lane != nil {
			l.refresh(lane, f)
		}
	}
	for id, limit := range f.order.limits {
		if lane := l.lanes[id]; lane != nil && f.err == nil && !l.stopping && !lane.yield {
			lane.more = lane.more || len(byLane[id]) >= limit
			l.enqueue(lane, byLane[id])
			l.touch(lane)
		}
	}
	for _, lane := range l.ordered {
		lane.fetching = false
		if lane.lost {
			continue
		}
		l.wait(lane)
		l.touch(lane)
		if f.err != nil {
			l.hungry[lane] = struct{}{}
		}
	}
	l.ordered = nil
	if f.order.looked {
		l.full = len(f.leased) >= f.order.lanes
	}
	if l.stopping {
		l.dropQueues()
	}
}

// askAgain makes the loop order what a fetch that failed was to bring, after a pause.
func (l *loop) askAgain(f fetch) {
	l.w.failing(l.w.sending, "fetch deliveries", f.err)
	l.claimFail = time.Now().Add(time.Second / 2)
	l.look = true
	l.alarm(l.claimFail)
	for id := range f.order.limits {
		if lane := l.lanes[id]; lane != nil && !lane.yield && !l.stopping {
			lane.more = true
			l.hungry[lane] = struct{}{}
		}
	}
}

// refresh takes what was read about an endpoint. One that is gone or not active any more gets nothing.
func (l *loop) refresh(lane *work, f fetch) {
	if f.err != nil {
		return
	}
	lane.endpoint = f.endpoints[lane.id]
	if lane.endpoint == nil || lane.endpoint.Status != models.WebhookActive {
		lane.yield = true
		l.drop(lane)
		return
	}
	l.fit(lane)
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
		lane := l.lanes[h.WebhookID]
		if lane == nil || lane.token != h.Token {
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
