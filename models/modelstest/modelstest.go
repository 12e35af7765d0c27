package modelstest

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/models/target"
)

// Dialects are the databases that Each runs a test on.
var Dialects = []store.Dialect{store.SQLite, store.Postgres}

// Each runs test on an empty, migrated database of each kind, as the parallel subtests "sqlite" and "postgres", or of one kind with -short.
// Their clock is the real one.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, dialect := range Databases(t) {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, Open(t, dialect))
		})
	}
}

// EachClock is Each with a clock that stands still until the test moves it.
func EachClock(t *testing.T, test func(t *testing.T, db *store.DB, clock *Clock)) {
	t.Helper()
	for _, dialect := range Databases(t) {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			test(t, OpenClock(t, dialect, clock), clock)
		})
	}
}

// Open returns an empty, migrated database that is gone when the test is over.
func Open(t testing.TB, dialect store.Dialect) *store.DB {
	t.Helper()
	return OpenConfig(t, Config(t, dialect))
}

// OpenClock is Open with a clock that the test moves.
func OpenClock(t testing.TB, dialect store.Dialect, clock *Clock) *store.DB {
	t.Helper()
	cfg := Config(t, dialect)
	cfg.Now = clock.Now
	return OpenConfig(t, cfg)
}

// OpenConfig opens a database that Config described, or one more connection pool to it, and closes it when the test is over.
func OpenConfig(t testing.TB, cfg models.Config) *store.DB {
	t.Helper()
	db, err := models.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close test database: %v", err)
		}
	})
	return db
}

// Config describes an empty, migrated database of the test's own, for tests that open it more than once, as replicas do.
func Config(t testing.TB, dialect store.Dialect) models.Config {
	t.Helper()
	return config(URL(t, dialect))
}

// URL returns the URL of an empty, migrated database of the test's own, for tests that start processes.
func URL(t testing.TB, dialect store.Dialect) string {
	t.Helper()
	if dialect == store.SQLite {
		return sqliteURL(t, true)
	}
	return postgresURL(t, true)
}

// UnmigratedConfig describes a database without any table.
func UnmigratedConfig(t testing.TB, dialect store.Dialect) models.Config {
	t.Helper()
	return config(UnmigratedURL(t, dialect))
}

// UnmigratedURL returns the URL of a database without any table.
func UnmigratedURL(t testing.TB, dialect store.Dialect) string {
	t.Helper()
	if dialect == store.SQLite {
		return sqliteURL(t, false)
	}
	return postgresURL(t, false)
}

// ConfigAt describes the database at url, for tests that make it themselves.
func ConfigAt(url string) models.Config { return config(url) }

// config describes the database at url as every test opens it. All share one master key, so that pools on one database understand each
// other. Webhooks may be sent to receivers on this machine.
func config(url string) models.Config {
	vault, err := store.NewVault(bytes.Repeat([]byte{7}, store.SecretKeySize))
	if err != nil {
		panic(err) // the size is the constant's
	}
	return models.Config{
		Config:  store.Config{URL: url, MaxConnections: 8, StatementTimeout: time.Minute, Vault: vault, Now: time.Now},
		Allowed: models.Allowed{WebhookTargets: target.Rules{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}},
	}
}
