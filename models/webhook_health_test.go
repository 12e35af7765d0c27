package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestTheOldestPendingDeliveryIsFoundBehindThousandsThatWaitForIt has a long row of deliveries that are sent in order: only the first has a
// time at which it is due, and the databases do not agree on where those without one are sorted.
func TestTheOldestPendingDeliveryIsFoundBehindThousandsThatWaitForIt(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org := modelstest.Organization(t, db).ID
		endpoint := modelstest.Webhook(t, db, org, "https://hooks.example.com/", modelstest.With("ordering", "fifo"))
		first := modelstest.Delivery(t, db, endpoint)
		clock.Advance(time.Hour)
		var rows []string
		for i := range 1500 {
			id := models.NewID()
			rows = append(rows, fmt.Sprintf("('%s', '%s', %d, '*', 'pending', 'event', 0, 0, %s)", id, endpoint.ID, i+1000,
				literal(db, clock.Now())))
		}
		run(t, pool(db), `INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, order_key, state, trigger, attempts, round_attempts,
			created_at) VALUES `+strings.Join(rows, ", "))
		if err := models.FillWebhookHealth(t.Context(), db, endpoint); err != nil {
			t.Fatal(err)
		}
		at := must(jsonapi.Marshal(jsonapi.Stamp{Time: first.CreatedAt.Time}))(t)
		if health := string(*endpoint.Health); !strings.Contains(health, `"oldestPending":`+string(at)) ||
			!strings.Contains(health, `"backlog":1501`) {
			t.Errorf("the health is %s, the oldest was created at %s", health, at)
		}
	})
}

// literal returns a time as SQL.
func literal(db *store.DB, at time.Time) string {
	if db.Dialect() == store.SQLite {
		return fmt.Sprint(at.UnixMicro())
	}
	return "'" + at.Format(time.RFC3339Nano) + "'"
}
