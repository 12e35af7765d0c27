package models

import (
	"context"

	"roster/models/collection"
	"roster/models/store"
)

// countOfEvents returns how many deliveries of events a scope sees, and how many of these fail: they have failed, or an attempt has and the
// next one is to come.
func countOfEvents(ctx context.Context, db *store.DB, scope collection.Scope, ids, _ []string) (map[string]map[string]int64, error) {
	if !scope.Holds(reading("webhooks")) {
		return nil, nil
	}
	total, failing := map[string]int64{}, map[string]int64{}
	and, args := collection.Conjunction(WebhookDeliveries.Present(scope)...)
	// The table behind the view, under its name: what became of a delivery takes one look, and not that at its attempts.
	err := db.Ask(ctx, store.Query{
		SQL: `SELECT webhook_deliveries.event_id, COUNT(*),
				SUM(CASE WHEN o.state = 'failed' OR o.state = 'pending' AND o.round_attempts > 0 THEN 1 ELSE 0 END)
			FROM webhook_dispatches AS webhook_deliveries LEFT JOIN webhook_open o ON o.delivery_id = webhook_deliveries.id
			WHERE webhook_deliveries.event_id IN ?` + and + ` GROUP BY webhook_deliveries.event_id`,
		Args: append([]any{ids}, args...),
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				total[a.Text(row, 0)], failing[a.Text(row, 0)] = a.Number(row, 1), a.Number(row, 2)
			}
			return nil
		},
	})
	return map[string]map[string]int64{"total": total, "failing": failing}, err
}
