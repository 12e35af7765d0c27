package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"roster/models/modelstest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		env := map[string]string{"ROSTER_DATABASE_URL": url, "ROSTER_DATA_DIR": filepath.Join(t.TempDir(), "unused")}
		code, got, stderr := command(t, env, "migrate", "status")
		if strings.HasPrefix(url, "sqlite:") { // there is nothing to report of what is not there
			if code != 1 || got != "" || !strings.Contains(stderr, "there is no database") {
				t.Errorf("before: %d %s %s", code, got, stderr)
			}
		} else if code != 1 || !regexp.MustCompile(`(?m)^00001_foundation\.sql +pending$`).MatchString(got) ||
			!strings.Contains(stderr, "pending)") {
			t.Errorf("before: %d %s %s", code, got, stderr)
		}
		code, first, stderr := command(t, env, "migrate", "up")
		if code != 0 || !strings.Contains(first, "applied 00001_foundation.sql\n") {
			t.Errorf("up: %d %s %s", code, first, stderr)
		}
		if code, got, stderr = command(t, env, "migrate", "status"); code != 0 || strings.Contains(got, "pending") || stderr != "" {
			t.Errorf("after: %d %s %s", code, got, stderr)
		}
		if _, second, _ := command(t, env, "migrate", "up"); second != "nothing to do\n" {
			t.Errorf("up again: %s", second)
		}
	})
}

func TestAKeyThatIsNotThatOfTheDatabaseMigratesNothing(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		own, other := filepath.Join(dir, "own.key"), filepath.Join(dir, "other.key")
		env := map[string]string{"ROSTER_DATABASE_URL": url, "ROSTER_DATA_DIR": filepath.Join(dir, "unused")}
		for _, args := range [][]string{
			{"secret-key", "create", own}, {"secret-key", "create", other}, {"migrate", "up", "--secret-key-file", own},
			{"key", "create", "--kind", "management", "--name", "x", "--secret-key-file", own},
		} {
			if code, _, stderr := command(t, env, args...); code != 0 {
				t.Fatalf("%v: %d %s", args, code, stderr)
			}
		}
		for _, test := range []struct {
			key, stdout, stderr string
		}{
			{own, "nothing to do\n", ""},
			{other, "", "secret key"},
			{filepath.Join(dir, "mistyped.key"), "", "is its name right?"},
		} {
			code, stdout, stderr := command(t, env, "migrate", "up", "--secret-key-file", test.key)
			if code == 0 != (test.stderr == "") || stdout != test.stdout || !strings.Contains(stderr, test.stderr) {
				t.Errorf("%s: %d %s %s", test.key, code, stdout, stderr)
			}
		}
	})
}

// TestACommandThatOnlyReadsMakesNoDatabase asks for what is in one that is not there, and makes mistakes where one would be made.
func TestACommandThatOnlyReadsMakesNoDatabase(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"migrate", "status"}, {"key", "list"}, {"key", "list", "--json"}, {"key", "revoke", "01912f6a-8c00-7abc-8def-0123456789ab"},
	} {
		parent := t.TempDir()
		for _, where := range [][]string{
			{"--data-dir", filepath.Join(parent, "data")},
			{"--data-dir", filepath.Join(parent, "data"), "--database-url", "sqlite:" + filepath.Join(parent, "elsewhere.db")},
		} {
			code, stdout, stderr := command(t, nil, append(args, where...)...)
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "roster: there is no database at "+parent) {
				t.Errorf("%v: %d %s %s", args, code, stdout, stderr)
			}
			if made, err := os.ReadDir(parent); err != nil || len(made) > 0 {
				t.Errorf("%v made %v (%v)", args, made, err)
			}
		}
	}
}

func TestAWrongKeyMakesNoDatabase(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--kind", "bogus", "--name", "x"}, {"--kind", "management"}} {
		parent := t.TempDir()
		args = append([]string{"key", "create", "--data-dir", filepath.Join(parent, "data")}, args...)
		code, stdout, stderr := command(t, nil, args...)
		if made, err := os.ReadDir(parent); code != 2 || stdout != "" || err != nil || len(made) > 0 {
			t.Errorf("%v: %d %s %s, and made %v (%v)", args, code, stdout, stderr, made, err)
		}
	}
}

func TestAnEmptyFileIsNoDatabase(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"migrate", "status"}, {"key", "list"}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "roster.db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := command(t, nil, append(args, "--data-dir", dir)...)
		if info, err := os.Stat(path); code != 1 || err != nil || info.Size() > 0 {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
}

func TestADatabaseThatANewerProgramMigratedIsRefusedByEveryCommand(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg, dir := modelstest.Config(t, dialect), t.TempDir()
			for _, pool := range modelstest.OpenConfig(t, cfg).Pools() {
				if _, err := pool.ExecContext(t.Context(),
					"INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, true)"); err == nil {
					break // the other one only reads
				}
			}
			for _, args := range [][]string{
				{"serve", "--listen", "127.0.0.1:0"}, {"serve", "--listen", "127.0.0.1:0", "--migrate"}, {"migrate", "up"},
				{"key", "list"}, {"key", "create", "--kind", "management", "--name", "x"}, {"demo", "--organizations", "1", "--users", "0"},
			} {
				code, stdout, stderr := command(t, nil, append(args, "--data-dir", dir, "--database-url", cfg.URL)...)
				newer := "is newer than this program, which does not know its step 90000; run the version"
				if code != 1 || stdout != "" || !strings.Contains(stderr, newer) {
					t.Errorf("%v: %d %s %s", args, code, stdout, stderr)
				}
			}
			code, stdout, stderr := command(t, nil, "migrate", "status", "--database-url", cfg.URL, "--data-dir", dir)
			listed := regexp.MustCompile(`(?m)^90000 \(unknown to this program\) +2`).MatchString(stdout)
			if code != 1 || !listed || !strings.Contains(stderr, "1 unknown") {
				t.Errorf("status: %d %s %s", code, stdout, stderr)
			}
		})
	}
}
