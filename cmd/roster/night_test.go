package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// waiter is a log that makes who writes it wait at a line.
type waiter struct {
	bytes.Buffer
	at      string
	reached chan struct{}
	goOn    chan struct{}
}

// Write implements io.Writer.
func (w *waiter) Write(line []byte) (int, error) {
	if w.at != "" && bytes.Contains(line, []byte(w.at)) {
		w.at = ""
		close(w.reached)
		<-w.goOn
	}
	return w.Buffer.Write(line)
}

// TestOneCopyAtATimeFillsATarget has two embedded databases, whose files do not keep the commands from each other.
func TestOneCopyAtATimeFillsATarget(t *testing.T) {
	t.Parallel()
	dir, other, target := t.TempDir(), t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	serve(t, dir, noRoutes).stop()
	serve(t, other, noRoutes).stop()
	log := &waiter{at: "looking at everything", reached: make(chan struct{}), goOn: make(chan struct{})}
	ended := make(chan int)
	go func() {
		var stdout bytes.Buffer
		ended <- run(context.Background(), []string{"roster", "copy-to", target, "--data-dir", dir}, nil, &stdout, log, noRoutes)
	}()
	<-log.reached
	code, stdout, stderr := command(t, nil, "copy-to", target, "--data-dir", other, "--log-level", "error")
	if code != exitFailure || stdout != "" ||
		!strings.HasPrefix(stderr, "roster: the target is filled by another process at this moment: a copy is under way") ||
		strings.Contains(stderr, "SQLSTATE") {
		t.Errorf("beside another: %d %s%s", code, stdout, stderr)
	}
	close(log.goOn)
	if code := <-ended; code != exitOK {
		t.Errorf("the first one ends with %d: %s", code, &log.Buffer)
	}
	if code, _, stderr := command(t, nil, "verify", "--data-dir", dir, "--database-url", target); code != exitOK {
		t.Errorf("verify: %d %s", code, stderr)
	}
}

// TestNoFirstKeyIsMadeThatCannotBeKept names a file that cannot be written, as none can be on a full disk.
func TestNoFirstKeyIsMadeThatCannotBeKept(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir, keys := t.TempDir(), t.TempDir()
		args := []string{"serve", "--data-dir", dir, "--database-url", url, "--migrate", "--listen", "127.0.0.1:0"}
		withSecretKey(t, args)
		code, stdout, stderr := command(t, nil, append(args, "--first-key-file", filepath.Join(keys, strings.Repeat("k", 300)))...)
		if code != exitFailure || stdout != "" || !strings.Contains(stderr, "there is no first management key yet") ||
			!strings.Contains(stderr, "make room there, or name another file with --first-key-file") ||
			strings.Contains(stderr, "roster_m_") {
			t.Errorf("%d %s%s", code, stdout, stderr)
		}
		if left, err := os.ReadDir(keys); err != nil || len(left) > 0 {
			t.Errorf("it leaves %v (%v)", left, err)
		}
		file := filepath.Join(keys, "first.key")
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate", "--first-key-file", file)
		key, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := s.get("/public/v2/organizations", "Authorization", "Bearer "+strings.TrimSpace(string(key)))
		if answer.StatusCode != http.StatusOK {
			t.Errorf("the key of the next start gets %d", answer.StatusCode)
		}
	})
}

// TestAnEmptyDatabaseIsToldOf verifies a database that nothing was done with, which is mostly the wrong one.
func TestAnEmptyDatabaseIsToldOf(t *testing.T) {
	t.Parallel()
	dir, target := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	serve(t, dir, noRoutes).stop()
	for place, where := range map[string]string{"with a key": dir, "without one": t.TempDir()} {
		code, stdout, stderr := command(t, nil, "verify", "--data-dir", where, "--database-url", target)
		if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: the database is empty: it was never migrated") ||
			!strings.Contains(stderr, "'roster migrate up'") {
			t.Errorf("%s: %d %s%s", place, code, stdout, stderr)
		}
	}
}

// TestARoleThatLacksARightIsToldWhich begins on PostgreSQL with one that may not make a table, then with one that may only read.
func TestARoleThatLacksARightIsToldWhich(t *testing.T) {
	t.Parallel()
	dir, owners := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	role, as, exec := anotherRole(t, owners)
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", as}
	withSecretKey(t, args)
	refused := func(want string, more ...string) {
		t.Helper()
		code, stdout, stderr := command(t, nil, append(args, more...)...)
		if code != exitFailure || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%d %s%s", code, stdout, stderr)
		}
	}
	refused("USAGE ON SCHEMA, and CREATE for migrations", "--migrate")
	if code, _, stderr := command(t, nil, "migrate", "up", "--data-dir", dir, "--database-url", owners); code != exitOK {
		t.Fatal(stderr)
	}
	exec(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ` + role)
	refused(fmt.Sprintf(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "public" TO %q`, role))
	exec(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ` + role)
	refused(fmt.Sprintf(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA "public" TO %q`, role))
	exec(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ` + role)
	exec(`CREATE TABLE of_another_program (n integer); ALTER TABLE of_another_program OWNER TO pg_monitor`)
	s := serve(t, dir, frontDoors, args[5:]...)
	s.create("Allowed")
	s.stop()
}

// TestAReceiverOfTracesThatHangsDoesNotKeepAServer stops one whose receiver takes requests and never answers them.
func TestAReceiverOfTracesThatHangsDoesNotKeepAServer(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		hung := make(chan struct{})
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hung }))
		defer receiver.Close()
		defer close(hung)
		s := serve(t, t.TempDir(), frontDoors, "--database-url", url, "--migrate", "--otlp-endpoint", receiver.URL,
			"--shutdown-grace", "1s")
		s.get("/docs/")
		if code := s.stop(); code != exitOK {
			t.Errorf("it ends with %d", code)
		}
		line, ok := s.log.Line(message("the last traces were not sent"))
		if !ok || line["level"] != "WARN" {
			t.Errorf("the log has %v", line)
		}
		if strings.Contains(s.log.String(), "outage") {
			t.Error("it is taken for an outage of the database")
		}
	})
}

// TestACopyWaitsForWhatAKilledOneLeft has a transaction of a command that is gone still under way in the target.
func TestACopyWaitsForWhatAKilledOneLeft(t *testing.T) {
	t.Parallel()
	dir, target := t.TempDir(), modelstest.URL(t, store.Postgres)
	serve(t, dir, noRoutes).stop()
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(target))
	left, err := modelstest.Readable(db).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer left.Rollback() //nolint:errcheck // in vain if it is over
	const step = 0x726f73746573
	if _, err := left.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock($1)`, step); err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 1)
	go func() {
		_, stdout, stderr := command(t, nil, "copy-to", target, "--data-dir", dir, "--log-level", "error")
		ended <- stdout + stderr
	}()
	servertest.Poll(t, "it waits", func() bool {
		var waits bool
		err := modelstest.Readable(db).QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks
			WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).
			Scan(&waits)
		return err == nil && waits
	})
	if _, err := left.ExecContext(t.Context(), `CREATE TABLE roster_copying AS SELECT '' AS digest, '[]' AS "references"`); err != nil {
		t.Fatal(err)
	}
	if err := left.Commit(); err != nil {
		t.Fatal(err)
	}
	if said := <-ended; !strings.Contains(said, "rows were copied, and compared one by one") {
		t.Error(said)
	}
}
