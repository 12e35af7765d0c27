package main

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server/servertest"
)

// TestEventsAreKeptForTheirTime has an event of last week, and a server that keeps them for a day, another one for ever.
func TestEventsAreKeptForTheirTime(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		serve(t, dir, frontDoors, "--database-url", url, "--migrate").stop()
		db := opened(t, dir, url)
		old := &models.Event{
			ID: models.NewID(), EventType: "user.created", OccurredAt: jsonapi.Stamp{Time: time.Now().Add(-7 * 24 * time.Hour)},
			SubjectType: "users", SubjectID: models.NewID(), ActorKind: models.BySystem, Resource: jsonapi.Raw("{}"),
		}
		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			err := models.Capture(t.Context(), tx, old)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Run(t.Context(), `UPDATE events SET occurred_at = ?`, old.OccurredAt.Time); err != nil {
			t.Fatal(err)
		}
		there := func() bool {
			_, err := collection.Find(context.WithoutCancel(t.Context()), db, models.Events, collection.Everything(), old.ID, nil)
			return err == nil
		}
		servertest.Poll(t, "an event", there)
		forEver := serve(t, dir, frontDoors, "--database-url", url, "--event-retention-days", "0")
		if !there() {
			t.Error("it is removed, although events are kept for ever")
		}
		servertest.Poll(t, "an end of what is to be sent", func() bool {
			n := 1
			err := db.Read(t.Context(), func(rows *sql.Rows) error { return rows.Scan(&n) }, `SELECT COUNT(*) FROM event_queue`)
			return err == nil && n == 0
		})
		forEver.stop()
		serve(t, dir, frontDoors, "--database-url", url, "--event-retention-days", "1")
		servertest.Poll(t, "a removal", func() bool { return !there() })
	})
}
