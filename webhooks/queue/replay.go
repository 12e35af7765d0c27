package queue

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

// FindReplays returns the ids of up to limit running replays, the oldest first, to endpoints of which fewer than ahead replayed deliveries
// are pending.
func FindReplays(ctx context.Context, db *store.DB, ahead, limit int) ([]string, error) {
	var ids []string
	err := db.Session(ctx).Raw(`SELECT j.id FROM webhook_jobs j
		WHERE j.state = 'running' AND (SELECT COUNT(*) FROM (SELECT 1 FROM webhook_open o
			WHERE o.webhook_id = j.webhook_id AND o.state = 'pending' AND o.job_id IS NOT NULL LIMIT ?) p) < ?
		ORDER BY j.created_at, j.id LIMIT ?`, ahead, ahead, limit).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("find replays: %w", err)
	}
	return ids, nil
}

// CountReplayed returns how many deliveries of replays to an endpoint are pending.
func CountReplayed(ctx context.Context, tx *store.DB, webhook string) (pending int, err error) {
	err = tx.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&pending) },
		`SELECT COUNT(*) FROM webhook_open WHERE webhook_id = ? AND state = 'pending' AND job_id IS NOT NULL`, webhook)
	if err != nil {
		return 0, fmt.Errorf("count replayed deliveries: %w", err)
	}
	return pending, nil
}

// Candidate is what a replay comes across: a delivery, or an event.
type Candidate struct {
	ID         string // of which the cursor of the replay is made
	EventType  string
	At         time.Time // when the event happened, or the delivery was created
	Reached    bool      // by the endpoint, where it happened
	DeliveryID string    // of the event to the endpoint
	State      string    // of that delivery, or NoDelivery
}

// endedAs is the state of a delivery whose row in webhook_open, if there is one, is o.
const endedAs = `COALESCE(o.state, '` + models.DeliverySucceeded + `')`

// NoDelivery is in place of a state for an event of which there is no delivery to the endpoint.
const NoDelivery = ""

// FindReplayDeliveries returns up to limit deliveries to the endpoint of a replay that are behind its cursor, in the order of their ids,
// which is that of their creation.
func FindReplayDeliveries(
	ctx context.Context, tx *store.DB, replay *models.WebhookReplay, w *models.Webhook, limit int,
) ([]Candidate, error) {
	cursor := idAt(replay.Since.Add(-time.Hour)) // no event is older than its delivery, but the clocks of replicas differ
	if replay.Cursor != nil {
		cursor = *replay.Cursor
	}
	var window []Candidate
	reached, args := w.Reach("e.organization_id")
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var c Candidate
		err := rows.Scan(&c.ID, &c.EventType, &c.State, &c.At, &c.Reached)
		c.DeliveryID = c.ID
		window = append(window, c)
		return err
	}, `SELECT d.id, d.event_type, `+endedAs+`, d.created_at, `+reached+`
		FROM webhook_dispatches d JOIN events e ON e.id = d.event_id LEFT JOIN webhook_open o ON o.delivery_id = d.id
		WHERE d.webhook_id = ? AND d.id > ? ORDER BY d.id LIMIT ?`, append(args, w.ID, cursor, limit)...)
	if err != nil {
		return nil, fmt.Errorf("look for failed deliveries: %w", err)
	}
	return window, nil
}

// FindReplayEvents returns up to limit events of the span of a replay that are behind its cursor, in the order in which they happened. For
// a subtree those are the events of the whole installation: there is no index on the events of many organizations, and looking at a
// bounded number of them is what bounds the step.
func FindReplayEvents(
	ctx context.Context, tx *store.DB, replay *models.WebhookReplay, w *models.Webhook, limit int,
) ([]Candidate, error) {
	at, id := replay.Since.Time, uuid.Nil.String()
	if replay.Cursor != nil {
		id = *replay.Cursor
		err := tx.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&at) }, `SELECT occurred_at FROM events WHERE id = ?`, id)
		if err != nil {
			return nil, fmt.Errorf("find the place of a replay: %w", err)
		}
	}
	reached, from, args := "1 = 1", "organization_id = ? AND ", []any{w.OrganizationID}
	if w.Subtree {
		reached, args = w.Reach("e.organization_id")
		from = ""
	}
	var window []Candidate
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var c Candidate
		var delivery, state sql.NullString
		err := rows.Scan(&c.ID, &c.EventType, &c.At, &c.Reached, &delivery, &state)
		c.DeliveryID, c.State = delivery.String, state.String
		window = append(window, c)
		return err
	}, `SELECT e.id, e.event_type, e.occurred_at, `+reached+`, d.id,
			CASE WHEN d.id IS NOT NULL THEN `+endedAs+` END
		FROM (SELECT id, event_type, occurred_at, organization_id FROM events
			WHERE `+from+`(occurred_at, id) > (?, ?) AND occurred_at < ?
			ORDER BY occurred_at, id LIMIT ?) AS e
		LEFT JOIN webhook_dispatches d ON d.event_id = e.id AND d.webhook_id = ?
		LEFT JOIN webhook_open o ON o.delivery_id = d.id
		ORDER BY e.occurred_at, e.id`, append(args, at, id, replay.Until.Time, limit, w.ID)...)
	if err != nil {
		return nil, fmt.Errorf("look for events: %w", err)
	}
	return window, nil
}

// LockMessages returns what an organization is sent of those of some events that are fanned out, by event. Until the transaction ends
// nobody takes the bodies away. There is none if no endpoint of the organization was to get it until now.
func LockMessages(ctx context.Context, tx *store.DB, owner string, events []string) (map[string]*models.Message, error) {
	bodies := map[string][]byte{}
	in, arg := tx.Among("event_id", events)
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var id string
		var body []byte
		err := rows.Scan(&id, &body)
		bodies[id] = body
		return err
	}, `SELECT event_id, body FROM webhook_messages WHERE organization_id = ? AND `+in+` ORDER BY event_id`+tx.Locking(""), owner, arg)
	if err != nil {
		return nil, fmt.Errorf("lock messages: %w", err)
	}
	found := map[string]*models.Message{}
	in, arg = tx.Among("p.event_id", events)
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		e, err := models.ScanQueued(rows)
		if err == nil {
			found[e.ID] = &models.Message{Event: e, Owner: owner, Body: bodies[e.ID]}
		}
		return err
	}, `SELECT `+models.QueuedColumns+` FROM event_positions p JOIN events e ON e.id = p.event_id
		WHERE `+in+` AND NOT EXISTS (SELECT 1 FROM event_queue q WHERE q.position = p.position)`, arg)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return found, nil
}

// BeginAgain makes finished deliveries pending and returns how many. Their numbers of attempts go on, their schedules begin anew, and they
// wait for nothing. replay is the replay that does it; nil leaves the one that did before.
func BeginAgain(ctx context.Context, tx *store.DB, ids []string, trigger string, replay *string) (int, error) {
	due, of := "?", "?"
	if tx.Dialect() == store.Postgres {
		due, of = "?::timestamptz", "?::uuid"
	}
	in, arg := tx.Among("d.id", ids)
	// Who removes what is old locks deliveries before it looks whether they are pending.
	n, err := tx.Run(ctx, `INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, state, trigger, attempts, round_attempts,
			due_at, job_id)
		SELECT d.id, d.webhook_id, d.ordinal, d.created_at, 'pending', ?,
			COALESCE((SELECT MAX(a.number) FROM webhook_attempts a WHERE a.delivery_id = d.id), 0), 0, `+due+`, `+of+`
		FROM webhook_dispatches d WHERE `+in+tx.Sharing(" OF d")+`
		ON CONFLICT (delivery_id) DO UPDATE SET state = 'pending', trigger = excluded.trigger, round_attempts = 0, due_at = excluded.due_at,
			job_id = COALESCE(excluded.job_id, webhook_open.job_id), finished_at = NULL, reason = NULL, order_key = NULL
		WHERE webhook_open.state <> 'pending'`, trigger, tx.Now(), replay, arg)
	if err != nil {
		return 0, fmt.Errorf("begin deliveries again: %w", err)
	}
	return int(n), nil
}

// FinishReplay ends a replay in a state.
func FinishReplay(ctx context.Context, tx *store.DB, replay *models.WebhookReplay, state string) error {
	replay.State, replay.FinishedAt = state, &jsonapi.Stamp{Time: tx.Now()}
	replay.Version++
	return SaveReplay(ctx, tx, replay)
}

// SaveReplay writes how far a replay has come. Coming on is no new version: whoever read it to pause it means it a second later, too.
func SaveReplay(ctx context.Context, tx *store.DB, replay *models.WebhookReplay) error {
	replay.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	err := tx.Session(ctx).Model(&models.WebhookReplay{}).Where("id = ?", replay.ID).
		Select("state", "finished_at", "cursor", "reached_at", "examined", "queued", "updated_at", "version").Updates(replay).Error
	if err != nil {
		return fmt.Errorf("save replay: %w", err)
	}
	return nil
}
