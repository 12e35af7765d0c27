package main

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"roster/server/servertest"
)

// process is the program as a process of its own.
type process struct {
	*os.Process
	base     string // the URL of its API, without a path
	out, log *servertest.Output

	ended chan struct{} // is closed when it has ended, with err
	err   error
}

// launch starts `roster serve` as a process of its own and waits until it listens. It is killed when it outlives its test.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	return launchFor(t, 10*time.Minute, args...) // nor does it outlive a test that hangs
}

// launchFor is launch, for a process that ends after so long.
func launchFor(t *testing.T, lasts time.Duration, args ...string) *process {
	t.Helper()
	return start(t, "", lasts, args...)
}

// launchIn is launch, in a directory.
func launchIn(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return start(t, dir, 10*time.Minute, args...)
}

// start leaves its test out with -short, as the race detector runs: nobody reads there what it finds in another process.
func start(t *testing.T, dir string, lasts time.Duration, args ...string) *process {
	t.Helper()
	if testing.Short() {
		t.Skip("a process of its own: not with -short")
	}
	withSecretKey(t, args)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"serve", "--log-format", "json"}, args...)...)
	p := &process{out: servertest.NewOutput(), log: servertest.NewOutput(), ended: make(chan struct{})}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), asProgram+"=1"), p.out, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.Process = cmd.Process
	go func() {
		p.err = cmd.Wait()
		p.out.End()
		p.log.End()
		close(p.ended)
	}()
	var ok bool
	if p.base, ok = listens(p.log); !ok {
		t.Fatalf("it ended: %v\n%s", p.wait(), p.log)
	}
	return p
}

// wait returns how the process ended, once it has.
func (p *process) wait() error {
	<-p.ended
	return p.err
}

// kill ends the process as a machine that fails does, and waits until it has ended.
func (p *process) kill() {
	_ = p.Kill() // it may have ended before
	<-p.ended
}

// listens waits until a server's log says that it listens, and returns the URL of its API; false means that it ended without.
func listens(log *servertest.Output) (base string, ok bool) {
	line, ok := log.Line(func(line map[string]any) bool { return line["msg"] == "listening" && line["server"] == "api" })
	if !ok {
		return "", false
	}
	scheme := "http://"
	if line["tls"] == true {
		scheme = "https://"
	}
	return scheme + line["address"].(string), true
}
