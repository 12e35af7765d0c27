package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestADatabaseIsNotRestoredUnderAServer moves the files of one away while it runs: it has them open and goes on with them.
func TestADatabaseIsNotRestoredUnderAServer(t *testing.T) {
	t.Parallel()
	dir, away, backup := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	s := serve(t, dir, noRoutes)
	if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", dir); code != exitOK {
		t.Fatal(stderr)
	}
	for _, name := range []string{"roster.db", "roster.db-wal", "roster.db-shm"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(away, name)); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := command(t, nil, "restore", backup, "--data-dir", dir)
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs on the database "+dir) {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	s.stop()
	if code, _, stderr := command(t, nil, "restore", backup, "--data-dir", dir); code != exitOK {
		t.Errorf("once it is stopped: %s", stderr)
	}
}

// TestAServerEndsWhenItsDatabaseIsGone has it look after its file in its place, gone, and replaced by another.
func TestAServerEndsWhenItsDatabaseIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "roster.db")
	cfg := &config{dataDir: dir, connections: 4, logLevel: new(slog.LevelVar), getenv: func(string) string { return "" }}
	a := newApp(cfg, cfg.logger(t.Output()))
	var err error
	if a.db, err = cfg.openDatabase(t.Context(), a.logger); err != nil {
		t.Fatal(err)
	}
	a.onStop(a.db.Close)
	defer a.stop() //nolint:errcheck // the test is over
	a.noteFile()
	a.checkFile()
	if len(a.failed) != 0 {
		t.Error(<-a.failed)
	}
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	gone := func(when string) {
		t.Helper()
		a.checkFile()
		if len(a.failed) != 1 {
			t.Fatalf("%s: %d errors", when, len(a.failed))
		}
		if err := <-a.failed; !strings.Contains(err.Error(), path+" was moved, removed or replaced while this server ran") {
			t.Errorf("%s: %v", when, err)
		}
	}
	gone("moved")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	gone("replaced")
}

// TestACommandDoesNotMigrateUnderAServer has a server of an earlier version, which is as good as its lock and its schema.
func TestACommandDoesNotMigrateUnderAServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "roster.db")
	db := modelstest.OpenConfig(t, modelstest.ConfigAt("sqlite:"+path))
	const earlier = 38
	if err := db.MigrateTo(t.Context(), earlier); err != nil {
		t.Fatal(err)
	}
	key := store.NewSecretKey()
	if err := writeSecretKey(filepath.Join(dir, "secret.key"), key); err != nil {
		t.Fatal(err)
	}
	if err := store.SetUp(t.Context(), db, key); err != nil {
		t.Fatal(err)
	}
	release, err := lockDatabase(path, os.O_CREATE|os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	create := []string{"key", "create", "--kind", "management", "--name", "x", "--data-dir", dir}
	code, stdout, stderr := command(t, nil, create...)
	want := "roster: a server runs on the database " + path + ": stop it first, or use its version"
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	if newest, err := db.SchemaVersion(t.Context()); err != nil || newest != earlier {
		t.Errorf("the schema is that of step %d: %v", newest, err)
	}
	if code, _, stderr := command(t, nil, "backup", filepath.Join(dir, "before"), "--data-dir", dir); code != exitOK {
		t.Errorf("a backup: %s", stderr)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, nil, create...); code != exitOK {
		t.Errorf("once it is stopped: %s", stderr)
	}
}
