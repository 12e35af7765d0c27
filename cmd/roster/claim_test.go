package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestAnEmbeddedDatabaseHasOneServer whatever name it is given, and as many commands beside it as there are.
func TestAnEmbeddedDatabaseHasOneServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first := launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(filepath.Join(dir, "roster.db"), link); err != nil {
		t.Fatal(err)
	}
	for _, place := range [][]string{{"--data-dir", dir}, {"--data-dir", dir, "--database-url", "sqlite:" + link}} {
		code, stdout, stderr := command(t, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, place...)...)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs on the database "+dir) ||
			strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: %d %s%s", place, code, stdout, stderr)
		}
	}
	for _, args := range [][]string{
		{"key", "create", "--kind", "management", "--name", "Beside"}, {"key", "list"}, {"migrate", "up"}, {"migrate", "status"},
		{"demo", "--organizations", "3", "--users", "0"}, {"events", "export"}, {"backup", filepath.Join(t.TempDir(), "backup")},
		{"verify"},
	} {
		if code, _, stderr := command(t, nil, append(args, "--data-dir", dir)...); code != 0 {
			t.Errorf("beside a server, %v: %d %s", args, code, stderr)
		}
	}
	other := filepath.Join(t.TempDir(), "secret.key")
	if code, _, stderr := command(t, nil, "secret-key", "create", other); code != 0 {
		t.Fatal(stderr)
	}
	code, stdout, stderr := command(t, nil, "secret-key", "reset", "--accept-loss", "--secret-key-file", other, "--data-dir", dir)
	if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs on the database "+dir) {
		t.Errorf("the keys are reset beside a server: %d %s%s", code, stdout, stderr)
	}
	first.kill() // as a machine that fails does
	if s := serve(t, dir, noRoutes); s.stop() != 0 {
		t.Errorf("after the server was killed: %s", s.log)
	}
}

// TestACommandOfRootLeavesNothingInTheWay: the files and directories that it makes belong to whom the directory belongs to.
func TestACommandOfRootLeavesNothingInTheWay(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root makes files for others")
	}
	const server = 65532
	home, backup := filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "backup")
	dir, files := filepath.Join(home, "new", "data"), filepath.Join(home, "files")
	run := func(args ...string) {
		t.Helper()
		if code, _, stderr := command(t, nil, append(args, "--data-dir", dir, "--files", "file://"+files)...); code != 0 {
			t.Fatalf("%v: %s", args, stderr)
		}
	}
	owners := func() (found []string) {
		t.Helper()
		err := filepath.WalkDir(home, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			if of := info.Sys().(*syscall.Stat_t); of.Uid != server || of.Gid != server {
				t.Errorf("%s belongs to %d:%d", path, of.Uid, of.Gid)
			}
			found = append(found, e.Name())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	err := errors.Join(os.Mkdir(home, 0o700), os.Chown(home, server, server))
	if err != nil {
		t.Fatal(err)
	}
	run("key", "create", "--kind", "management", "--name", "Of root")
	serve(t, dir, noRoutes).stop()
	if made := owners(); !slices.Contains(made, "roster.db.lock") || !slices.Contains(made, "roster.db.server") ||
		!slices.Contains(made, "secret.key") {
		t.Errorf("there are %v", made)
	}
	run("demo", "--organizations", "40", "--users", "0")
	if kept, err := filepath.Glob(filepath.Join(files, "*", "*")); err != nil || len(kept) == 0 {
		t.Errorf("there are no logos: %v", err)
	}
	run("backup", backup)
	if err := os.Remove(filepath.Join(dir, "roster.db")); err != nil {
		t.Fatal(err)
	}
	run("restore", backup)
	run("key", "list")
	owners()
}

// TestAWrongDirectoryIsLeftAsItIs by every command but the one that serves.
func TestAWrongDirectoryIsLeftAsItIs(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"key", "create", "--kind", "management", "--name", "x"}, {"key", "list"},
		{"key", "revoke", "01912f6a-7c5d-7d3a-8f1e-2b3c4d5e6f70"}, {"migrate", "up"}, {"migrate", "status"},
		{"demo", "--organizations", "1", "--users", "0"}, {"events", "export"}, {"import", "people", "--format", "csv", "-"},
		{"backup", "copy"}, {"restore", "copy"}, {"verify"},
	} {
		code, stdout, stderr := command(t, nil, args...)
		if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: %d %s%s", args, code, stdout, stderr)
		}
		if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
			t.Errorf("%v leaves %v, %v", args, left, err)
		}
	}
	for _, args := range [][]string{{"migrate", "up"}, {"demo", "--organizations", "1", "--users", "0"}} { // a place that is named
		if code, _, stderr := command(t, map[string]string{"ROSTER_DATA_DIR": "named"}, args...); code != 0 {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
}
