package models

import (
	"context"
	"time"

	"roster/models/store"
)

// Config says which database to open and how, and what an installation allows.
type Config struct {
	// URL is postgres://… or sqlite:path.
	URL string
	// MaxConnections bounds the connections to PostgreSQL, or the readers of an SQLite file beside its one writer.
	MaxConnections int
	// StatementTimeout ends a statement that runs longer on PostgreSQL; 0 is no limit.
	StatementTimeout time.Duration
	// Vault hashes credentials and encrypts secrets.
	Vault *store.Vault
	// CheckWebhookURL refuses URLs that webhooks must not be sent to, with the reason; nil takes every URL.
	CheckWebhookURL func(url string) error
	// CheckWebhookEventType refuses patterns that no event has; nil takes every one that has the form of a pattern.
	CheckWebhookEventType func(pattern string) error
	// MaxWebhooks is how many endpoints an organization can have; 0 is no limit.
	MaxWebhooks int
	// AnswerRetention is for how long what was sent and answered is kept, as attempts tell it; 0 is for as long as the delivery.
	AnswerRetention time.Duration
	// Now is the clock; nil is not allowed.
	Now func() time.Time
}

// allowed is what an installation allows. It is attached to the database.
type allowed struct {
	answerRetention       time.Duration
	maxWebhooks           int
	checkWebhookURL       func(url string) error
	checkWebhookEventType func(pattern string) error
}

func allowedOn(db *store.DB) *allowed { return db.Attached().(*allowed) }

// Open connects to the database that cfg names and makes sure that it answers. It does not migrate.
func Open(ctx context.Context, cfg Config) (*store.DB, error) {
	return store.Open(ctx, store.Config{
		URL: cfg.URL, MaxConnections: cfg.MaxConnections, StatementTimeout: cfg.StatementTimeout, Vault: cfg.Vault, Now: cfg.Now,
		Attached: &allowed{
			answerRetention: cfg.AnswerRetention, maxWebhooks: cfg.MaxWebhooks, checkWebhookEventType: cfg.CheckWebhookEventType,
			checkWebhookURL: cfg.CheckWebhookURL,
		},
	})
}
