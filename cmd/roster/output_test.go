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

	"roster/models"
	"roster/models/modelstest"
	"roster/server/servertest"
)

// fullDisk is a stdout that takes nothing more.
func fullDisk(t *testing.T) *os.File {
	t.Helper()
	file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no device that is always full: %v", err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// intoFull runs the program to its end with a stdout that is full.
func intoFull(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	var log bytes.Buffer
	code = run(t.Context(), append([]string{"roster"}, args...), nil, fullDisk(t), &log, noRoutes)
	return code, log.String()
}

// TestAKeyThatCannotBePrintedIsNotMade: whoever makes room is given one, as if nothing had been.
func TestAKeyThatCannotBePrintedIsNotMade(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		where := []string{"--data-dir", dir, "--database-url", url, "--migrate"}
		withSecretKey(t, where)
		first := append([]string{"key", "first"}, where...)
		create := append([]string{"key", "create", "--kind", "management", "--name", "Nobody's"}, where...)
		list := append([]string{"key", "list"}, where...)
		serving := append([]string{"serve", "--listen", "127.0.0.1:0"}, where...)
		for _, args := range [][]string{first, create, serving, first} {
			code, stderr := intoFull(t, args...)
			once := strings.Count(stderr, "no space left on device") == 1
			if code != exitFailure || !once || !strings.Contains(stderr, "no key was made") {
				t.Errorf("%s into a full disk: %d %s", args[:2], code, stderr)
			}
		}
		code, keys, stderr := command(t, nil, list...)
		if code != exitOK || strings.Count(keys, "\n") != 1 {
			t.Errorf("there are keys that nobody has seen: %d %s %s", code, keys, stderr)
		}
		code, key, stderr := command(t, nil, first...)
		if _, _, ok := models.ParseSecret(nil, strings.TrimSuffix(key, "\n")); code != exitOK || !ok {
			t.Errorf("with room it prints %q, ends with %d and says %s", key, code, stderr)
		}
	})
}

// TestAKeyThatNobodyWouldSeeIsNotMade: its stdout leads nowhere, or was closed, which the runtime makes the same. What prints no key ends
// as it would.
func TestAKeyThatNobodyWouldSeeIsNotMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nowhere, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close() //nolint:errcheck // it keeps nothing
	where := []string{"--data-dir", dir}
	into := func(args ...string) (code int, stderr string) {
		var log bytes.Buffer
		code = run(t.Context(), append([]string{"roster"}, args...), nil, nowhere, &log, noRoutes)
		return code, log.String()
	}
	for _, args := range [][]string{
		append([]string{"key", "first"}, where...),
		append([]string{"key", "create", "--kind", "management", "--name", "Nobody's"}, where...),
		{"secret-key", "create"},
	} {
		if code, stderr := into(args...); code != exitFailure || !strings.Contains(stderr, "stdout is closed, or leads to "+os.DevNull) {
			t.Errorf("%s to nobody: %d %s", args[:2], code, stderr)
		}
	}
	if code, stderr := into(append([]string{"verify"}, where...)...); code != exitOK {
		t.Errorf("verify tells by its exit code: %d %s", code, stderr)
	}
	code, key, stderr := command(t, nil, append([]string{"key", "first"}, where...)...)
	if _, _, ok := models.ParseSecret(nil, strings.TrimSuffix(key, "\n")); code != exitOK || !ok {
		t.Errorf("to somebody it prints %q, ends with %d and says %s", key, code, stderr)
	}
}

// TestAnErrorIsOneLineOfText, whatever of a damaged file it quotes.
func TestAnErrorIsOneLineOfText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"first\n\tand second":           "first and second",
		"schema (\x1b[2J\xff\x00)":      `schema (\x1b[2J\xff\x00)`,
		`open "C:\data": Müller’s � 東京`: `open "C:\data": Müller’s � 東京`,
		"\u202etxt\u0085":               `\u202etxt\u0085`,
	} {
		if got := inOneLine(text); got != want {
			t.Errorf("%q is %s, not %s", text, got, want)
		}
	}
}

// TestWhatNobodyCanReadIsNoSuccess tries what prints something, a command of each kind.
func TestWhatNobodyCanReadIsNoSuccess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	where := []string{"--data-dir", filepath.Join(dir, "data")}
	for _, args := range [][]string{
		{"demo", "--organizations", "3", "--users", "0"},
		{"migrate", "up"},
		{"migrate", "status"},
		{"verify"},
		{"backup", filepath.Join(dir, "backup.db")},
		{"key", "list"},
		{"key", "list", "--json"},
		{"secret-key", "status"},
		{"events", "export"},
		{"secret-key", "create"},
		{"secret-key", "create", filepath.Join(dir, "new.key")},
		{"listen", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--listen", "127.0.0.1:0"},
		{"openapi"},
		{"version"},
		{"version", "--json"},
		{"completion", "bash"},
		{"help", "key", "create"},
		{"serve", "--help"},
		{"--version"},
		{},
	} {
		all := args
		switch {
		case len(args) < 1:
		case args[0] == "secret-key" && args[1] == "create":
		case strings.Contains("listen openapi version completion help serve --version", args[0]):
		default:
			all = append(args, where...)
		}
		if code, stderr := intoFull(t, all...); code != exitFailure || strings.Count(stderr, "no space left on device") != 1 {
			t.Errorf("%s into a full disk: %d %s", args, code, stderr)
		}
	}
	for _, name := range []string{"backup.db", "new.key"} { // the work is done
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// almostFull is a stdout with room for so many bytes.
type almostFull int

func (left *almostFull) Write(text []byte) (int, error) {
	if *left -= almostFull(len(text)); *left < 0 {
		return 0, syscall.ENOSPC
	}
	return len(text), nil
}

// TestAPasswordOfTheDemoThatCannotBePrintedIsNotKept: the next run, with room, gives the people another one.
func TestAPasswordOfTheDemoThatCannotBePrintedIsNotKept(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		args := []string{"demo", "--organizations", "40", "--users", "200", "--data-dir", dir, "--database-url", url, "--migrate"}
		withSecretKey(t, args)
		var log bytes.Buffer
		left := almostFull(len("added 40 organizations and 200 users\n"))
		code := run(t.Context(), append([]string{"roster"}, args...), nil, &left, &log, noRoutes)
		if code != exitFailure || strings.Count(log.String(), "no space left on device") != 1 {
			t.Errorf("with room for one line: %d %s", code, &log)
		}
		code, stdout, stderr := command(t, nil, args...)
		if code != exitOK || !strings.Contains(stdout, "These people sign in with the password") {
			t.Errorf("with room: %d %s %s", code, stdout, stderr)
		}
	})
}

// TestAServerThatNobodyWatchesMakesNoFirstKey where its stdout leads nowhere: it serves, says so once in its log, and the key is made by
// whom somebody reads.
func TestAServerThatNobodyWatchesMakesNoFirstKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := servertest.NewOutput()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--log-format", "json", "--listen", "127.0.0.1:0", "--data-dir", dir)
	cmd.Env, cmd.Stderr = append(os.Environ(), asProgram+"=1"), log // stdout is the null device
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		log.End()
	}()
	if _, ok := listens(log); !ok {
		t.Fatalf("it ended: %v\n%s", <-ended, log)
	}
	log.Match(t, `"level":"WARN","msg":"the first management key is not made, because nobody would see it: 'roster key first' prints it`)
	unseen := exec.CommandContext(t.Context(), os.Args[0], "key", "first", "--data-dir", dir)
	unseen.Env = append(os.Environ(), asProgram+"=1")
	said := new(bytes.Buffer)
	unseen.Stderr = said
	const want = "no key was made, because nobody would see it: stdout is closed, or leads to /dev/null; lead stdout elsewhere"
	if err := unseen.Run(); err == nil || !strings.Contains(said.String(), want) {
		t.Errorf("where nobody sees it: %v %s", err, said)
	}
	code, key, stderr := command(t, nil, "key", "first", "--data-dir", dir)
	if _, _, ok := models.ParseSecret(nil, strings.TrimSuffix(key, "\n")); code != exitOK || !ok {
		t.Errorf("beside it, 'key first' prints %q, ends with %d and says %s", key, code, stderr)
	}
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), <-ended); err != nil {
		t.Error(err)
	}
}
