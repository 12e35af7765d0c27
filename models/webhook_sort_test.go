package models_test

import (
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestAPageOfDeliveriesCostsTheSameHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		series, id := "generate_series(1, 20000) AS i", "('018f0000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid"
		at := "timestamptz '2024-01-01' + i * interval '1 second'"
		owner := "('018f0000-0000-7000-8000-' || lpad((i % 400)::text, 12, '0'))::uuid"
		if db.Dialect() == store.SQLite {
			series = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n)"
			id, at = "'018f0000-0000-7000-8000-' || printf('%012d', i)", "1704067200000000 + i * 1000000"
			owner = "'018f0000-0000-7000-8000-' || printf('%012d', i % 400)"
		}
		run(t, pool(db), `INSERT INTO webhook_dispatches (id, event_id, webhook_id, organization_id, event_type, ordinal, created_at)
			SELECT `+id+`, `+id+`, `+owner+`, `+owner+`, 'user.created', i, `+at+` FROM `+series)
		run(t, pool(db), `INSERT INTO webhook_attempts (delivery_id, number, trigger, started_at, url, reused, tries, dns_us, connect_us,
				tls_us, sent_us, first_byte_us, total_us, truncated, secrets)
			SELECT id, 1, 'event', created_at, '', false, 1, 0, 0, 0, 0, 0, 0, false, '[]' FROM webhook_dispatches`)
		run(t, pool(db), `INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, state, trigger, attempts, round_attempts,
				finished_at)
			SELECT id, webhook_id, ordinal, created_at, 'failed', 'event', 1, 1, created_at FROM webhook_dispatches WHERE ordinal % 10 = 0`)
		run(t, pool(db), "ANALYZE")
		const one = "018f0000-0000-7000-8000-000000000001"
		for _, filter := range []string{"", "&filter[webhookId]=" + one, "&filter[organizationId]=" + one} {
			for _, sort := range []string{"createdAt", "-createdAt"} {
				query := "sort=" + sort + "&page[size]=10" + filter
				at := cursors(t, db, models.WebhookDeliveries, query, 20_000)
				watched, statements := models.Watch(db)
				after := query + "&page[after]=" + at[len(at)/2]
				if p := page(t, watched, models.WebhookDeliveries, after); len(p.Items) != 10 {
					t.Fatalf("%s: %d items", query, len(p.Items))
				}
				for _, sent := range statements.Take("FROM \"webhook_deliveries\"") {
					checkPlan(t, db, sent)
				}
			}
		}
	})
}
