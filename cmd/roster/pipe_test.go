package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAPipeIsNoFile names one, which nobody writes to, wherever a file is wanted: whoever opened it would wait for ever, and no signal
// would end that.
func TestAPipeIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key, _ := certificate(t, dir)
	data := filepath.Join(dir, "data")
	for _, args := range [][]string{
		{"--log-level-file", pipe},
		{"--tls-cert", pipe, "--tls-key", key},
		{"--tls-cert", cert, "--tls-key", pipe},
		{"--oidc-providers", pipe},
		{"--secret-key-file", pipe},
		{"--first-key-file", pipe},
	} {
		code, _, stderr := command(t, nil, append([]string{"serve", "--listen", "127.0.0.1:0", "--data-dir", data}, args...)...)
		if code != exitUsage || !strings.Contains(stderr, args[0]) || !strings.Contains(stderr, "is no file") &&
			!strings.Contains(stderr, "there is such a file") {
			t.Errorf("%s: %d %s", args, code, stderr)
		}
		if _, err := os.Stat(data); err == nil {
			t.Fatalf("%s: something was made", args)
		}
	}
	serve(t, data, noRoutes).stop()
	if err := syscall.Mkfifo(filepath.Join(dir, "events.part"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, nil, "events", "export", "--data-dir", data, "--output", filepath.Join(dir, "events"))
	if code != exitFailure || !strings.Contains(stderr, "events.part is no file") {
		t.Errorf("%d %s", code, stderr)
	}
}

// TestALinkToAFileIsOne mounts settings as Kubernetes does: each name is a link, by way of another one.
func TestALinkToAFileIsOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mounted := filepath.Join(dir, "..2027_01_31")
	if err := os.Mkdir(mounted, 0o700); err != nil {
		t.Fatal(err)
	}
	cert, key, _ := certificate(t, mounted)
	level := filepath.Join(mounted, "level")
	if err := os.WriteFile(level, []byte("info"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..2027_01_31", filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	name := func(file string) string {
		link := filepath.Join(dir, filepath.Base(file))
		if err := os.Symlink(filepath.Join("..data", filepath.Base(file)), link); err != nil {
			t.Fatal(err)
		}
		return link
	}
	s := serve(t, filepath.Join(dir, "data"), noRoutes, "--tls-cert", name(cert), "--tls-key", name(key), "--log-level-file", name(level))
	if code := s.stop(); code != exitOK {
		t.Errorf("%d %s", code, s.log)
	}
}
