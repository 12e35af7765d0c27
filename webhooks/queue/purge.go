package queue

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"roster/models"
	"roster/models/store"
)

// PurgeDeliveries removes up to limit finished deliveries that were created before a time, with their attempts and the bodies that no
// other delivery needs. It returns how many it removed.
func PurgeDeliveries(ctx context.Context, db *store.DB, before time.Time, limit int) (removed int, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		removed = 0
		old, err := lockFinished(ctx, tx, before, limit)
		if err != nil || len(old) == 0 {
			return err
		}
		var ids, events []string
		for _, d := range old {
			ids, events = append(ids, d.id), append(events, d.event)
			models.CountDelivery(tx, d.organization, d.webhook, -1)
		}
		removed = len(ids)
		// A replay that begins a delivery of one of these events holds its message. What it has committed is only seen by statements that
		// begin after that, so the messages are locked by one of their own.
		events = store.SortedUnique(events)
		in, arg := tx.Among("event_id", events)
		if err := tx.Read(ctx, func(*sql.Rows) error { return nil },
			`SELECT event_id FROM webhook_messages WHERE `+in+` ORDER BY event_id`+tx.Locking(""), arg); err != nil {
			return err
		}
		for _, s := range []struct {
			statement, column string
			values            []string
		}{
			{`DELETE FROM webhook_attempts WHERE `, "delivery_id", ids},
			{`DELETE FROM webhook_open WHERE `, "delivery_id", ids},
			{`DELETE FROM webhook_dispatches WHERE `, "id", ids},
			{`DELETE FROM webhook_messages WHERE NOT EXISTS (SELECT 1 FROM webhook_dispatches d
				WHERE d.event_id = webhook_messages.event_id AND d.organization_id = webhook_messages.organization_id) AND `,
				"event_id", events},
		} {
			in, arg := tx.Among(s.column, s.values)
			if _, err := tx.Run(ctx, s.statement+in, arg); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("remove old deliveries: %w", err)
	}
	return removed, nil
}

// oldDelivery is one that is to be removed.
type oldDelivery struct{ id, event, webhook, organization string }

// lockFinished returns up to limit finished deliveries that were created before a time, and keeps others from beginning them again until
// the transaction ends. What became of each is looked at again under its lock: whoever began it again before that has changed another row.
func lockFinished(ctx context.Context, tx *store.DB, before time.Time, limit int) (old []oldDelivery, err error) {
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		var d oldDelivery
		err := rows.Scan(&d.id, &d.event, &d.webhook, &d.organization)
		old = append(old, d)
		return err
	}, `SELECT id, event_id, webhook_id, organization_id FROM webhook_dispatches d
		WHERE id < ? AND created_at < ? AND NOT EXISTS (SELECT 1 FROM webhook_open o WHERE o.delivery_id = d.id AND o.state = 'pending')
		ORDER BY id LIMIT ?`+tx.Locking(" OF d SKIP LOCKED"), idAt(before), before, limit)
	if err != nil || len(old) == 0 {
		return nil, err
	}
	pending := map[string]bool{}
	in, arg := tx.Among("delivery_id", store.Column(old, func(d oldDelivery) string { return d.id }))
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		pending[id] = true
		return err
	}, `SELECT delivery_id FROM webhook_open WHERE state = 'pending' AND `+in, arg)
	return slices.DeleteFunc(old, func(d oldDelivery) bool { return pending[d.id] }), err
}

// ExpireDeliveries cancels up to limit pending deliveries of endpoints that are paused or disabled, if they were created before a time:
// what waits for an endpoint that never comes back is kept for as long as what was sent. It returns how many it cancelled.
func ExpireDeliveries(ctx context.Context, db *store.DB, before time.Time, limit int) (expired int, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		expired = 0
		var webhooks []string
		// The lanes first, as whoever settles deliveries does, and only those that nobody serves or is about to.
		err := tx.Read(ctx, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			webhooks = append(webhooks, id)
			return err
		}, `SELECT webhook_id FROM webhook_lanes
			WHERE `+isInactive+` AND (lease_until IS NULL OR lease_until < ?) AND EXISTS (
				SELECT 1 FROM webhook_open o
				WHERE o.webhook_id = webhook_lanes.webhook_id AND o.state = 'pending' AND o.created_at < ?)
			ORDER BY webhook_id LIMIT ?`+tx.Locking(" SKIP LOCKED"), tx.Now(), before, limit)
		if err != nil || len(webhooks) == 0 {
			return err
		}
		in, arg := tx.Among("webhook_id", webhooks)
		var ids []string
		var keys []OrderKey
		err = tx.Read(ctx, func(rows *sql.Rows) error {
			var id, webhook string
			var key *string
			err := rows.Scan(&id, &webhook, &key)
			ids = append(ids, id)
			if key != nil {
				keys = append(keys, OrderKey{webhook, *key})
			}
			return err
		}, `SELECT delivery_id, webhook_id, order_key FROM webhook_open
			WHERE state = 'pending' AND created_at < ? AND `+in+` ORDER BY delivery_id LIMIT ?`,
			before, arg, limit)
		if err != nil {
			return err
		}
		in, arg = tx.Among("delivery_id", ids)
		n, err := tx.Run(ctx, `UPDATE webhook_open SET state = 'cancelled', reason = ?, finished_at = ?, due_at = NULL
			WHERE state = 'pending' AND `+in, models.CancelledExpired, tx.Now(), arg)
		if err != nil {
			return err
		}
		expired = int(n)
		return advanceKeys(ctx, tx, keys)
	})
	if err != nil {
		return 0, fmt.Errorf("expire deliveries: %w", err)
	}
	return expired, nil
}

// PurgeReplays removes replays that ended before a time.
func PurgeReplays(ctx context.Context, db *store.DB, before time.Time) error {
	err := store.Transaction(ctx, db, func(tx *store.DB) error {
		_, err := tx.Run(ctx, `DELETE FROM webhook_jobs WHERE state IN ('done', 'cancelled') AND finished_at < ?`, before)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove old replays: %w", err)
	}
	return nil
}

// PurgeHeads forgets the requests and answers of attempts at deliveries that were created before a time. Deliveries a day older than that
// were done by an earlier call.
func PurgeHeads(ctx context.Context, db *store.DB, before time.Time) error {
	from := idAt(before.Add(-24 * time.Hour))
	err := store.Transaction(ctx, db, func(tx *store.DB) error {
		_, err := tx.Run(ctx, `UPDATE webhook_attempts SET response_head = NULL, request_headers = NULL, sealed_url = NULL
			WHERE delivery_id >= ? AND delivery_id < ? AND (response_head IS NOT NULL OR request_headers IS NOT NULL)`, from, idAt(before))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old answers: %w", err)
	}
	return nil
}

// PurgeTraces forgets which traces events are in that happened before a time.
func PurgeTraces(ctx context.Context, db *store.DB, before time.Time) error {
	err := store.Transaction(ctx, db, func(tx *store.DB) error {
		_, err := tx.Run(ctx, `DELETE FROM event_traces WHERE event_id < ?`, idAt(before))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old traces: %w", err)
	}
	return nil
}

// idAt returns an id that sorts before those made at a time (RFC 9562 §5.7).
func idAt(t time.Time) string {
	var id uuid.UUID
	ms := max(t.UnixMilli(), 0)
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id.String()
}
