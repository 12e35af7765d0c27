package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// commandOf runs the program to its end as a process of another user, which only root can.
func commandOf(t *testing.T, user uint32, args ...string) (code int, stderr string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", args...) // the file of the test is in a directory of root's
	cmd.Env, cmd.Stderr = append(os.Environ(), asProgram+"=1"), &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), log.String()
}

// TestAPlaceThatCannotBeWrittenSaysWhatItHasToBe has a data directory with the mode 0500, and one that root has made for itself.
func TestAPlaceThatCannotBeWrittenSaysWhatItHasToBe(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root runs commands of others")
	}
	home := t.TempDir()
	dir, made := filepath.Join(home, "data"), filepath.Join(home, "made")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(os.Chmod(filepath.Dir(home), 0o755))
	for _, dir := range []string{dir, made} {
		do(os.Mkdir(dir, 0o700))
		do(os.Chown(dir, nobody, nobody))
	}
	serve(t, made, noRoutes).stop() // its files are given to whom the directory belongs to
	do(os.Chmod(dir, 0o500))
	do(os.Chmod(made, 0o500))
	for _, args := range [][]string{
		{"serve", "--data-dir", dir, "--listen", "127.0.0.1:0"}, {"migrate", "up", "--data-dir", dir},
		{"serve", "--data-dir", made, "--listen", "127.0.0.1:0"}, {"verify", "--data-dir", made}, {"key", "list", "--data-dir", made},
		{"backup", filepath.Join(home, "backup"), "--data-dir", made},
	} {
		code, stderr := commandOf(t, nobody, args...)
		if code != exitFailure || !strings.Contains(stderr, "whoever runs this (user 65532) has to be able to write the database and its "+
			"directory "+home) || !strings.Contains(stderr, "has the mode 0500 and belongs to user 65532") {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
	do(os.Chmod(made, 0o700))
	if code, stderr := commandOf(t, nobody, "verify", "--data-dir", made); code != exitOK {
		t.Errorf("%d %s", code, stderr)
	}
	code, stderr := commandOf(t, nobody, "backup", filepath.Join(home, "backup"), "--data-dir", made)
	if want := "backup: no file can be made in " + home + ": permission denied"; code != exitFailure || !strings.Contains(stderr, want) {
		t.Errorf("%d %s", code, stderr)
	}
}

// TestANameThatIsEmptyIsNone: so a variable of a shell is that nobody has set.
func TestANameThatIsEmptyIsNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"backup", "restore", "copy-to"} {
		code, _, stderr := command(t, nil, name, "")
		if want := "roster: 'roster " + name + "' takes one argument, the "; code != exitUsage || !strings.HasPrefix(stderr, want) {
			t.Errorf("%s: %d %s", name, code, stderr)
		}
	}
}
