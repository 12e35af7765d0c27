package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
)

// BenchmarkSeries reads how an endpoint did over a month in which it was sent something in every half hour.
func BenchmarkSeries(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			db := modelstest.Open(b, dialect)
			hook := modelstest.Webhook(b, db, organization(b, db, "Acme", "").ID, "https://hooks.example.com/").ID
			columns := models.LatencyColumns()
			insert := db.Bind(fmt.Sprintf("INSERT INTO webhook_tallies (webhook_id, began_at, delivered, failed, %s) "+
				"VALUES (?, ?, 27, 1%s)", strings.Join(columns, ", "), strings.Repeat(", 1", len(columns))))
			since := db.Now().Add(-models.TallyRetention)
			for at := since.Truncate(models.TallySpan); at.Before(db.Now()); at = at.Add(models.TallySpan) {
				if _, err := pool(db).ExecContext(b.Context(), insert, hook, at); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				span := models.SeriesSpan{Since: &since, Step: 4 * time.Hour}
				if _, err := models.FindWebhookSeries(b.Context(), db, everything.Scope, hook, span); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
