package models

import (
	"cmp"
	"context"
	"runtime"
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
	// BaseURL is that of the service, which the links in mails begin with.
	BaseURL string
	// Console is the path of the console, whose doors links lead to; without one they lead to pages of the API.
	Console string
	// Sessions is how long sessions of browsers last; zero is for 14 days unused, and 90 altogether.
	Sessions SessionTerms
	// PasswordWork is how many passwords are worked on at once; 0 is as many as there are processors.
	PasswordWork int
	// Files says where the bytes of files are kept.
	Files FileRules
	// UsersCreateOrganizations: people may create the head of a tree, and make a branch one.
	UsersCreateOrganizations bool
}

// attachment is what models keeps with a database.
type attachment struct {
	Allowed
	hashing chan struct{} // has one in it for each password that is being worked on
}

func allowedOn(db *store.DB) *Allowed { return &attached(db).Allowed }

func attached(db *store.DB) *attachment { return db.Attached().(*attachment) }

// Open connects to the database that cfg names and makes sure that it answers. It does not migrate.
func Open(ctx context.Context, cfg Config) (*store.DB, error) {
	cfg.Sessions.Idle = cmp.Or(cfg.Sessions.Idle, 14*24*time.Hour)
	cfg.Sessions.Lifetime = cmp.Or(cfg.Sessions.Lifetime, 90*24*time.Hour)
	cfg.PasswordWork = cmp.Or(cfg.PasswordWork, runtime.GOMAXPROCS(0))
	cfg.Attached = &attachment{cfg.Allowed, make(chan struct{}, cfg.PasswordWork)}
	db, err := store.Open(ctx, cfg.Config)
	if err != nil {
		return nil, err
	}
	allowed := allowedOn(db)
	allowed.Files = allowed.Files.prepared(db)
	return db, nil
}
