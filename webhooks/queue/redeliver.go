package queue

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// Redeliver makes a delivery go out again, at once and with a fresh schedule, and returns it. It stays the one row of its event and its
// endpoint, so that a second request for the same, or a retry that is due anyway, adds nothing: one that is pending already only has its
// next attempt moved up. It fails with Conflict if the endpoint is no longer there.
//
// It does not wait for earlier events of an ordered endpoint, nor do others wait for it: what came after it has been sent long ago.
func Redeliver(ctx context.Context, db *store.DB, by models.Caller, id string) (*models.WebhookDelivery, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (*models.WebhookDelivery, error) {
		before, err := models.PermitRedelivery(ctx, tx, by, id)
		if err != nil {
			return nil, err
		}
		if err := hurryLane(ctx, tx, before.WebhookID); err != nil {
			return nil, err
		}
		// The lane is locked: nobody else writes its deliveries until this commits.
		if _, err := BeginAgain(ctx, tx, []string{id}, models.TriggerManual, nil); err != nil {
			return nil, err
		}
		if err := hurryRetry(ctx, tx, id); err != nil {
			return nil, err
		}
		tx.Recorded(true)
		found, err := collection.Find(ctx, tx, models.WebhookDeliveries, by.Scope, id, nil)
		after, _ := found.(*models.WebhookDelivery)
		return after, err
	})
}

// hurryRetry lets a delivery that waits for a retry have it now.
func hurryRetry(ctx context.Context, tx *store.DB, id string) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, `UPDATE webhook_open SET due_at = ?, trigger = ? WHERE delivery_id = ? AND state = 'pending' AND due_at > ?`,
		now, models.TriggerManual, id, now)
	if err != nil {
		return fmt.Errorf("move retry up: %w", err)
	}
	return nil
}

// hurryLane locks the lane of an endpoint and gives it a turn as soon as the receiver permits. An open breaker does not hold it up: who
// asks for an attempt wants to know how it goes. While a worker serves the lane, it finds what is due by itself.
func hurryLane(ctx context.Context, tx *store.DB, webhook string) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, `UPDATE webhook_lanes SET probe_at = NULL, next_turn_at =
			CASE WHEN lease_token IS NOT NULL OR NOT `+isActive+` THEN next_turn_at
				WHEN retry_after > ? THEN retry_after
				WHEN next_turn_at < ? THEN next_turn_at
				ELSE ? END
		WHERE webhook_id = ?`, now, now, now, webhook)
	if err != nil {
		return fmt.Errorf("hurry lane: %w", err)
	}
	return nil
}

// PendingTest returns the test of an endpoint with a type of event that is still to be sent, or nil. The endpoint is locked.
func PendingTest(ctx context.Context, tx *store.DB, webhook, eventType string) (*models.WebhookDelivery, error) {
	var found []*models.WebhookDelivery
	err := tx.Session(ctx).Table(models.WebhookDeliveries.Table).Where(`id = (SELECT d.id
		FROM webhook_open o JOIN webhook_dispatches d ON d.id = o.delivery_id
		WHERE o.webhook_id = ? AND o.state = 'pending' AND o.trigger = ? AND d.event_type = ? LIMIT 1)`,
		webhook, models.TriggerTest, eventType).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("look for pending test: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// InsertTest inserts the message and the delivery of a test with a type of event, and lets it go at once.
func InsertTest(
	ctx context.Context, tx *store.DB, w *models.Webhook, m *models.Message, eventType string,
) (*models.WebhookDelivery, error) {
	now := tx.Now()
	d := &NewDelivery{
		ID: models.NewID(), EventID: m.Event.ID, WebhookID: w.ID, OrganizationID: w.OrganizationID, EventType: eventType,
		Place: m.Event.Ordinal, Trigger: models.TriggerTest, DueAt: &now, CreatedAt: now,
	}
	if _, err := InsertDeliveries(ctx, tx, []*models.Message{m}, []*NewDelivery{d}); err != nil {
		return nil, err
	}
	at := jsonapi.Stamp{Time: now}
	return &models.WebhookDelivery{
		ID: d.ID, CreatedAt: at, EventType: d.EventType, State: models.DeliveryPending, Trigger: d.Trigger, NextAttemptAt: &at,
		EventID: d.EventID, WebhookID: d.WebhookID, OrganizationID: d.OrganizationID, Ordinal: d.Place,
	}, hurryLane(ctx, tx, w.ID)
}
