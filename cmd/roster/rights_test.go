package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// anotherRole makes a role that has no right in a database of PostgreSQL, until the test ends. It returns its name, the URL of the database
// with it, and what runs a statement as the owner.
func anotherRole(t *testing.T, owners string) (role, as string, exec func(statement string)) {
	t.Helper()
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(owners))
	u, err := url.Parse(owners)
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, statement string) {
		t.Helper()
		if _, err := db.Run(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	role = "other_" + strings.ToLower(filepath.Base(u.Path))
	u.User = url.User(role)
	run(t.Context(), `CREATE ROLE `+role+` LOGIN`)
	t.Cleanup(func() { run(context.WithoutCancel(t.Context()), `DROP OWNED BY `+role+`; DROP ROLE `+role) })
	return role, u.String(), func(statement string) { t.Helper(); run(t.Context(), statement) }
}

// TestARoleThatMayOnlyReadIsEnoughForWhatOnlyReads runs commands as a role of PostgreSQL that has no right, and then that of reading.
func TestARoleThatMayOnlyReadIsEnoughForWhatOnlyReads(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	dir, owners := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	s := serve(t, dir, frontDoors, "--database-url", owners, "--migrate")
	s.create("Acme")
	s.stop()
	role, as, exec := anotherRole(t, owners)
	next := filepath.Join(dir, "next.key")
	if code, _, stderr := command(t, nil, "secret-key", "create", next); code != exitOK {
		t.Fatal(stderr)
	}
	run := func(line string, wantCode int, want string) {
		t.Helper()
		code, stdout, stderr := command(t, nil, append(strings.Fields(line), "--data-dir", dir, "--database-url", as)...)
		if code != wantCode || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%s: %d %s%s; want %d and %q", line, code, stdout, stderr, wantCode, want)
		}
	}
	reads := map[string]string{
		"verify":            "everything agrees",
		"key list":          "First",
		"key list --json":   `"First`,
		"secret-key status": "live",
	}
	for line := range reads {
		run(line, exitFailure, fmt.Sprintf(`give it GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO %q, or name`, role))
	}
	exec(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ` + role)
	for line, want := range reads {
		run(line, exitOK, want)
	}
	run("migrate status", exitOK, "00001_foundation.sql")
	writes := []string{
		"events export", "key create --kind management --name x", "secret-key rotate " + next, "secret-key reset --accept-loss",
	}
	for _, line := range writes {
		run(line, exitFailure, fmt.Sprintf(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "public" TO %q`, role))
	}
	exec(`ALTER ROLE ` + role + ` SET default_transaction_read_only = on`) // as on a standby
	for line, want := range reads {
		run(line, exitOK, want)
	}
	run("migrate status", exitOK, "00001_foundation.sql")
	for _, line := range append(writes, "migrate up") {
		run(line, exitFailure, "the database takes no writes")
	}
}

// TestWhatOnlyReadsLeavesTheSchemaAsItIs looks into a database of an earlier version, which a program of that version may still serve.
func TestWhatOnlyReadsLeavesTheSchemaAsItIs(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, target string) {
		dir := t.TempDir()
		db := modelstest.OpenConfig(t, modelstest.ConfigAt(target))
		const earlier = 38
		if err := db.MigrateTo(t.Context(), earlier); err != nil {
			t.Fatal(err)
		}
		at := []string{"--data-dir", dir, "--database-url", target}
		key := store.NewSecretKey()
		if err := writeSecretKey(filepath.Join(dir, "secret.key"), key); err != nil {
			t.Fatal(err)
		}
		if err := store.SetUp(t.Context(), db, key); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"key list", "events export", "verify", "secret-key status"} {
			code, stdout, stderr := command(t, nil, append(strings.Fields(line), at...)...)
			if code != exitFailure || stdout != "" || !strings.Contains(stderr, "run 'roster migrate up' first") {
				t.Errorf("%s: %d %s%s", line, code, stdout, stderr)
			}
		}
		if newest, err := db.SchemaVersion(t.Context()); err != nil || newest != earlier {
			t.Errorf("the schema is that of step %d: %v", newest, err)
		}
	})
}
