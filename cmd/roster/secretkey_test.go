package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"roster/models/modelstest"
)

func TestTheSecretKeyFile(t *testing.T) {
	t.Parallel()
	const good = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	for _, test := range []struct {
		name, content string
		mode          os.FileMode
		err           string // FILE stands for the path
	}{
		{"readable by others", good, 0o644, "the secret key file FILE can be read by others (mode 0644); correct it with: chmod 600 FILE"},
		{"readable by the group", good, 0o640, "the secret key file FILE can be read by others (mode 0640); correct it with: chmod 600 " +
			"FILE"},
		{"too short", "c2VjcmV0\n", 0o600, "the secret key file FILE must hold 32 bytes in base64"},
		{"not base64", "hunter2 hunter2\n", 0o600, "the secret key file FILE must hold 32 bytes in base64"},
		{"absent", "", 0, "the secret key file FILE does not exist; make one with: (umask 077; head -c 32 /dev/urandom | base64 > FILE)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "key")
			if test.mode != 0 {
				if err := os.WriteFile(file, []byte(test.content), test.mode); err != nil {
					t.Fatal(err)
				}
			}
			code, _, stderr := command(t, nil, "serve", "--data-dir", dir, "--secret-key-file", file)
			want := "roster: --secret-key-file (ROSTER_SECRET_KEY_FILE) cannot be used: " +
				strings.ReplaceAll(test.err, "FILE", file) + "\n"
			if code != 2 || stderr != want {
				t.Errorf("%d\n got %s want %s", code, stderr, want)
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
	c := &config{dataDir: t.TempDir()}
	hashes := make([]string, 8)
	var all sync.WaitGroup
	for n := range hashes {
		all.Go(func() {
			vault, err := c.vault(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			hashes[n] = string(vault.Hash("x"))
		})
	}
	all.Wait()
	for _, h := range hashes {
		if h != hashes[0] || h == "" {
			t.Fatal("they have different keys")
		}
	}
	files, err := os.ReadDir(c.dataDir)
	if err != nil || len(files) != 1 {
		t.Errorf("files left: %v %v", files, err)
	}
}
