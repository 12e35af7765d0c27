package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roster/models"
	"roster/webhooks/queue"
)

// handoff is what a fan-out gives the loop: deliveries of lanes that this worker holds, so that they need not be fetched.
type handoff struct {
	deliveries map[string][]*queue.DueDelivery // by webhook
	payloads   map[models.MessageKey]queue.Payload
	tokens     map[string]string    // of the lanes, as they were when the deliveries were inserted
	endpoints  map[string]*endpoint // of some of them, as they were read
	leased     []*queue.LaneRow     // by this fan-out
	leaseUntil time.Time
	woken      bool // others have their turn
}

func newHandoff() handoff {
	return handoff{
		deliveries: map[string][]*queue.DueDelivery{}, payloads: map[models.MessageKey]queue.Payload{}, tokens: map[string]string{},
	}
}

// take puts the deliveries that can go at once into the handoff.
func (h *handoff) take(p plan) {
	for i, d := range p.deliveries {
		if _, held := h.tokens[d.WebhookID]; !held || d.DueAt == nil {
			continue
		}
		due := &queue.DueDelivery{
			ID: d.ID, EventID: d.EventID, WebhookID: d.WebhookID, Owner: d.OrganizationID, EventType: d.EventType, OrderKey: d.OrderKey,
			Trigger: d.Trigger, DueAt: *d.DueAt, CreatedAt: d.CreatedAt, BodySize: len(p.payloads[i].Body),
		}
		h.deliveries[d.WebhookID] = append(h.deliveries[d.WebhookID], due)
		h.payloads[due.Message()] = p.payloads[i]
	}
}

// abandon gives back the lanes of a handoff that the loop did not take.
func (w *Worker) abandon(h handoff) {
	if len(h.leased) == 0 {
		return
	}
	b := &batch{}
	for _, l := range h.leased {
		b.lanes = append(b.lanes, &queue.LaneSettlement{Holding: l.Holding(), State: l.LaneState, Release: true})
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if _, err := queue.Settle(ctx, w.db, nil, b.lanes); err != nil && !errors.Is(err, context.Canceled) {
		w.cfg.Logger.Error("webhooks: give back lanes", "error", fmt.Errorf("they are free when their lease ends: %w", err))
	}
}
