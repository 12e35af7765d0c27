package webhooks

import (
	"context"
	"slices"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

// assign inserts the messages and deliveries of a plan, and finds out who serves the lanes.
func (w *Worker) assign(ctx context.Context, tx *store.DB, p plan, h *handoff) error {
	now := reading{time.Now(), w.generation.Load()}
	endpoints := w.ahead.ask(tx, p.webhooks, now)
	lanes, inserted, err := p.insert(ctx, tx, endpoints.Queries())
	if err != nil || len(p.deliveries) == 0 {
		return err
	}
	h.endpoints = w.know(ctx, endpoints.Found, now.at, now.generation)
	if len(lanes) < len(p.webhooks) {
		if err := cancelGone(ctx, tx, p.webhooks, lanes); err != nil {
			return err
		}
	}
	if err := w.lend(ctx, tx, lanes, h); err != nil {
		return err
	}
	if inserted == len(p.deliveries) { // otherwise another fan-out inserted some of them
		h.take(p)
	}
	return nil
}

// insert inserts the messages and deliveries of a plan. It returns the lanes of its endpoints, locked, and how many deliveries are new.
// Which deliveries have to wait for an earlier one of their key is stable only under the locks, so with keys the lanes are locked first;
// otherwise they are locked as late as possible. along is asked in the same round trip.
func (p plan) insert(ctx context.Context, tx *store.DB, along []store.Query) (lanes []*queue.LaneRow, inserted int, err error) {
	if !p.keyed && len(p.deliveries) > 0 {
		along = append(along, queue.LockingLanes(tx, p.webhooks, &lanes))
		inserted, err = queue.InsertDeliveries(ctx, tx, p.messages, p.deliveries, along...)
		return lanes, inserted, err
	}
	if p.keyed {
		if lanes, err = queue.LockLanes(ctx, tx, p.webhooks); err != nil {
			return nil, 0, err
		}
		if err := queueBehind(ctx, tx, p.deliveries); err != nil {
			return nil, 0, err
		}
	}
	inserted, err = queue.InsertDeliveries(ctx, tx, p.messages, p.deliveries, along...)
	return lanes, inserted, err
}

// queueBehind lets each delivery wait that has an earlier one with the same key before it.
func queueBehind(ctx context.Context, tx *store.DB, deliveries []*queue.NewDelivery) error {
	var keys []queue.OrderKey
	for _, d := range deliveries {
		if d.OrderKey != nil {
			keys = append(keys, queue.OrderKey{WebhookID: d.WebhookID, Key: *d.OrderKey})
		}
	}
	pending, err := queue.PendingKeys(ctx, tx, keys)
	if err != nil {
		return err
	}
	for _, d := range deliveries {
		if d.OrderKey == nil {
			continue
		}
		key := queue.OrderKey{WebhookID: d.WebhookID, Key: *d.OrderKey}
		if pending[key] {
			d.DueAt = nil
		}
		pending[key] = true
	}
	return nil
}

// cancelGone cancels the deliveries of endpoints that were deleted meanwhile: they have no lane any more.
func cancelGone(ctx context.Context, tx *store.DB, webhooks []string, lanes []*queue.LaneRow) error {
	there := map[string]bool{}
	for _, l := range lanes {
		there[l.WebhookID] = true
	}
	gone := slices.DeleteFunc(slices.Clone(webhooks), func(id string) bool { return there[id] })
	return models.CancelDeliveries(ctx, tx, gone, models.CancelledEndpointDeleted)
}

// lend leases the lanes that nobody serves, as far as this worker has room for them, and gives the others a turn.
func (w *Worker) lend(ctx context.Context, tx *store.DB, lanes []*queue.LaneRow, h *handoff) error {
	now := tx.Now()
	h.leaseUntil = time.Now().Add(w.cfg.Lease) // taken first: it must not outlast the lease
	lease := w.newLease()
	room := w.budget.room()
	var lend, wake []string
	for _, l := range lanes {
		state := Lane(l.LaneState)
		at := seat{state.standing(), l.OrganizationID}
		switch {
		case l.LeaseToken != nil && l.LeaseUntil.After(now):
			h.tokens[l.WebhookID] = *l.LeaseToken
		case l.Health == models.HealthOK && !state.PausedUntil().After(now) && !backlog(l, now) && room.admits(at):
			room.take(at)
			lend = append(lend, l.WebhookID)
			l.LeaseToken = &lease.Token
			h.leased = append(h.leased, l)
			h.tokens[l.WebhookID] = lease.Token
		default:
			wake = append(wake, l.WebhookID)
		}
	}
	if len(lend) > 0 {
		if err := queue.LeaseLanes(ctx, tx, lease, lend); err != nil {
			return err
		}
	}
	if len(wake) > 0 {
		h.woken = true
		return queue.WakeLanes(ctx, tx, wake)
	}
	return nil
}

// backlog tells whether a lane that nobody serves has something due already, so that it must wait for its turn.
func backlog(l *queue.LaneRow, now time.Time) bool {
	return l.NextTurnAt != nil && !l.NextTurnAt.After(now)
}
