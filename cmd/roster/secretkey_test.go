package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// nobody is a user who is neither root nor the one that runs the tests.
const nobody = 65532

func TestTheSecretKeyFile(t *testing.T) {
	t.Parallel()
	const good = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	root := os.Getuid() == 0
	for _, test := range []struct {
		name, content string
		mode          os.FileMode
		owner         int    // 0 for whoever runs the test
		err           string // FILE stands for the path
		needsRoot     bool
	}{
		{"readable by others", good, 0o644, 0, "can be read by others (mode 0644); correct it with: chmod 600 FILE", false},
		{"as a Secret is mounted without a mode", good, 0o444, 0,
			"can be read by others (mode 0444); correct it with: chmod 600 FILE", false},
		{"readable by the group, and not root's", good, 0o640, nobody,
			"can be read by its group (mode 0640), and it does not belong to root; correct it with: chmod 600 FILE", false},
		{"writable by the group", good, 0o660, 0, "can be changed by its group (mode 0660); correct it with: chmod 440 FILE", true},
		{"too short", "c2VjcmV0\n", 0o600, 0, "must hold 32 bytes in base64", false},
		{"endless", strings.Repeat(good, 1000), 0o600, 0, "must hold 32 bytes in base64", false},
		{"not base64", "hunter2 hunter2\n", 0o600, 0, "must hold 32 bytes in base64", false},
		{"absent", "", 0, 0, "does not exist; is its name right? There is no database yet that has a key, and one for " +
			"a new database is made with: roster secret-key create FILE", false},
		{"its owner's alone", good, 0o400, 0, "", false},
		{"as Kubernetes mounts a Secret with mode 0440 and fsGroup", good, 0o440, 0, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.needsRoot && !root {
				t.Skip("the file has to be root's, and whoever runs this is not root")
			}
			file := filepath.Join(t.TempDir(), "key")
			if test.mode != 0 {
				if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(file, test.mode); err != nil { // whatever the umask is
					t.Fatal(err)
				}
				if test.owner != 0 && root { // anybody else's is not root's as it is
					if err := os.Chown(file, test.owner, test.owner); err != nil {
						t.Fatal(err)
					}
				}
			}
			dir := t.TempDir()
			code, _, stderr := command(t, nil, "key", "create", "--kind", "management", "--name", "x", "--data-dir", dir,
				"--secret-key-file", file)
			want := "roster: --secret-key-file (ROSTER_SECRET_KEY_FILE) cannot be used: the secret key file " + file + " " +
				strings.ReplaceAll(test.err, "FILE", file) + "\n"
			switch {
			case test.err == "" && code != 0:
				t.Errorf("%d %s", code, stderr)
			case test.err != "" && (code != 2 || stderr != want):
				t.Errorf("%d\n got %s want %s", code, stderr, want)
			}
			if left, _ := os.ReadDir(dir); test.err != "" && len(left) != 0 {
				t.Errorf("it has written %v", left)
			}
		})
	}
}

// TestTheSecretKeyIsInTheEnvironment gives it there, wrongly and rightly.
func TestTheSecretKeyIsInTheEnvironment(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir, key := filepath.Join(t.TempDir(), "data"), store.NewSecretKey().Text()
		create := func(env map[string]string, args ...string) (int, string) {
			code, _, stderr := command(t, env, append([]string{"key", "create", "--kind", "management", "--name", "x", "--data-dir", dir,
				"--database-url", url, "--migrate", "--log-level", "debug"}, args...)...)
			for _, secret := range []string{key, "hunter2"} {
				if strings.Contains(stderr, secret) {
					t.Errorf("the secret key is in %s", stderr)
				}
			}
			return code, stderr
		}
		for value, says := range map[string]string{
			"hunter2":    "roster: ROSTER_SECRET_KEY cannot be used: it must be 32 bytes in base64\n",
			key[:20]:     "roster: ROSTER_SECRET_KEY cannot be used: it must be 32 bytes in base64\n",
			key + "AAAA": "roster: ROSTER_SECRET_KEY cannot be used: it must be 32 bytes in base64\n",
		} {
			if code, stderr := create(map[string]string{"ROSTER_SECRET_KEY": value}); code != 2 || stderr != says {
				t.Errorf("%d %s", code, stderr)
			}
		}
		env := map[string]string{"ROSTER_SECRET_KEY": key}
		if code, stderr := create(env, "--secret-key-file", filepath.Join(dir, "x")); code != 2 ||
			!strings.Contains(stderr, "are both given") {
			t.Errorf("both: %d %s", code, stderr)
		}
		if code, stderr := create(env); code != 0 {
			t.Errorf("%d %s", code, stderr)
		}
		if code, stdout, stderr := command(t, env, "verify", "--data-dir", dir, "--database-url", url); code != 0 {
			t.Errorf("%d %s %s", code, stdout, stderr)
		}
		if _, err := os.Stat(filepath.Join(dir, "secret.key")); err == nil {
			t.Error("it made a key file besides")
		}
		if code, help, _ := command(t, env, "serve", "--help"); code != 0 || strings.Contains(help, key) ||
			!strings.Contains(help, "ROSTER_SECRET_KEY ") {
			t.Errorf("the help: %d %s", code, help)
		}
		other := map[string]string{"ROSTER_SECRET_KEY": store.NewSecretKey().Text()}
		if code, stderr := create(other); code != 1 || !strings.Contains(stderr, "is not the one this database was set up with (it is ") {
			t.Errorf("another one: %d %s", code, stderr)
		}
	})
}

// TestOnPostgreSQLNoKeyIsMadeUnasked starts there without one, and does what it is told.
func TestOnPostgreSQLNoKeyIsMadeUnasked(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	dir, url := filepath.Join(t.TempDir(), "data"), modelstest.UnmigratedURL(t, store.Postgres)
	file := filepath.Join(dir, "secret.key")
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--migrate"}, {"demo", "--migrate"},
		{"key", "create", "--kind", "management", "--name", "x", "--migrate"},
	} {
		code, stdout, stderr := command(t, nil, append(args, "--data-dir", dir, "--database-url", url)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "make one with 'roster secret-key create "+file+"'") {
			t.Errorf("%s: %d %s %s", args[0], code, stdout, stderr)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it has made the data directory")
	}
	if code, stdout, _ := command(t, nil, "migrate", "status", "--data-dir", dir, "--database-url", url); code != 1 ||
		strings.Count(stdout, "pending") != strings.Count(stdout, "\n") {
		t.Errorf("it has migrated: %d %s", code, stdout)
	}
	for range 2 {
		code, stdout, stderr := command(t, nil, "secret-key", "create", file)
		switch there := strings.Contains(stderr, "there is a file "+file+" already; a secret key replaces none"); {
		case code == 0 && mode(t, file) == 0o600 && strings.Contains(stdout, "in "+file+"\nKeep a copy of it apart"):
		case code == 1 && there && stdout == "":
		default:
			t.Errorf("%d %s %s", code, stdout, stderr)
		}
	}
	begin(t, dir, noRoutes, "--database-url", url, "--migrate").await()
}

// TestASecretKeyIsPrintedForWhoKeepsItElsewhere makes two keys, which differ.
func TestASecretKeyIsPrintedForWhoKeepsItElsewhere(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 2 {
		code, stdout, stderr := command(t, nil, "secret-key", "create")
		if _, err := store.ParseSecretKey(strings.TrimSpace(stdout)); code != 0 || stderr != "" || err != nil || seen[stdout] {
			t.Errorf("%d %s %v", code, stderr, err)
		}
		seen[stdout] = true
	}
}

// TestAWrongKeyLeavesTheDatabaseAsItIs starts a version whose schema is newer, with --migrate, and another key than the database's.
func TestAWrongKeyLeavesTheDatabaseAsItIs(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg, dir := modelstest.UnmigratedConfig(t, dialect), t.TempDir()
			db := modelstest.OpenConfig(t, cfg)
			if err := db.MigrateTo(t.Context(), 22); err != nil {
				t.Fatal(err)
			}
			_, err := db.Exec(t.Context(), `INSERT INTO installation (name, value) VALUES ('vault_check', 'of another key')`)
			if err != nil {
				t.Fatal(err)
			}
			if err := makeSecretKey(filepath.Join(dir, "secret.key")); err != nil {
				t.Fatal(err)
			}
			code, _, stderr := command(t, nil, "serve", "--data-dir", dir, "--database-url", cfg.URL, "--listen", "127.0.0.1:0",
				"--migrate")
			if code != 1 || !strings.Contains(stderr, "roster: the secret key is not the one this database was set up with; put") {
				t.Errorf("%d %s", code, stderr)
			}
			if pending, err := db.PendingMigrations(t.Context()); err != nil || pending == 0 {
				t.Errorf("it was migrated: %v", err)
			}
		})
	}
}

func TestADatabaseOfAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg, dir := modelstest.Config(t, dialect), t.TempDir()
			start := []string{"serve", "--data-dir", dir, "--database-url", cfg.URL, "--listen", "127.0.0.1:0"}
			serve(t, dir, noRoutes, "--database-url", cfg.URL, "--migrate").stop()
			key := filepath.Join(dir, "secret.key")
			for _, args := range [][]string{start, {"verify"}, {"key", "create", "--kind", "management", "--name", "x"},
				{"secret-key", "retire", "x"},
			} {
				args = append(args, "--data-dir", dir, "--database-url", cfg.URL, "--secret-key-file", key+"s")
				code, _, stderr := command(t, nil, args...)
				if code != exitUsage || !strings.Contains(stderr, "the secret key file "+key+"s does not exist; is its name right?") ||
					strings.Contains(stderr, "create") {
					t.Errorf("a file that is not there, %v: %d %s", args, code, stderr)
				}
			}
			if err := os.Remove(key); err != nil {
				t.Fatal(err)
			}
			code, _, stderr := command(t, nil, start...)
			if code != 1 || !strings.Contains(stderr, "roster: there is no secret key "+key+", which the database was set up with") {
				t.Errorf("%d %s", code, stderr)
			}
			if _, err := os.Lstat(key); err == nil {
				t.Error("a key was made")
			}
			if err := makeSecretKey(key); err != nil {
				t.Fatal(err)
			}
			code, _, stderr = command(t, nil, start...)
			if code != 1 || !strings.Contains(stderr, "roster: the secret key is not the one this database was set up with") {
				t.Errorf("%d %s", code, stderr)
			}
		})
	}
}

func TestTwoProcessesThatStartAtOnceAgreeOnOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			code, _, stderr := command(t, nil, "key", "create", "--kind", "management", "--name", fmt.Sprint(n), "--data-dir", dir)
			if code != 0 {
				t.Error(stderr)
			}
		})
	}
	all.Wait()
	if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir); code != 0 {
		t.Errorf("%s %s", stdout, stderr)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) != 0 {
		t.Errorf("files left: %v %v", left, err)
	}
}

// TestTheCommandsOfTheSecretKeySayWhatIsWrong tries what whoever rotates for the first time does wrong.
func TestTheCommandsOfTheSecretKeySayWhatIsWrong(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		present, next, third := filepath.Join(dir, "secret.key"), filepath.Join(dir, "next.key"), filepath.Join(dir, "third.key")
		with := func(args ...string) (int, string, string) {
			return command(t, nil, append(append([]string{"secret-key"}, args...), "--data-dir", dir, "--database-url", url)...)
		}
		says := func(want int, text string, args ...string) {
			t.Helper()
			code, stdout, stderr := with(args...)
			if code != want || !strings.Contains(stdout+stderr, text) {
				t.Errorf("%v: %d %s%s, want %d %s", args, code, stdout, stderr, want, text)
			}
		}
		for _, file := range []string{present, next, third} {
			if code, _, stderr := command(t, nil, "secret-key", "create", file); code != 0 {
				t.Fatal(stderr)
			}
		}
		if strings.HasPrefix(url, "sqlite:") {
			says(1, "and no database ", "status")
		} else {
			says(1, "run 'roster migrate up' first", "status")
			says(1, "the database is empty: it was never migrated", "rotate", next)
		}
		if code, _, stderr := command(t, nil, "migrate", "up", "--data-dir", dir, "--database-url", url); code != 0 {
			t.Fatal(stderr)
		}
		says(1, "the database has no secret key yet", "rotate", next)
		says(1, "the database has no secret key yet", "reset", "--accept-loss")
		running := begin(t, dir, noRoutes, "--database-url", url)
		running.await()
		ids := map[string]string{}
		for _, file := range []string{present, next, third} {
			key, err := readSecretKey(file)
			if err != nil {
				t.Fatal(err)
			}
			ids[file] = key.ID()
		}
		says(2, "takes one argument, the file of the new key", "rotate")
		says(2, "the one that a rotation is to is made before, with: roster secret-key create ", "rotate", filepath.Join(dir, "absent"))
		says(2, "the new key is the present one", "rotate", present)
		says(1, "is not the one this database was set up with (it is "+ids[third]+", and the database has "+ids[present]+")",
			"rotate", next, "--secret-key-file", third)
		says(0, ids[next]+" opens the database, and so does secret key "+ids[present]+".", "rotate", next)
		says(0, ids[next]+" opens the database already", "rotate", next)
		says(1, "a rotation is under way: two secret keys open the database", "rotate", third)
		says(2, ids[present]+" is the key of the settings", "retire", ids[present])
		says(2, `no secret key with the id "x y" opens the database`, "retire", "x\ny")
		says(2, "takes one argument, the id of a secret key", "retire")
		says(0, ids[next]+" is retired", "retire", ids[next]) // taken back
		says(2, ids[next]+" was retired before; make another one", "rotate", next)
		if strings.HasPrefix(url, "sqlite:") {
			says(1, "a server runs on the database ", "reset", "--accept-loss", "--secret-key-file", next)
		}
		running.stop()
		says(1, ids[next]+" was one of the database before", "reset", "--accept-loss", "--secret-key-file", next)
		says(0, ids[third]+" opens the database", "rotate", third)
		says(0, ids[present]+" is retired", "retire", ids[present], "--secret-key-file", third)
		says(1, "was retired on ", "retire", ids[third])
		code, stdout, _ := with("status")
		if code != 0 || strings.Count(stdout, " retired ") != 2 || strings.Count(stdout, " live ") != 1 ||
			!strings.Contains(stdout, " yes\n") {
			t.Errorf("%d %s", code, stdout)
		}
		code, told, stderr := command(t, nil, "verify", "--data-dir", dir, "--database-url", url, "--secret-key-file", third)
		if code != 0 {
			t.Errorf("%d %s %s", code, told, stderr)
		}
		for _, file := range []string{present, next, third} {
			text, err := os.ReadFile(file)
			if err != nil || strings.Contains(stdout, strings.TrimSpace(string(text))) {
				t.Errorf("a key is shown: %v", err)
			}
		}
	})
}

// TestTheStatusTellsWhyNoKeyIsInTheSettings has the key of the database in the settings in ways that cannot be used: "no" alone would say
// that another one is there.
func TestTheStatusTellsWhyNoKeyIsInTheSettings(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir, elsewhere := t.TempDir(), t.TempDir()
		at := []string{"--data-dir", dir, "--database-url", url}
		file := filepath.Join(dir, "secret.key")
		for _, args := range [][]string{
			{"secret-key", "create", file}, append([]string{"migrate", "up"}, at...), append([]string{"key", "first"}, at...),
		} {
			if code, _, stderr := command(t, nil, args...); code != 0 {
				t.Fatal(stderr)
			}
		}
		key, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		open := filepath.Join(elsewhere, "open.key")
		if err := errors.Join(os.WriteFile(open, key, 0o600), os.Chmod(open, 0o644)); err != nil {
			t.Fatal(err)
		}
		both := map[string]string{secretKeyVariable: string(key)}
		for _, test := range []struct {
			env  map[string]string
			file string
			want string
		}{
			{nil, file, ""},
			{nil, open, "can be read by others (mode 0644)"},
			{nil, filepath.Join(elsewhere, "absent.key"), "absent.key"},
			{both, file, "are both given"},
		} {
			code, stdout, stderr := command(t, test.env, append([]string{"secret-key", "status", "--secret-key-file", test.file}, at...)...)
			answer := " no\n"
			if test.want == "" {
				answer = " yes\n"
			}
			if code != 0 || !strings.HasSuffix(stdout, answer) || !strings.Contains(stderr, test.want) ||
				(test.want == "") != (stderr == "") {
				t.Errorf("%s: %d %s%s", test.file, code, stdout, stderr)
			}
		}
		// Who only looks, on a machine without the key, has nothing to mend.
		if code, stdout, stderr := command(t, nil, "secret-key", "status", "--data-dir", elsewhere, "--database-url", url); code != 0 ||
			!strings.HasSuffix(stdout, " no\n") || stderr != "" {
			t.Errorf("%d %s%s", code, stdout, stderr)
		}
	})
}
