package models

import (
	"context"
	"time"

	"roster/models/store"
	"roster/models/target"
)

// Config says which database to open and how, and what the installation allows.
type Config struct {
	store.Config
	Allowed
}

// Allowed is what an installation allows. It is attached to its database.
type Allowed struct {
	// WebhookTargets are where webhooks may be sent.
	WebhookTargets target.Rules
	// MaxWebhooks is how many endpoints an organization can have; 0 is no limit.
	MaxWebhooks int
	// AnswerRetention is for how long what was sent and answered is kept, as attempts tell it; 0 is for as long as the delivery.
	AnswerRetention time.Duration
	// Mails: what is written to people by mail is sent. Otherwise links are shown to who asks for them, where that may be.
	Mails bool
	// BaseURL is that of the service, which links begin with; "" if it is not known. Mails need it.
	BaseURL string
}

func allowedOn(db *store.DB) *Allowed { return db.Attached().(*Allowed) }

// Open connects to the database that cfg names and makes sure that it answers. It does not migrate.
func Open(ctx context.Context, cfg Config) (*store.DB, error) {
	cfg.Attached = &cfg.Allowed
	return store.Open(ctx, cfg.Config)
}
