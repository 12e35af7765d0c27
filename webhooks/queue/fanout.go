package queue

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"roster/models"
	"roster/models/store"
)

// NewDelivery is a delivery to insert.
type NewDelivery struct {
	ID             string
	EventID        string
	WebhookID      string
	OrganizationID string
	EventType      string
	Place          int64 // see QueuedEvent
	OrderKey       *string
	Trigger        string
	DueAt          *time.Time
	CreatedAt      time.Time
	ReplayID       *string // the replay that begins it
}

// insertDeliveries inserts deliveries, except those of events that an endpoint has already.
var insertDeliveries = store.InsertRows("insert deliveries", "webhook_dispatches", `ON CONFLICT (event_id, webhook_id) DO NOTHING`,
	store.Col("id", "uuid", func(d *NewDelivery) string { return d.ID }),
	store.Col("event_id", "uuid", func(d *NewDelivery) string { return d.EventID }),
	store.Col("webhook_id", "uuid", func(d *NewDelivery) string { return d.WebhookID }),
	store.Col("organization_id", "uuid", func(d *NewDelivery) string { return d.OrganizationID }),
	store.Col("event_type", "text", func(d *NewDelivery) string { return d.EventType }),
	store.Col("ordinal", "bigint", func(d *NewDelivery) int64 { return d.Place }),
	store.Col("created_at", "timestamptz", func(d *NewDelivery) time.Time { return d.CreatedAt }),
)

// openDeliveries makes those deliveries pending that were inserted.
var openDeliveries = store.InsertRows("open deliveries", "webhook_open",
	`WHERE EXISTS (SELECT 1 FROM webhook_dispatches d WHERE d.id = u.delivery_id)`,
	store.Col("delivery_id", "uuid", func(d *NewDelivery) string { return d.ID }),
	store.Col("webhook_id", "uuid", func(d *NewDelivery) string { return d.WebhookID }),
	store.Col("ordinal", "bigint", func(d *NewDelivery) int64 { return d.Place }),
	store.Col("order_key", "text", func(d *NewDelivery) *string { return d.OrderKey }),
	store.Col("trigger", "text", func(d *NewDelivery) string { return d.Trigger }),
	store.Col("due_at", "timestamptz", func(d *NewDelivery) *time.Time { return d.DueAt }),
	store.Col("created_at", "timestamptz", func(d *NewDelivery) time.Time { return d.CreatedAt }),
	store.Col("job_id", "uuid", func(d *NewDelivery) *string { return d.ReplayID }),
	store.Fixed[*NewDelivery]("state", "'pending'"),
	store.Fixed[*NewDelivery]("attempts", "0"),
	store.Fixed[*NewDelivery]("round_attempts", "0"),
)

// insertBoth inserts messages and deliveries in one statement of PostgreSQL: every event waits for each round trip.
var insertBoth = `WITH messages AS (` + insertMessages.Postgres() + `) ` + insertDeliveries.Postgres() + ` RETURNING 1`

// InsertDeliveries keeps the bodies of messages, and inserts deliveries, except those of events that an endpoint has already. It counts the
// deliveries, and returns how many were new. Both may be none. along is asked behind that, in the same round trip.
func InsertDeliveries(
	ctx context.Context, tx *store.DB, messages []*models.Message, deliveries []*NewDelivery, along ...store.Query,
) (n int, err error) {
	if len(messages) > 0 && len(deliveries) > 0 && tx.Dialect() == store.Postgres {
		along = append([]store.Query{{
			SQL:  insertBoth,
			Args: append(insertMessages.Arrays(messages), insertDeliveries.Arrays(deliveries)...),
			Take: func(a *store.Answer) error { n = a.Len(); return nil },
		}, {
			SQL: openDeliveries.Postgres(), Args: openDeliveries.Arrays(deliveries), Take: func(*store.Answer) error { return nil },
		}}, along...)
	} else {
		var inserted int64
		if _, err := insertMessages.Run(ctx, tx, messages); err != nil {
			return 0, err
		}
		if inserted, err = insertDeliveries.Run(ctx, tx, deliveries); err != nil {
			return 0, err
		}
		if _, err := openDeliveries.Run(ctx, tx, deliveries); err != nil {
			return 0, err
		}
		n = int(inserted)
	}
	if err := tx.Ask(ctx, along...); err != nil {
		return 0, fmt.Errorf("insert messages and deliveries: %w", err)
	}
	if n == len(deliveries) {
		for _, d := range deliveries {
			models.CountDelivery(tx, d.OrganizationID, d.WebhookID, 1)
		}
	} else if err := recountDeliveries(ctx, tx, deliveries); err != nil {
		return 0, err
	}
	return n, nil
}

// recountDeliveries counts those that were really inserted, when some were there already.
func recountDeliveries(ctx context.Context, tx *store.DB, deliveries []*NewDelivery) error {
	in, arg := tx.Among("id", store.Column(deliveries, func(d *NewDelivery) string { return d.ID }))
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var organization, webhook string
		if err := rows.Scan(&organization, &webhook); err != nil {
			return err
		}
		models.CountDelivery(tx, organization, webhook, 1)
		return nil
	}, `SELECT organization_id, webhook_id FROM webhook_dispatches WHERE `+in, arg)
	if err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	return nil
}

// OrderKey is what deliveries that wait for each other have in common.
type OrderKey struct{ WebhookID, Key string }

// PendingKeys returns which of the keys have a pending delivery. The lanes of the endpoints must be locked, or one that is finished at the
// same moment would leave its successor waiting for ever.
func PendingKeys(ctx context.Context, tx *store.DB, keys []OrderKey) (map[OrderKey]bool, error) {
	pending := map[OrderKey]bool{}
	note := func(rows *sql.Rows) error {
		var k OrderKey
		if err := rows.Scan(&k.WebhookID, &k.Key); err != nil {
			return err
		}
		pending[k] = true
		return nil
	}
	webhooks := store.Column(keys, func(k OrderKey) string { return k.WebhookID })
	texts := store.Column(keys, func(k OrderKey) string { return k.Key })
	var err error
	if tx.Dialect() == store.Postgres {
		err = tx.Read(ctx, note, `SELECT k.webhook_id, k.order_key FROM unnest(?::uuid[], ?::text[]) AS k (webhook_id, order_key)
			WHERE EXISTS (SELECT 1 FROM webhook_open o
				WHERE o.webhook_id = k.webhook_id AND o.order_key = k.order_key AND o.state = 'pending')`, webhooks, texts)
	} else {
		for i := range keys {
			err = tx.Read(ctx, note, `SELECT webhook_id, order_key FROM webhook_open
				WHERE webhook_id = ? AND order_key = ? AND state = 'pending' LIMIT 1`, webhooks[i], texts[i])
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("find pending keys: %w", err)
	}
	return pending, nil
}
