package main

import (
	"crypto/tls"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"roster/server/servertest"
)

func TestASignalEndsTheProcessTidily(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", t.TempDir())
		if err := p.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := p.wait(); err != nil {
			t.Errorf("after %s: %v", sig, err)
		}
		p.log.Match(t, `"level":"INFO","msg":"stopped","took":"[0-9.]+m?s","cut_off":""}\n$`)
	}
}

// TestWhoInterruptsItDoesNotWaitForLoadBalancers: the delay is for SIGTERM.
func TestWhoInterruptsItDoesNotWaitForLoadBalancers(t *testing.T) {
	t.Parallel()
	p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", t.TempDir(), "--shutdown-delay", "1h")
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestAHangupReadsFilesAgain gives a running server another certificate and another level of its log.
func TestAHangupReadsFilesAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "level")
	write := func(level string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(level+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("info")
	cert, key, _ := certificate(t, dir)
	p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"), "--log-level-file", file, "--tls-cert", cert,
		"--tls-key", key)
	hangUp := func(want string) {
		t.Helper()
		if err := p.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		p.log.Match(t, want)
	}
	certificate(t, dir)
	hangUp(`"certificate renewed"(?s:.*)"files read again","read":"log-level-file,tls-cert","refused":"","log_level":"INFO"`)
	write("debug")
	hangUp(`"files read again",.*"log_level":"DEBUG"`)
	through := servertest.Fresh()
	through.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	if _, _, err := servertest.Exchange(t.Context(), through, "GET", p.base+"/healthz", nil); err != nil {
		t.Fatal(err)
	}
	p.log.Match(t, `"level":"DEBUG","msg":"request served".*"/healthz"`)
	write("warn")
	hangUp(`"level":"INFO","msg":"files read again",.*"log_level":"WARN"`) // the answer to the signal, at a level that leaves out its kind
	write("debug")
	hangUp(`(?s:"log_level":"WARN".*"files read again",[^\n]*"log_level":"DEBUG")`)
	write("loud")
	hangUp(`"log level not changed".*it must be debug, info, warn or error(?s:.*)"level":"WARN","msg":"some files read again.*` +
		`"read":"tls-cert","refused":"log-level-file","log_level":"DEBUG"`)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	const none = `"certificate not renewed.*"level":"WARN","msg":"no file read again.*"read":"","refused":"log-level-file,tls-cert"`
	hangUp(`(?s:` + none + `)`)
	hangUp(`(?s:(` + none + `.*){2})`) // it is told of each time
	if err := syscall.Mkfifo(key, 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp(`"certificate not renewed.*` + regexp.QuoteMeta(key) + ` is no file`) // and nobody waits for somebody to write to it
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(); err != nil {
		t.Errorf("after all that it ends with %v", err)
	}
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	t.Parallel()
	p := launch(t, "--listen", "127.0.0.1:0", "--data-dir", t.TempDir(), "--shutdown-delay", "1h")
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.log.Line(message("stopping")); !ok {
		t.Fatal("it did not say that it stops")
	}
	// The first of these may come while the first signal is still being handled, as an impatient user's may.
	servertest.Poll(t, "an end after a second signal", func() bool {
		_ = p.Signal(syscall.SIGTERM) // it may have ended meanwhile
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	var exit *exec.ExitError
	if err := p.wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v, not by the signal", err)
	}
}

// TestAStartThatIsCalledOffIsNoFailure ends it while it makes the schema, and before it has begun to.
func TestAStartThatIsCalledOffIsNoFailure(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		s := begin(t, t.TempDir(), noRoutes, "--database-url", url, "--migrate")
		s.log.Match(t, `"migration applied"`)
		s.cancel()
		if code := s.stop(); code != exitOK || strings.Contains(s.log.String(), `"ERROR"`) {
			t.Errorf("%d %s", code, s.log)
		}
		s.log.Match(t, `"msg":"(stopped before it served|stopping)"`) // it may have been quick
	})
	s := begin(t, t.TempDir(), noRoutes)
	s.cancel()
	if code := s.stop(); code != exitOK || strings.Contains(s.log.String(), `"ERROR"`) {
		t.Errorf("%d %s", code, s.log)
	}
}
