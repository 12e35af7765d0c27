package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestADatabaseWithTwoNamesHasOneServer: under a hard link SQLite would have a second log of the same file, and two servers would destroy
// it. Where the first one has lost the file of its lock, nobody comes between either. Commands work beside it.
func TestADatabaseWithTwoNamesHasOneServer(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir, other := filepath.Join(home, "data"), filepath.Join(home, "other")
	path, link, key := filepath.Join(dir, "roster.db"), filepath.Join(other, "roster.db"), filepath.Join(dir, "secret.key")
	serve(t, dir, noRoutes).stop()
	s := serve(t, dir, noRoutes)
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	second := []string{"serve", "--listen", "127.0.0.1:0", "--secret-key-file", key, "--data-dir"}
	code, stdout, stderr := command(t, nil, append(second, other)...)
	want := "roster: a server runs on the database " + link + ", which it has under"
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("under another name: %d %s%s", code, stdout, stderr)
	}
	if err := os.Remove(noteFile(path)); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = command(t, nil, append(second, dir)...)
	if code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, "roster: a server runs on the database "+path) {
		t.Errorf("without its lock: %d %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir); code != exitOK {
		t.Errorf("beside it: %s%s", stdout, stderr)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.log)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	serve(t, dir, noRoutes).stop()
}
