package models

import (
	"context"
	"slices"

	"roster/models/store"
)

// What a write owes to the delivery of events is rows that it inserts or changes itself: see package webhooks/queue for the rest.

// laneCap is the number of attempts at once that an endpoint can come to; one that is served in order never has more than one.
const laneCap = 8

// insertLane inserts the lane of a new endpoint, which has its first turn when there is something to send.
func insertLane(ctx context.Context, tx *store.DB, w *Webhook) error {
	health := HealthOK
	if w.Status != WebhookActive {
		health = w.Status
	}
	return tx.Later(ctx, "insert lane", `INSERT INTO webhook_lanes (webhook_id, organization_id, cap, max_cap, health, clean,
			consecutive_failures, answers, failing, slow, latency, failed_probes)
		VALUES (?, ?, 1, ?, ?, 0, 0, 0, 0, 0, 0, 0)`, w.ID, w.OrganizationID, laneCap, health)
}

// beginAfter keeps from a new endpoint what happened before it was there and is not fanned out yet.
func beginAfter(ctx context.Context, tx *store.DB, id string, ordinal int64) error {
	return tx.Later(ctx, "begin webhook", `UPDATE webhooks SET after_ordinal = ? WHERE id = ?`, ordinal, id)
}

// reserveOrdinal takes the next place in the queue and leaves it empty.
func reserveOrdinal(ctx context.Context, tx *store.DB) (int64, error) {
	ordinal, err := enqueue(ctx, tx, NewID(), nil, nil)
	if err != nil {
		return 0, err
	}
	return ordinal, tx.Later(ctx, "reserve a place in the queue", `DELETE FROM event_queue WHERE ordinal = ?`, ordinal)
}

// switchLane lets the lane of an endpoint follow its status. One that is active again starts with one attempt at a time, and what waited
// for a retry waits no longer: the schedule was for a receiver that nobody had mended. While the lane is leased, its turn is the end of
// the lease: who held it when it was paused may have died since.
func switchLane(ctx context.Context, tx *store.DB, w *Webhook) error {
	if w.Status != WebhookActive {
		return tx.Later(ctx, "stop lane", `UPDATE webhook_lanes SET health = ?, next_turn_at = NULL WHERE webhook_id = ?`, w.Status, w.ID)
	}
	now := tx.Now()
	err := tx.Later(ctx, "start lane", `UPDATE webhook_lanes SET health = 'ok', cap = 1, clean = 0, consecutive_failures = 0,
			failing_since = NULL, last_failure_at = NULL, answers = 0, failing = 0, slow = 0, retry_after = NULL, failed_probes = 0,
			probe_at = NULL, next_turn_at = COALESCE(lease_until, ?)
		WHERE webhook_id = ?`, now, w.ID)
	if err != nil {
		return err
	}
	return tx.Later(ctx, "end waits for retries",
		`UPDATE webhook_open SET due_at = ? WHERE webhook_id = ? AND state = 'pending' AND due_at > ?`, now, w.ID, now)
}

// CancelDeliveries cancels what is pending for endpoints. Their lanes are locked first, as whoever settles deliveries does.
func CancelDeliveries(ctx context.Context, tx *store.DB, webhooks []string, reason string) error {
	slices.Sort(webhooks)
	for _, id := range webhooks {
		err := tx.Later(ctx, "take lane away", `UPDATE webhook_lanes SET next_turn_at = NULL, lease_token = NULL, lease_until = NULL
			WHERE webhook_id = ?`, id)
		if err == nil {
			err = tx.Later(ctx, "cancel deliveries", `UPDATE webhook_open SET state = 'cancelled', reason = ?, finished_at = ?,
				due_at = NULL WHERE webhook_id = ? AND state = 'pending'`, reason, tx.Now(), id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
