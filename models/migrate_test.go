package models_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestMigratingTwiceDoesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	eachUnmigrated(t, func(t *testing.T, cfg models.Config) {
		db := modelstest.OpenConfig(t, cfg)
		pending, err := db.PendingMigrations(t.Context())
		if err != nil || pending == 0 {
			t.Fatalf("an empty database has %d pending migrations (%v), want some", pending, err)
		}
		told := 0
		first, err := db.Migrate(t.Context(), func(step store.Migration) {
			told++ // when it is done, and no later
			if left, err := db.PendingMigrations(t.Context()); err != nil || left != pending-told {
				t.Errorf("after %s %d are pending (%v), want %d", step.Name, left, err, pending-told)
			}
		})
		if err != nil || len(first) != pending || told != pending {
			t.Fatalf("Migrate took %d steps (%v), want %d", len(first), err, pending)
		}
		second, err := db.Migrate(t.Context())
		if err != nil || len(second) != 0 {
			t.Errorf("the second Migrate took the steps %v (%v), want none", second, err)
		}
		if pending, err := db.PendingMigrations(t.Context()); err != nil || pending != 0 {
			t.Errorf("%d migrations are pending after Migrate (%v), want none", pending, err)
		}
	})
}

func TestEightReplicasMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	eachUnmigrated(t, eightReplicasMigrate)
	for _, mode := range []store.PoolMode{store.PoolSession, store.PoolTransaction} {
		t.Run("behind a pooler by "+string(mode), func(t *testing.T) {
			t.Parallel()
			pooler := modelstest.NewPooler(t, modelstest.UnmigratedURL(t, store.Postgres), mode)
			cfg := modelstest.ConfigAt(pooler.URL)
			cfg.MaxConnections = 1
			eightReplicasMigrate(t, cfg)
		})
	}
}

func eightReplicasMigrate(t *testing.T, cfg models.Config) {
	t.Helper()
	type outcome struct {
		steps []store.Migration
		err   error
	}
	outcomes := make(chan outcome)
	for range 8 {
		db := modelstest.OpenConfig(t, cfg)
		go func() {
			steps, err := db.Migrate(context.Background())
			outcomes <- outcome{steps, err}
		}()
	}
	applied := map[int64]int{}
	for range 8 {
		o := <-outcomes
		if o.err != nil {
			t.Error(o.err)
		}
		for _, step := range o.steps {
			applied[step.Version]++
		}
	}
	db := modelstest.OpenConfig(t, cfg)
	all, err := db.Migrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range all {
		if step.AppliedAt.IsZero() || applied[step.Version] != 1 {
			t.Errorf("step %d was taken %d times and is applied at %v, want once", step.Version, applied[step.Version], step.AppliedAt)
		}
	}
	if len(applied) != len(all) {
		t.Errorf("%d steps were taken, there are %d", len(applied), len(all))
	}
}

// A step back would lose what was written since; a mistake is mended by the next step.
func TestMigrationsGoForwardOnlyAndAreTheSameStepsOnBothDatabases(t *testing.T) {
	t.Parallel()
	down := regexp.MustCompile(`(?im)^--\s*\+goose\s+down`)
	steps := map[string][]string{}
	for _, dialect := range modelstest.Dialects {
		files, err := filepath.Glob(filepath.Join("store/migrations", string(dialect), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if matched, _ := filepath.Match("[0-9][0-9][0-9][0-9][0-9]_*.sql", filepath.Base(file)); !matched {
				t.Errorf("%s is not named like 00001_words.sql", file)
			}
			if down.Match(text) {
				t.Errorf("%s has a step back", file)
			}
			steps[filepath.Base(file)] = append(steps[filepath.Base(file)], string(dialect))
		}
	}
	if len(steps) == 0 {
		t.Error("there are no migrations")
	}
	for name, dialects := range steps {
		if len(dialects) != len(modelstest.Dialects) {
			t.Errorf("%s exists for %v only", name, dialects)
		}
	}
}

// eachUnmigrated runs test on a database without any table of each kind.
func eachUnmigrated(t *testing.T, test func(t *testing.T, cfg models.Config)) {
	t.Helper()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, modelstest.UnmigratedConfig(t, dialect))
		})
	}
}

// TestWhoHasSeveralMembershipsIsFoundByTheMigration takes a step back by hand and forward again.
func TestWhoHasSeveralMembershipsIsFoundByTheMigration(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		first, second := organization(t, db, "first", "").ID, organization(t, db, "second", "").ID
		user(t, db, "alone", first)
		user(t, db, "twice", first, second)
		step, err := os.ReadFile(filepath.Join("store/migrations", string(db.Dialect()), "00011_shared_people.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for _, statements := range []string{"DROP INDEX memberships_shared; ALTER TABLE memberships DROP COLUMN shared", string(step)} {
			run(t, pool(db), statements)
		}
		if marked := texts(t, db, "SELECT id FROM memberships WHERE shared"); len(marked) != 2 {
			t.Errorf("%d memberships are marked, want 2", len(marked))
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestTheHeadsThatWereThereAreCounted migrates a database of the version before heads had a counter.
func TestTheHeadsThatWereThereAreCounted(t *testing.T) {
	t.Parallel()
	eachUnmigrated(t, func(t *testing.T, cfg models.Config) {
		db := modelstest.OpenConfig(t, cfg)
		if err := db.MigrateTo(t.Context(), 40); err != nil {
			t.Fatal(err)
		}
		head := organization(t, db, "head", "").ID
		organization(t, db, "below", head)
		organization(t, db, "other", "")
		gone := organization(t, db, "gone", "").ID
		if err := models.DeleteOrganization(t.Context(), db, caller(collection.Everything()), gone, nil); err != nil {
			t.Fatal(err)
		}
		run(t, pool(db), `DELETE FROM counters WHERE name = 'children' AND key = ''`)
		if page := listPage(t, db, models.Organizations, collection.Everything(), "filter[root]=true"); page.Total != 0 {
			t.Errorf("%d heads without their counter", page.Total)
		}
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		page := listPage(t, db, models.Organizations, collection.Everything(), "filter[root]=true")
		if page.Total != 2 || page.TotalUnfiltered != 3 {
			t.Errorf("%d heads of %d organizations, want 2 of 3", page.Total, page.TotalUnfiltered)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestMembershipsKeepWhatTheyWereWhenTheyLearnWhenTheirUsersWereCreated brings a database with a membership up to date.
func TestMembershipsKeepWhatTheyWereWhenTheyLearnWhenTheirUsersWereCreated(t *testing.T) {
	t.Parallel()
	eachUnmigrated(t, func(t *testing.T, cfg models.Config) {
		db := modelstest.OpenConfig(t, cfg)
		if err := db.MigrateTo(t.Context(), 11); err != nil {
			t.Fatal(err)
		}
		ada, acme, born, joined := models.NewID(), models.NewID(), instant(db, 1), instant(db, 2)
		for _, statement := range []string{
			`INSERT INTO users (id, first_name, active, version, created_at, updated_at)
				VALUES ('` + ada + `', 'Ada', true, 1, ` + born + `, ` + born + `)`,
			`INSERT INTO organizations (id, name, slug, kind, is_event_producer, location_tracking, version, created_at, updated_at)
				VALUES ('` + acme + `', 'Acme', 'acme', 'company', true, false, 1, ` + born + `, ` + born + `)`,
			`INSERT INTO memberships (id, organization_id, user_id, version, shared, created_at, updated_at)
				VALUES ('` + ada + `', '` + acme + `', '` + ada + `', 7, true, ` + joined + `, ` + joined + `)`,
		} {
			run(t, pool(db), statement)
		}
		whole := `SELECT COUNT(*) FROM memberships WHERE id = '` + ada + `' AND organization_id = '` + acme + `' AND user_id = '` + ada + `'
			AND version = 7 AND shared AND created_at = ` + joined + ` AND updated_at = ` + joined
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{whole, whole + " AND user_created_at = " + born} {
			if n := texts(t, db, query)[0]; n != "1" {
				t.Errorf("%s memberships are what they were, want 1: %s", n, query)
			}
		}
		run(t, pool(db), `DELETE FROM memberships`)
		if taken := texts(t, db, `SELECT id FROM taken_ids`); len(taken) != 1 {
			t.Errorf("the ids %v are taken after a membership was deleted, want its own", taken)
		}
	})
}
