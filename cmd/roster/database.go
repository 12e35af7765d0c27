package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"roster/models"
	"roster/models/store"
)

// openDatabase returns the database ready for use: migrated, or not opened at all, and of the secret key that is configured. Every
// command that writes to it begins here; what changes nothing begins with existingDatabase.
func (c *config) openDatabase(ctx context.Context, logger *slog.Logger) (*store.DB, error) {
	if err := c.makeDataDir(); err != nil {
		return nil, err
	}
	if err := c.checkPlace(); err != nil {
		return nil, err
	}
	if err := c.makeFilesDirectory(ctx, logger); err != nil {
		return nil, err
	}
	if _, err := c.blobs(); err != nil { // a setting that cannot be used leaves no database
		return nil, err
	}
	key, err := c.keyToOpen()
	if err != nil {
		return nil, err
	}
	db, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err = db.CheckRights(ctx); err == nil {
		err = c.setUp(ctx, db, key, func() error { return c.bringUpToDate(ctx, db, logger) })
	}
	if err == nil {
		err = catchUp(ctx, db, logger)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connect opens the database as it is, without its vault.
func (c *config) connect(ctx context.Context) (*store.DB, error) {
	allowed := c.allowed()
	var err error
	if allowed.Files.Blobs, err = c.blobs(); err != nil {
		return nil, err
	}
	if err := c.checkServed(); err != nil {
		return nil, err
	}
	if err := c.makeDatabaseFile(); err != nil {
		return nil, err
	}
	cfg := models.Config{Config: store.Config{
		URL:              c.database(),
		MaxConnections:   c.connections,
		StatementTimeout: c.statementTime,
		Traced:           c.otlpEndpoint != nil,
		Now:              time.Now,
		Filling:          c.filling,
		Need:             c.need,
	}, Allowed: allowed}
	db, err := models.Open(ctx, cfg)
	err = c.refusedByServer(err)
	if errors.Is(err, store.ErrHalfCopied) {
		err = fmt.Errorf("%w; run 'roster copy-to' again, which goes on with it, or empty the database (DROP DATABASE, "+
			"CREATE DATABASE)", err)
	}
	return db, err
}

// bringUpToDate migrates the embedded database, which nobody else looks after. On PostgreSQL it does so only when asked, because
// replicas of the version before may still be running.
func (c *config) bringUpToDate(ctx context.Context, db *store.DB, logger *slog.Logger) error {
	if db.Dialect() == store.SQLite || c.migrate {
		release, err := c.keepFromOlderServers(ctx, db)
		if err != nil {
			return err
		}
		defer release() //nolint:errcheck // it ends with the process
		_, err = db.Migrate(ctx, func(s store.Migration) {
			logger.InfoContext(ctx, "migration applied", "version", s.Version, "name", s.Name)
		})
		return err
	}
	pending, err := db.PendingMigrations(ctx)
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("the schema of the database is not up to date (%d pending); run 'roster migrate up', or start with --migrate "+
			"(ROSTER_MIGRATE=true)", pending)
	}
	return nil
}

// catchUp does what earlier versions have left to be done, and tells of users who have one address among them: only a person can say which
// of these is to keep it.
func catchUp(ctx context.Context, db *store.DB, logger *slog.Logger) error {
	others, err := models.CatchUp(ctx, db)
	for _, id := range others {
		logger.WarnContext(ctx, "the address of a user is that of another one in another spelling; give it a new one", "user_id", id)
	}
	return err
}

// makeDataDir makes the data directory if the database is in it. For a secret key, it is made with it.
func (c *config) makeDataDir() error {
	if c.databaseURL != "" {
		return nil
	}
	if err := store.MakeDirectory(c.dataDir); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return nil
}

// findUnlessNamed makes sure that there is a database, unless the settings say where one may be made: what a command finds where somebody
// happens to stand is nothing that it begins anew.
func (c *config) findUnlessNamed() error {
	if c.placeNamed {
		return nil
	}
	return c.findDatabase()
}

// makeDatabaseDir makes the data directory if the database is in it, and somebody has named it.
func (c *config) makeDatabaseDir() error {
	if err := c.findUnlessNamed(); err != nil {
		return err
	}
	if c.databaseURL != "" {
		return nil
	}
	if err := c.checkPlace(); err != nil {
		return err
	}
	return c.makeDataDir()
}

// findDatabase makes sure that there is a database, and makes nothing.
func (c *config) findDatabase() error {
	path, embedded := c.sqlitePath()
	if !embedded {
		return nil
	}
	found, err := c.databaseFileAt(followed(path))
	if err == nil {
		err = c.checkPlace()
	}
	if err == nil && found != filled {
		err = fmt.Errorf("there is no database at %s; 'roster serve' makes one, and --data-dir or --database-url names another place", path)
	}
	return err
}
