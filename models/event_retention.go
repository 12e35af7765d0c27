package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"roster/models/store"
)

// Events may be kept for a time only. They go from the beginning of the list, in the order of their positions: a reader finds that what is
// behind its cursor begins later, and never that something is left out. One that is still to be sent holds up those behind it, which is
// days at most: so long is a receiver tried, and what waits for a paused endpoint expires.

const (
	// purgeLock is the advisory lock of the purge: one replica removes events at a time.
	purgeLock = 0x726f73746572 + 4
	// eventsAtOnce is how many events one transaction removes, so that other writers do not wait for long.
	eventsAtOnce = 500
)

// PurgeEvents removes the events that occurred before a time and are not to be sent any more, from the oldest on, and returns how many. It
// does nothing while another replica does it.
func PurgeEvents(ctx context.Context, db *store.DB, before time.Time) (removed int, err error) {
	for n := eventsAtOnce; n == eventsAtOnce && ctx.Err() == nil; {
		err = store.Transaction(store.Alone(ctx), db, func(tx *store.DB) error {
			n, err = purgeSomeEvents(ctx, tx, before)
			return err
		})
		if err != nil {
			return removed, fmt.Errorf("remove old events: %w", err)
		}
		removed += n
	}
	return removed, nil
}

// purgeSomeEvents removes the oldest events, and returns how many.
func purgeSomeEvents(ctx context.Context, tx *store.DB, before time.Time) (n int, err error) {
	if tx.Dialect() == store.Postgres {
		alone := false
		locked := func(rows *sql.Rows) error { return rows.Scan(&alone) }
		if err := tx.Read(ctx, locked, `SELECT pg_try_advisory_xact_lock(?)`, int64(purgeLock)); err != nil || !alone {
			return 0, err
		}
	}
	old, err := oldestEvents(ctx, tx, before)
	if err != nil || len(old.ids) == 0 {
		return 0, err
	}
	for organization, n := range old.organizations {
		if organization != "" {
			tx.Count(countEvents, organization, -n)
		}
	}
	tx.Count(countEvents, "", -int64(len(old.ids)))
	for _, from := range []struct{ table, column string }{{"event_positions", "event_id"}, {"events", "id"}} {
		in, arg := tx.Among(from.column, old.ids)
		if _, err := tx.Run(ctx, `DELETE FROM `+from.table+` WHERE `+in, arg); err != nil {
			return 0, err
		}
	}
	_, err = tx.Run(ctx, `UPDATE event_horizon SET position = ?, occurred_at = CASE WHEN occurred_at > ? THEN occurred_at ELSE ? END`,
		old.position, old.latest, old.latest)
	return len(old.ids), err
}

// oldEvents are events to be removed: how many of each organization, the last position, and the latest time.
type oldEvents struct {
	ids           []string
	organizations map[string]int64
	position      int64
	latest        time.Time
}

// oldestEvents returns the first events of all that occurred before a time, up to the first that did not, or is still to be sent.
func oldestEvents(ctx context.Context, tx *store.DB, before time.Time) (oldEvents, error) {
	old, ended := oldEvents{organizations: map[string]int64{}}, false
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var id string
		var organization *string
		var position int64
		var at time.Time
		var pending bool
		if err := rows.Scan(&position, &id, &organization, &at, &pending); err != nil {
			return err
		}
		if ended = ended || pending || !at.Before(before); ended {
			return nil
		}
		old.ids, old.position = append(old.ids, id), position
		old.organizations[deref(organization)]++
		if at.After(old.latest) {
			old.latest = at
		}
		return nil
	}, `SELECT p.position, p.event_id, p.organization_id, e.occurred_at,
			EXISTS (SELECT 1 FROM event_queue q WHERE q.position = p.position)
			OR EXISTS (SELECT 1 FROM webhook_dispatches d JOIN webhook_open o ON o.delivery_id = d.id
				WHERE d.event_id = p.event_id AND o.state = 'pending')
		FROM event_positions p JOIN events e ON e.id = p.event_id
		ORDER BY p.position LIMIT ?`, eventsAtOnce)
	return old, err
}

// eventHorizon returns the position of the last event that was removed, 0 for none.
func eventHorizon(ctx context.Context, db *store.DB) (position int64, err error) {
	err = db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&position) }, `SELECT position FROM event_horizon`)
	if err != nil {
		return 0, fmt.Errorf("read up to where events are removed: %w", err)
	}
	return position, nil
}

// afterHorizon is the condition that something was created, at the time in a column, when the events are not removed yet that tell of it.
func afterHorizon(column string) string { return column + " > (SELECT occurred_at FROM event_horizon)" }
