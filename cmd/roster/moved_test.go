package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestADatabaseIsNotRestoredUnderAServer that goes on with files which were moved away. It is as good as its lock, and would end soon.
func TestADatabaseIsNotRestoredUnderAServer(t *testing.T) {
	t.Parallel()
	dir, away, backup := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	path := filepath.Join(dir, "roster.db")
	serve(t, dir, noRoutes).stop()
	if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", dir); code != exitOK {
		t.Fatal(stderr)
	}
	server, err := lockDatabase(path, os.O_RDWR)
	if err == nil {
		err = os.Rename(path, filepath.Join(away, "roster.db"))
	}
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, nil, "restore", backup, "--data-dir", dir)
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs on the database "+dir) {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	if err := server.release(); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, nil, "restore", backup, "--data-dir", dir); code != exitOK {
		t.Errorf("once it is stopped: %s", stderr)
	}
}

// TestAServerEndsWhenItsDatabaseIsGone from the place that it was started on: the file, its directory, or that which a relative path begins
// in; and when another one was put there.
func TestAServerEndsWhenItsDatabaseIsGone(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(home string) error{
		"the file is moved": func(home string) error {
			return os.Rename(filepath.Join(home, "data", "roster.db"), filepath.Join(home, "moved"))
		},
		"its directory is moved": func(home string) error { return os.Rename(filepath.Join(home, "data"), filepath.Join(home, "moved")) },
		"all is moved":           func(home string) error { return os.Rename(home, home+".moved") },
		"it is replaced": func(home string) error {
			path := filepath.Join(home, "data", "roster.db")
			return errors.Join(os.WriteFile(path+".other", nil, 0o600), os.Rename(path+".other", path))
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(t.TempDir(), "home")
			if err := os.Mkdir(home, 0o700); err != nil {
				t.Fatal(err)
			}
			p := launchIn(t, home, "--listen", "127.0.0.1:0", "--data-dir", "data")
			if err := change(home); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := p.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
				t.Errorf("it ends with %v", err)
			}
			p.log.Match(t, `"level":"ERROR","msg":"ended","error":"the database [^"]*roster.db was (moved, )?removed or replaced while`)
		})
	}
}

// TestADatabaseThatIsGoneIsNotBegunAnew where its key is elsewhere, as the unit of systemd has it, which starts a server again that has
// ended.
func TestADatabaseThatIsGoneIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	key, dir, first := filepath.Join(home, "secret.key"), filepath.Join(home, "data"), filepath.Join(home, "data", "first.key")
	if err := errors.Join(os.Mkdir(dir, 0o700), writeSecretKey(key, store.NewSecretKey())); err != nil {
		t.Fatal(err)
	}
	args := []string{"--secret-key-file", key, "--data-dir", dir}
	serve(t, dir, noRoutes, "--secret-key-file", key, "--first-key-file", first).stop()
	path, away := filepath.Join(dir, "roster.db"), filepath.Join(home, "away.db")
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	gone := "roster: there was a database " + path + ", of which " + path + ".lock is left"
	for _, does := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--first-key-file", first},
		{"key", "create", "--kind", "management", "--name", "x"},
		{"verify"},
	} {
		code, stdout, stderr := command(t, nil, append(does, args...)...)
		if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, gone) {
			t.Errorf("%v: %d %s%s", does, code, stdout, stderr)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
	if code, _, stderr := command(t, nil, append([]string{"restore", away}, args...)...); code != exitOK {
		t.Errorf("it is put back: %s", stderr)
	}
	serve(t, dir, noRoutes, "--secret-key-file", key, "--first-key-file", first).stop()
}

// TestAServerThatIsStoppedSaysThatItsDatabaseIsGone, before it has noticed by itself: what it answered is not in the new file.
func TestAServerThatIsStoppedSaysThatItsDatabaseIsGone(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	p := launchIn(t, home, "--listen", "127.0.0.1:0", "--data-dir", "data")
	path := filepath.Join(home, "data", "roster.db")
	if err := errors.Join(os.WriteFile(path+".other", nil, 0o600), os.Rename(path+".other", path), p.Signal(syscall.SIGTERM)); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := p.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
		t.Errorf("it ends with %v", err)
	}
	p.log.Match(t, `"level":"ERROR","msg":"ended","error":"the database [^"]*roster.db was (moved, )?removed or replaced while this`)
}

// TestWhatReplacesADatabaseIsNotHarmed puts a backup under a server that has a log: neither that file nor what the server has written is
// lost.
func TestWhatReplacesADatabaseIsNotHarmed(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir, old := filepath.Join(home, "data"), filepath.Join(home, "old")
	path := filepath.Join(dir, "roster.db")
	p := launchIn(t, home, "--listen", "127.0.0.1:0", "--data-dir", dir)
	backup := filepath.Join(home, "backup")
	if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", dir); code != exitOK {
		t.Fatal(stderr)
	}
	create := []string{"key", "create", "--kind", "management", "--name", "written after the backup", "--data-dir", dir}
	if code, _, stderr := command(t, nil, create...); code != exitOK {
		t.Fatal(stderr)
	}
	key, err := os.ReadFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(old, 0o700), os.WriteFile(filepath.Join(old, "secret.key"), key, 0o600),
		os.Link(path, filepath.Join(old, "roster.db")), os.Rename(backup, path)); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := p.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
		t.Errorf("it ends with %v", err)
	}
	for place, written := range map[string]bool{dir: false, old: true} {
		if code, stdout, stderr := command(t, nil, "verify", "--data-dir", place); code != exitOK {
			t.Errorf("%s: %s%s", place, stdout, stderr)
		}
		_, keys, stderr := command(t, nil, "key", "list", "--data-dir", place)
		if strings.Contains(keys, "written after the backup") != written {
			t.Errorf("%s: %s%s", place, keys, stderr)
		}
	}
}

// TestWhatAServerWroteIsKeptWhenItsFileIsGone, which nobody can look for: it was removed, or a backup was moved over it, and the server
// ends by itself or is stopped before it has noticed.
func TestWhatAServerWroteIsKeptWhenItsFileIsGone(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(path, backup string, p *process) error{
		"removed":  func(path, _ string, _ *process) error { return os.Remove(path) },
		"replaced": func(path, backup string, _ *process) error { return os.Rename(backup, path) },
		"replaced and stopped": func(path, backup string, p *process) error {
			return errors.Join(os.Rename(backup, path), p.Signal(syscall.SIGTERM))
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup")
			path, key := filepath.Join(dir, "roster.db"), filepath.Join(dir, "secret.key")
			p := launchIn(t, t.TempDir(), "--listen", "127.0.0.1:0", "--data-dir", dir)
			if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", dir); code != exitOK {
				t.Fatal(stderr)
			}
			create := []string{"key", "create", "--kind", "management", "--name", "written after the backup", "--data-dir", dir}
			if code, _, stderr := command(t, nil, create...); code != exitOK {
				t.Fatal(stderr)
			}
			if err := change(path, backup, p); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := p.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
				t.Errorf("it ends with %v", err)
			}
			p.log.Match(t, `"level":"ERROR","msg":"ended","error":"the database [^"]*roster.db was removed or replaced while this`)
			kept, err := filepath.Glob(path + ".kept-*")
			if err != nil || len(kept) != 1 {
				t.Fatalf("kept are %q: %v", kept, err)
			}
			where := []string{"--database-url", "sqlite:" + kept[0], "--secret-key-file", key}
			if code, stdout, stderr := command(t, nil, append([]string{"verify"}, where...)...); code != exitOK {
				t.Errorf("%s%s", stdout, stderr)
			}
			_, keys, stderr := command(t, nil, append([]string{"key", "list"}, where...)...)
			if !strings.Contains(keys, "written after the backup") {
				t.Errorf("%s%s", keys, stderr)
			}
		})
	}
}

// TestACommandDoesNotOpenWhatReplacedADatabase before the server has noticed, which is as good as its lock and what it noted in it. One
// that was killed keeps nobody.
func TestACommandDoesNotOpenWhatReplacedADatabase(t *testing.T) {
	t.Parallel()
	dir, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	path := filepath.Join(dir, "roster.db")
	serve(t, dir, noRoutes).stop()
	verify := []string{"verify", "--data-dir", dir}
	if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", dir); code != exitOK {
		t.Fatal(stderr)
	}
	server, err := lockDatabase(path, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := command(t, nil, verify...); code != exitOK {
		t.Errorf("beside a server: %s%s", stdout, stderr)
	}
	if err := os.Rename(backup, path); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, nil, verify...)
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs whose database was in the place of "+path) {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	if err := server.release(); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := command(t, nil, verify...); code != exitOK {
		t.Errorf("once it has ended: %s%s", stdout, stderr)
	}
}

// TestWhatAServerBeforeNotedKeepsNobody from the database that was put in the place of its own: not while the next one migrates that, not
// where that one could note nothing since the file has a second name, and not because several commands look at once. A server that starts
// meanwhile is not refused either.
func TestWhatAServerBeforeNotedKeepsNobody(t *testing.T) {
	t.Parallel()
	dir, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	path := filepath.Join(dir, "roster.db")
	where := []string{"--listen", "127.0.0.1:0", "--data-dir", dir}
	launch(t, where...).kill()
	if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", dir); code != exitOK {
		t.Fatal(stderr)
	}
	if err := os.Rename(backup, path); err != nil {
		t.Fatal(err)
	}
	verify := func() {
		t.Helper()
		if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir); code != exitOK {
			t.Errorf("%s%s", stdout, stderr)
		}
	}
	looks, err := os.Open(path + ".server") // as a command does that looks at this moment
	if err == nil {
		err = syscall.Flock(int(looks.Fd()), syscall.LOCK_SH)
	}
	if err != nil {
		t.Fatal(err)
	}
	verify()
	if err := looks.Close(); err != nil {
		t.Fatal(err)
	}

	next := &config{dataDir: dir}
	release, err := next.claim()
	if err != nil {
		t.Fatal(err)
	}
	verify()
	if err := errors.Join(release(), os.WriteFile(path+".server", []byte("1\n"), 0o600),
		os.Link(path+".server", filepath.Join(t.TempDir(), "link"))); err != nil {
		t.Fatal(err)
	}
	launch(t, where...)
	verify()
}

// TestAServerEndsWhenItsDatabaseIsWrittenOver by a backup of its own that is copied into the file, as "cp" does, which keeps its identity.
func TestAServerEndsWhenItsDatabaseIsWrittenOver(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path, backup := filepath.Join(home, "data", "roster.db"), filepath.Join(home, "backup")
	serve(t, filepath.Join(home, "data"), noRoutes).stop() // so that there is more than the beginning of a database
	p := launchIn(t, home, "--listen", "127.0.0.1:0", "--data-dir", "data")
	if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", filepath.Join(home, "data")); code != exitOK {
		t.Fatal(stderr)
	}
	copied, err := os.ReadFile(backup)
	if err == nil {
		err = os.WriteFile(path, copied, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := p.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
		t.Errorf("it ends with %v", err)
	}
	p.log.Match(t, `"level":"ERROR","msg":"ended","error":"the database [^"]*roster.db was written over while this`)

	// Whatever starts it again does not have it go on with that, nor once others have looked; with a backup in its place it does.
	dir := filepath.Dir(path)
	for range 2 {
		code, stdout, stderr := command(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir)
		if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: the database "+path+" was written over while the") {
			t.Errorf("the next one: %d %s%s", code, stdout, stderr)
		}
		code, _, stderr = command(t, nil, "key", "create", "--kind", "management", "--name", "x", "--data-dir", dir)
		if code != exitFailure ||
			!strings.HasPrefix(stderr, "roster: the database "+path+" was written over while the") {
			t.Errorf("a command: %d %s", code, stderr)
		}
	}
	if err := os.Rename(path, filepath.Join(home, "spoiled")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, nil, "restore", backup, "--data-dir", dir); code != exitOK {
		t.Fatal(stderr)
	}
	launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
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
	server, err := lockDatabase(path, os.O_CREATE|os.O_RDWR)
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
	if err := server.release(); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, nil, create...); code != exitOK {
		t.Errorf("once it is stopped: %s", stderr)
	}
}
