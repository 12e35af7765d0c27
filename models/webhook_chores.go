package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"roster/jsonapi"
)

// Backlog is how much waits to be sent.
type Backlog struct {
	Events    int64     // not fanned out
	Pending   int64     // deliveries
	OldestDue time.Time // of the deliveries that are due; zero for none
	Lanes     map[string]int64
}

// ReadBacklog reads the backlog of the whole installation.
func ReadBacklog(ctx context.Context, db *DB) (Backlog, error) {
	b := Backlog{Lanes: map[string]int64{}}
	err := db.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&b.Events) }, `SELECT COUNT(*) FROM event_queue`)
	if err == nil {
		err = db.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&b.Pending) }, `SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`)
	}
	if err == nil {
		err = db.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&b.OldestDue) },
			`SELECT d.due_at FROM webhook_deliveries d WHERE d.state = 'pending' AND d.due_at <= ? ORDER BY d.due_at LIMIT 1`, db.Now())
	}
	if err == nil {
		err = db.read(ctx, func(rows *sql.Rows) error {
			var health string
			var n int64
			err := rows.Scan(&health, &n)
			b.Lanes[health] = n
			return err
		}, `SELECT health, COUNT(*) FROM webhook_lanes GROUP BY health`)
	}
	if err != nil {
		return Backlog{}, fmt.Errorf("read backlog: %w", err)
	}
	return b, nil
}

// StepWebhookJobs takes each running replay a step further: it begins as many deliveries as bring those that are pending of it to ahead.
// It returns how many it began. render makes the body of an event that nobody was to get until now; subscribes tells whether patterns want
// a type.
func StepWebhookJobs(ctx context.Context, db *DB, ahead int, render func(*QueuedEvent) []byte, subscribes func([]string, string) bool) (began int, err error) {
	var jobs []*WebhookJob
	if err := db.session(ctx).Where("state = ?", JobRunning).Order("created_at, id").Limit(100).Find(&jobs).Error; err != nil {
		return 0, fmt.Errorf("find replays: %w", err)
	}
	for _, job := range jobs {
		n, err := stepJob(ctx, db, job.ID, ahead, render, subscribes)
		if err != nil {
			return began, fmt.Errorf("step replay %s: %w", job.ID, err)
		}
		began += n
	}
	return began, nil
}

// stepJob takes one replay a step further. The row is locked, so that of several replicas one does it, and the cursor moves in the same
// transaction, so that nothing is begun twice.
func stepJob(ctx context.Context, db *DB, id string, ahead int, render func(*QueuedEvent) []byte, subscribes func([]string, string) bool) (began int, err error) {
	err = Transaction(ctx, db, func(tx *DB) error {
		began = 0
		job, err := lock[WebhookJob](ctx, tx, WebhookJobs, Everything(), id)
		if err != nil || job.State != JobRunning {
			return err
		}
		found, err := Find(ctx, tx, Webhooks, Everything(), job.WebhookID, nil)
		if IsKind(err, NotFound) {
			return finishJob(ctx, tx, job, JobCancelled)
		}
		if err != nil {
			return err
		}
		var pending int64
		err = tx.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&pending) },
			`SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending' AND trigger = 'replay'`, job.WebhookID)
		if err != nil {
			return err
		}
		room := ahead - int(pending)
		if room <= 0 {
			return nil
		}
		var last string
		var done bool
		if job.Kind == ReplayFailed {
			last, began, done, err = replayFailed(ctx, tx, job, room, subscribes)
		} else {
			last, began, done, err = replayEvents(ctx, tx, job, found.(*Webhook), room, render, subscribes)
		}
		if err != nil {
			return err
		}
		job.Queued += int64(began)
		if last != "" {
			job.Cursor = &last
		}
		if began > 0 {
			if err := wake(ctx, tx, job.WebhookID); err != nil {
				return err
			}
		}
		if done {
			return finishJob(ctx, tx, job, JobDone)
		}
		return saveJob(ctx, tx, job)
	})
	return began, err
}

// wake gives the lane of an endpoint a turn.
func wake(ctx context.Context, tx *DB, webhook string) error {
	if _, err := LockLanes(ctx, tx, []string{webhook}); err != nil {
		return err
	}
	return WakeLanes(ctx, tx, []string{webhook})
}

func finishJob(ctx context.Context, tx *DB, job *WebhookJob, state string) error {
	job.State, job.FinishedAt = state, &jsonapi.Stamp{Time: tx.Now()}
	return saveJob(ctx, tx, job)
}

func saveJob(ctx context.Context, tx *DB, job *WebhookJob) error {
	job.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	job.Version++
	err := tx.session(ctx).Model(&WebhookJob{}).Where("id = ?", job.ID).
		Select("state", "finished_at", "cursor", "queued", "updated_at", "version").Updates(job).Error
	if err != nil {
		return fmt.Errorf("save replay: %w", err)
	}
	return nil
}

// replayFailed begins failed deliveries of the span again, in the order of their ids.
func replayFailed(ctx context.Context, tx *DB, job *WebhookJob, room int, subscribes func([]string, string) bool) (last string, began int, done bool, err error) {
	scanned, ids := 0, []string(nil)
	err = tx.read(ctx, func(rows *sql.Rows) error {
		var id, eventType string
		if err := rows.Scan(&id, &eventType); err != nil {
			return err
		}
		last = id
		scanned++
		if subscribes(job.EventTypes, eventType) {
			ids = append(ids, id)
		}
		return nil
	}, `SELECT id, event_type FROM webhook_deliveries
		WHERE webhook_id = ? AND id > ? AND state IN ('failed', 'cancelled') AND created_at >= ? AND created_at < ?
		ORDER BY id LIMIT ?`, job.WebhookID, cursorOf(job), job.Since.Time, job.Until.Time, room)
	if err != nil {
		return "", 0, false, err
	}
	if len(ids) > 0 {
		if began, err = beginAgain(ctx, tx, ids, TriggerReplay); err != nil {
			return "", 0, false, err
		}
	}
	return last, began, scanned < room, nil
}

func cursorOf(job *WebhookJob) string {
	if job.Cursor == nil {
		return uuid.Nil.String()
	}
	return *job.Cursor
}

// beginAgain makes finished deliveries pending. Their numbers of attempts go on, their schedules begin anew, and they wait for nothing.
func beginAgain(ctx context.Context, tx *DB, ids []string, trigger string) (int, error) {
	in, arg := tx.among("id", ids)
	n, err := tx.run(ctx, `UPDATE webhook_deliveries SET state = 'pending', trigger = ?, round_attempts = 0, due_at = ?, finished_at = NULL,
		reason = NULL, order_key = NULL WHERE state <> 'pending' AND `+in, trigger, tx.Now(), arg)
	if err != nil {
		return 0, fmt.Errorf("begin deliveries again: %w", err)
	}
	return int(n), nil
}

// replayEvents begins deliveries of the events of the span that the endpoint would have got and did not. Events go by their ids, which sort
// by time.
func replayEvents(
	ctx context.Context, tx *DB, job *WebhookJob, w *Webhook, room int, render func(*QueuedEvent) []byte, subscribes func([]string, string) bool,
) (last string, began int, done bool, err error) {
	sources := "e.organization_id = ?"
	if w.Subtree {
		sources = "e.organization_id IN (SELECT descendant_id FROM organization_paths WHERE ancestor_id = ?)"
	}
	after := cursorOf(job)
	if job.Cursor == nil {
		after = idAt(job.Since.Add(-time.Minute)) // clocks of replicas differ a little
	}
	var events []*QueuedEvent
	err = tx.read(ctx, func(rows *sql.Rows) error {
		e := &QueuedEvent{}
		var changes *string
		var data string
		err := rows.Scan(&e.ID, &e.Type, &e.OrganizationID, &e.SubjectID, &changes, &data, &e.OccurredAt, &e.Sequence, &e.Body)
		e.Data, e.Changes = []byte(data), []byte(deref(changes))
		events = append(events, e)
		return err
	}, `SELECT e.id, e.event_type, e.organization_id, e.subject_id, e.changes, e.data, e.occurred_at, m.sequence, m.body
		FROM events e JOIN webhook_messages m ON m.event_id = e.id
		WHERE `+sources+` AND e.id > ? AND e.occurred_at >= ? AND e.occurred_at < ?
		ORDER BY e.id LIMIT ?`, w.OrganizationID, after, job.Since.Time, job.Until.Time, room)
	if err != nil {
		return "", 0, false, err
	}
	var deliveries []*NewDelivery
	now := tx.Now()
	for _, e := range events {
		last = e.ID
		if !subscribes(w.EventTypes, e.Type) || !subscribes(job.EventTypes, e.Type) || e.Type == "webhook.test" {
			continue
		}
		if len(e.Body) == 0 {
			if e.Body = render(e); e.Body == nil {
				continue
			}
			if _, err := tx.run(ctx, `UPDATE webhook_messages SET body = ? WHERE event_id = ?`, e.Body, e.ID); err != nil {
				return "", 0, false, err
			}
		}
		deliveries = append(deliveries, &NewDelivery{
			ID: NewID(), EventID: e.ID, WebhookID: w.ID, OrganizationID: w.OrganizationID, EventType: e.Type, Trigger: TriggerReplay,
			DueAt: &now, CreatedAt: now,
		})
	}
	n, err := InsertDeliveries(ctx, tx, nil, deliveries)
	return last, int(n), len(events) < room, err
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

// PurgeDeliveries removes up to limit finished deliveries that were created before a time, with their attempts and the bodies that no other
// delivery needs. It returns how many it removed.
func PurgeDeliveries(ctx context.Context, db *DB, before time.Time, limit int) (removed int, err error) {
	err = Transaction(ctx, db, func(tx *DB) error {
		removed = 0
		counters := tally{}
		var ids, events []string
		err := tx.read(ctx, func(rows *sql.Rows) error {
			var id, event, webhook, organization string
			if err := rows.Scan(&id, &event, &webhook, &organization); err != nil {
				return err
			}
			ids, events = append(ids, id), append(events, event)
			countDelivery(counters, organization, webhook, -1)
			return nil
		}, `SELECT id, event_id, webhook_id, organization_id FROM webhook_deliveries
			WHERE id < ? AND state <> 'pending' AND created_at < ?
			ORDER BY id LIMIT ?`+tx.locking(" SKIP LOCKED"), idAt(before), before, limit)
		if err != nil || len(ids) == 0 {
			return err
		}
		removed = len(ids)
		for _, s := range []struct {
			statement, column string
			values            []string
		}{
			{`DELETE FROM webhook_attempts WHERE `, "delivery_id", ids},
			{`DELETE FROM webhook_deliveries WHERE `, "id", ids},
			{`UPDATE webhook_messages SET body = NULL WHERE NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = webhook_messages.event_id) AND `,
				"event_id", sortedUnique(events)},
		} {
			in, arg := tx.among(s.column, s.values)
			if _, err := tx.run(ctx, s.statement+in, arg); err != nil {
				return err
			}
		}
		return counters.write(ctx, tx)
	})
	if err != nil {
		return 0, fmt.Errorf("remove old deliveries: %w", err)
	}
	return removed, nil
}

// PurgeHeads forgets the answers to attempts at deliveries that were created before a time. Deliveries a day older than that were done by an
// earlier call.
func PurgeHeads(ctx context.Context, db *DB, before time.Time) error {
	from := idAt(before.Add(-24 * time.Hour))
	err := Transaction(ctx, db, func(tx *DB) error {
		_, err := tx.run(ctx, `UPDATE webhook_attempts SET response_head = NULL
			WHERE delivery_id >= ? AND delivery_id < ? AND response_head IS NOT NULL`, from, idAt(before))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old answers: %w", err)
	}
	return nil
}
