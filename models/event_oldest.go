package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/models/store"
)

// fanOutLock is the advisory lock of fan-out on PostgreSQL: one replica takes events out of the queue at a time, so that their places are
// in the order of their numbers.
const fanOutLock = 0x726f73746572 + 1

// LockFanOut lets one replica at a time past it, until the transaction ends. One that then stalls is cut off by the database after a few
// seconds.
func LockFanOut(ctx context.Context, tx *store.DB) error {
	if tx.Dialect() == store.SQLite {
		return nil
	}
	return tx.LockStep(ctx, fanOutLock)
}

// TakeOldest takes the oldest events out of the queue of a PostgreSQL database, up to limit, and gives numbers to those that have none. One
// replica at a time gets past this call, and whoever reads events that have no number waits for its end. They are back if the transaction
// does not commit.
//
// The numbers and places of the events are known once the query that it returns is answered, if there is one.
func TakeOldest(ctx context.Context, tx *store.DB, limit int) (events []*QueuedEvent, numbers []store.Query, err error) {
	if err := tx.LockStep(ctx, fanOutLock, numberLock); err != nil {
		return nil, nil, err
	}
	var fresh []*freshEvent
	numbered := 0
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		var ordinal int64
		var owner *string
		e, err := ScanQueued(rows, &ordinal, &owner)
		if err != nil {
			return err
		}
		e.Ordinal = ordinal
		events = append(events, e)
		if e.Position > 0 {
			numbered++
			return nil
		}
		fresh = append(fresh, &freshEvent{
			ordinal: ordinal, id: e.ID, subject: e.SubjectID, organization: e.OrganizationID, owner: owner, test: e.IsTest(),
		})
		return nil
	}, `SELECT q.ordinal, COALESCE(e.organization_id, e.user_id), `+QueuedColumns+`
		FROM (
			(SELECT ordinal, event_id, position FROM event_queue WHERE position IS NOT NULL ORDER BY position LIMIT ?)
			UNION ALL
			(SELECT ordinal, event_id, position FROM event_queue WHERE position IS NULL ORDER BY ordinal LIMIT ?)
		) AS q JOIN events e ON e.id = q.event_id LEFT JOIN event_positions p ON p.position = q.position
		ORDER BY q.position, q.ordinal LIMIT ?`, limit, limit, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("read the queue: %w", err)
	}
	if len(events) == 0 {
		return nil, nil, nil
	}
	var taken []takenNumbers
	if len(fresh) > 0 {
		if taken, err = writeNumbers(ctx, tx, fresh); err != nil {
			return nil, nil, err
		}
	}
	err = tx.Later(ctx, "take events out of the queue", `DELETE FROM event_queue WHERE ordinal = ANY(?)`,
		store.Column(events, func(e *QueuedEvent) int64 { return e.Ordinal }))
	all := slices.Clone(events) // which the caller may choose among
	return events, []store.Query{numbersOf(all, all[numbered:], fresh, taken)}, err
}

// numbersOf asks for the places of events, and for the numbers of those of them that have just got theirs, once these are written.
func numbersOf(events, unnumbered []*QueuedEvent, fresh []*freshEvent, taken []takenNumbers) store.Query {
	// Places come from the sequence of the ordinals. NULL is whose they are.
	return store.Query{
		SQL: `SELECT organization_id, last FROM event_sequences WHERE organization_id IN ?
			UNION ALL SELECT NULL, nextval('event_queue_ordinal_seq') FROM generate_series(1, ?)`,
		Args: []any{store.Column(taken, func(t takenNumbers) string { return t.whose }), len(events)},
		Take: func(a *store.Answer) error {
			last, places := map[string]int64{}, make([]int64, 0, len(events))
			for i := range a.Len() {
				if a.Null(i, 0) {
					places = append(places, a.Number(i, 1))
				} else {
					last[a.Text(i, 0)] = a.Number(i, 1)
				}
			}
			slices.Sort(places)
			for i, e := range events {
				e.Place = places[i]
			}
			for i, e := range unnumbered {
				e.Position = last[wholeInstallation] - fresh[i].behind
				if e.OrganizationID != "" && !fresh[i].test {
					e.Sequence = last[e.OrganizationID] - fresh[i].within
				}
			}
			return nil
		},
	}
}
