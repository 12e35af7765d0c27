package main

import (
	"errors"
	"os/exec"
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
