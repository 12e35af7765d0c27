package models

import (
	"context"
	"fmt"
	"math"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// webhookHealth is how an endpoint does, as its attribute health prints it.
type webhookHealth struct {
	State               string         `json:"state" doc:"ok; probation: it failed lately, or is slow, and shares a quarter of all slots with others like it; paused; disabled."`
	FailingSince        *jsonapi.Stamp `json:"failingSince" doc:"The first failure since the last success; null if there was none."`
	ConsecutiveFailures int64          `json:"consecutiveFailures" doc:"Failures since the last success. From ten on, one attempt at a time probes whether it is back."`
	LastSuccessAt       *jsonapi.Stamp `json:"lastSuccessAt" doc:"When it last answered with 2xx."`
	LastFailureAt       *jsonapi.Stamp `json:"lastFailureAt" doc:"The last failure since the last success."`
	SuccessRate         *float64       `json:"successRate" doc:"The share of good answers, from 0 to 1, recent ones weighing most; null before the first."`
	Latency             *float64       `json:"latency" doc:"Milliseconds to the end of a good answer, recent ones weighing most."`
	LatencyP50          *float64       `json:"latencyP50" doc:"The same in half of the good answers of the last 24 hours, approximately; null without any."`
	LatencyP99          *float64       `json:"latencyP99" doc:"The same in 99 of a hundred of them."`
	Backlog             int64          `json:"backlog" doc:"Deliveries that are pending, counted up to 10000."`
	OldestPending       *jsonapi.Stamp `json:"oldestPending" doc:"When the event of the oldest of them happened."`
	NextAttemptAt       *jsonapi.Stamp `json:"nextAttemptAt" doc:"When the next attempt is due; null if nothing is pending, or nothing is sent."`
}

// What one endpoint can cost: a backlog is counted up to the first bound, and its oldest delivery is looked for among as many as the second
// of those that are due first. One that waits for an earlier one has no time yet, and is younger than that.
const (
	maxBacklog = 10_000
	maxOldest  = 1_000
)

// How far an endpoint is trusted: the health of its lane. That of one that is not active is its status.
const (
	HealthOK        = "ok"
	HealthProbation = "probation" // it failed lately, or is slow

	healthFailing = "failing" // of a filter: the last attempt failed
)

// healths are what endpoints can be filtered by.
var healths = []string{HealthOK, HealthProbation, WebhookPaused, WebhookDisabled, healthFailing}

// AnswerMemory is the weight of the newest answer in the share of failures that a lane keeps, which begins at 0.
const AnswerMemory = 1.0 / 20

// successRate returns the share of good answers. The first ones do not yet fill the memory: what is left in it of the beginning, where
// there were no answers, is taken out.
func successRate(failing float64, answers int64) float64 {
	return max(0, rounded(1-failing/(1-math.Pow(1-AnswerMemory, float64(answers)))))
}

// rounded cuts what nobody wants to read.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// FillWebhookHealth sets the attribute health of endpoints, with two queries for all of them.
func FillWebhookHealth(ctx context.Context, db *store.DB, webhooks ...*Webhook) error {
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
	err := db.Session(ctx).Raw(`SELECT l.webhook_id, l.health, l.failing_since, l.last_success_at, l.last_failure_at, l.retry_after,
			l.probe_at, l.consecutive_failures, l.answers, l.failing, l.latency,
			(SELECT COUNT(*) FROM (SELECT 1 FROM webhook_open o
				WHERE o.webhook_id = l.webhook_id AND o.state = 'pending' LIMIT ?) p) AS backlog,
			(SELECT MIN(p.created_at) FROM (SELECT o.created_at FROM webhook_open o
				WHERE o.webhook_id = l.webhook_id AND o.state = 'pending' AND o.due_at IS NOT NULL
				ORDER BY o.due_at, o.delivery_id LIMIT ?) p) AS oldest,
			(SELECT o.due_at FROM webhook_open o WHERE o.webhook_id = l.webhook_id AND o.state = 'pending' AND o.due_at IS NOT NULL
				ORDER BY o.due_at LIMIT 1) AS first_due
		FROM webhook_lanes l
		WHERE l.webhook_id IN ?`, maxBacklog, maxOldest, idsOf(webhooks)).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("read health of webhooks: %w", err)
	}
	recent, err := recentLatencies(ctx, db, idsOf(webhooks))
	if err != nil {
		return err
	}
	health := map[string]jsonapi.Raw{}
	for _, row := range rows {
		h := webhookHealth{
			State: row.Health, FailingSince: row.FailingSince, ConsecutiveFailures: row.ConsecutiveFailures,
			LastSuccessAt: row.LastSuccessAt, LastFailureAt: row.LastFailureAt, Backlog: row.Backlog, OldestPending: row.Oldest,
		}
		if row.Answers > 0 {
			rate := successRate(row.Failing, row.Answers)
			h.SuccessRate = &rate
		}
		if row.Latency > 0 {
			latency := rounded(row.Latency)
			h.Latency = &latency
		}
		if latencies := recent[row.WebhookID]; latencies != nil {
			h.LatencyP50, h.LatencyP99 = latencies.quantile(0.5), latencies.quantile(0.99)
		}
		if row.Health == HealthOK || row.Health == HealthProbation {
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

// inHealth returns the condition that an endpoint is in a state of health, or that it fails.
func inHealth(_ *store.DB, v any) collection.Where {
	const lane = "EXISTS (SELECT 1 FROM webhook_lanes l WHERE l.webhook_id = webhooks.id AND "
	if v == healthFailing {
		return collection.Condition(lane + "l.failing_since IS NOT NULL)")
	}
	return collection.Condition(lane+"l.health = ?)", v)
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

// gatherShown fills in the health and the secrets of a page of endpoints, as far as somebody wants to know.
func gatherShown(ctx context.Context, db *store.DB, items []any, q *jsonapi.Query) error {
	webhooks := store.Column(items, func(item any) *Webhook { return item.(*Webhook) })
	if q.Wants(Webhooks.Schema.Type, "health") {
		if err := FillWebhookHealth(ctx, db, webhooks...); err != nil {
			return err
		}
	}
	if q.Wants(Webhooks.Schema.Type, "secrets") {
		return FillWebhookSecrets(ctx, db, webhooks...)
	}
	return nil
}
