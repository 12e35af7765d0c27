package models

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"roster/models/store"
)

// Every event gets two numbers: its position among all events, and its sequence within its organization. Both have no gaps and are given
// in the order in which events become visible, so a reader that has come to one of them has missed nothing before it (docs/adr/0070).
//
// SQLite has one writer, so the transaction of the change takes the next numbers itself. On PostgreSQL transactions commit in another
// order than they write in. There the numbers are given by a step after the commit, by one replica at a time. The fan-out takes it first
// thing; who reads events takes it too if some have no number yet, so that what was answered is there to be read.

const (
	// numberLock is the advisory lock of that step. It is held to the end of the transaction, so the next one sees the numbers of this
	// one.
	numberLock = 0x726f73746572 + 2
	// eventChannel is where PostgreSQL tells all processes that events got their numbers.
	eventChannel = "roster_events"
	// numberBatch is how many events a step numbers at most: it holds the lock, which readers wait for.
	numberBatch = 5_000
)

// TestEvent is the type of events that are made to try one endpoint. They have a position, and no place in the sequence: other endpoints,
// which do not get them, would miss a number. Their sequence is 0.
const TestEvent = "webhook." + string(tested)

// NumberEvents gives every event that was committed before the call its numbers. It does nothing within a transaction.
func NumberEvents(ctx context.Context, db *store.DB) error {
	if db.Dialect() == store.SQLite || db.InTransaction() {
		return nil
	}
	for n := numberBatch; n == numberBatch; {
		var fresh bool
		err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&fresh) },
			`SELECT EXISTS (SELECT 1 FROM event_queue WHERE position IS NULL)`)
		if err != nil {
			return fmt.Errorf("look for new events: %w", err)
		}
		if !fresh {
			return nil
		}
		err = store.Transaction(ctx, db, func(tx *store.DB) (err error) {
			n, err = numberOnPostgres(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("number events: %w", err)
		}
	}
	return nil
}

// NumberEventsWithin gives events that were committed before the call their numbers as a part of the transaction, as many as a step may.
// Whoever reads events that have none waits for its end.
func NumberEventsWithin(ctx context.Context, tx *store.DB) error {
	if tx.Dialect() == store.SQLite {
		return nil
	}
	if _, err := numberOnPostgres(ctx, tx); err != nil {
		return fmt.Errorf("number events: %w", err)
	}
	return nil
}

// numberOnPostgres numbers the oldest events that have no number, and returns how many. The lock comes first and by itself: the statement
// behind it then sees whatever was committed before it was taken.
func numberOnPostgres(ctx context.Context, tx *store.DB) (n int, err error) {
	if err := tx.LockStep(ctx, numberLock); err != nil {
		return 0, err
	}
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		var organization string
		var count int64
		if err := rows.Scan(&organization, &count); err != nil {
			return err
		}
		n += int(count)
		countEvent(tx, organization, count)
		return nil
	}, `WITH fresh AS (
			SELECT q.ordinal, e.id, e.organization_id, e.user_id, e.subject_id, e.event_type = '`+TestEvent+`' AS test
			FROM event_queue q JOIN events e ON e.id = q.event_id
			WHERE q.position IS NULL
			ORDER BY q.ordinal
			LIMIT ?
		), last AS (
			INSERT INTO event_sequences (organization_id, last)
			SELECT '`+wholeInstallation+`', COUNT(*) FROM fresh HAVING COUNT(*) > 0
			UNION ALL
			SELECT organization_id, COUNT(*) FROM fresh WHERE organization_id IS NOT NULL AND NOT test GROUP BY organization_id
			ON CONFLICT (organization_id) DO UPDATE SET last = event_sequences.last + excluded.last
			RETURNING organization_id, last
		), numbered AS (
			INSERT INTO event_positions (position, event_id, organization_id, sequence, subject_id)
			SELECT every.last - COUNT(*) OVER () + ROW_NUMBER() OVER (ORDER BY f.ordinal), f.id, COALESCE(f.organization_id, f.user_id),
				CASE WHEN f.test THEN 0 ELSE own.last - COUNT(*) OVER of_one + ROW_NUMBER() OVER (of_one ORDER BY f.ordinal) END,
				f.subject_id
			FROM fresh f
			JOIN last every ON every.organization_id = '`+wholeInstallation+`'
			LEFT JOIN last own ON own.organization_id = f.organization_id
			WINDOW of_one AS (PARTITION BY f.organization_id, f.test)
			RETURNING position, event_id, CASE WHEN sequence IS NOT NULL THEN organization_id END AS organization_id
		), queued AS (
			UPDATE event_queue SET position = numbered.position
			FROM numbered JOIN fresh ON fresh.id = numbered.event_id
			WHERE event_queue.ordinal = fresh.ordinal
		)
		SELECT COALESCE(CAST(organization_id AS text), ''), COUNT(*) FROM numbered GROUP BY organization_id`, numberBatch)
	if err != nil || n == 0 {
		return 0, err
	}
	// There is one such transaction at a time, so the lock that notifying takes at the commit makes nobody wait.
	return n, store.Notify(ctx, tx, eventChannel, "")
}

// numberOnSQLite gives an event the next numbers in the transaction that records it, and returns its position.
func numberOnSQLite(ctx context.Context, tx *store.DB, e *Event) (position int64, err error) {
	organization, sequence := deref(e.OrganizationID), (*int64)(nil)
	next := []string{wholeInstallation}
	switch {
	case organization == "":
	case e.EventType == TestEvent:
		sequence = new(int64)
	default:
		next = append(next, organization)
	}
	for _, whose := range next {
		var n int64
		err := tx.Conn().QueryRowContext(ctx, `INSERT INTO event_sequences (organization_id, last) VALUES (?, 1)
			ON CONFLICT (organization_id) DO UPDATE SET last = event_sequences.last + 1 RETURNING last`, whose).Scan(&n)
		if err != nil {
			return 0, err
		}
		if whose == wholeInstallation {
			position = n
		} else {
			sequence = &n
		}
	}
	_, err = tx.Run(ctx, `INSERT INTO event_positions (position, event_id, organization_id, sequence, subject_id) VALUES (?, ?, ?, ?, ?)`,
		position, e.ID, optional(cmp.Or(organization, deref(e.UserID))), sequence, e.SubjectID)
	if err != nil {
		return 0, err
	}
	countEvent(tx, organization, 1)
	return position, nil
}

// countEvent adds numbered events of an organization, "" for none, to the counters. Counting them in the transactions of the changes
// would let those wait for each other on PostgreSQL.
func countEvent(tx *store.DB, organization string, n int64) {
	tx.Count(countEvents, "", n)
	if organization != "" {
		tx.Count(countEvents, organization, n)
	}
}

// lastPosition returns the position of the newest event that has one.
func lastPosition(ctx context.Context, db *store.DB) (last int64, err error) {
	err = db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&last) },
		`SELECT last FROM event_sequences WHERE organization_id = ?`, wholeInstallation)
	if err != nil {
		return 0, fmt.Errorf("read the last position: %w", err)
	}
	return last, nil
}
