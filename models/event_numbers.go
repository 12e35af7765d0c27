package models

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

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

// freshEvent is one that has no numbers yet. behind is how many of those that are numbered with it come after it, of all and of its
// organization.
type freshEvent struct {
	ordinal        int64
	id, subject    string
	organization   string // "" for none
	owner          *string
	test           bool
	behind, within int64
}

// numberOnPostgres numbers the oldest events that have no number, and returns how many. The lock comes first: the query behind it then sees
// whatever was committed before it was taken.
func numberOnPostgres(ctx context.Context, tx *store.DB) (n int, err error) {
	if err := tx.LockStep(ctx, numberLock); err != nil {
		return 0, err
	}
	var fresh []*freshEvent
	err = tx.Ask(ctx, store.Query{
		SQL: `SELECT q.ordinal, e.id, e.subject_id, e.organization_id, COALESCE(e.organization_id, e.user_id),
				e.event_type = '` + TestEvent + `'
			FROM event_queue q JOIN events e ON e.id = q.event_id
			WHERE q.position IS NULL
			ORDER BY q.ordinal
			LIMIT ?`,
		Args: []any{numberBatch},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				fresh = append(fresh, &freshEvent{
					ordinal: a.Number(i, 0), id: a.Text(i, 1), subject: a.Text(i, 2), organization: a.Text(i, 3),
					owner: optional(a.Text(i, 4)), test: a.Number(i, 5) != 0,
				})
			}
			return nil
		},
	})
	if err != nil || len(fresh) == 0 {
		return 0, err
	}
	if _, err := writeNumbers(ctx, tx, fresh); err != nil {
		return 0, err
	}
	return len(fresh), numberQueue.Later(ctx, tx, fresh)
}

// writeNumbers gives events the next numbers in their order, counts them, and tells who waits for events. Nobody waits for it: which
// numbers those are is known to the database alone, from the first statement on. It returns how many were taken.
func writeNumbers(ctx context.Context, tx *store.DB, fresh []*freshEvent) (taken []takenNumbers, err error) {
	next := map[string]int64{wholeInstallation: int64(len(fresh))}
	for i, e := range slices.Backward(fresh) {
		countEvent(tx, e.organization, 1)
		e.behind = int64(len(fresh) - 1 - i)
		if e.organization != "" && !e.test {
			e.within = next[e.organization]
			next[e.organization]++
		}
	}
	for _, whose := range slices.Sorted(maps.Keys(next)) {
		taken = append(taken, takenNumbers{whose, next[whose]})
	}
	if err := takeNumbers.Later(ctx, tx, taken); err != nil {
		return nil, err
	}
	if err := insertPositions.Later(ctx, tx, fresh); err != nil {
		return nil, err
	}
	// There is one such transaction at a time, so the lock that notifying takes at the commit makes nobody wait.
	return taken, store.Notify(ctx, tx, eventChannel, "")
}

// takenNumbers is how many of the next numbers are taken.
type takenNumbers struct {
	whose string
	n     int64
}

var takeNumbers = store.InsertRows("take numbers", "event_sequences",
	`ON CONFLICT (organization_id) DO UPDATE SET last = event_sequences.last + excluded.last`,
	store.Col("organization_id", "uuid", func(t takenNumbers) string { return t.whose }),
	store.Col("last", "bigint", func(t takenNumbers) int64 { return t.n }),
)

// ownPosition is the position of an event, once the numbers are taken.
const ownPosition = `(SELECT last FROM event_sequences WHERE organization_id = '` + wholeInstallation + `') - u.position`

var insertPositions = store.InsertRows("insert positions", "event_positions", "",
	store.Col("position", "bigint", func(e *freshEvent) int64 { return e.behind }).As(ownPosition),
	store.Col("event_id", "uuid", func(e *freshEvent) string { return e.id }),
	store.Col("organization_id", "uuid", func(e *freshEvent) *string { return e.owner }),
	store.Col("subject_id", "uuid", func(e *freshEvent) string { return e.subject }),
	// A test is not in the sequence; what happened in no organization has none.
	store.Col("sequence", "bigint", func(e *freshEvent) *int64 {
		if e.test {
			return nil
		}
		return &e.within
	}).As(`CASE WHEN u.sequence IS NULL THEN 0 ELSE
		(SELECT last FROM event_sequences WHERE organization_id = u.organization_id) - u.sequence END`),
)

var numberQueue = store.UpdateRows("number the queue", "event_queue", "",
	store.Col("ordinal", "bigint", func(e *freshEvent) int64 { return e.ordinal }).Key(),
	store.Col("position", "bigint", func(e *freshEvent) int64 { return e.behind }).As(ownPosition),
)

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
