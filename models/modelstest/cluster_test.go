package modelstest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A process that uses the cluster and ends, in each way that processes end.
const victimVariable = "ROSTER_TEST_VICTIM"

func TestMain(m *testing.M) {
	if ending := os.Getenv(victimVariable); ending != "" {
		victim(ending)
	}
	os.Exit(m.Run())
}

// victim starts a cluster, prints its directory, waits for a byte and ends.
func victim(ending string) {
	c, err := startCluster(inMemory, hasty...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.dir)
	_, _ = os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(c) // with its lifeline
	switch ending {
	case "returns":
		os.Exit(0)
	case "panics":
		panic("as a test may")
	case "is killed":
		self, _ := os.FindProcess(os.Getpid()) // never fails on unix
		_ = self.Kill()
	}
	select {}
}

func TestTheClusterEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"returns", "panics", "is killed"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			// The victim and all that it starts inherit the pipe's writing end. Reading ends when the last of them has ended.
			alive, inherited, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), victimVariable+"="+ending)
			cmd.ExtraFiles = []*os.File{inherited}
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = inherited.Close()
			line, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatalf("the victim started no cluster: %v", err)
			}
			dir := strings.TrimSpace(line)
			if sockets, _ := filepath.Glob(filepath.Join(dir, ".s.PGSQL.*")); len(sockets) == 0 {
				t.Fatalf("%s has no socket of a running server", dir)
			}
			_, _ = stdin.Write([]byte{'.'})
			_ = cmd.Wait()

			if err := alive.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, alive); err != nil {
				t.Errorf("a process of the cluster still runs: %v", err)
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there (%v)", dir, err)
			}
		})
	}
}
