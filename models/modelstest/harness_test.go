package modelstest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/store"
)

func TestEachRunsOnBothDatabases(t *testing.T) {
	var mu sync.Mutex
	seen := map[store.Dialect]string{}
	t.Run("group", func(t *testing.T) {
		Each(t, func(t *testing.T, db *store.DB) {
			var version string
			query := map[store.Dialect]string{
				store.SQLite: "SELECT sqlite_version()", store.Postgres: "SHOW server_version_num",
			}[db.Dialect()]
			if err := Writable(db).QueryRowContext(t.Context(), query).Scan(&version); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[db.Dialect()] = version
		})
	})
	if testing.Short() {
		if len(seen) != 1 {
			t.Errorf("with -short, Each ran on %v, want one database", seen)
		}
		return
	}
	if seen[store.SQLite] == "" || seen[store.Postgres] == "" {
		t.Errorf("Each ran on %v, want sqlite and postgres with their versions", seen)
	}
}

func TestEveryDatabaseIsMigratedEmptyAndAlone(t *testing.T) {
	t.Parallel()
	for _, dialect := range Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			first, second := Open(t, dialect), Open(t, dialect)
			pending, err := second.PendingMigrations(t.Context())
			if err != nil || pending != 0 {
				t.Fatalf("a new database has %d pending migrations (%v), want none", pending, err)
			}
			if _, err := Writable(first).ExecContext(t.Context(), "INSERT INTO installation (name, value) VALUES ('a', 'b')"); err != nil {
				t.Fatal(err)
			}
			if n := settings(t, first); n != 1 {
				t.Errorf("the database that was written to has %d settings, want 1", n)
			}
			if n := settings(t, second); n != 0 {
				t.Errorf("the other one has %d, want none", n)
			}
		})
	}
}

func TestTwoPoolsOpenOneDatabase(t *testing.T) {
	t.Parallel()
	for _, dialect := range Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := Config(t, dialect)
			first, second := OpenConfig(t, cfg), OpenConfig(t, cfg)
			if _, err := Writable(first).ExecContext(t.Context(), "INSERT INTO installation (name, value) VALUES ('a', 'b')"); err != nil {
				t.Fatal(err)
			}
			if n := settings(t, second); n != 1 {
				t.Errorf("the second pool sees %d settings, want the 1 that the first wrote", n)
			}
		})
	}
}

func TestADatabaseIsGoneAfterItsTest(t *testing.T) {
	t.Parallel()
	var sqlite, postgres string
	t.Run("short-lived", func(t *testing.T) {
		sqlite, postgres = Config(t, store.SQLite).URL, Config(t, store.Postgres).URL
		OpenConfig(t, config(sqlite))
		OpenConfig(t, config(postgres))
	})
	if _, err := os.Stat(strings.TrimPrefix(sqlite, "sqlite:")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the SQLite file is still there (%v)", err)
	}
	if db, err := models.Open(t.Context(), config(postgres)); err == nil {
		t.Error("the PostgreSQL database is still there")
		_ = db.Close()
	}
}

func TestTheClockMovesTheDatabase(t *testing.T) {
	t.Parallel()
	EachClock(t, func(t *testing.T, db *store.DB, clock *Clock) {
		start := db.Now()
		clock.Advance(90 * time.Minute)
		if got, want := db.Now(), start.Add(90*time.Minute); !got.Equal(want) {
			t.Errorf("after 90 minutes it is %v, want %v", got, want)
		}
		noon := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
		clock.Set(noon)
		if got := db.Now(); !got.Equal(noon) {
			t.Errorf("the clock was set to %v and shows %v", noon, got)
		}
	})
}

func TestTheClusterSurvivesTheCollector(t *testing.T) {
	db := Open(t, store.Postgres)
	for range 3 {
		runtime.GC() // closes files that nothing refers to any more
		if n := settings(t, db); n != 0 {
			t.Errorf("a new database has %d settings, want none", n)
		}
	}
	settings(t, Open(t, store.Postgres))
}

func TestTheNextProcessDropsWhatAKilledOneLeft(t *testing.T) {
	t.Parallel()
	s, err := theServer(t)
	if err != nil {
		t.Fatal(err)
	}
	killed, err := connect(t.Context(), s.url.String())
	if err != nil {
		t.Fatal(err)
	}
	left, err := killed.create(t.Context(), "template0")
	if err != nil {
		t.Fatal(err)
	}
	living, err := s.create(t.Context(), "template0")
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.conn.Close(t.Context()); err != nil { // what the system does for a killed process
		t.Fatal(err)
	}
	// The server notices the end of a connection a moment later.
	for _, statement := range []string{"SELECT pg_advisory_lock(%d)", "SELECT pg_advisory_unlock(%d)"} {
		if err := s.exec(t.Context(), fmt.Sprintf(statement, killed.run)); err != nil {
			t.Fatal(err)
		}
	}
	next, err := connect(t.Context(), s.url.String())
	if err != nil {
		t.Fatal(err)
	}
	defer next.conn.Close(context.Background()) //nolint:errcheck // it has done its work
	for name, want := range map[string]bool{left: false, living: true} {
		var exists bool
		err := next.conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
		if err != nil || exists != want {
			t.Errorf("database %s exists: %v (%v), want %v", name, exists, err, want)
		}
	}
	if err := s.drop(t.Context(), living); err != nil {
		t.Error(err)
	}
}

func TestTheNewestServerOnTheMachineIsFound(t *testing.T) {
	t.Setenv("PATH", "")
	places := t.TempDir()
	for _, path := range []string{"15/bin/initdb", "15/bin/postgres", "17/bin/initdb", "17/bin/postgres", "18/bin/initdb"} {
		path = filepath.Join(places, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	found, err := findServer([]string{filepath.Join(places, "*", "bin")})
	if want := filepath.Join(places, "17", "bin"); err != nil || found != want {
		t.Errorf("found %q (%v), want %q: 18 is a client without a server", found, err, want)
	}
}

func TestAMachineWithoutAServerIsToldWhatToInstall(t *testing.T) {
	t.Setenv("PATH", "")
	_, err := findServer([]string{filepath.Join(t.TempDir(), "*", "bin")})
	if err == nil || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("the error is %v, want a sentence that names the package", err)
	}
}

func settings(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	if err := Writable(db).QueryRowContext(t.Context(), "SELECT count(*) FROM installation").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
