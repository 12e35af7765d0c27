package queue

import (
	"context"
	"database/sql"
	"fmt"

	"roster/models"
	"roster/models/store"
)

// insertMessages keeps the bodies of messages, except those that are kept already.
var insertMessages = store.InsertRows("insert messages", "webhook_messages", `ON CONFLICT (event_id, organization_id) DO NOTHING`,
	store.Col("event_id", "uuid", func(m *models.Message) string { return m.Event.ID }),
	store.Col("organization_id", "uuid", func(m *models.Message) string { return m.Owner }),
	store.Col("body", "bytea", func(m *models.Message) []byte { return m.Body }),
)

// Payload is what is sent of an event to the endpoints of one organization, and what caused it.
type Payload struct {
	Body      []byte
	RequestID string // "" if no request made the change
	Trace     string // see models.InTrace, "" for none
}

// PayloadOf returns what is sent of a message that has its body.
func PayloadOf(m *models.Message) Payload {
	p := Payload{Body: m.Body, Trace: m.Event.Trace}
	if m.Event.RequestID != nil {
		p.RequestID = *m.Event.RequestID
	}
	return p
}

// FindPayloads returns what is sent of messages. Those that nobody gets any more are left out.
func FindPayloads(ctx context.Context, db *store.DB, keys []models.MessageKey) (map[models.MessageKey]Payload, error) {
	payloads := make(map[models.MessageKey]Payload, len(keys))
	wanted := make(map[models.MessageKey]bool, len(keys))
	for _, k := range keys {
		wanted[k] = true
	}
	unique := func(part func(models.MessageKey) string) []string {
		return store.SortedUnique(store.Column(keys, part))
	}
	in, arg := db.Among("m.event_id", unique(func(k models.MessageKey) string { return k.EventID }))
	owners, ownersArg := db.Among("m.organization_id", unique(func(k models.MessageKey) string { return k.Owner }))
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var k models.MessageKey
		var p Payload
		err := rows.Scan(&k.EventID, &k.Owner, &p.Body, &p.RequestID, &p.Trace)
		if wanted[k] {
			payloads[k] = p
		}
		return err
	}, `SELECT m.event_id, m.organization_id, m.body, COALESCE((SELECT request_id FROM events WHERE id = m.event_id), ''),
		COALESCE((SELECT traceparent FROM event_traces WHERE event_id = m.event_id), '')
		FROM webhook_messages m WHERE `+in+` AND `+owners, arg, ownersArg)
	if err != nil {
		return nil, fmt.Errorf("find %d payloads: %w", len(keys), err)
	}
	return payloads, nil
}
