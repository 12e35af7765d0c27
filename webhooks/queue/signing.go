package queue

import (
	"context"
	"time"

	"roster/models/store"
)

// Signing is that a secret of an endpoint has signed what was sent.
type Signing struct {
	SecretID string
	At       time.Time
}

// noteSignings is written while the lanes of the endpoints are locked. Nobody who changes secrets waits for a lane meanwhile.
var noteSignings = store.UpdateRows("note use of secrets", "webhook_secrets",
	`(webhook_secrets.last_used_at IS NULL OR webhook_secrets.last_used_at < u.last_used_at)`,
	store.Col("id", "uuid", func(s Signing) string { return s.SecretID }).Key(),
	store.Col("last_used_at", "timestamptz", func(s Signing) time.Time { return s.At }),
)

func settleSignings(ctx context.Context, tx *store.DB, lanes []*LaneSettlement) error {
	var signings []Signing
	for _, l := range lanes {
		signings = append(signings, l.Signings...)
	}
	return noteSignings.Later(ctx, tx, signings)
}
