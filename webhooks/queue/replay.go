package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// What one step of a replay can cost: the events or deliveries that it looks at, and how often it does so while there is nothing to begin.
const (
	replayWindow  = 5_000
	replayWindows = 10
	replaysAtOnce = 100
)

// Replaying is what the steps of replays need from whoever delivers.
type Replaying struct {
	// Ahead is how many deliveries of replays to one endpoint may be pending at once.
	Ahead int
	// Render makes the body of a message that nobody was to get until now; nil if it cannot be sent.
	Render func(*models.Message) []byte
}

// StepReplays takes each running replay a step further: it begins as many deliveries as may be pending. It returns how many it began.
// Replays whose endpoints have enough to do already are passed over, and one that fails holds up no other.
func StepReplays(ctx context.Context, db *store.DB, r Replaying) (began int, err error) {
	var ids []string
	err = db.Session(ctx).Raw(`SELECT j.id FROM webhook_jobs j
		WHERE j.state = 'running' AND (SELECT COUNT(*) FROM (SELECT 1 FROM webhook_deliveries d
			WHERE d.webhook_id = j.webhook_id AND d.state = 'pending' AND d.job_id IS NOT NULL LIMIT ?) p) < ?
		ORDER BY j.created_at, j.id LIMIT ?`, r.Ahead, r.Ahead, replaysAtOnce).Scan(&ids).Error
	if err != nil {
		return 0, fmt.Errorf("find replays: %w", err)
	}
	var failures []error
	for _, id := range ids {
		for range replayWindows {
			n, more, err := stepReplay(ctx, db, id, r)
			if err != nil {
				failures = append(failures, fmt.Errorf("step replay %s: %w", id, err))
				break
			}
			began += n
			if n > 0 || !more {
				break
			}
		}
	}
	return began, errors.Join(failures...)
}

// stepReplay takes one replay a step further. The row is locked, so that of several replicas one does it, and the cursor moves in the same
// transaction, so that nothing is begun twice. more tells that the next step may follow at once.
func stepReplay(ctx context.Context, db *store.DB, id string, r Replaying) (began int, more bool, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		began, more = 0, false
		replay, err := models.LockWebhookReplay(ctx, tx, id)
		if store.IsKind(err, store.NotFound) {
			return nil // deleted with its endpoint
		}
		if err != nil || replay.State != models.ReplayRunning {
			return err
		}
		endpoint, err := collection.Find(ctx, tx, models.Webhooks, collection.Everything(), replay.WebhookID, nil)
		if store.IsKind(err, store.NotFound) {
			return finishReplay(ctx, tx, replay, models.ReplayCancelled)
		}
		if err != nil {
			return err
		}
		step := &replayStep{replay: replay, webhook: endpoint.(*models.Webhook), Replaying: r}
		if step.room, err = replayRoom(ctx, tx, replay.WebhookID, r.Ahead); err != nil || step.room == 0 {
			return err
		}
		if replay.Kind == models.ReplayFailed {
			err = step.failed(ctx, tx)
		} else {
			err = step.events(ctx, tx)
		}
		if err != nil {
			return err
		}
		began, more = step.began, !step.done && !step.waiting
		replay.Queued += int64(began)
		if began > 0 {
			if err := WakeLanes(ctx, tx, []string{replay.WebhookID}); err != nil {
				return err
			}
		}
		if step.done {
			return finishReplay(ctx, tx, replay, models.ReplayDone)
		}
		return saveReplay(ctx, tx, replay)
	})
	return began, more, err
}

// replayRoom is how many more deliveries of replays to an endpoint may be pending.
func replayRoom(ctx context.Context, tx *store.DB, webhook string, ahead int) (int, error) {
	pending := 0
	err := tx.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&pending) },
		`SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending' AND job_id IS NOT NULL`, webhook)
	if err != nil {
		return 0, fmt.Errorf("count replayed deliveries: %w", err)
	}
	return max(ahead-pending, 0), nil
}

func finishReplay(ctx context.Context, tx *store.DB, replay *models.WebhookReplay, state string) error {
	replay.State, replay.FinishedAt = state, &jsonapi.Stamp{Time: tx.Now()}
	replay.Version++
	return saveReplay(ctx, tx, replay)
}

// saveReplay writes how far a replay has come. Coming on is no new version: whoever read it to pause it means it a second later, too.
func saveReplay(ctx context.Context, tx *store.DB, replay *models.WebhookReplay) error {
	replay.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	err := tx.Session(ctx).Model(&models.WebhookReplay{}).Where("id = ?", replay.ID).
		Select("state", "finished_at", "cursor", "reached_at", "examined", "queued", "updated_at", "version").Updates(replay).Error
	if err != nil {
		return fmt.Errorf("save replay: %w", err)
	}
	return nil
}
