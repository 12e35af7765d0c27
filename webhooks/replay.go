package webhooks

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/webhooks/queue"
)

// What one step of a replay can cost: the events or deliveries that it looks at, and how often it does so while there is nothing to begin.
const (
	replayWindow  = 5_000
	replayWindows = 10
	replaysAtOnce = 100
	replayAhead   = 100 // deliveries of replays that may be pending to one endpoint: they never stand in the way of what happens now
)

// replay takes each running replay a step further.
func (w *Worker) replay(ctx context.Context) error {
	began, err := w.stepReplays(ctx, replayAhead)
	w.stepped()
	if began > 0 {
		w.Wake()
	}
	return err
}

// stepReplays takes each running replay a step further: it begins as many deliveries as may be pending. It returns how many it began.
// Replays whose endpoints have enough to do already are passed over, and one that fails holds up no other.
func (w *Worker) stepReplays(ctx context.Context, ahead int) (began int, err error) {
	ids, err := queue.FindReplays(ctx, w.db, ahead, replaysAtOnce)
	if err != nil {
		return 0, err
	}
	var failures []error
	for _, id := range ids {
		for range replayWindows {
			n, more, err := w.stepReplay(ctx, id, ahead)
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
func (w *Worker) stepReplay(ctx context.Context, id string, ahead int) (began int, more bool, err error) {
	err = store.Transaction(store.Alone(ctx), w.db, func(tx *store.DB) error {
		began, more = 0, false
		step, err := nextReplayStep(ctx, tx, id, ahead)
		if err != nil || step == nil {
			return err
		}
		rendered, err := w.renderAll(ctx, tx, step.bare())
		if err != nil {
			return err
		}
		if began, err = step.begin(ctx, tx, rendered); err != nil {
			return err
		}
		more = !step.done && !step.waiting
		return step.save(ctx, tx, began)
	})
	return began, more, err
}

// replayStep is what one step of a replay begins.
type replayStep struct {
	replay  *models.WebhookReplay
	webhook *models.Webhook

	chosen   []queue.Candidate
	messages map[string]*models.Message // of those that are events, by id
	done     bool                       // there is nothing behind them
	waiting  bool                       // the next event is not fanned out yet
}

// nextReplayStep locks a replay, finds what it begins next, and moves its cursor behind that. It returns nil if the replay cannot come on:
// it does not run, its endpoint has enough to do, or is gone, which cancels it.
func nextReplayStep(ctx context.Context, tx *store.DB, id string, ahead int) (*replayStep, error) {
	replay, err := models.LockWebhookReplay(ctx, tx, id)
	if store.IsKind(err, store.NotFound) {
		return nil, nil // deleted with its endpoint
	}
	if err != nil || replay.State != models.ReplayRunning {
		return nil, err
	}
	endpoint, err := collection.Find(ctx, tx, models.Webhooks, collection.Everything(), replay.WebhookID, nil)
	if store.IsKind(err, store.NotFound) {
		return nil, queue.FinishReplay(ctx, tx, replay, models.ReplayCancelled)
	}
	if err != nil {
		return nil, err
	}
	pending, err := queue.CountReplayed(ctx, tx, replay.WebhookID)
	if err != nil || pending >= ahead {
		return nil, err
	}
	step := &replayStep{replay: replay, webhook: endpoint.(*models.Webhook)}
	return step, step.look(ctx, tx, ahead-pending)
}

// look chooses up to room deliveries to begin. The lane is locked once there is something: from then on nobody else writes its deliveries.
// Looking for it is over by then, because a fan-out, and whoever settles what the endpoint took, waits for the lane.
func (s *replayStep) look(ctx context.Context, tx *store.DB, room int) error {
	find := queue.FindReplayEvents
	if s.replay.Kind == models.ReplayFailed {
		find = queue.FindReplayDeliveries
	}
	window, err := find(ctx, tx, s.replay, s.webhook, replayWindow)
	if err != nil {
		return err
	}
	before := *s.replay
	s.choose(window, room)
	if len(s.chosen) == 0 {
		return nil
	}
	if _, err := queue.LockLanes(ctx, tx, []string{s.webhook.ID}); err != nil {
		return err
	}
	if s.replay.Kind == models.ReplayFailed {
		return nil
	}
	ids := store.Column(s.chosen, func(c queue.Candidate) string { return c.ID })
	if s.messages, err = queue.LockMessages(ctx, tx, s.webhook.OrganizationID, ids); err != nil {
		return err
	}
	if first := slices.IndexFunc(s.chosen, func(c queue.Candidate) bool { return s.messages[c.ID] == nil }); first >= 0 {
		*s.replay = before
		s.choose(window, first)
		s.waiting = true // it is fanned out soon, and then it is its turn
	}
	return nil
}

// choose passes over a window, up to room of those that are wanted, and moves the cursor as far.
func (s *replayStep) choose(window []queue.Candidate, room int) {
	s.chosen, s.done = nil, len(window) < replayWindow
	for _, c := range window {
		if s.wants(c) {
			if len(s.chosen) == room {
				s.done = false
				return
			}
			s.chosen = append(s.chosen, c)
		}
		s.replay.Cursor = &c.ID
		if s.concerns(c) {
			s.replay.Examined++
			s.replay.ReachedAt = &jsonapi.Stamp{Time: c.At}
		}
	}
}

// concerns tells whether a replay is about what it comes across: what happened in its span, where the endpoint reaches now.
func (s *replayStep) concerns(c queue.Candidate) bool {
	return c.Reached && !c.At.Before(s.replay.Since.Time) && c.At.Before(s.replay.Until.Time)
}

// wants tells whether a replay begins what it comes across: what did not succeed, and of events, what the endpoint wants now.
func (s *replayStep) wants(c queue.Candidate) bool {
	if !s.concerns(c) || !models.Matches(s.replay.EventTypes, c.EventType) {
		return false
	}
	if s.replay.Kind == models.ReplayEvents &&
		(c.EventType == models.TestEvent || !models.Subscribes(s.webhook.EventTypes, c.EventType)) {
		return false
	}
	switch c.State {
	case queue.NoDelivery, models.DeliveryFailed, models.DeliveryCancelled:
		return true
	case models.DeliverySucceeded:
		return s.replay.IncludeDelivered
	default:
		return false
	}
}

// bare returns the messages to send that nobody was to get until now, and that have no body therefore.
func (s *replayStep) bare() (bare []*models.Message) {
	for _, c := range s.chosen {
		if m := s.messages[c.ID]; c.State == queue.NoDelivery && len(m.Body) == 0 {
			bare = append(bare, m)
		}
	}
	return bare
}

// begin inserts the deliveries of events, with the bodies that were rendered for them, and begins those again that there are. It returns
// how many it began. What has no body, because it cannot be told, is left out.
func (s *replayStep) begin(ctx context.Context, tx *store.DB, rendered []*models.Message) (began int, err error) {
	var again []string
	var fresh []*queue.NewDelivery
	now := tx.Now()
	for _, c := range s.chosen {
		if c.State != queue.NoDelivery {
			again = append(again, c.DeliveryID)
			continue
		}
		if m := s.messages[c.ID]; m.Body != nil {
			fresh = append(fresh, &queue.NewDelivery{
				ID: models.NewID(), EventID: m.Event.ID, WebhookID: s.webhook.ID, OrganizationID: s.webhook.OrganizationID,
				EventType: m.Event.Type, Trigger: models.TriggerReplay, DueAt: &now, CreatedAt: now, ReplayID: &s.replay.ID,
			})
		}
	}
	if len(again) > 0 {
		if began, err = queue.BeginAgain(ctx, tx, again, models.TriggerReplay, &s.replay.ID); err != nil {
			return 0, err
		}
	}
	n, err := queue.InsertDeliveries(ctx, tx, rendered, fresh)
	return began + n, err
}

// save writes how far the replay has come, and gives the lane a turn if there is something new in it.
func (s *replayStep) save(ctx context.Context, tx *store.DB, began int) error {
	s.replay.Queued += int64(began)
	if began > 0 {
		if err := queue.WakeLanes(ctx, tx, []string{s.webhook.ID}); err != nil {
			return err
		}
	}
	if s.done {
		return queue.FinishReplay(ctx, tx, s.replay, models.ReplayDone)
	}
	return queue.SaveReplay(ctx, tx, s.replay)
}
