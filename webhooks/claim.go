package webhooks

import (
	"context"
	"net/http"
	"slices"
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
	room       *shares // what may be leased; nil for nothing
	searches   []models.LaneSearch
	endpoints  []string
	due        []models.DueSearch
	share      int // of deliveries, for each lane
	generation uint64
}

func (o order) empty() bool { return o.room == nil && len(o.endpoints) == 0 && len(o.due) == 0 }

// fetch is the answer to an order.
type fetch struct {
	order      order
	leased     []*models.WebhookLane
	left       map[standing]bool // lanes have their turn and were not leased
	again      bool              // more of them can be leased at once
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
	if o.room != nil {
		if f.err = w.claim(ctx, &f); f.err != nil {
			return f
		}
	}
	if len(f.order.endpoints) > 0 {
		if f.endpoints, f.err = w.readEndpoints(ctx, f.order.endpoints, o.generation); f.err != nil {
			return f
		}
	}
	if len(f.order.due) > 0 {
		if f.due, f.err = models.FindDue(ctx, w.db, f.order.due); f.err != nil {
			return f
		}
		f.due, f.cut, f.err = w.prepare(ctx, f.due, orderBytes)
	}
	return f
}

// claim leases lanes whose turn it is, as far as there is room, and adds them to the order.
func (w *Worker) claim(ctx context.Context, f *fetch) error {
	o := &f.order
	var waiting []models.WaitingLane
	var err error
	if len(o.searches) > 0 {
		if waiting, err = models.FindWaitingLanes(ctx, w.db, o.searches); err != nil {
			return err
		}
	}
	chosen := choose(o.room, waiting, orderClaims)
	if len(chosen) > 0 {
		lease := w.newLease()
		err := models.Transaction(ctx, w.db, func(tx *models.DB) (err error) {
			f.leased, err = models.ClaimLanes(ctx, tx, lease, chosen)
			return err
		})
		if err != nil {
			f.leased = nil
			return err
		}
	}
	f.left, f.again = remaining(o.searches, waiting, chosen, orderClaims)
	f.again = f.again && len(f.leased) > 0
	for _, row := range f.leased {
		o.endpoints = append(o.endpoints, row.WebhookID)
		o.lookFor(row.WebhookID, *row.LeaseToken, min(queueDepth*row.Cap, o.share))
	}
	return nil
}

// search returns which lanes to look for: up to most of those that there is room for.
func search(room *shares, most int) (searches []models.LaneSearch) {
	for _, s := range standings {
		if n := min(room.free(s), most); n > 0 {
			searches = append(searches, models.LaneSearch{Standing: string(s), Except: room.satisfied(s), Limit: n})
		}
	}
	return searches
}

// choose returns the lanes that there is room for, of those that wait, the first of each standing first.
func choose(room *shares, waiting []models.WaitingLane, most int) (chosen []string) {
	for _, l := range waiting {
		at := seat{standing(l.Standing), l.OrganizationID}
		if len(chosen) < most && room.admits(at) {
			room.take(at)
			chosen = append(chosen, l.WebhookID)
		}
	}
	return chosen
}

// remaining tells of which standings lanes may still wait once those that were chosen are leased, and whether it is worth looking again at
// once: the search ended before all were seen, and one organization has left its place to others.
func remaining(
	searches []models.LaneSearch, waiting []models.WaitingLane, chosen []string, most int,
) (left map[standing]bool, again bool) {
	left = map[standing]bool{}
	for _, s := range standings {
		left[s] = true // there is no room to look for them
	}
	for _, s := range searches {
		found, took := 0, 0
		for _, l := range waiting {
			if l.Standing == s.Standing {
				found++
				if slices.Contains(chosen, l.WebhookID) {
					took++
				}
			}
		}
		left[standing(s.Standing)] = found == s.Limit || took < found || len(s.Except) > 0
		again = again || found == s.Limit && took > 0
	}
	return left, again || len(chosen) == most
}

// lookFor makes the order bring up to n deliveries of a lane that is held under a token.
func (o *order) lookFor(webhook, token string, n int) {
	o.due = append(o.due, models.DueSearch{Holding: models.Holding{WebhookID: webhook, Token: token}, Limit: n})
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
	l.turnsDue = true
	l.missed = l.missed || l.writing // what is being given back may have its turn
	for _, lane := range l.lanes {
		if !lane.done && !l.stopping {
			lane.more = true
			l.wait(lane)
		}
	}
}

// want makes the next order bring what a lane lacks: its endpoint, or more that is due.
func (l *loop) want(lane *work) {
	if !lane.wants {
		lane.wants = true
		l.hungry = append(l.hungry, lane)
	}
}

// order asks for what the lanes need, one order at a time.
func (l *loop) order() {
	now := time.Now()
	if l.ordering || now.Before(l.orderPause) {
		return
	}
	o := order{generation: l.w.generation.Load()}
	claims := 0
	if l.turnsDue && !l.stopping {
		l.turnsDue = false
		o.room = l.w.budget.room()
		o.searches = search(o.room, orderClaims)
		claims = orderClaims
	}
	wanted := l.lacking(orderLanes-claims, now)
	o.share = orderRows / max(len(wanted)+claims, 1)
	for _, lane := range wanted {
		if !l.fresh(lane.endpoint, now) {
			o.endpoints = append(o.endpoints, lane.id)
		}
		if lane.more {
			lane.more = false // unless somebody tells of more while this is under way
			o.lookFor(lane.id, lane.token, max(min(lane.depth()-len(lane.queue), o.share), 1)+len(lane.known.busy))
		}
		lane.fetching = true
	}
	if o.empty() {
		return
	}
	l.ordering, l.fetching = true, wanted
	patience := l.w.patience(l.failures)
	go func() {
		ctx, cancel := context.WithTimeout(l.w.sending, patience)
		defer cancel()
		l.w.fetched <- l.w.fetch(ctx, o)
	}()
}

// lacking takes up to most lanes out of those that want something, and leaves out those for which it has come meanwhile.
func (l *loop) lacking(most int, now time.Time) (wanted []*work) {
	for len(l.hungry) > 0 && len(wanted) < most {
		lane := l.hungry[0]
		l.hungry = l.hungry[1:]
		lane.wants = false
		if lane.lost || lane.released || l.stopping {
			continue
		}
		known := lane.endpoint != nil && l.adopt(lane, now)
		if known && !lane.more {
			l.wait(lane)
			continue
		}
		wanted = append(wanted, lane)
	}
	if len(l.hungry) == 0 {
		l.hungry = nil
	}
	return wanted
}

func (l *loop) takeFetch(f fetch) {
	l.ordering = false
	l.fetches++
	l.hold(f.leased, f.validUntil)
	if f.err != nil {
		l.askAgain(f)
	} else {
		l.failures = 0
		if f.order.room != nil {
			l.othersWait, l.noRoom = f.left, len(f.order.searches) < len(standings)
			l.turnsDue = l.turnsDue || f.again
		}
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
	for _, s := range f.order.due {
		if lane := l.held(s.Holding); lane != nil && f.err == nil && !l.stopping && !lane.done {
			lane.more = lane.more || f.cut[lane.id] || len(byLane[lane.id]) >= s.Limit
			l.enqueue(lane, byLane[lane.id])
			l.touch(lane)
		}
	}
	for _, lane := range l.fetching {
		lane.fetching = false
		if lane.lost {
			continue
		}
		l.wait(lane)
		l.touch(lane)
		if f.err != nil {
			l.want(lane)
		}
	}
	l.fetching = nil
	if l.stopping {
		l.dropQueues()
	}
}

// askAgain makes the loop order what a fetch that failed was to bring, after a pause.
func (l *loop) askAgain(f fetch) {
	l.failures++
	l.w.failing(l.w.sending, "fetch deliveries", f.err)
	l.orderPause = time.Now().Add(time.Second / 2)
	l.turnsDue = true
	l.alarm(l.orderPause)
	for _, s := range f.order.due {
		if lane := l.held(s.Holding); lane != nil && !lane.done && !l.stopping {
			lane.more = true
			l.want(lane)
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
		l.end(lane)
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
