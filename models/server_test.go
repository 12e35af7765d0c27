package models_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// adverse are settings of a server, a database or a role under which the statements of the package would mean something else.
var adverse = map[string]string{
	"default_transaction_isolation": "serializable",
	"standard_conforming_strings":   "off",
	"client_encoding":               "latin1",
	"TimeZone":                      "Asia/Kathmandu",
	"DateStyle":                     "SQL, DMY",
	"IntervalStyle":                 "sql_standard",
	"statement_timeout":             "1000", // looking for a pooler takes a statement under it
	"search_path":                   "apart",
}

func TestSettingsOfTheServerDoNotReachConnections(t *testing.T) {
	t.Parallel()
	address := modelstest.UnmigratedURL(t, store.Postgres)
	statements := []string{"CREATE SCHEMA apart"}
	for name, value := range adverse {
		statements = append(statements, "ALTER DATABASE "+databaseIn(t, address)+" SET "+name+" = '"+value+"'")
	}
	administer(t, address, strings.Join(statements, "; "))
	// What the URL sets does not count either.
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(address+"&default_transaction_isolation=repeatable+read&timezone=Asia%2FTokyo"))
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"default_transaction_isolation": "read committed", "standard_conforming_strings": "on", "client_encoding": "UTF8",
		"TimeZone": "UTC", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "statement_timeout": "1min", "search_path": "apart",
	} {
		var got string
		if err := db.Pools()["main"].QueryRowContext(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
	head := organization(t, db, `Zoë "Ö" \ 組織`, "")
	found, err := collection.Find(t.Context(), db, models.Organizations, collection.Everything(), head.ID, nil)
	if err != nil || found.(*models.Organization).Name != head.Name || !found.(*models.Organization).CreatedAt.Equal(head.CreatedAt.Time) {
		t.Errorf("written %+v, read %+v (%v)", head, found, err)
	}
	modelstest.CheckConsistency(t, db)
}

func TestAConnectionWithoutASchemaIsRefused(t *testing.T) {
	t.Parallel()
	address := modelstest.UnmigratedURL(t, store.Postgres)
	administer(t, address, "ALTER DATABASE "+databaseIn(t, address)+" SET search_path = nowhere, elsewhere")
	refusesToOpen(t, address, "of those in search_path (nowhere, elsewhere) none exists that the role may use")
}

// Two transactions that wait for the same row: the second sees what the first has done. Under other levels it would be refused.
func TestConcurrentChangesOfOneRowSucceedWhateverTheDefaultIsolation(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			address := modelstest.URL(t, store.Postgres)
			administer(t, address, "ALTER ROLE CURRENT_USER IN DATABASE "+databaseIn(t, address)+" SET default_transaction_isolation = '"+
				level+"'")
			db := modelstest.OpenConfig(t, modelstest.ConfigAt(address))
			head := organization(t, db, "head", "").ID
			results := make(chan error)
			for range 8 {
				go func() {
					for range 10 {
						if _, err := models.RefreshToken(context.Background(), db, everything, head); err != nil {
							results <- err
							return
						}
					}
					results <- nil
				}()
			}
			for range 8 {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
			modelstest.CheckConsistency(t, db)
		})
	}
}

func TestADatabaseThatIsNotUnicodeIsRefused(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"SQL_ASCII", "LATIN1"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			refusesToOpen(t, modelstest.PostgresURL(t, "ENCODING '"+encoding+"' LOCALE 'C'"),
				"keeps text as "+encoding+", and Roster needs UTF8")
		})
	}
	t.Run("UTF-16 on SQLite", func(t *testing.T) {
		t.Parallel()
		address := modelstest.UnmigratedURL(t, store.SQLite)
		utf16(t, strings.TrimPrefix(address, "sqlite:"))
		refusesToOpen(t, address, "keeps text as UTF-16le, and Roster needs UTF-8")
	})
}

func TestADatabaseThatTakesNoWritesIsRefused(t *testing.T) {
	t.Parallel()
	const want = "takes no writes, because default_transaction_read_only is on: set it to off"
	address := modelstest.URL(t, store.Postgres)
	refusesToOpen(t, address+"&default_transaction_read_only=on", want)
	administer(t, address, "ALTER DATABASE "+databaseIn(t, address)+" SET default_transaction_read_only = on")
	refusesToOpen(t, address, want)
	modelstest.OpenConfig(t, modelstest.ConfigAt(address+"&default_transaction_read_only=off"))
}

func refusesToOpen(t *testing.T, address, want string) {
	t.Helper()
	db, err := models.Open(t.Context(), modelstest.ConfigAt(address))
	if err == nil {
		_ = db.Close()
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("opening says %v, want %q", err, want)
	}
}

// utf16 makes an SQLite database as another program might.
func utf16(t *testing.T, path string) {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // what counts is in the file
	pool.SetMaxOpenConns(1)
	run(t, pool, "PRAGMA encoding = 'UTF-16le'")
	run(t, pool, "CREATE TABLE other (id text)")
}

func TestASchemaThatIsNewerThanTheProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		run(t, pool(db), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, true)")
		if _, err := db.PendingMigrations(t.Context()); !errors.Is(err, store.ErrNewerSchema) ||
			!strings.Contains(err.Error(), "step 90000;") {
			t.Errorf("pending migrations: %v", err)
		}
		if _, err := db.Migrate(t.Context()); !errors.Is(err, store.ErrNewerSchema) {
			t.Errorf("migrate: %v", err)
		}
		steps, err := db.Migrations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		known, last := steps[:len(steps)-1], steps[len(steps)-1]
		if !last.Unknown() || last.Version != 90000 || last.AppliedAt.IsZero() || slices.ContainsFunc(known, store.Migration.Unknown) {
			t.Errorf("the steps are %+v", steps)
		}
	})
}

// TestTextComparesByItsBytes lists names that every language sorts otherwise, on a database whose locale is one of them.
func TestTextComparesByItsBytes(t *testing.T) {
	t.Parallel()
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(modelstest.PostgresURL(t, "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'")))
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var foreign string
	err := db.Pools()["main"].QueryRowContext(t.Context(), `SELECT COALESCE(string_agg(table_name || '.' || column_name, ', '), '')
		FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`).Scan(&foreign)
	if err != nil || foreign != "" {
		t.Errorf("columns that compare as the locale says: %s (%v)", foreign, err)
	}
	names := []string{"Zoo", "apfel", "Äpfel", "zebra", "Ähre", "_", "10", "9"}
	ids := map[string]string{}
	for _, name := range names {
		ids[name] = organization(t, db, name, "").ID
	}
	slices.Sort(names)
	var want []string
	for _, name := range names {
		want = append(want, ids[name])
	}
	same(t, "by name", list(t, db, models.Organizations, collection.Everything(), "sort=name"), want)
	behind := list(t, db, models.Organizations, collection.Everything(), "sort=name&filter[name][gt]=Zoo")
	same(t, "behind Zoo", behind, want[slices.Index(names, "Zoo")+1:])
}

// administer runs a statement as who looks after the server.
func administer(t *testing.T, address, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // it has done its work
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func databaseIn(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}
