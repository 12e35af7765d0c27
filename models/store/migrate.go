package store

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string    // "" for a step that only a newer program knows
	AppliedAt time.Time // zero while pending
}

// Pending reports whether the step was not applied yet.
func (m Migration) Pending() bool { return m.AppliedAt.IsZero() }

// Unknown reports whether the step was applied by a newer program.
func (m Migration) Unknown() bool { return m.Name == "" }

// ErrNewerSchema says that a newer program has migrated the database. What this one would write there could be wrong.
var ErrNewerSchema = errors.New("the schema of the database is newer than this program")

// MigrationLock returns the file that is locked while the schema of an SQLite database is made or brought up to date. It is left beside the
// database, where a link leads to, and made after that.
func MigrationLock(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path + ".lock"
}

// Migrate brings the schema up to date, tells of each step that it took when it is done, and returns all of them, also with an error. Any
// number of processes may call it at once: each step is taken by one, while the others wait. A schema that is newer than the program stays
// as it is: ErrNewerSchema.
func (db *DB) Migrate(ctx context.Context, tell ...func(Migration)) (steps []Migration, err error) {
	if db.dialect == SQLite {
		// SQLite has no advisory lock; a lock file beside the database serializes processes.
		guard := flock.New(MigrationLock(db.pools.path))
		if _, err := guard.TryLockContext(ctx, 50*time.Millisecond); err != nil {
			return nil, fmt.Errorf("lock %s for migration: %w", db.pools.path, err)
		}
		defer guard.Close() //nolint:errcheck // the lock ends with the descriptor
		if err := GiveToOwner(guard.Path()); err != nil {
			return nil, err
		}
	}
	if _, err := db.PendingMigrations(ctx); err != nil {
		return nil, err
	}
	provider, err := db.migrator()
	if err != nil {
		return nil, err
	}
	for {
		r, err := provider.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			break
		}
		if err != nil {
			return steps, fmt.Errorf("migrate: %w", err)
		}
		step := Migration{Version: r.Source.Version, Name: r.Source.Path, AppliedAt: db.Now()}
		steps = append(steps, step)
		for _, told := range tell {
			told(step)
		}
	}
	_, err = db.PendingMigrations(ctx) // a newer program may have had the lock before
	return steps, err
}

// MigrateTo brings an empty schema up to a step and no further, as an earlier version of the program had it.
func (db *DB) MigrateTo(ctx context.Context, version int64) error {
	provider, err := db.migrator()
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

// Migrations returns every step of the schema in order, with the time it was applied: those of this program, and those that a newer one
// has applied. It waits for a process that is applying some.
func (db *DB) Migrations(ctx context.Context) ([]Migration, error) {
	provider, err := db.migrator()
	if err != nil {
		return nil, err
	}
	steps, err := db.steps(ctx, provider)
	begun := slices.ContainsFunc(steps, func(m Migration) bool { return !m.Pending() })
	if err == nil && begun && slices.ContainsFunc(steps, Migration.Pending) { // else goose would make its table to look into it
		if _, err = provider.Status(ctx); err == nil { // it has the lock
			steps, err = db.steps(ctx, provider)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read migration status: %w", err)
	}
	return steps, nil
}

// steps returns what Migrations does, as it is at the moment, by one query where goose makes one for each step.
func (db *DB) steps(ctx context.Context, provider *goose.Provider) ([]Migration, error) {
	applied, err := db.appliedMigrations(ctx)
	if err != nil {
		return nil, err
	}
	var steps []Migration
	for _, source := range provider.ListSources() {
		steps = append(steps, Migration{Version: source.Version, Name: source.Path, AppliedAt: applied[source.Version]})
		delete(applied, source.Version)
	}
	for version, at := range applied {
		steps = append(steps, Migration{Version: version, AppliedAt: at})
	}
	slices.SortFunc(steps, func(a, b Migration) int { return cmp.Compare(a.Version, b.Version) })
	return steps, nil
}

// appliedMigrations returns when each step in the database was applied, by its version; none of a database without a record of any.
func (db *DB) appliedMigrations(ctx context.Context) (map[int64]time.Time, error) {
	statement := `SELECT COUNT(*) FROM sqlite_master WHERE name = ?`
	if db.dialect == Postgres {
		statement = `SELECT COUNT(to_regclass(?))`
	}
	n, applied := 0, map[int64]time.Time{}
	err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&n) }, statement, goose.DefaultTablename)
	if err != nil || n == 0 {
		return applied, err
	}
	err = db.Read(ctx, func(rows *sql.Rows) error {
		var version int64
		var at time.Time
		err := rows.Scan(&version, &at)
		applied[version] = at
		return err
	}, `SELECT version_id, tstamp FROM `+goose.DefaultTablename+` WHERE is_applied AND version_id > 0 ORDER BY id`) // 0 is the table's own
	return applied, err
}

// SchemaVersion returns the number of the newest step that was applied, 0 for none.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) {
	applied, err := db.appliedMigrations(ctx)
	newest := int64(0)
	for version := range applied {
		newest = max(newest, version)
	}
	return newest, err
}

// PendingMigrations returns the number of steps that were not applied yet. If a newer program has applied steps, the error is
// ErrNewerSchema.
func (db *DB) PendingMigrations(ctx context.Context) (int, error) {
	steps, err := db.Migrations(ctx)
	if err != nil {
		return 0, err
	}
	pending, unknown := 0, []string{}
	for _, s := range steps {
		switch {
		case s.Unknown():
			unknown = append(unknown, fmt.Sprintf("%05d", s.Version))
		case s.Pending():
			pending++
		}
	}
	if len(unknown) > 0 {
		return 0, fmt.Errorf("%w, which does not know its step %s; run the version that migrated it, or a later one",
			ErrNewerSchema, strings.Join(unknown, ", "))
	}
	return pending, nil
}

// gooseDialects are goose's names of the databases.
var gooseDialects = map[Dialect]goose.Dialect{SQLite: goose.DialectSQLite3, Postgres: goose.DialectPostgres}

func (db *DB) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.dialect == Postgres {
		options = append(options, goose.WithLocker(&migrationLock{advisoryLock{connect: db.pools.connect, id: lock.DefaultLockID}}))
	}
	provider, err := goose.NewProvider(gooseDialects[db.dialect], db.pools.write, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}
