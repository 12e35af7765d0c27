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

// FindBodies returns the bodies of messages. Those that nobody gets any more are left out.
func FindBodies(ctx context.Context, db *store.DB, keys []models.MessageKey) (map[models.MessageKey][]byte, error) {
	bodies := make(map[models.MessageKey][]byte, len(keys))
	wanted := make(map[models.MessageKey]bool, len(keys))
	for _, k := range keys {
		wanted[k] = true
	}
	unique := func(part func(models.MessageKey) string) []string {
		return store.SortedUnique(store.Column(keys, part))
	}
	in, arg := db.Among("event_id", unique(func(k models.MessageKey) string { return k.EventID }))
	owners, ownersArg := db.Among("organization_id", unique(func(k models.MessageKey) string { return k.Owner }))
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var k models.MessageKey
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
