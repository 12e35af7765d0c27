package queue

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

// replayStep is one step of a replay.
type replayStep struct {
	Replaying
	replay  *models.WebhookReplay
	webhook *models.Webhook
	room    int

	began   int
	done    bool
	waiting bool // the next event is not fanned out yet
}

// passed moves the cursor behind an event or a delivery, and counts it if the replay is about it.
func (s *replayStep) passed(id string, at time.Time, within bool) {
	s.replay.Cursor = &id
	if within {
		s.replay.Examined++
		s.replay.ReachedAt = &jsonapi.Stamp{Time: at}
	}
}

// candidate is an event or a delivery that a replay comes across.
type candidate struct {
	id, eventType string
	at            time.Time
	within        bool // the replay is about it
	wanted        bool
	delivery      *string // of an event that was on its way to the endpoint already
}

// failed begins failed deliveries of the span again, in the order of their ids, which is that of their creation. Those of events that are
// out of the endpoint's reach now are left alone.
func (s *replayStep) failed(ctx context.Context, tx *store.DB) error {
	after := s.replay.Since.Add(-time.Hour) // no event is older than its delivery, but the clocks of replicas differ
	cursor := idAt(after)
	if s.replay.Cursor != nil {
		cursor = *s.replay.Cursor
	}
	var window []candidate
	reached, args := s.webhook.Reach("e.organization_id")
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var c candidate
		var state string
		if err := rows.Scan(&c.id, &c.eventType, &state, &c.at, &c.within); err != nil {
			return err
		}
		c.within = c.within && !c.at.Before(s.replay.Since.Time) && c.at.Before(s.replay.Until.Time)
		c.wanted = c.within && (state == models.DeliveryFailed || state == models.DeliveryCancelled) &&
			models.Matches(s.replay.EventTypes, c.eventType)
		window = append(window, c)
		return nil
	}, `SELECT d.id, d.event_type, d.state, d.created_at, `+reached+`
		FROM webhook_deliveries d JOIN events e ON e.id = d.event_id
		WHERE d.webhook_id = ? AND d.id > ? ORDER BY d.id LIMIT ?`, append(args, s.replay.WebhookID, cursor, replayWindow)...)
	if err != nil {
		return fmt.Errorf("look for failed deliveries: %w", err)
	}
	chosen := s.choose(window)
	if err = s.hold(ctx, tx, chosen); err == nil && len(chosen) > 0 {
		s.began, err = beginAgain(ctx, tx, store.Column(chosen, func(c candidate) string { return c.id }), models.TriggerReplay,
			&s.replay.ID)
	}
	return err
}

// choose passes over a window, up to the room there is, and returns what is wanted of it.
func (s *replayStep) choose(window []candidate) (chosen []candidate) {
	s.done = len(window) < replayWindow
	for _, c := range window {
		if c.wanted && len(chosen) == s.room {
			s.done = false
			break
		}
		if c.wanted {
			chosen = append(chosen, c)
		}
		s.passed(c.id, c.at, c.within)
	}
	return chosen
}

// hold locks the lane of the endpoint, if there is something to begin: from now on nobody else writes its deliveries. Looking for it is
// over by then, because a fan-out, and whoever settles what the endpoint took, waits for the lane.
func (s *replayStep) hold(ctx context.Context, tx *store.DB, chosen []candidate) error {
	if len(chosen) == 0 {
		return nil
	}
	_, err := LockLanes(ctx, tx, []string{s.webhook.ID})
	return err
}

// beginAgain makes finished deliveries pending. Their numbers of attempts go on, their schedules begin anew, and they wait for nothing.
// replay is the replay that does it; nil leaves the one that did before.
func beginAgain(ctx context.Context, tx *store.DB, ids []string, trigger string, replay *string) (int, error) {
	in, arg := tx.Among("id", ids)
	n, err := tx.Run(ctx, `UPDATE webhook_deliveries SET
		state = 'pending', trigger = ?, job_id = COALESCE(?, job_id), round_attempts = 0, due_at = ?,
		finished_at = NULL, reason = NULL, order_key = NULL WHERE state <> 'pending' AND `+in, trigger, replay, tx.Now(), arg)
	if err != nil {
		return 0, fmt.Errorf("begin deliveries again: %w", err)
	}
	return int(n), nil
}

// events begins deliveries of the events of the span that the endpoint would have got and did not, in the order in which they happened.
// That of an event that failed is begun again.
func (s *replayStep) events(ctx context.Context, tx *store.DB) error {
	window, err := s.window(ctx, tx)
	if err != nil {
		return err
	}
	before := *s.replay
	chosen := s.choose(window)
	if err := s.hold(ctx, tx, chosen); err != nil {
		return err
	}
	found, err := s.messages(ctx, tx, store.Column(chosen, func(c candidate) string { return c.id }))
	if err != nil {
		return err
	}
	if first := slices.IndexFunc(chosen, func(c candidate) bool { return found[c.id] == nil }); first >= 0 {
		// It is fanned out soon, and then it is its turn.
		s.waiting, s.done = true, false
		s.replay.Cursor, s.replay.Examined, s.replay.ReachedAt = before.Cursor, before.Examined, before.ReachedAt
		for _, c := range window {
			if c.id == chosen[first].id {
				break
			}
			s.passed(c.id, c.at, c.within)
		}
		chosen = chosen[:first]
	}
	return s.begin(ctx, tx, chosen, found)
}

// window reads the next events behind the cursor. For a subtree those are the events of the whole installation: there is no index on the
// events of many organizations, and looking at a bounded number of them is what bounds the step.
func (s *replayStep) window(ctx context.Context, tx *store.DB) ([]candidate, error) {
	at, id := s.replay.Since.Time, uuid.Nil.String()
	if s.replay.Cursor != nil {
		id = *s.replay.Cursor
		err := tx.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&at) }, `SELECT occurred_at FROM events WHERE id = ?`, id)
		if err != nil {
			return nil, fmt.Errorf("find the place of a replay: %w", err)
		}
	}
	within, from, args := "1 = 1", "organization_id = ? AND ", []any{s.webhook.OrganizationID}
	if s.webhook.Subtree {
		within, args = s.webhook.Reach("e.organization_id")
		from = ""
	}
	var window []candidate
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var c candidate
		var state *string
		if err := rows.Scan(&c.id, &c.eventType, &c.at, &c.within, &c.delivery, &state); err != nil {
			return err
		}
		c.wanted = c.within && s.open(state) && c.eventType != models.TestEvent &&
			models.Subscribes(s.webhook.EventTypes, c.eventType) && models.Matches(s.replay.EventTypes, c.eventType)
		window = append(window, c)
		return nil
	}, `SELECT e.id, e.event_type, e.occurred_at, `+within+`, d.id, d.state
		FROM (SELECT id, event_type, occurred_at, organization_id FROM events
			WHERE `+from+`(occurred_at, id) > (?, ?) AND occurred_at < ?
			ORDER BY occurred_at, id LIMIT ?) AS e
		LEFT JOIN webhook_deliveries d ON d.event_id = e.id AND d.webhook_id = ?
		ORDER BY e.occurred_at, e.id`, append(args, at, id, s.replay.Until.Time, replayWindow, s.webhook.ID)...)
	if err != nil {
		return nil, fmt.Errorf("look for events: %w", err)
	}
	return window, nil
}

// open tells whether an event is still to come to the endpoint, from the state of its delivery; nil if there is none.
func (s *replayStep) open(state *string) bool {
	return state == nil || *state == models.DeliveryFailed || *state == models.DeliveryCancelled ||
		*state == models.DeliverySucceeded && s.replay.IncludeDelivered
}

// messages reads events that are fanned out, by id, with what the organization of the endpoint is sent. Until the transaction ends nobody
// takes the bodies away.
func (s *replayStep) messages(ctx context.Context, tx *store.DB, ids []string) (map[string]*models.Message, error) {
	found := map[string]*models.Message{}
	if len(ids) == 0 {
		return found, nil
	}
	bodies := map[string][]byte{}
	in, arg := tx.Among("event_id", ids)
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var id string
		var body []byte
		err := rows.Scan(&id, &body)
		bodies[id] = body
		return err
	}, `SELECT event_id, body FROM webhook_messages WHERE organization_id = ? AND `+in+` ORDER BY event_id`+tx.Locking(""),
		s.webhook.OrganizationID, arg)
	if err != nil {
		return nil, fmt.Errorf("lock messages: %w", err)
	}
	in, arg = tx.Among("p.event_id", ids)
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		e, err := models.ScanQueued(rows)
		if err == nil {
			found[e.ID] = &models.Message{Event: e, Owner: s.webhook.OrganizationID, Body: bodies[e.ID]}
		}
		return err
	}, `SELECT `+models.QueuedColumns+` FROM event_positions p JOIN events e ON e.id = p.event_id
		WHERE `+in+` AND NOT EXISTS (SELECT 1 FROM event_queue q WHERE q.position = p.position)`, arg)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return found, nil
}

// begin inserts the deliveries of events, and begins those again that failed.
func (s *replayStep) begin(ctx context.Context, tx *store.DB, chosen []candidate, found map[string]*models.Message) (err error) {
	var again []string
	var bare []*models.Message
	for _, c := range chosen {
		if c.delivery != nil {
			again = append(again, *c.delivery)
		} else if len(found[c.id].Body) == 0 {
			bare = append(bare, found[c.id])
		}
	}
	if err := models.DescribeMessages(ctx, tx, bare); err != nil {
		return err
	}
	var rendered []*models.Message
	for _, m := range bare {
		if m.Body = s.Render(m); m.Body != nil {
			rendered = append(rendered, m)
		}
	}
	var fresh []*NewDelivery
	now := tx.Now()
	for _, c := range chosen {
		if e := found[c.id].Event; c.delivery == nil && found[c.id].Body != nil {
			fresh = append(fresh, &NewDelivery{
				ID: models.NewID(), EventID: e.ID, WebhookID: s.webhook.ID, OrganizationID: s.webhook.OrganizationID, EventType: e.Type,
				Trigger: models.TriggerReplay, DueAt: &now, CreatedAt: now,
			})
		}
	}
	if len(again) > 0 {
		if s.began, err = beginAgain(ctx, tx, again, models.TriggerReplay, &s.replay.ID); err != nil {
			return err
		}
	}
	n, err := InsertDeliveries(ctx, tx, rendered, fresh)
	if err != nil || n == 0 {
		return err
	}
	s.began += int(n)
	in, arg := tx.Among("id", store.Column(fresh, func(d *NewDelivery) string { return d.ID }))
	if _, err := tx.Run(ctx, `UPDATE webhook_deliveries SET job_id = ? WHERE `+in, s.replay.ID, arg); err != nil {
		return fmt.Errorf("note the replay: %w", err)
	}
	return nil
}
