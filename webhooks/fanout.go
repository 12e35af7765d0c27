package webhooks

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

const fanOutPause = time.Second // after a failure

// fanOutLoop turns events into deliveries as they come: the oldest first, until a batch is full. The next one takes a share of each
// organization. So whatever one organization does, the events of the others wait for a batch or two.
func (w *Worker) fanOutLoop(ctx context.Context) {
	b := newBatching(w.db.Dialect())
	claim := queue.EventClaim{}
	for {
		select {
		case <-w.events:
		case <-ctx.Done():
			return
		}
		for more := true; more && ctx.Err() == nil; {
			claim.Limit = b.limit
			// Not ctx: if it ended in the middle of a commit, lanes might be leased that nothing gives back.
			fanning, cancel := context.WithTimeout(w.sending, w.cfg.Lease/3)
			h, n, after, err := w.fanOut(fanning, claim, &b)
			cancel()
			w.stepped()
			if large := (*oversized)(nil); errors.As(err, &large) {
				b.limit = large.fitting
				continue
			}
			if err != nil {
				b.failed()
				w.fanOuts.Add(1)
				w.failing(ctx, "fan out events", err)
				sleep(ctx, fanOutPause)
				continue
			}
			full := n == claim.Limit
			more = full || claim.Shared
			if claim.Shared {
				claim.After = after
			}
			claim.Shared = full
			if n > 0 {
				select {
				case w.handoffs <- h:
				case <-ctx.Done(): // the loop releases all lanes; these are picked up from the database
					w.abandon(h)
				}
			}
			w.fanOuts.Add(1)
		}
	}
}

// fanOut takes a batch of events out of the queue, and makes a delivery for each endpoint that wants one. Lanes that nobody serves are
// leased at once if there is room. It returns how many events it took, and where a shared claim ended.
func (w *Worker) fanOut(ctx context.Context, claim queue.EventClaim, b *batching) (h handoff, claimed int, after string, err error) {
	if claim.Shared { // so many that whoever reads events is not to wait until they are fanned out
		if err := models.NumberEvents(ctx, w.db); err != nil {
			return h, 0, "", err
		}
	}
	changedEndpoints, deliveries := false, 0
	err = store.Transaction(ctx, w.db, func(tx *store.DB) error {
		h = newHandoff()
		changedEndpoints, deliveries = false, 0
		taken, err := queue.ClaimEvents(ctx, tx, claim)
		if err != nil {
			return err
		}
		events := taken.Events
		claimed, after = len(events), taken.After
		for _, e := range events {
			changedEndpoints = changedEndpoints || e.Steers()
		}
		if changedEndpoints {
			w.generation.Add(1) // what is read from here on has the change
		}
		// What happened in no organization is sent to nobody, and a test has its delivery.
		events = slices.DeleteFunc(events, func(e *models.QueuedEvent) bool { return e.OrganizationID == "" || e.IsTest() })
		if len(events) == 0 {
			return nil
		}
		subscribers, err := models.FindSubscribers(ctx, tx, events, taken.Numbers...)
		if err != nil {
			return err
		}
		if err := b.check(events, subscribers.Of); err != nil {
			return err
		}
		plan, err := w.match(ctx, tx, events, subscribers)
		if err != nil {
			return err
		}
		deliveries = len(plan.deliveries)
		if err := w.assign(ctx, tx, plan, &h); err != nil {
			return err
		}
		return subscribers.ForgetMoves(ctx, tx)
	})
	if err == nil {
		b.took(claimed, deliveries)
		for message, payload := range h.payloads {
			w.bodies.keep(message, payload)
		}
		w.ahead.took(h.endpoints, 4*w.cfg.Slots)
	}
	if err == nil && changedEndpoints {
		signal(w.told)
	}
	return h, claimed, after, err
}

// plan is what becomes of a batch of events.
type plan struct {
	messages   []*models.Message // what somebody gets
	deliveries []*queue.NewDelivery
	payloads   []queue.Payload // of each delivery, with the body of its message
	webhooks   []string        // that get something
	keyed      bool            // some deliveries have an order key
}

// match finds the endpoints that want each event and renders the messages to their organizations. One that cannot be told is left out.
func (w *Worker) match(ctx context.Context, tx *store.DB, events []*models.QueuedEvent, subscribers *models.Subscribers) (plan, error) {
	type wish struct {
		subscriber models.Subscriber
		message    *models.Message
	}
	var wishes []wish
	var messages []*models.Message
	for _, e := range events {
		own := map[string]*models.Message{} // by owner
		for _, s := range subscribers.Of(e) {
			if !wants(s, e) {
				continue
			}
			if own[s.Owner] == nil {
				own[s.Owner] = s.Message(e)
				messages = append(messages, own[s.Owner])
			}
			wishes = append(wishes, wish{s, own[s.Owner]})
		}
	}
	var p plan
	var err error
	if p.messages, err = w.renderAll(ctx, tx, messages); err != nil {
		return plan{}, err
	}
	now := tx.Now()
	for _, wish := range wishes {
		s, e := wish.subscriber, wish.message.Event
		if wish.message.Body == nil {
			continue
		}
		d := &queue.NewDelivery{
			ID: models.NewID(), EventID: e.ID, WebhookID: s.WebhookID, OrganizationID: s.Owner, EventType: e.Type, Place: e.Place,
			OrderKey: orderKey(s, e), Trigger: models.TriggerEvent, DueAt: &now, CreatedAt: e.OccurredAt,
		}
		p.keyed = p.keyed || d.OrderKey != nil
		p.deliveries, p.payloads = append(p.deliveries, d), append(p.payloads, queue.PayloadOf(wish.message))
		p.webhooks = append(p.webhooks, s.WebhookID)
	}
	slices.Sort(p.webhooks)
	p.webhooks = slices.Compact(p.webhooks)
	return p, nil
}

func wants(s models.Subscriber, e *models.QueuedEvent) bool {
	if e.Ordinal <= s.AfterOrdinal {
		return false // it happened before the endpoint was there
	}
	if s.LastOrdinal != nil && e.Ordinal > *s.LastOrdinal {
		return false // its organization is deleted, and was told so
	}
	return models.Subscribes(s.EventTypes, e.Type)
}

func orderKey(s models.Subscriber, e *models.QueuedEvent) *string {
	switch s.Ordering {
	case models.OrderFIFO:
		all := "*"
		return &all
	case models.OrderPerEntity:
		return &e.SubjectID
	}
	return nil
}

// renderAll makes the bodies of messages. It returns those that can be told; the others have none.
func (w *Worker) renderAll(ctx context.Context, tx *store.DB, messages []*models.Message) (rendered []*models.Message, err error) {
	if err := models.DescribeMessages(ctx, tx, messages); err != nil {
		return nil, err
	}
	for _, m := range messages {
		if m.Body = w.render(m); m.Body != nil {
			rendered = append(rendered, m)
		}
	}
	return rendered, nil
}

// render returns the bytes that are sent, or nil for an event that cannot be told.
func (w *Worker) render(m *models.Message) []byte {
	if m.Resource == nil {
		return nil // its organization does not see what changed
	}
	body, err := RenderMessage(m)
	if err != nil {
		ctx := models.ForRequest(context.Background(), queue.PayloadOf(m).RequestID)
		w.cfg.Logger.ErrorContext(ctx, "webhooks: an event cannot be sent", "event_id", m.Event.ID, "error", err)
		return nil
	}
	return body
}

// RenderMessage returns the bytes that are sent.
func RenderMessage(m *models.Message) ([]byte, error) { return envelopeOf(m).Render(DefaultBodyLimit) }

// envelopeOf returns what is sent.
func envelopeOf(m *models.Message) Envelope {
	e := m.Event
	envelope := Envelope{
		Type: e.Type, OccurredAt: e.OccurredAt, Sequence: e.Sequence, Actor: m.Actor, RequestID: e.RequestID, Data: m.Resource,
		Test: e.IsTest(),
	}
	if e.OrganizationID != "" {
		envelope.Organization = &Organization{ID: e.OrganizationID, Name: m.OrganizationName}
	}
	if strings.HasSuffix(e.Type, ".updated") {
		envelope.Changes = m.Changes
	}
	return envelope
}
