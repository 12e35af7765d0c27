package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAFileForTheFirstKeyThatCannotBeMadeLeavesEverythingAsItIs: the next start, with another file, finds nothing of the one before.
func TestAFileForTheFirstKeyThatCannotBeMadeLeavesEverythingAsItIs(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		there := filepath.Join(dir, "there")
		if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		where := []string{"--data-dir", dir, "--database-url", url}
		withSecretKey(t, where)
		refused := func() {
			t.Helper()
			for _, file := range []string{there, filepath.Join(dir, "nowhere", "first.key")} {
				code, stdout, stderr := command(t, nil,
					append([]string{"serve", "--listen", "127.0.0.1:0", "--migrate", "--first-key-file", file}, where...)...)
				if code != exitUsage || stdout != "" || !strings.Contains(stderr, "--first-key-file (ROSTER_FIRST_KEY_FILE) cannot be") {
					t.Errorf("%d %s %s", code, stdout, stderr)
				}
			}
		}
		refused()
		if path, embedded := strings.CutPrefix(url, "sqlite:"); embedded {
			if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
				t.Errorf("before it was refused, %s was made", left)
			}
		} else if code, stdout, stderr := command(t, nil, append([]string{"migrate", "status"}, where...)...); code != exitFailure ||
			strings.Count(stdout, "pending") != strings.Count(stdout, "\n") {
			t.Errorf("before it was refused, the schema was made: %d %s %s", code, stdout, stderr)
		}
		if code, _, stderr := command(t, nil, append([]string{"migrate", "up"}, where...)...); code != exitOK {
			t.Fatal(stderr)
		}
		refused()
		if text, err := os.ReadFile(there); string(text) != "precious" {
			t.Errorf("the file has %q: %v", text, err)
		}
		if s := serve(t, dir, frontDoors, "--database-url", url); !keyPrinted.MatchString(s.stdout.String()) {
			t.Error("the key was made for nobody")
		}
	})
}
