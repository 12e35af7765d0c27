package modelstest

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// cluster is a PostgreSQL server that lives as long as this process.
type cluster struct {
	dir string // where its socket and its data are

	// lifeline is the pipe whose other end the watchdog reads: when this process ends, however it does, the system closes it. What is
	// written there are orders.
	lifeline io.WriteCloser
}

func (c *cluster) url() string {
	return (&url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {c.dir}}.Encode(),
	}).String()
}

// watchdog is a shell script, because it must outlive this process and every system with a PostgreSQL server to test on has a shell.
//
//go:embed watchdog.sh
var watchdog string

// hasty are the settings of a server whose data nobody wants back.
var hasty = []string{
	"shared_buffers=64MB", "fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0",
	"autovacuum=off", "max_wal_size=256MB",
}

// Where a cluster is. In memory it makes a database in an eighth of the time: each is four hundred files, and ext4 is slow to make files
// while as many are just gone. What data costs is measured on a disk.
const (
	inMemory = "/dev/shm" // or on a disk, where there is no such place or no room
	onDisk   = "/tmp"
)

// startCluster makes and starts a PostgreSQL cluster at a place and returns when it accepts connections.
func startCluster(place string, settings ...string) (*cluster, error) {
	bin, err := findServer(serverPlaces)
	if err != nil {
		return nil, err
	}
	lifelineRead, lifeline, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	args := []string{"-c", watchdog, "watchdog", bin, place}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	cmd := exec.CommandContext(context.Background(), "/bin/sh", args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.Stdin = lifelineRead
	cmd.SysProcAttr, err = unprivileged()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	dir, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	_ = lifelineRead.Close()
	if err := awaitReady(log); err != nil {
		_ = lifeline.Close()
		return nil, err
	}
	_ = log.Close() // the server goes on without a log; nobody has to read it, and no goroutine stays behind
	line, err := bufio.NewReader(dir).ReadString('\n')
	if err != nil {
		_ = lifeline.Close()
		return nil, fmt.Errorf("start PostgreSQL: read its directory: %w", err)
	}
	return &cluster{dir: strings.TrimSpace(line), lifeline: lifeline}, nil
}

// awaitReady reads the server's log until the server accepts connections.
func awaitReady(log io.Reader) error {
	lines := bufio.NewScanner(log)
	var seen []string
	for lines.Scan() {
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			return nil
		}
		seen = append(seen, lines.Text())
	}
	return fmt.Errorf("start PostgreSQL: it ended at once:\n%s", strings.Join(seen, "\n"))
}

// errNoServer tells what to do on a machine without PostgreSQL.
var errNoServer = errors.New(`no PostgreSQL server to test on: install one ("make test" does it where it can; otherwise ` +
	`"apt-get install postgresql", "brew install postgresql@17", …), ` +
	`or set ROSTER_TEST_POSTGRES to the URL of a role that may create databases`)

// serverPlaces are where packages put the PostgreSQL binaries that they keep out of PATH.
var serverPlaces = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // the project's own packages for Red Hat's systems
	"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
	"/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
}

// findServer returns the directory of PostgreSQL's binaries: the newest at one of the places, or what pg_config or PATH says.
func findServer(places []string) (string, error) {
	var candidates []string
	for _, place := range places {
		found, _ := filepath.Glob(place) // the patterns are well-formed
		slices.Reverse(found)
		candidates = append(candidates, found...)
	}
	if out, err := exec.CommandContext(context.Background(), "pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	candidates = append(candidates, filepath.SplitList(os.Getenv("PATH"))...)
	for _, dir := range candidates {
		if isProgram(filepath.Join(dir, "initdb")) && isProgram(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errNoServer
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
