package models

import (
	"context"

	"roster/models/collection"
	"roster/models/store"
)

// countOfEvents returns how many deliveries of events a scope sees, and how many of these fail: they have failed, or an attempt has and the
// next one is to come. Of events at whose organization a person does not read deliveries there is no number, unless they see some.
func countOfEvents(ctx context.Context, db *store.DB, scope collection.Scope, ids, _ []string) (map[string]map[string]int64, error) {
	if !scope.Holds(reading("webhooks")) {
		return nil, nil
	}
	total, failing := map[string]int64{}, map[string]int64{}
	and, args := collection.Conjunction(WebhookDeliveries.Present(scope)...)
	// The table behind the view, under its name: what became of a delivery takes one look, and not that at its attempts.
	asked := toldOfDeliveries(scope, ids, total)
	asked = append(asked, store.Query{
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
	if err := db.Ask(ctx, asked...); err != nil {
		return nil, err
	}
	for id := range total {
		failing[id] += 0
	}
	return map[string]map[string]int64{"total": total, "failing": failing}, nil
}

// toldOfDeliveries puts 0 into total for those of some events of which a scope is told that there are no deliveries: people, where they
// read them. What it returns is to be asked.
func toldOfDeliveries(scope collection.Scope, ids []string, total map[string]int64) []store.Query {
	if scope.PersonID() == "" {
		for _, id := range ids {
			total[id] = 0
		}
		return nil
	}
	within := scope.Within(reading("webhooks"), "e.organization_id")
	return []store.Query{byID(total, collection.Condition("SELECT e.id, 0 FROM events e WHERE e.id IN ? AND "+within.SQL,
		append([]any{ids}, within.Args...)...))}
}
