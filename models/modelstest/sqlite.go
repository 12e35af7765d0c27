package modelstest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"roster/models"
)

// sqliteURL returns the URL of a database in a directory of its own: a copy of the migrated one, or a file that does not exist yet.
func sqliteURL(t testing.TB, migrated bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.db")
	if !migrated {
		return "sqlite:" + path
	}
	file, err := migratedFile()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatalf("make SQLite database: %v", err)
	}
	return "sqlite:" + path
}

// migratedFile returns a migrated SQLite database. It is made once per process and copied for each test.
var migratedFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "roster-template-")
	if err != nil {
		return nil, fmt.Errorf("make template: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a directory left in the temporary place hurts nobody
	path := filepath.Join(dir, "roster.db")
	if err := migrate(context.Background(), "sqlite:"+path); err != nil {
		return nil, fmt.Errorf("make template: %w", err)
	}
	return os.ReadFile(path)
})

// migrate migrates the database at url and leaves no connection to it. Of SQLite it leaves one file: closing folds the log into it.
func migrate(ctx context.Context, url string) error {
	db, err := models.Open(ctx, config(url))
	if err != nil {
		return err
	}
	if _, err := db.Migrate(ctx); err != nil {
		_ = db.Close()
		return err
	}
	return db.Close()
}
