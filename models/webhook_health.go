package models

import (
	"context"
	"fmt"
	"time"

	"roster/jsonapi"
)

// webhookHealth is how an endpoint does, as its attribute health prints it.
type webhookHealth struct {
	State               string         `json:"state"`
	FailingSince        *jsonapi.Stamp `json:"failingSince"`
	ConsecutiveFailures int64          `json:"consecutiveFailures"`
	LastSuccessAt       *jsonapi.Stamp `json:"lastSuccessAt"`
	LastFailureAt       *jsonapi.Stamp `json:"lastFailureAt"`
	SuccessRate         *float64       `json:"successRate"`
	Latency             *float64       `json:"latency"`
	Backlog             int64          `json:"backlog"`
	OldestPending       *jsonapi.Stamp `json:"oldestPending"`
	NextAttemptAt       *jsonapi.Stamp `json:"nextAttemptAt"`
}

// What one endpoint can cost: a backlog is counted up to the first bound, and its oldest delivery is looked for among as many as the second
// of those that are due first.
const (
	maxBacklog = 10_000
	maxOldest  = 1_000
)

// FillWebhookHealth sets the attribute health of endpoints, with one query for all of them.
func FillWebhookHealth(ctx context.Context, db *DB, webhooks ...*Webhook) error {
	if len(webhooks) == 0 {
		return nil
	}
	var rows []struct {
		WebhookID                                  string
		Health                                     string
		FailingSince, LastSuccessAt, LastFailureAt *jsonapi.Stamp
		RetryAfter, ProbeAt, Oldest, FirstDue      *jsonapi.Stamp
		ConsecutiveFailures, Answers, Backlog      int64
		Failing, Latency                           float64
	}
	err := db.session(ctx).Raw(`SELECT l.webhook_id, l.health, l.failing_since, l.last_success_at, l.last_failure_at, l.retry_after, l.probe_at,
			l.consecutive_failures, l.answers, l.failing, l.latency,
			(SELECT COUNT(*) FROM (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = l.webhook_id AND d.state = 'pending' LIMIT ?) p) AS backlog,
			(SELECT MIN(p.created_at) FROM (SELECT d.created_at FROM webhook_deliveries d WHERE d.webhook_id = l.webhook_id AND d.state = 'pending'
				ORDER BY d.due_at, d.id LIMIT ?) p) AS oldest,
			(SELECT d.due_at FROM webhook_deliveries d WHERE d.webhook_id = l.webhook_id AND d.state = 'pending' AND d.due_at IS NOT NULL
				ORDER BY d.due_at LIMIT 1) AS first_due
		FROM webhook_lanes l
		WHERE l.webhook_id IN ?`, maxBacklog, maxOldest, idsOf(webhooks)).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("read health of webhooks: %w", err)
	}
	health := map[string]jsonapi.Raw{}
	for _, row := range rows {
		h := webhookHealth{
			State: row.Health, FailingSince: row.FailingSince, ConsecutiveFailures: row.ConsecutiveFailures, LastSuccessAt: row.LastSuccessAt,
			LastFailureAt: row.LastFailureAt, Backlog: row.Backlog, OldestPending: row.Oldest,
		}
		if row.Answers > 0 {
			rate := 1 - row.Failing
			h.SuccessRate = &rate
		}
		if row.Latency > 0 {
			h.Latency = &row.Latency
		}
		if row.Health == "ok" || row.Health == "probation" {
			h.NextAttemptAt = latest(row.FirstDue, row.RetryAfter, row.ProbeAt)
		}
		if health[row.WebhookID], err = jsonapi.Marshal(h); err != nil {
			return err
		}
	}
	for _, w := range webhooks {
		if h, ok := health[w.ID]; ok {
			w.Health = &h
		}
	}
	return nil
}

// latest returns the first time, or a later one of the others; nil if there is no first one.
func latest(first *jsonapi.Stamp, others ...*jsonapi.Stamp) *jsonapi.Stamp {
	if first == nil {
		return nil
	}
	at := time.Time{}
	for _, t := range append(others, first) {
		if t != nil && t.After(at) {
			at = t.Time
		}
	}
	return &jsonapi.Stamp{Time: at}
}

func idsOf(webhooks []*Webhook) []string {
	ids := make([]string, len(webhooks))
	for i, w := range webhooks {
		ids[i] = w.ID
	}
	return ids
}

// gatherHealth fills in the health of a page of endpoints.
func gatherHealth(ctx context.Context, db *DB, items []any, q *jsonapi.Query) error {
	if !q.Wants(Webhooks.Schema.Type, "health") {
		return nil
	}
	webhooks := make([]*Webhook, len(items))
	for i, item := range items {
		webhooks[i] = item.(*Webhook)
	}
	return FillWebhookHealth(ctx, db, webhooks...)
}
