package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"roster/models"
	"roster/models/store"
)

// EventClaim says which events to take out of the queue.
type EventClaim struct {
	// Limit is how many to take at most.
	Limit int
	// Shared takes as many events of each organization that has some, so that the many of one do not delay the few of others. Otherwise
	// the oldest are taken, and given their numbers if they have none.
	Shared bool
	// After is the organization with which the last shared claim ended: the next one begins behind it.
	After string
}

// Claimed are events that were taken out of the queue.
type Claimed struct {
	Events []*models.QueuedEvent
	// Numbers are queries after which the events have their numbers and places; none if they have them.
	Numbers []store.Query
	// After is the organization with which a shared claim ended.
	After string
}

// ClaimEvents takes events out of the queue. They are back if the transaction does not commit. Of several replicas one at a time gets past
// this call; one that then stalls is cut off by the database after a few seconds.
func ClaimEvents(ctx context.Context, tx *store.DB, c EventClaim) (claimed Claimed, err error) {
	switch {
	case c.Shared:
		claimed, err = claimShares(ctx, tx, c)
	case tx.Dialect() == store.Postgres:
		claimed.Events, claimed.Numbers, err = models.TakeOldest(ctx, tx, c.Limit)
	default:
		claimed.Events, err = claimOnSQLite(ctx, tx,
			`(SELECT position FROM event_queue WHERE position IS NOT NULL ORDER BY position LIMIT ?)`, c.Limit)
	}
	if err != nil {
		return Claimed{}, fmt.Errorf("claim events: %w", err)
	}
	return claimed, nil
}

// claimShares takes as many events of each organization that has some. They have their numbers.
func claimShares(ctx context.Context, tx *store.DB, c EventClaim) (claimed Claimed, err error) {
	if err := models.LockFanOut(ctx, tx); err != nil {
		return Claimed{}, err
	}
	organizations, err := waitingOrganizations(ctx, tx, c.After, c.Limit)
	if err != nil || len(organizations) == 0 {
		return Claimed{}, err
	}
	claimed.After = organizations[len(organizations)-1]
	positions, err := oldestOfEach(ctx, tx, organizations, max(c.Limit/len(organizations), 1))
	if err != nil {
		return Claimed{}, err
	}
	if tx.Dialect() == store.Postgres {
		claimed.Events, err = claimOnPostgres(ctx, tx, positions)
	} else {
		encoded, _ := json.Marshal(positions) // numbers always encode
		claimed.Events, err = claimOnSQLite(ctx, tx, `(SELECT value FROM json_each(?))`, string(encoded))
	}
	return claimed, err
}

// waitingOrganizations returns up to limit organizations that have events in the queue: those behind one, then from the beginning up to
// it. Each is one step through an index, however many of its events wait.
func waitingOrganizations(ctx context.Context, tx *store.DB, after string, limit int) ([]string, error) {
	var found []string
	find := func(begin, from string, limit int) error {
		return tx.Read(ctx, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			found = append(found, id)
			return err
		}, `WITH RECURSIVE waiting (id, n) AS (
			SELECT * FROM (SELECT organization_id, 1 FROM event_queue
				WHERE organization_id `+begin+` ? AND position IS NOT NULL ORDER BY organization_id LIMIT 1) AS first
			UNION ALL
			SELECT (SELECT organization_id FROM event_queue
				WHERE organization_id > w.id AND position IS NOT NULL ORDER BY organization_id LIMIT 1), w.n + 1
			FROM waiting AS w WHERE w.id IS NOT NULL AND w.n < ?
		) SELECT id FROM waiting WHERE id IS NOT NULL`, from, limit)
	}
	if after != "" {
		if err := find(">", after, limit); err != nil {
			return nil, fmt.Errorf("find organizations with events: %w", err)
		}
	}
	if behind := len(found); behind < limit {
		if err := find(">=", models.NoOrganization, limit-behind); err != nil {
			return nil, fmt.Errorf("find organizations with events: %w", err)
		}
		around := slices.IndexFunc(found[behind:], func(id string) bool { return after != "" && id > after })
		if around >= 0 {
			found = found[:behind+around]
		}
	}
	return found, nil
}

// oldestOfEach returns the positions of the oldest events of each organization, up to share of each.
func oldestOfEach(ctx context.Context, tx *store.DB, organizations []string, share int) ([]int64, error) {
	var positions []int64
	note := func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		positions = append(positions, n)
		return err
	}
	var err error
	if tx.Dialect() == store.Postgres {
		err = tx.Read(ctx, note, `SELECT q.position FROM unnest(?::uuid[]) AS o (id)
			CROSS JOIN LATERAL (SELECT position FROM event_queue
				WHERE organization_id = o.id AND position IS NOT NULL ORDER BY position LIMIT ?) AS q`, organizations, share)
	} else {
		for _, o := range organizations {
			err = tx.Read(ctx, note, `SELECT position FROM event_queue
				WHERE organization_id = ? AND position IS NOT NULL ORDER BY position LIMIT ?`, o, share)
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("find the oldest events of organizations: %w", err)
	}
	return positions, nil
}

// claimOnPostgres claims in one statement, because each one more is a round trip that every event waits for. Places come from the
// sequence of the ordinals.
func claimOnPostgres(ctx context.Context, tx *store.DB, positions []int64) ([]*models.QueuedEvent, error) {
	var events []*models.QueuedEvent
	var places []int64
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var ordinal, place int64
		e, err := models.ScanQueued(rows, &ordinal, &place)
		if err != nil {
			return err
		}
		e.Ordinal = ordinal
		events, places = append(events, e), append(places, place)
		return nil
	}, `WITH q AS (
			DELETE FROM event_queue WHERE position = ANY(?) RETURNING ordinal, position
		)
		SELECT q.ordinal, nextval('event_queue_ordinal_seq'), `+models.QueuedColumns+`
		FROM q JOIN event_positions p ON p.position = q.position JOIN events e ON e.id = p.event_id
		ORDER BY q.position`, positions)
	if err != nil {
		return nil, err
	}
	slices.Sort(places)
	for i, e := range events {
		e.Place = places[i]
	}
	return events, nil
}

// claimOnSQLite does the same in steps. Places come from what AUTOINCREMENT counts ordinals with.
func claimOnSQLite(ctx context.Context, tx *store.DB, which string, arg any) ([]*models.QueuedEvent, error) {
	var events []*models.QueuedEvent
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var ordinal int64
		e, err := models.ScanQueued(rows, &ordinal)
		if err != nil {
			return err
		}
		e.Ordinal = ordinal
		events = append(events, e)
		return nil
	}, `SELECT q.ordinal, `+models.QueuedColumns+`
		FROM event_queue q JOIN event_positions p ON p.position = q.position JOIN events e ON e.id = p.event_id
		WHERE q.position IN `+which+` ORDER BY q.position`, arg)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	if _, err := tx.Run(ctx, `DELETE FROM event_queue WHERE position IN `+which, arg); err != nil {
		return nil, err
	}
	var place int64
	err = tx.Conn().QueryRowContext(ctx, `UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'event_queue' RETURNING seq`,
		len(events)).Scan(&place)
	if err != nil {
		return nil, err
	}
	for i, e := range events {
		e.Place = place - int64(len(events)-1-i)
	}
	return events, nil
}
