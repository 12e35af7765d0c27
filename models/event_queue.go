package models

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
	"time"

	"roster/models/store"
)

// QueuedEvent is an event on its way from the queue to those who want it.
type QueuedEvent struct {
	Ordinal          int64 // of the change, in the queue
	ID               string
	Type             string
	OrganizationID   string // "" for an event that happened in none
	OrganizationName string // as it was then
	SubjectType      string
	SubjectID        string
	Actor            Actor
	RequestID        *string
	Trace            string // which trace it is in, and where, see InTrace; "" for none
	Changes          []byte // JSON
	Data             []byte // JSON
	OccurredAt       time.Time

	// Position is its place among all events; 0 while it has none.
	Position int64
	// Sequence is its number within the organization, without a gap; 0 for a test, and for an event that happened in none.
	Sequence int64
	// Place is greater than that of every event that left the queue before. Deliveries that wait for each other go in this order, which
	// is that of the sequence: by ordinal, a change that was slow to commit would overtake later numbers.
	Place int64
}

// IsTest reports whether it was made to try one endpoint. Its delivery was made with it.
func (e *QueuedEvent) IsTest() bool { return e.Type == TestEvent }

// Steers reports whether it may change what is sent where.
func (e *QueuedEvent) Steers() bool {
	subject := CollectionOf(e.SubjectType)
	if subject == nil {
		return false
	}
	_, what, _ := strings.Cut(e.Type, ".")
	return steers(subject, verb(what))
}

// nilUUID sorts before every id. In the queue it stands for what happened in no organization, among the sequences for everything.
const (
	nilUUID           = "00000000-0000-0000-0000-000000000000"
	NoOrganization    = nilUUID
	wholeInstallation = nilUUID
)

// enqueue puts an event into the queue of those to be delivered, and returns its ordinal. position is nil while it has none.
func enqueue(ctx context.Context, tx *store.DB, event string, organization *string, position *int64) (ordinal int64, err error) {
	err = tx.Conn().QueryRowContext(ctx, tx.Bind(`INSERT INTO event_queue (event_id, organization_id, position)
		VALUES (?, ?, ?) RETURNING ordinal`),
		event, cmp.Or(deref(organization), NoOrganization), position).Scan(&ordinal)
	return ordinal, err
}

// QueuedColumns are those of an event e, and of its numbers p.
const QueuedColumns = `e.id, e.event_type, e.organization_id,
	COALESCE(e.organization_name, (SELECT name FROM organizations WHERE id = e.organization_id)),
	e.subject_type, e.subject_id, e.actor_kind, e.actor_id, e.actor_name, e.request_id, e.changes, e.data, e.occurred_at, p.position,
	p.sequence, (SELECT traceparent FROM event_traces WHERE event_id = e.id)`

// ScanQueued reads QueuedColumns, and whatever comes before them.
func ScanQueued(rows *sql.Rows, before ...any) (*QueuedEvent, error) {
	e := &QueuedEvent{}
	var organization, name, changes, trace *string
	var position, sequence *int64
	var data string
	columns := []any{
		&e.ID, &e.Type, &organization, &name, &e.SubjectType, &e.SubjectID, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.RequestID,
		&changes, &data, &e.OccurredAt, &position, &sequence, &trace,
	}
	if err := rows.Scan(append(before, columns...)...); err != nil {
		return nil, err
	}
	e.OrganizationID, e.OrganizationName, e.Data = deref(organization), deref(name), []byte(data)
	e.Trace = deref(trace)
	e.Position, e.Sequence = deref(position), deref(sequence)
	if changes != nil {
		e.Changes = []byte(*changes)
	}
	return e, nil
}
