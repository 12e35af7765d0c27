package models

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// QueuedEvent is an event on its way from the queue to those who want it.
type QueuedEvent struct {
	Ordinal        int64 // of the change, in the queue
	ID             string
	Type           string
	OrganizationID string // "" for an event that happened in none
	SubjectID      string
	Changes        []byte // JSON
	Data           []byte // JSON
	OccurredAt     time.Time

	// Sequence is its number within the organization, without a gap; 0 for an event that happened in none.
	Sequence int64
	// Place is greater than that of every event that left the queue before. Deliveries that wait for each other go in this order, which is
	// that of the sequence: by ordinal, a change that was slow to commit would overtake later numbers.
	Place int64
	// Body is what is sent. It stays nil while nobody is to get it.
	Body []byte
}

// EventClaim says which events to take out of the queue.
type EventClaim struct {
	// Limit is how many to take at most.
	Limit int
	// Shared takes as many events of each organization that has some, so that the many of one do not delay the few of others. Otherwise the
	// oldest are taken.
	Shared bool
	// After is the organization with which the last shared claim ended: the next one begins behind it.
	After string
}

// fanOutLock is the advisory lock of fan-out on PostgreSQL: one replica numbers events at a time, so that they are numbered in the order in
// which they leave the queue.
const fanOutLock = 0x726f73746572 + 1

// noOrganization stands in the queue for what happened in no organization. It sorts before every id.
const noOrganization = "00000000-0000-0000-0000-000000000000"

// enqueue puts an event into the queue of those to be delivered, and returns its ordinal.
func enqueue(ctx context.Context, tx *DB, event string, organization *string) (ordinal int64, err error) {
	err = tx.conn().QueryRowContext(ctx, tx.bind(`INSERT INTO event_queue (event_id, organization_id) VALUES (?, ?) RETURNING ordinal`),
		event, cmp.Or(deref(organization), noOrganization)).Scan(&ordinal)
	return ordinal, err
}

// ClaimEvents takes events out of the queue and gives each the next number of its organization and its place. They are back if the
// transaction does not commit. after is the organization with which a shared claim ended. Of several replicas one at a time gets past this
// call; one that then stalls is cut off by the database after a few seconds.
func ClaimEvents(ctx context.Context, tx *DB, c EventClaim) (events []*QueuedEvent, after string, err error) {
	if tx.dialect == Postgres {
		_, err := tx.run(ctx, `SELECT set_config('idle_in_transaction_session_timeout', '5s', true), pg_advisory_xact_lock(?)`, int64(fanOutLock))
		if err != nil {
			return nil, "", fmt.Errorf("claim events: %w", err)
		}
	}
	which, arg := `(SELECT ordinal FROM event_queue ORDER BY ordinal LIMIT ?)`, any(c.Limit)
	if c.Shared {
		organizations, err := waitingOrganizations(ctx, tx, c.After, c.Limit)
		if err != nil || len(organizations) == 0 {
			return nil, "", err
		}
		after = organizations[len(organizations)-1]
		ordinals, err := oldestOfEach(ctx, tx, organizations, max(c.Limit/len(organizations), 1))
		if err != nil {
			return nil, "", err
		}
		which, arg = `unnest(?::bigint[])`, ordinals
		if tx.dialect == SQLite {
			encoded, _ := json.Marshal(ordinals) // numbers always encode
			which, arg = `(SELECT value FROM json_each(?))`, string(encoded)
		}
	}
	claim := claimOnPostgres
	if tx.dialect == SQLite {
		claim = claimOnSQLite
	}
	if events, err = claim(ctx, tx, which, arg); err != nil {
		return nil, "", fmt.Errorf("claim events: %w", err)
	}
	counters := tally{}
	countQueued(counters, events)
	return events, after, counters.write(ctx, tx)
}

// waitingOrganizations returns up to limit organizations that have events in the queue: those behind one, then from the beginning up to it.
// Each is one step through an index, however many of its events wait.
func waitingOrganizations(ctx context.Context, tx *DB, after string, limit int) ([]string, error) {
	var found []string
	find := func(begin, from string, limit int) error {
		return tx.read(ctx, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			found = append(found, id)
			return err
		}, `WITH RECURSIVE waiting (id, n) AS (
			SELECT * FROM (SELECT organization_id, 1 FROM event_queue WHERE organization_id `+begin+` ? ORDER BY organization_id LIMIT 1) AS first
			UNION ALL
			SELECT (SELECT organization_id FROM event_queue WHERE organization_id > w.id ORDER BY organization_id LIMIT 1), w.n + 1
			FROM waiting AS w WHERE w.id IS NOT NULL AND w.n < ?
		) SELECT id FROM waiting WHERE id IS NOT NULL`, from, limit)
	}
	if after != "" {
		if err := find(">", after, limit); err != nil {
			return nil, fmt.Errorf("find organizations with events: %w", err)
		}
	}
	if behind := len(found); behind < limit {
		if err := find(">=", noOrganization, limit-behind); err != nil {
			return nil, fmt.Errorf("find organizations with events: %w", err)
		}
		around := slices.IndexFunc(found[behind:], func(id string) bool { return after != "" && id > after })
		if around >= 0 {
			found = found[:behind+around]
		}
	}
	return found, nil
}

// oldestOfEach returns the ordinals of the oldest events of each organization, up to share of each.
func oldestOfEach(ctx context.Context, tx *DB, organizations []string, share int) ([]int64, error) {
	var ordinals []int64
	note := func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		ordinals = append(ordinals, n)
		return err
	}
	var err error
	if tx.dialect == Postgres {
		err = tx.read(ctx, note, `SELECT q.ordinal FROM unnest(?::uuid[]) AS o (id)
			CROSS JOIN LATERAL (SELECT ordinal FROM event_queue WHERE organization_id = o.id ORDER BY ordinal LIMIT ?) AS q`, organizations, share)
	} else {
		for _, o := range organizations {
			err = tx.read(ctx, note, `SELECT ordinal FROM event_queue WHERE organization_id = ? ORDER BY ordinal LIMIT ?`, o, share)
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("find the oldest events of organizations: %w", err)
	}
	return ordinals, nil
}

const queuedColumns = `q.ordinal, e.id, e.event_type, e.organization_id, e.subject_id, e.changes, e.data, e.occurred_at`

func scanQueued(rows *sql.Rows, more ...any) (*QueuedEvent, error) {
	e := &QueuedEvent{}
	var organization, changes *string
	var data string
	columns := []any{&e.Ordinal, &e.ID, &e.Type, &organization, &e.SubjectID, &changes, &data, &e.OccurredAt}
	if err := rows.Scan(append(columns, more...)...); err != nil {
		return nil, err
	}
	e.OrganizationID, e.Data = deref(organization), []byte(data)
	if changes != nil {
		e.Changes = []byte(*changes)
	}
	return e, nil
}

// claimOnPostgres claims in one statement, because each one more is a round trip that every event waits for. Places come from the sequence
// of the ordinals.
func claimOnPostgres(ctx context.Context, tx *DB, which string, arg any) ([]*QueuedEvent, error) {
	var events []*QueuedEvent
	var places []int64
	last := map[string]int64{}
	err := tx.read(ctx, func(rows *sql.Rows) error {
		var number sql.NullInt64
		var place int64
		e, err := scanQueued(rows, &number, &place)
		if err != nil {
			return err
		}
		events, places = append(events, e), append(places, place)
		last[e.OrganizationID] = number.Int64
		return nil
	}, `WITH q AS (
			DELETE FROM event_queue WHERE ordinal = ANY(ARRAY(SELECT * FROM `+which+` AS claimed)) RETURNING ordinal, event_id
		), e AS (
			SELECT `+queuedColumns+` FROM q JOIN events e ON e.id = q.event_id
		), numbered AS (
			INSERT INTO webhook_sequences (organization_id, last)
			SELECT organization_id, COUNT(*) FROM e WHERE organization_id IS NOT NULL GROUP BY organization_id
			ON CONFLICT (organization_id) DO UPDATE SET last = webhook_sequences.last + excluded.last
			RETURNING organization_id, last
		)
		SELECT e.*, numbered.last, nextval('event_queue_ordinal_seq')
		FROM e LEFT JOIN numbered ON numbered.organization_id = e.organization_id
		ORDER BY e.ordinal`, arg)
	if err != nil {
		return nil, err
	}
	slices.Sort(places)
	for i, e := range events {
		e.Place = places[i]
	}
	number(events, last)
	return events, nil
}

// claimOnSQLite does the same in steps. Places come from what AUTOINCREMENT counts ordinals with.
func claimOnSQLite(ctx context.Context, tx *DB, which string, arg any) ([]*QueuedEvent, error) {
	var events []*QueuedEvent
	counts := map[string]int64{}
	err := tx.read(ctx, func(rows *sql.Rows) error {
		e, err := scanQueued(rows)
		if err != nil {
			return err
		}
		events = append(events, e)
		counts[e.OrganizationID]++
		return nil
	}, `SELECT `+queuedColumns+` FROM event_queue q JOIN events e ON e.id = q.event_id WHERE q.ordinal IN `+which+` ORDER BY q.ordinal`, arg)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	_, err = rowwise{"take events out of the queue", "", `DELETE FROM event_queue WHERE ordinal = ?`}.
		run(ctx, tx, column(events, func(e *QueuedEvent) int64 { return e.Ordinal }))
	if err != nil {
		return nil, err
	}
	var place int64
	err = tx.conn().QueryRowContext(ctx, `UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'event_queue' RETURNING seq`, len(events)).Scan(&place)
	if err != nil {
		return nil, err
	}
	for i, e := range events {
		e.Place = place - int64(len(events)-1-i)
	}
	last := map[string]int64{}
	for _, o := range sortedKeys(counts) {
		if o == "" {
			continue
		}
		var n int64
		err := tx.conn().QueryRowContext(ctx, `INSERT INTO webhook_sequences (organization_id, last) VALUES (?, ?)
			ON CONFLICT (organization_id) DO UPDATE SET last = webhook_sequences.last + excluded.last RETURNING last`, o, counts[o]).Scan(&n)
		if err != nil {
			return nil, err
		}
		last[o] = n
	}
	number(events, last)
	return events, nil
}

// number gives the events of each organization, which are in order, the numbers that end with last.
func number(events []*QueuedEvent, last map[string]int64) {
	for _, e := range slices.Backward(events) {
		e.Sequence = last[e.OrganizationID]
		if e.OrganizationID != "" {
			last[e.OrganizationID]--
		}
	}
}
