package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"roster/jsonapi"
	"roster/models/store"
)

// Redeliver makes a delivery go out again, at once and with a fresh schedule, and returns it. It stays the one row of its event and its
// endpoint, so that a second request for the same, or a retry that is due anyway, adds nothing: one that is pending already only has its
// next attempt moved up. It fails with Conflict if the endpoint is no longer there.
//
// It does not wait for earlier events of an ordered endpoint, nor do others wait for it: what came after it has been sent long ago.
func Redeliver(ctx context.Context, db *store.DB, by Caller, id string) (*WebhookDelivery, error) {
	return resulting(ctx, db, func(tx *store.DB) (d *WebhookDelivery, err error) {
		found, err := Find(ctx, tx, WebhookDeliveries, by.Scope, id, nil)
		if err != nil {
			return nil, err
		}
		webhook := found.(*WebhookDelivery).WebhookID
		endpoint, err := Find(ctx, tx, Webhooks, by.Scope, webhook, nil)
		if err != nil {
			if IsKind(err, NotFound) {
				return nil, &Error{Kind: Conflict, Message: "The endpoint of this delivery is no longer there."}
			}
			return d, err
		}
		if err := endpoint.(*Webhook).within(by); err != nil {
			return nil, err
		}
		if err := endpoint.(*Webhook).reaches(ctx, tx, by, found.(*WebhookDelivery).EventID); err != nil {
			return nil, err
		}
		if err := hurryLane(ctx, tx, webhook); err != nil {
			return nil, err
		}
		// The lane is locked: nobody else writes its deliveries until this commits.
		if _, err := beginAgain(ctx, tx, []string{id}, TriggerManual, nil); err != nil {
			return nil, err
		}
		if err := hurryRetry(ctx, tx, id); err != nil {
			return nil, err
		}
		tx.Recorded(true)
		found, err = Find(ctx, tx, WebhookDeliveries, by.Scope, id, nil)
		d, _ = found.(*WebhookDelivery)
		return d, err
	})
}

// reach is what happens where the endpoint is sent it. It is looked at when something happened long ago and is to be sent now.
func (w *Webhook) reach() Scope {
	if w.Subtree {
		return Subtree(w.OrganizationID)
	}
	return OnlyOrganization(w.OrganizationID)
}

// reaches refuses to send an event again that the endpoint would not get today, or that the caller does not see: its organization was moved
// away from below that of the endpoint.
func (w *Webhook) reaches(ctx context.Context, tx *store.DB, by Caller, event string) error {
	for _, scope := range []Scope{w.reach(), by.Scope} {
		q := tx.Session(ctx).Table("events").Where("id = ?", event) // not the feed: a test that was just made has no position yet
		if in := scope.within("events.organization_id"); in.sql != "" {
			q = q.Where(in.sql, in.args...)
		}
		var n int64
		if err := q.Count(&n).Error; err != nil {
			return fmt.Errorf("look for the event of a delivery: %w", err)
		}
		if n == 0 {
			return &Error{Kind: Conflict, Message: "The event happened in an organization that is out of the endpoint's reach now."}
		}
	}
	return nil
}

// hurryRetry lets a delivery that waits for a retry have it now.
func hurryRetry(ctx context.Context, tx *store.DB, id string) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, `UPDATE webhook_deliveries SET due_at = ?, trigger = ? WHERE id = ? AND state = 'pending' AND due_at > ?`,
		now, TriggerManual, id, now)
	if err != nil {
		return fmt.Errorf("move retry up: %w", err)
	}
	return nil
}

// hurryLane locks the lane of an endpoint and gives it a turn as soon as the receiver permits. An open breaker does not hold it up: who asks
// for an attempt wants to know how it goes. While somebody serves the lane, he finds what is due by himself.
func hurryLane(ctx context.Context, tx *store.DB, webhook string) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, `UPDATE webhook_lanes SET probe_at = NULL, next_turn_at =
			CASE WHEN lease_token IS NOT NULL OR health NOT IN ('ok', 'probation') THEN next_turn_at
				WHEN retry_after > ? THEN retry_after
				WHEN next_turn_at < ? THEN next_turn_at
				ELSE ? END
		WHERE webhook_id = ?`, now, now, now, webhook)
	if err != nil {
		return fmt.Errorf("hurry lane: %w", err)
	}
	return nil
}

// SendTest sends a webhook.test to one endpoint, whatever it subscribes to, and to no other, and returns the delivery. render makes its
// body. While one is pending, it is returned instead of a second one. It fails with Conflict if the endpoint is not active.
func SendTest(ctx context.Context, db *store.DB, by Caller, id string, render func(*Message) ([]byte, error)) (*WebhookDelivery, error) {
	return resulting(ctx, db, func(tx *store.DB) (d *WebhookDelivery, err error) {
		w, err := lockLive[Webhook](ctx, tx, Webhooks, by.Scope, id)
		if err != nil {
			return nil, err
		}
		if err := w.within(by); err != nil {
			return nil, err
		}
		if w.Status != WebhookActive {
			return nil, &Error{Kind: Conflict, Message: fmt.Sprintf("The endpoint is %s: set its status to active first.", w.Status)}
		}
		if d, err = pendingTest(ctx, tx, id); err != nil || d != nil {
			return d, err
		}
		event, err := recordTest(ctx, tx, by, w)
		if err != nil {
			return nil, err
		}
		message := &Message{Event: event, Owner: w.OrganizationID}
		if err := DescribeMessages(ctx, tx, []*Message{message}); err != nil {
			return nil, err
		}
		if message.Body, err = render(message); err != nil {
			return nil, err
		}
		if d, err = insertTest(ctx, tx, w, message); err != nil {
			return nil, err
		}
		return d, hurryLane(ctx, tx, id)
	})
}

// pendingTest returns the test of an endpoint that is still to be sent, or nil. The endpoint is locked.
func pendingTest(ctx context.Context, tx *store.DB, webhook string) (*WebhookDelivery, error) {
	var found []*WebhookDelivery
	err := tx.Session(ctx).Where("webhook_id = ? AND state = ? AND trigger = ?", webhook, DeliveryPending, TriggerTest).Limit(1).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("look for pending test: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// recordTest records the event of a test. Fan-out passes over it: it has one receiver, who is known.
func recordTest(ctx context.Context, tx *store.DB, by Caller, w *Webhook) (*QueuedEvent, error) {
	var ordinal int64
	err := record(ctx, tx, by, change{
		verb: tested, collection: Webhooks, organization: w.OrganizationID, before: w, after: w, ordinal: &ordinal,
	})
	if err != nil {
		return nil, err
	}
	var event *QueuedEvent
	err = tx.Read(ctx, func(rows *sql.Rows) (err error) {
		event, err = scanQueued(rows)
		return err
	}, `SELECT `+queuedColumns+` FROM event_queue q JOIN events e ON e.id = q.event_id LEFT JOIN event_positions p ON p.event_id = e.id
		WHERE q.ordinal = ?`, ordinal)
	if err == nil && event == nil {
		err = errors.New("it is not in the queue")
	}
	if err != nil {
		return nil, fmt.Errorf("read test event: %w", err)
	}
	event.Ordinal = ordinal
	return event, nil
}

// insertTest inserts the message and the delivery of a test.
func insertTest(ctx context.Context, tx *store.DB, w *Webhook, m *Message) (*WebhookDelivery, error) {
	if _, err := insertMessages.Run(ctx, tx, messageColumns([]*Message{m})...); err != nil {
		return nil, err
	}
	now := jsonapi.Stamp{Time: tx.Now()}
	d := &WebhookDelivery{
		ID: NewID(), CreatedAt: now, EventType: m.Event.Type, State: DeliveryPending, Trigger: TriggerTest, NextAttemptAt: &now,
		EventID: m.Event.ID, WebhookID: w.ID, OrganizationID: w.OrganizationID, Ordinal: m.Event.Ordinal,
	}
	if err := tx.Session(ctx).Create(d).Error; err != nil {
		return nil, fmt.Errorf("insert test delivery: %w", err)
	}
	countDelivery(tx, w.OrganizationID, w.ID, 1)
	return d, nil
}
