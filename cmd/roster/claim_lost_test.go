package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"roster/models/store"
)

// TestAServerKeepsItsLock when somebody removes the file of it, and the only server stays one; what it notes in it is there again.
func TestAServerKeepsItsLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir, noRoutes)
	path := filepath.Join(dir, "roster.db")
	before, err := os.ReadFile(noteFile(path))
	if err == nil {
		err = os.Remove(noteFile(path))
	}
	if err != nil {
		t.Fatal(err)
	}
	for { // it looks once in a second
		if noted, err := os.ReadFile(noteFile(path)); err == nil && string(noted) == string(before) {
			break
		}
		if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir); code != exitOK {
			t.Fatalf("meanwhile: %s%s", stdout, stderr)
		}
	}
	code, stdout, stderr := command(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir)
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs on the database "+path) {
		t.Errorf("the second one: %d %s%s", code, stdout, stderr)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.log)
	}
	serve(t, dir, noRoutes).stop()
}

// TestAServerWhoseLockIsTakenGivesWay: another server has started, whose mark is in the file. Neither says that the database is not whole,
// nor writes into the note of the other.
func TestAServerWhoseLockIsTakenGivesWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "roster.db")
	first := launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
	var second *claim
	for err := errServed; err != nil; { // the first may be faster
		if err := os.Remove(noteFile(path)); err != nil {
			t.Fatal(err)
		}
		second, err = lockDatabase(path, os.O_CREATE|os.O_RDWR)
		if err != nil && !errors.Is(err, errServed) {
			t.Fatal(err)
		}
	}
	const noted = "7 7\n"
	if err := os.WriteFile(noteFile(path), []byte(noted), 0o600); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := first.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
		t.Errorf("it ends with %v", err)
	}
	first.log.Match(t, `"msg":"ended","error":"the lock [^"]*roster.db.server was removed while this server ran, and another server has`)
	if now, err := os.ReadFile(noteFile(path)); err != nil || string(now) != noted {
		t.Errorf("the note of the other is %q: %v", now, err)
	}
	if err := second.release(); err != nil {
		t.Fatal(err)
	}
	serve(t, dir, noRoutes).stop()
	if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir); code != exitOK {
		t.Errorf("%s%s", stdout, stderr)
	}
}

// TestTheLogOfAServerThatWasKilledIsReadWithItsOwnDatabase alone: not with a backup that was moved or copied into the place of that. The
// whole directory may be copied.
func TestTheLogOfAServerThatWasKilledIsReadWithItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for what, put := range map[string]func(backup, path string) error{
		"moved":  os.Rename,
		"copied": copyFile,
	} {
		for _, starts := range []string{"first", "second"} {
			t.Run(what+" in its "+starts+" run", func(t *testing.T) {
				t.Parallel()
				home := t.TempDir()
				dir, backup, whole := filepath.Join(home, "data"), filepath.Join(home, "backup"), filepath.Join(home, "whole")
				path := filepath.Join(dir, "roster.db")
				if starts == "second" {
					serve(t, dir, noRoutes).stop()
				}
				p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
				if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", dir); code != exitOK {
					t.Fatal(stderr)
				}
				create := []string{"key", "create", "--kind", "management", "--name", "written after the backup", "--data-dir", dir}
				if code, _, stderr := command(t, nil, create...); code != exitOK {
					t.Fatal(stderr)
				}
				p.kill()
				if err := errors.Join(os.CopyFS(whole, os.DirFS(dir)), os.Chmod(filepath.Join(whole, "secret.key"), 0o600),
					put(backup, path)); err != nil {
					t.Fatal(err)
				}
				for _, does := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"verify"}, {"key", "list"}} {
					code, stdout, stderr := command(t, nil, append(does, "--data-dir", dir)...)
					if want := "roster: the write-ahead log " + path + "-wal is not of the database " + path; code != exitFailure ||
						stdout != "" || !strings.HasPrefix(stderr, want) || !strings.Contains(stderr, "let 'roster verify' read") {
						t.Errorf("%v: %d %s%s", does, code, stdout, stderr)
					}
				}
				if err := os.Rename(path+"-wal", filepath.Join(home, "wal")); err != nil {
					t.Fatal(err)
				}
				for place, written := range map[string]bool{dir: false, whole: true} {
					_, keys, stderr := command(t, nil, "key", "list", "--data-dir", place)
					if strings.Contains(keys, "written after the backup") != written {
						t.Errorf("%s: %s%s", place, keys, stderr)
					}
					serve(t, place, noRoutes).stop()
				}
			})
		}
	}
}

// copyFile copies into the file that is there, as "cp" does.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// TestAFirstStartThatWasKilledIsBegunAgain between the first page of its database and the log of that, or in the transaction that makes the
// page.
func TestAFirstStartThatWasKilledIsBegunAgain(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	running := launch(t, "--listen", "127.0.0.1:0", "--data-dir", other)
	beginning, err := os.ReadFile(filepath.Join(other, "roster.db"))
	if err != nil || len(beginning) != 4096 {
		t.Fatalf("%d bytes: %v", len(beginning), err)
	}
	running.kill()
	for what, left := range map[string]map[string][]byte{
		"before the log":     {"roster.db": beginning, "roster.db.server": nil},
		"in the transaction": {"roster.db": beginning, "roster.db.server": nil, "roster.db-journal": make([]byte, 512)},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for _, key := range []string{"", filepath.Join(t.TempDir(), "secret.key")} {
				dir := t.TempDir()
				for name, content := range left {
					if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				where := []string{"--data-dir", dir}
				if key != "" {
					where = append(where, "--secret-key-file", key)
					if err := writeSecretKey(key, store.NewSecretKey()); err != nil {
						t.Fatal(err)
					}
				}
				launch(t, append(where, "--listen", "127.0.0.1:0")...)
				if code, stdout, stderr := command(t, nil, append([]string{"verify"}, where...)...); code != exitOK {
					t.Errorf("%s%s", stdout, stderr)
				}
			}
		})
	}
}

// TestAServerEndsWhenItsLogIsGone while nothing of what is in it is lost: if it was killed later, nobody would find that any more.
func TestAServerEndsWhenItsLogIsGone(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(path string) error{
		"the log is removed":   func(path string) error { return os.Remove(path + "-wal") },
		"the log is moved":     func(path string) error { return os.Rename(path+"-wal", path+".away") },
		"the log is replaced":  func(path string) error { return errors.Join(os.Remove(path+"-wal"), copyFile(path, path+"-wal")) },
		"its index is removed": func(path string) error { return os.Remove(path + "-shm") },
		"the log is that of a link": func(path string) error {
			real, err := filepath.EvalSymlinks(path)
			return errors.Join(err, os.Remove(real+"-wal"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "roster.db")
			if what == "the log is that of a link" {
				if err := os.Symlink(filepath.Join(t.TempDir(), "real.db"), path); err != nil {
					t.Fatal(err)
				}
			}
			p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
			create := []string{"key", "create", "--kind", "management", "--name", "in the log", "--data-dir", dir}
			if code, _, stderr := command(t, nil, create...); code != exitOK {
				t.Fatal(stderr)
			}
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := p.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
				t.Errorf("it ends with %v", err)
			}
			p.log.Match(t, `"msg":"ended","error":"a file of SQLite beside the database was moved or removed while this server ran: [^"]*`+
				`\.db-(wal|shm); all that was in it is in the database now`)
			_, keys, stderr := command(t, nil, "key", "list", "--data-dir", dir)
			if !strings.Contains(keys, "in the log") {
				t.Errorf("%s%s", keys, stderr)
			}
			serve(t, dir, noRoutes).stop()
			if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir); code != exitOK {
				t.Errorf("%s%s", stdout, stderr)
			}
		})
	}
}

// TestADatabaseThatALinkLeadsToHasOneServer also while the link leads to nothing yet, as it is before the first start.
func TestADatabaseThatALinkLeadsToHasOneServer(t *testing.T) {
	t.Parallel()
	dir, disk := t.TempDir(), t.TempDir()
	path, real := filepath.Join(dir, "roster.db"), filepath.Join(disk, "real.db")
	to, err := filepath.Rel(dir, real)
	if err == nil {
		err = os.Symlink(to, path)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
	code, stdout, stderr := command(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir)
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs on the database "+real) {
		t.Errorf("the second one: %d %s%s", code, stdout, stderr)
	}
	p.kill()
	if _, err := os.Stat(store.MigrationLock(real)); err != nil {
		t.Errorf("the lock of migrations is elsewhere: %v", err)
	}
	serve(t, dir, noRoutes).stop()
}

// TestALockThatHasAnotherNameIsNotBelievedLater: a copy of links, as "cp -al" makes it, keeps what an earlier server has noted, and is
// removed after the one of now was killed.
func TestALockThatHasAnotherNameIsNotBelievedLater(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copied")
	path := filepath.Join(dir, "roster.db")
	serve(t, dir, noRoutes).stop()
	if err := os.Link(noteFile(path), copied); err != nil {
		t.Fatal(err)
	}
	p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
	if code, _, stderr := command(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir); code != exitFailure {
		t.Errorf("the second one: %d %s", code, stderr)
	}
	if code, _, stderr := command(t, nil, "key", "create", "--kind", "management", "--name", "x", "--data-dir", dir); code != exitOK {
		t.Error(stderr)
	}
	p.kill()
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, nil, "verify", "--data-dir", dir); code != exitOK {
		t.Error(stderr)
	}
	serve(t, dir, noRoutes).stop()
}
