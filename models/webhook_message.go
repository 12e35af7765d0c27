package models

import (
	"context"
	"database/sql"
	"fmt"

	"roster/models/store"
)

// Message is an event as the endpoints of one organization are sent it.
type Message struct {
	Event *QueuedEvent
	// Owner is the organization of the endpoints.
	Owner string
	// Actor, Changes and Resource are what the owner may see of them. Resource is nil for an event that it may not see at all.
	Actor             Actor
	Changes, Resource []byte // JSON
	// OrganizationName is that of the event's organization, as it is told.
	OrganizationName string
	// Body is what is signed and sent. It is made once, so that every attempt sends the same bytes.
	Body []byte

	at   *int64 // the position at which the owner looks, nil for now
	left bool   // the event takes its organization out of the owner's sight
}

// MessageKey names a message: the event, and the organization of the endpoints.
type MessageKey struct{ EventID, Owner string }

// Key returns the name of the message.
func (m *Message) Key() MessageKey { return MessageKey{m.Event.ID, m.Owner} }

// DescribeMessages fills in what the owners of messages may see of their events: of what happened in the organization itself what that
// sees, of what happened below it what is in its subtree: at the position of the event when it is fanned out, and now when it is replayed.
func DescribeMessages(ctx context.Context, tx *store.DB, messages []*Message) error {
	tellings := make([]*telling, len(messages))
	for i, m := range messages {
		e := m.Event
		scope := Subtree(m.Owner)
		if e.OrganizationID == m.Owner {
			scope = OnlyOrganization(m.Owner)
		}
		tellings[i] = &telling{
			scope: scope, at: presently, left: m.left, organization: e.OrganizationID, organizationName: e.OrganizationName,
			subject: CollectionOf(e.SubjectType), actor: e.Actor, changes: e.Changes, resource: e.Data,
		}
		if m.at != nil {
			tellings[i].at = *m.at
		}
	}
	if err := mask(ctx, tx, tellings); err != nil {
		return err
	}
	for i, m := range messages {
		m.Actor, m.Changes, m.Resource = tellings[i].actor, tellings[i].changes, tellings[i].resource
		m.OrganizationName = tellings[i].organizationName
	}
	return nil
}

// insertMessages keeps the bodies of messages, except those that are kept already.
var insertMessages = store.Rowwise{
	Doing: "insert messages",
	Postgres: `INSERT INTO webhook_messages (event_id, organization_id, body)
	SELECT * FROM unnest(?::uuid[], ?::uuid[], ?::bytea[])
	ON CONFLICT (event_id, organization_id) DO NOTHING`,
	SQLite: `INSERT INTO webhook_messages (event_id, organization_id, body) VALUES (?, ?, ?) ON CONFLICT (event_id, organization_id) DO NOTHING`,
}

func messageColumns(messages []*Message) []any {
	return []any{
		store.Column(messages, func(m *Message) string { return m.Event.ID }),
		store.Column(messages, func(m *Message) string { return m.Owner }),
		store.Column(messages, func(m *Message) []byte { return m.Body }),
	}
}

// FindBodies returns the bodies of messages. Those that nobody gets any more are left out.
func FindBodies(ctx context.Context, db *store.DB, keys []MessageKey) (map[MessageKey][]byte, error) {
	bodies := make(map[MessageKey][]byte, len(keys))
	wanted := make(map[MessageKey]bool, len(keys))
	for _, k := range keys {
		wanted[k] = true
	}
	in, arg := db.Among("event_id", sortedUnique(store.Column(keys, func(k MessageKey) string { return k.EventID })))
	owners, ownersArg := db.Among("organization_id", sortedUnique(store.Column(keys, func(k MessageKey) string { return k.Owner })))
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var k MessageKey
		var body []byte
		err := rows.Scan(&k.EventID, &k.Owner, &body)
		if wanted[k] {
			bodies[k] = body
		}
		return err
	}, `SELECT event_id, organization_id, body FROM webhook_messages WHERE `+in+` AND `+owners, arg, ownersArg)
	if err != nil {
		return nil, fmt.Errorf("find %d bodies: %w", len(keys), err)
	}
	return bodies, nil
}
