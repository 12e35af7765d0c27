package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"roster/models/collection"
	"roster/models/store"
)

// PermitRedelivery returns a delivery that a caller may have sent once more. It fails with Conflict if the endpoint is no longer there, or
// would not get the event today.
func PermitRedelivery(ctx context.Context, tx *store.DB, by Caller, id string) (*WebhookDelivery, error) {
	found, err := collection.Find(ctx, tx, WebhookDeliveries, by.Scope, id, nil)
	if err != nil {
		return nil, err
	}
	delivery := found.(*WebhookDelivery)
	endpoint, err := collection.Find(ctx, tx, Webhooks, by.Scope, delivery.WebhookID, nil)
	if err != nil {
		if store.IsKind(err, store.NotFound) {
			return nil, &store.Error{Kind: store.Conflict, Message: "The endpoint of this delivery is no longer there."}
		}
		return nil, err
	}
	held, err := by.atDeliveries(ctx, tx, delivery.OrganizationID)
	if err != nil {
		return nil, err
	}
	if err := endpoint.(*Webhook).within(held); err != nil {
		return nil, err
	}
	return delivery, endpoint.(*Webhook).reaches(ctx, tx, by, delivery.EventID)
}

// scope is where the events happen that the endpoint is sent. It is looked at when something happened long ago and is to be sent now.
func (w *Webhook) scope() collection.Scope {
	if w.Subtree {
		return collection.Subtree(w.OrganizationID)
	}
	return collection.OnlyOrganization(w.OrganizationID)
}

// Reach returns the condition, with its arguments, that the endpoint is sent what happens in the organization in a column.
func (w *Webhook) Reach(column string) (sql string, args []any) {
	in := w.scope().Within(reading("events"), column)
	return in.SQL, in.Args
}

// reaches refuses to send an event again that the endpoint would not get today, or that the caller does not see: its organization was moved
// away from below that of the endpoint.
func (w *Webhook) reaches(ctx context.Context, tx *store.DB, by Caller, event string) error {
	for _, scope := range []collection.Scope{w.scope(), by.Scope} {
		q := tx.Session(ctx).Table("events").Where("id = ?", event) // not the feed: a test that was just made has no position yet
		if in := scope.Within(reading("events"), "events.organization_id"); in.SQL != "" {
			q = q.Where(in.SQL, in.Args...)
		}
		var n int64
		if err := q.Count(&n).Error; err != nil {
			return fmt.Errorf("look for the event of a delivery: %w", err)
		}
		if n == 0 {
			return &store.Error{Kind: store.Conflict,
				Message: "The event happened in an organization that is out of the endpoint's reach now."}
		}
	}
	return nil
}

// LockForTest returns an endpoint that a caller may have sent a test, and keeps others from changing it until the transaction ends. It
// fails with Conflict if the endpoint is not active.
func LockForTest(ctx context.Context, tx *store.DB, by Caller, id string) (*Webhook, error) {
	w, err := lockLive[Webhook](ctx, tx, Webhooks, by.Scope, id)
	if err != nil {
		return nil, err
	}
	held, err := by.at(ctx, tx, w.OrganizationID, "webhooks:write")
	if err != nil {
		return nil, err
	}
	if err := w.within(held); err != nil {
		return nil, err
	}
	if w.Status != WebhookActive {
		return nil, &store.Error{Kind: store.Conflict,
			Message: fmt.Sprintf("The endpoint is %s: set its status to active first.", w.Status)}
	}
	return w, nil
}

// RecordTest records the event of a test. Fan-out passes over it: it has one receiver, who is known.
func RecordTest(ctx context.Context, tx *store.DB, by Caller, w *Webhook) (*QueuedEvent, error) {
	var ordinal int64
	err := record(ctx, tx, by, change{
		verb: tested, collection: Webhooks, organization: w.OrganizationID, before: w, after: w, ordinal: &ordinal,
	})
	if err != nil {
		return nil, err
	}
	var event *QueuedEvent
	err = tx.Read(ctx, func(rows *sql.Rows) (err error) {
		event, err = ScanQueued(rows)
		return err
	}, `SELECT `+QueuedColumns+` FROM event_queue q JOIN events e ON e.id = q.event_id LEFT JOIN event_positions p ON p.event_id = e.id
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
