package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"roster/server/servertest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// child is a process beside the clients, with memory and a collector of its own.
type child struct {
	base    string // its URL
	process *os.Process
	started time.Duration // until the first answer
	stop    func()
}

// profiledVariable is an address on which the first service that finds it free gives profiles of itself, while rows are measured:
// go tool pprof http://ADDRESS/debug/pprof/profile. The program is the test binary then.
const profiledVariable = "ROSTER_BENCH_PPROF"

// buildProgram builds the program as "make build" does, and returns where it is until the benchmark ends.
func buildProgram(b *testing.B) string {
	b.Helper()
	if os.Getenv(profiledVariable) != "" {
		b.Setenv(asProgram, "1")
		return os.Args[0]
	}
	path := filepath.Join(b.TempDir(), "roster")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build the program: %v\n%s", err, out)
	}
	return path
}

// installation is a program with a database and a directory.
type installation struct{ program, dir, url string }

func install(b *testing.B, program, url string) *installation {
	b.Helper()
	i := &installation{program, b.TempDir(), url}
	withSecretKey(b, i.arguments())
	return i
}

// command runs a command of the program to its end and returns what it prints.
func (i *installation) command(b *testing.B, args ...string) string {
	b.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(b.Context(), i.program, i.arguments(args...)...)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v: %v\n%s", args, err, &stderr)
	}
	return strings.TrimSpace(out.String())
}

func (i *installation) arguments(args ...string) []string {
	return append(args, "--data-dir", i.dir, "--database-url", i.url)
}

// serve starts the service as it is, except for the rate limit, with its log thrown away by the system, and returns when it has answered.
func (i *installation) serve(b *testing.B, key string) *child {
	b.Helper()
	address := freeAddress(b)
	cmd := exec.Command(i.program, i.arguments("serve", "--listen", address, "--rate-limit", "0")...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the state tells how it ended
		close(ended)
	}()
	stop := func() {
		_ = cmd.Process.Kill() // it may have ended before
		<-ended
	}
	b.Cleanup(stop)
	c := &child{base: "http://" + address, process: cmd.Process, stop: stop}
	for {
		answer, _, err := servertest.Exchange(b.Context(), servertest.Fresh(), "GET", c.base+listPath, nil, by(key)...)
		if err == nil && answer.StatusCode == http.StatusOK {
			c.started = time.Since(began)
			return c
		}
		select {
		case <-ended:
			b.Fatalf("%v ended: %v", cmd.Args, cmd.ProcessState)
		case <-time.After(500 * time.Microsecond):
		}
	}
}

// freeAddress returns an address of the loopback that nobody listened on a moment ago.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer free.Close() //nolint:errcheck // it is only asked for its address
	return free.Addr().String()
}

// serveBareHandlers starts the bare handlers.
func serveBareHandlers(b *testing.B, spec *bareSpec) *child {
	b.Helper()
	input, feed, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stdin, cmd.Stderr = append(os.Environ(), asBare+"=1"), input, os.Stderr
	output, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = feed.Close()
		_ = cmd.Wait()
	})
	_ = input.Close()
	if err := json.NewEncoder(feed).Encode(spec); err != nil {
		b.Fatal(err)
	}
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		b.Fatalf("the bare handlers ended: %v", err)
	}
	return &child{base: "http://" + strings.TrimSpace(address), process: cmd.Process}
}

// forgetPeak makes peak begin anew. Only Linux can.
func (c *child) forgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", c.process.Pid), []byte("5"), 0)
}

// memory returns a line of what the system knows of the memory of the process, in MiB: RssAnon is its own, VmHWM the most that it had with
// what it has mapped of files. It is 0 where the system is not Linux.
func (c *child) memory(line string) float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.process.Pid))
	_, rest, _ := strings.Cut(string(status), line+":")
	value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kilobytes, _ := strconv.ParseFloat(value, 64)
	return kilobytes / 1024
}
