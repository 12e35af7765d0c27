package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"roster/models"
	"roster/models/store"
)

// openDatabase returns the database ready for use: migrated, or not opened at all, and of the secret key that is configured. Every
// command that works on it begins here.
func (c *config) openDatabase(ctx context.Context, logger *slog.Logger) (*store.DB, error) {
	if err := c.makeDataDir(); err != nil {
		return nil, err
	}
	if err := c.checkPlace(); err != nil {
		return nil, err
	}
	if _, err := c.blobs(); err != nil { // a setting that cannot be used leaves no database
		return nil, err
	}
	if err := c.makeDatabaseFile(); err != nil { // before the key: a start that is interrupted has no key without a database
		return nil, err
	}
	vault, err := c.vault(ctx)
	if err != nil {
		return nil, err
	}
	db, err := c.connect(ctx, vault)
	if err != nil {
		return nil, err
	}
	err = c.bringUpToDate(ctx, db, logger)
	if err == nil {
		err = explained(store.CheckVault(ctx, db))
	}
	if err == nil {
		err = rekeyAddresses(ctx, db, logger)
	}
	if err == nil {
		err = models.SealURLs(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// explained says what to do about a secret key that is another one.
func explained(err error) error {
	if errors.Is(err, store.ErrForeignVault) {
		return errors.New("the secret key is not the one this database was set up with; " +
			"put the original key file back, or name it with --secret-key-file (ROSTER_SECRET_KEY_FILE)")
	}
	return err
}

// connect opens the database as it is.
func (c *config) connect(ctx context.Context, vault *store.Vault) (*store.DB, error) {
	allowed := c.allowed()
	var err error
	if allowed.Files.Blobs, err = c.blobs(); err != nil {
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
		Vault:            vault,
		Now:              time.Now,
	}, Allowed: allowed}
	return models.Open(ctx, cfg)
}

// bringUpToDate migrates the embedded database, which nobody else looks after. On PostgreSQL it does so only when asked, because
// replicas of the version before may still be running.
func (c *config) bringUpToDate(ctx context.Context, db *store.DB, logger *slog.Logger) error {
	if db.Dialect() == store.SQLite || c.migrate {
		steps, err := db.Migrate(ctx)
		for _, s := range steps {
			logger.InfoContext(ctx, "migration applied", "version", s.Version, "name", s.Name)
		}
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

// rekeyAddresses brings the addresses of a database that an earlier version wrote to the present rule of what makes two of them one.
func rekeyAddresses(ctx context.Context, db *store.DB, logger *slog.Logger) error {
	others, err := models.RekeyAddresses(ctx, db)
	for _, id := range others {
		logger.WarnContext(ctx, "the address of a user is that of another one in another spelling; give it a new one", "user_id", id)
	}
	return err
}

// makeDataDir makes the directory of the files we generate, unless every one of them was named elsewhere.
func (c *config) makeDataDir() error {
	if c.databaseURL != "" && c.secretKeyFile != "" {
		return nil
	}
	if err := os.MkdirAll(c.dataDir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return nil
}

// makeDatabaseDir makes the data directory if the database is in it.
func (c *config) makeDatabaseDir() error {
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
	found, err := databaseFileAt(path)
	if err == nil {
		err = c.checkPlace()
	}
	if err == nil && found != filled {
		err = fmt.Errorf("there is no database at %s yet; 'roster migrate up' makes one, and so does 'roster serve'", path)
	}
	return err
}
