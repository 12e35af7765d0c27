package webhooks

import (
	"context"
	"net/http"
	"time"

	"roster/models"
)

// What one order may cost, whatever waits. It brings one delivery of each lane at least, and one body.
const (
	orderLanes  = 64
	orderClaims = 32       // of them, lanes that are leased by it
	orderRows   = 2000     // deliveries that were not known before
	orderBytes  = 16 << 20 // of bodies
)

// order is what the loop asks for in one go: lanes to lease, endpoints to read, deliveries to fetch.
type order struct {
	lanes, probation int
	looked           bool // for lanes, even if there was no room for any
	endpoints        []string
	limits           map[string]int // of deliveries, by webhook
	generation       uint64
}

func (o order) empty() bool {
	return o.lanes == 0 && o.probation == 0 && len(o.endpoints) == 0 && len(o.limits) == 0
}

// fetch is the answer to an order.
type fetch struct {
	order      order
	leased     []*models.WebhookLane
	validUntil time.Time
	endpoints  map[string]*endpoint
	due        []*models.DueDelivery
	cut        map[string]bool // webhooks of which more is due than was read
	err        error
}

// endpoint is what is needed to send to one.
type endpoint struct {
	*models.Endpoint
	header   http.Header
	secrets  []Secret
	ids      []string // of the secrets
	schedule Schedule

	readAt     time.Time
	generation uint64
}

// fetch does what the loop ordered. Lanes that are leased now are asked for their deliveries in the same go.
func (w *Worker) fetch(ctx context.Context, o order) fetch {
	f := fetch{order: o, validUntil: time.Now().Add(w.cfg.Lease)}
	if o.lanes > 0 || o.probation > 0 {
		lease := w.newLease()
		f.err = models.Transaction(ctx, w.db, func(tx *models.DB) error {
			lanes, err := models.ClaimLanes(ctx, tx, lease, o.lanes, o.probation)
			f.leased = lanes
			return err
		})
		if f.err != nil {
			f.leased = nil
			return f
		}
		for _, l := range f.leased {
			l.LeaseToken = &lease.Token
			f.order.endpoints = append(f.order.endpoints, l.WebhookID)
			if f.order.limits == nil {
				f.order.limits = map[string]int{}
			}
			f.order.limits[l.WebhookID] = quantum
		}
	}
	if len(f.order.endpoints) > 0 {
		if f.endpoints, f.err = w.readEndpoints(ctx, f.order.endpoints, o.generation); f.err != nil {
			return f
		}
	}
	if len(f.order.limits) > 0 {
		if f.due, f.err = models.FindDue(ctx, w.db, f.order.limits); f.err != nil {
			return f
		}
		f.due, f.cut, f.err = w.prepare(ctx, f.due, orderBytes)
	}
	return f
}

func (w *Worker) readEndpoints(ctx context.Context, ids []string, generation uint64) (map[string]*endpoint, error) {
	readAt := time.Now()
	found, err := models.FindEndpoints(ctx, w.db, ids)
	if err != nil {
		return nil, err
	}
	endpoints := make(map[string]*endpoint, len(found))
	for id, e := range found {
		known := &endpoint{Endpoint: e, header: http.Header{}, schedule: DefaultSchedule(), readAt: readAt, generation: generation}
		for name, value := range e.Headers {
			known.header.Set(name, value)
		}
		for _, s := range e.Secrets {
			secret, err := ParseSecret(s.Text)
			if err != nil {
				w.cfg.Logger.ErrorContext(ctx, "webhooks: a secret cannot be used", "webhook_id", id, "secret_id", s.ID, "error", err)
				continue
			}
			known.secrets, known.ids = append(known.secrets, secret), append(known.ids, s.ID)
		}
		if e.Schedule != nil {
			known.schedule = e.Schedule
		}
		endpoints[id] = known
	}
	return endpoints, nil
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
	patience := l.w.patience(l.failures)
	go func() {
		ctx, cancel := context.WithTimeout(l.w.sending, patience)
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
	} else {
		l.failures = 0
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
			lane.more = lane.more || f.cut[id] || len(byLane[id]) >= limit
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
	l.failures++
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

// laneOf returns what decides about a lane from its row.
func laneOf(row *models.WebhookLane) Lane {
	return Lane{
		Cap: row.Cap, MaxCap: row.MaxCap, Health: Health(row.Health), Clean: row.Clean, ConsecutiveFailures: row.ConsecutiveFailures,
		FailingSince: timeOf(row.FailingSince), LastFailureAt: timeOf(row.LastFailureAt), Answers: row.Answers, Failing: row.Failing,
		Slow: row.Slow, RetryAfter: timeOf(row.RetryAfter), FailedProbes: row.FailedProbes, ProbeAt: timeOf(row.ProbeAt),
	}
}

// rowOf is the way back. A lane that was just disabled is written as what it was: disabling is a change of the endpoint, which the lane
// follows.
func rowOf(id string, l Lane) models.WebhookLane {
	health := l.Health
	if health == HealthDisabled || health == HealthPaused {
		health = HealthProbation
	}
	return models.WebhookLane{
		WebhookID: id, Cap: l.Cap, MaxCap: l.MaxCap, Health: string(health), Clean: l.Clean, ConsecutiveFailures: l.ConsecutiveFailures,
		FailingSince: pointerTo(l.FailingSince), LastFailureAt: pointerTo(l.LastFailureAt), Answers: l.Answers, Failing: l.Failing,
		Slow: l.Slow, RetryAfter: pointerTo(l.RetryAfter), FailedProbes: l.FailedProbes, ProbeAt: pointerTo(l.ProbeAt),
	}
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func pointerTo(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
