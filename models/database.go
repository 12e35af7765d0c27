package models

import (
	"context"
	"time"

	"roster/models/store"
)

// Config says which database to open and how, and what the installation allows.
type Config struct {
	store.Config
	Allowed
}

// Allowed is what an installation allows. It is attached to its database.
type Allowed struct {
	// CheckWebhookURL refuses URLs that webhooks must not be sent to, with the reason; nil takes every URL.
	CheckWebhookURL func(url string) error
	// CheckWebhookEventType refuses patterns that no event has; nil takes every one that has the form of a pattern.
	CheckWebhookEventType func(pattern string) error
	// MaxWebhooks is how many endpoints an organization can have; 0 is no limit.
	MaxWebhooks int
	// AnswerRetention is for how long what was sent and answered is kept, as attempts tell it; 0 is for as long as the delivery.
	AnswerRetention time.Duration
}

func allowedOn(db *store.DB) *Allowed { return db.Attached().(*Allowed) }

// Open connects to the database that cfg names and makes sure that it answers. It does not migrate.
func Open(ctx context.Context, cfg Config) (*store.DB, error) {
	cfg.Attached = &cfg.Allowed
	return store.Open(ctx, cfg.Config)
}
