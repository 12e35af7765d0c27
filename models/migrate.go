package models

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	gooselock "github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero while pending
}

// Migrate brings the schema up to date and returns the steps it took. Any number of processes may call it at once: one migrates, the
// others wait and then find nothing to do.
func (db *DB) Migrate(ctx context.Context) ([]Migration, error) {
	if db.dialect == SQLite {
		// SQLite has no advisory lock; a lock file beside the database serializes processes.
		guard := flock.New(db.pools.path + ".lock")
		if _, err := guard.TryLockContext(ctx, 50*time.Millisecond); err != nil {
			return nil, fmt.Errorf("lock %s for migration: %w", db.pools.path, err)
		}
		defer guard.Close() //nolint:errcheck // the lock ends with the descriptor
	}
	provider, err := db.migrator()
	if err != nil {
		return nil, err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	steps := make([]Migration, len(results))
	for i, r := range results {
		steps[i] = Migration{Version: r.Source.Version, Name: r.Source.Path, AppliedAt: db.Now()}
	}
	return steps, nil
}

// Migrations returns every step of the schema in order, with the time it was applied.
func (db *DB) Migrations(ctx context.Context) ([]Migration, error) {
	provider, err := db.migrator()
	if err != nil {
		return nil, err
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read migration status: %w", err)
	}
	steps := make([]Migration, len(status))
	for i, s := range status {
		steps[i] = Migration{Version: s.Source.Version, Name: s.Source.Path, AppliedAt: s.AppliedAt}
	}
	return steps, nil
}

// PendingMigrations returns the number of steps that were not applied yet.
func (db *DB) PendingMigrations(ctx context.Context) (int, error) {
	steps, err := db.Migrations(ctx)
	if err != nil {
		return 0, err
	}
	pending := 0
	for _, s := range steps {
		if s.AppliedAt.IsZero() {
			pending++
		}
	}
	return pending, nil
}

func (db *DB) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		return nil, err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.dialect == Postgres {
		locker, err := gooselock.NewPostgresSessionLocker(gooselock.WithLockTimeout(1, 300)) // asks every second, for five minutes
		if err != nil {
			return nil, err
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, db.pools.write, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}
