package models_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAWalkDoesNotPassOverWhatWasRemoved removes old events while they are read: whoever has not come to them is told so.
func TestAWalkDoesNotPassOverWhatWasRemoved(t *testing.T) {
	t.Parallel()
	const events = 1_500 // more than are looked up at first
	cases := []struct {
		query   string
		read    int // when they are removed
		removed int
		fails   bool
	}{
		{"", 10, 10, false},
		{"", 10, 11, true},
		{"", 600, 1_100, true},
		{"", 1_200, 1_100, false},
		{"sort=-position", 10, 5, true},
		{"sort=-position", 10, 0, false},
		{"sort=-position", 1_499, 1, true},
		{"filter[position][gt]=FROM", 10, 1_300, false},
		{"filter[position][gt]=FROM", 10, 1_450, true},
	}
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		happen := func(n int) {
			t.Helper()
			err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
				for range n {
					if err := models.Capture(t.Context(), tx, &models.Event{
						ID: models.NewID(), EventType: "user.updated", OccurredAt: jsonapi.Stamp{Time: tx.Now()}, SubjectType: "users",
						SubjectID: models.NewID(), ActorKind: models.BySystem, Resource: jsonapi.Raw(`{"type":"users"}`),
					}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			positions(t, db, "")                                                      // which numbers them
			if _, err := db.Run(t.Context(), `DELETE FROM event_queue`); err != nil { // as the fan-out does
				t.Fatal(err)
			}
		}
		removed := int64(0) // in all
		for _, c := range cases {
			query := strings.ReplaceAll(c.query, "FROM", strconv.FormatInt(removed+1_400, 10))
			happen(c.removed)
			clock.Advance(time.Hour)
			happen(events - c.removed)
			walk := must(collection.NewWalk(t.Context(), db, models.Events, parse(t, models.Events, query)))(t)
			var err error
			for read, n := 0, 1; err == nil && n > 0; {
				var items []any
				items, err = walk.Next(t.Context(), collection.Everything(), min(200, max(1, c.read-read)))
				n = len(items)
				if read += n; err == nil && read == c.read {
					must(models.PurgeEvents(t.Context(), db, clock.Now().Add(-time.Minute)))(t)
				}
			}
			if store.IsKind(err, store.Conflict) != c.fails || err != nil && !c.fails {
				t.Errorf("%d of %q were read when the first %d were removed: %v", c.read, c.query, c.removed, err)
			}
			clock.Advance(time.Hour)
			must(models.PurgeEvents(t.Context(), db, clock.Now()))(t)
			removed += events
		}
	})
}
