package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// importer is `roster import people` into a database with one organization.
type importer struct {
	t            *testing.T
	dir, url     string
	organization string
	key          string // of the management
	db           *store.DB
}

// newImporter makes the database.
func newImporter(t *testing.T, url string) *importer {
	t.Helper()
	im := &importer{t: t, dir: t.TempDir(), url: url}
	create := []string{"key", "create", "--kind", "management", "--name", "x", "--data-dir", im.dir, "--database-url", url, "--migrate",
		"--log-level", "warn"}
	withSecretKey(t, create)
	code, key, stderr := command(t, nil, create...)
	if code != 0 {
		t.Fatal(stderr)
	}
	im.key = strings.TrimSpace(key)
	im.db = opened(t, im.dir, url)
	im.organization = modelstest.Organization(t, im.db).ID
	return im
}

// args returns those of a command.
func (im *importer) args(args ...string) []string {
	return append([]string{"import", "people", "--data-dir", im.dir, "--database-url", im.url, "--organization", im.organization}, args...)
}

// file writes a file and returns its name.
func (im *importer) file(name, text string) string {
	im.t.Helper()
	path := filepath.Join(im.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		im.t.Fatal(err)
	}
	return path
}

// launch starts it as a process of its own, which reads stdin. What it prints is complete once it has ended.
func (im *importer) launch(args ...string) (cmd *exec.Cmd, in io.WriteCloser, stdout, stderr *strings.Builder) {
	im.t.Helper()
	ctx, cancel := context.WithTimeout(im.t.Context(), 10*time.Minute)
	im.t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, os.Args[0], im.args(args...)...)
	stdout, stderr = &strings.Builder{}, &strings.Builder{}
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), asProgram+"=1"), stdout, stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		im.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		im.t.Fatal(err)
	}
	return cmd, in, stdout, stderr
}

// users returns how many users there are.
func (im *importer) users() (n int64) {
	im.t.Helper()
	if err := im.db.Session(im.t.Context()).Raw("SELECT COUNT(*) FROM users").Scan(&n).Error; err != nil {
		im.t.Fatal(err)
	}
	return n
}

// tableOf returns a table of so many people.
func tableOf(n int) string {
	var table strings.Builder
	table.WriteString("email,firstName,lastName\n")
	for i := range n {
		fmt.Fprintf(&table, "p%d@example.com,Ada,Number %d\n", i, i)
	}
	return table.String()
}

func TestPeopleAreImported(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		im := newImporter(t, url)
		file := im.file("staff.CSV", "email,firstName,roles\nada@example.com,Ada,admin;viewer\nbob@example.com,Bob,boss\n"+
			"carl@example.com,Carl,\n")
		before := modelstest.Dump(t, im.db)
		const faults = ":3: roles: There is no role \"boss\" to give there\nroster: 1 of 3 people were refused\n"
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{"--dry-run", file}, "dry run: read 3, created 2 people, 0 memberships, 0 already there, 1 faults\n"},
			{[]string{"--role", "viewer", file}, "read 3, created 2 people, 0 memberships, 0 already there, 1 faults\n"},
			{[]string{file}, "read 3, created 0 people, 0 memberships, 2 already there, 1 faults\n"},
		} {
			if c.args[0] != "--dry-run" {
				before = ""
			}
			code, stdout, stderr := command(t, nil, im.args(c.args...)...)
			if code != 1 || stdout != c.want || stderr != file+faults {
				t.Errorf("%q: %d %s%s", c.args, code, stdout, stderr)
			}
			if before != "" && modelstest.Dump(t, im.db) != before {
				t.Error("a dry run changes something")
			}
		}
		var held []string
		err := im.db.Session(t.Context()).Raw(`SELECT u.first_name || ' ' || r.key FROM users u JOIN memberships m ON m.user_id = u.id
			JOIN membership_roles mr ON mr.membership_id = m.id JOIN roles r ON r.id = mr.role_id ORDER BY 1`).Scan(&held).Error
		if got := strings.Join(held, ", "); err != nil || got != "Ada admin, Ada viewer, Carl viewer" {
			t.Errorf("%v %s", err, got)
		}
		var actors []string
		err = im.db.Session(t.Context()).Raw(`SELECT DISTINCT event_type || ' ' || actor_kind || ' ' || actor_name FROM events
			WHERE subject_type IN ('users', 'memberships') ORDER BY 1`).Scan(&actors).Error
		const line = " system command line"
		if got := strings.Join(actors, ", "); err != nil || got != "membership.created"+line+", user.created"+line {
			t.Errorf("%v %s", err, got)
		}
		cmd, in, stdout, stderr := im.launch("--format", "ndjson", "-")
		_, _ = io.WriteString(in, `{"email":"dora@example.com"}`)
		_ = in.Close()
		if err := cmd.Wait(); err != nil || stdout.String() != "read 1, created 1 people, 0 memberships, 0 already there, 0 faults\n" ||
			stderr.String() != "" {
			t.Errorf("%v %s%s", err, stdout, stderr)
		}
		modelstest.CheckConsistency(t, im.db)
	})
}

func TestWrongImports(t *testing.T) {
	t.Parallel()
	im := newImporter(t, modelstest.UnmigratedURL(t, store.SQLite))
	file := im.file("staff.csv", "email,age\na@example.com,7\n")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "takes one argument, the file, or - for stdin"},
		{[]string{file, file}, exitUsage, "takes one argument"},
		{[]string{"-"}, exitUsage, "--format is needed"},
		{[]string{"staff.xlsx"}, exitUsage, "--format is needed"},
		{[]string{"--format", "xml", file}, exitUsage, `--format cannot be "xml": it must be ndjson or csv`},
		{[]string{"--role", "", file}, exitUsage, `--role cannot be ""`},
		{[]string{"--organization", "7", file}, exitUsage, `--organization cannot be "7"`},
		{[]string{"--organization", "01912f6a-8c00-7abc-8def-0123456789ab", file}, exitFailure,
			"There is no resource of type organizations"},
		{[]string{im.dir + "/none.csv"}, exitFailure, "open the file"},
		{[]string{im.dir, "--format", "csv"}, exitFailure, "is a directory"},
		{[]string{file}, exitFailure, `line 1: there is no column "age"; there are firstName, lastName, email, `},
	} {
		if code, _, stderr := command(t, nil, im.args(c.args...)...); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: %d %s", c.args, code, stderr)
		}
	}
	if im.users() != 0 {
		t.Error("somebody is written")
	}
	if code, _, stderr := command(t, nil, "import", "people", "--data-dir", t.TempDir(), file); code != exitFailure ||
		!strings.Contains(stderr, "there is no database") {
		t.Errorf("without a database: %d %s", code, stderr)
	}
}

func TestASignalEndsAnImportBetweenTwoTransactions(t *testing.T) {
	t.Parallel()
	im := newImporter(t, modelstest.UnmigratedURL(t, store.SQLite))
	cmd, in, stdout, stderr := im.launch("--format", "csv", "-")
	if _, err := io.WriteString(in, tableOf(250)); err != nil {
		t.Fatal(err)
	}
	servertest.Poll(t, "a second transaction", func() bool { return im.users() == 200 }) // the others wait for the rest of theirs
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitFailure ||
		stdout.String() != "read 200, created 200 people, 0 memberships, 0 already there, 0 faults\n" ||
		stderr.String() != "roster: stopped after line 201; run it again for the rest\n" {
		t.Errorf("%v %s%s", err, stdout, stderr)
	}
}

// TestAKilledImportGoesOn kills one in the middle and runs it again: everybody is there once, and told of once.
func TestAKilledImportGoesOn(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		const people = 2000
		im := newImporter(t, url)
		file := im.file("staff.csv", tableOf(people))
		cmd, _, _, _ := im.launch(file)
		servertest.Poll(t, "some people", func() bool { return im.users() >= 300 })
		_ = cmd.Process.Kill() // if it has ended, that is found below
		_ = cmd.Wait()
		done := im.users()
		if done == people {
			t.Fatal("it was not killed in the middle")
		}
		modelstest.CheckConsistency(t, im.db)
		code, stdout, stderr := command(t, nil, im.args(file)...)
		want := fmt.Sprintf("read %d, created %d people, 0 memberships, %d already there, 0 faults\n", people, people-done, done)
		if code != 0 || stdout != want || stderr != "" {
			t.Errorf("%d %s%s", code, stdout, stderr)
		}
		modelstest.CheckConsistency(t, im.db)
		for _, of := range []string{"user.created", "membership.created"} {
			var events, subjects int64
			row := im.db.Session(t.Context()).Raw("SELECT COUNT(*), COUNT(DISTINCT subject_id) FROM events WHERE event_type = ?", of).Row()
			if err := row.Scan(&events, &subjects); err != nil || events != people || subjects != people {
				t.Errorf("%s: %v %d events about %d", of, err, events, subjects)
			}
		}
		for key, name := range map[string]string{"": "memberships", im.organization: "users"} {
			if n, err := store.ReadCounter(t.Context(), im.db, name, key); err != nil || n != people {
				t.Errorf("the counter %s is %d: %v", name, n, err)
			}
		}
	})
}

// TestAnImportLeavesAServerItsTurn: both write to one file of SQLite.
func TestAnImportLeavesAServerItsTurn(t *testing.T) {
	t.Parallel()
	im := newImporter(t, modelstest.UnmigratedURL(t, store.SQLite))
	s := serve(t, im.dir, frontDoors, "--database-url", im.url, "--rate-limit", "0")
	cmd, in, stdout, stderr := im.launch("--format", "csv", "-")
	go func() { _, _ = io.WriteString(in, tableOf(2000)); _ = in.Close() }()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	written, longest := 0, time.Duration(0)
	for running := true; running; {
		begun := time.Now()
		answer, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), http.MethodPost, s.base+"/public/v2/users",
			strings.NewReader(`{"data":{"type":"users","attributes":{"firstName":"Ada"}}}`),
			"Authorization", "Bearer "+im.key, "Content-Type", "application/vnd.api+json")
		if err != nil || answer.StatusCode != http.StatusCreated {
			t.Fatalf("%v %s", err, body)
		}
		written, longest = written+1, max(longest, time.Since(begun))
		select {
		case err := <-ended:
			if running = false; err != nil {
				t.Errorf("%v %s%s", err, stdout, stderr)
			}
		default:
		}
	}
	t.Logf("%d requests beside the import, the longest %s", written, longest.Round(time.Millisecond))
	if written < 5 || longest > 5*time.Second { // of ten, after which SQLite gives up
		t.Errorf("%d requests beside the import, the longest %s", written, longest)
	}
}
