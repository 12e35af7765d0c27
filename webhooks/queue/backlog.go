package queue

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"roster/models/store"
)

// Backlog is how much waits to be sent.
type Backlog struct {
	Events      int64     // not fanned out
	OldestEvent time.Time // of them; zero for none
	Pending     int64     // deliveries
	OldestDue   time.Time // of the deliveries that are due; zero for none
	Lanes       map[string]int64
}

// ReadBacklog reads the backlog of the whole installation.
func ReadBacklog(ctx context.Context, db *store.DB) (Backlog, error) {
	b := Backlog{Lanes: map[string]int64{}}
	err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&b.Events) }, `SELECT COUNT(*) FROM event_queue`)
	if err == nil {
		err = db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&b.OldestEvent) },
			`SELECT e.occurred_at FROM event_queue q JOIN events e ON e.id = q.event_id ORDER BY q.ordinal LIMIT 1`)
	}
	if err == nil {
		err = db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&b.Pending) },
			`SELECT COUNT(*) FROM webhook_open WHERE state = 'pending'`)
	}
	if err == nil {
		err = db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&b.OldestDue) },
			`SELECT due_at FROM webhook_open WHERE state = 'pending' AND due_at <= ? ORDER BY due_at LIMIT 1`, db.Now())
	}
	if err == nil {
		err = db.Read(ctx, func(rows *sql.Rows) error {
			var health string
			var n int64
			err := rows.Scan(&health, &n)
			b.Lanes[health] = n
			return err
		}, `SELECT health, COUNT(*) FROM webhook_lanes GROUP BY health`)
	}
	if err != nil {
		return Backlog{}, fmt.Errorf("read backlog: %w", err)
	}
	return b, nil
}
