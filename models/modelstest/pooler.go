package modelstest

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"roster/models/store"
)

// Pooler is a PgBouncer before a PostgreSQL database, which can be stopped and started again. It ends with the test.
type Pooler struct {
	// URL leads to the database through the pooler.
	URL string

	t        testing.TB
	bin      string
	settings string
	dir      string // of its socket, "" before it has started
	input    io.WriteCloser
	process  *exec.Cmd
}

// NewPooler starts a PgBouncer before the database at a URL of PostgreSQL, with its own defaults but for the mode and some settings, each
// of which is a line.
func NewPooler(t testing.TB, databaseURL string, mode store.PoolMode, settings ...string) *Pooler {
	t.Helper()
	server, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	p := &Pooler{t: t, bin: findPooler(t)}
	database := fmt.Sprintf("%s = host=%s port=%d user=%s", server.Database, server.Host, server.Port, server.User)
	if server.Password != "" {
		database += " password='" + server.Password + "'"
	}
	p.settings = strings.Join(append([]string{
		"[databases]", database, "[pgbouncer]", "listen_port = 6432", "auth_type = any", "pool_mode = " + string(mode),
	}, settings...), "\n")
	p.Start()
	t.Cleanup(func() { p.end("") })
	p.URL = (&url.URL{
		Scheme: "postgres", User: url.User(server.User), Path: "/" + server.Database,
		RawQuery: url.Values{"host": {p.dir}, "port": {"6432"}, "sslmode": {"disable"}}.Encode(),
	}).String()
	return p
}

// PoolerVersion returns the version of the PgBouncer on this machine, as two numbers.
func PoolerVersion(t testing.TB) (major, minor int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), findPooler(t), "--version").Output()
	if err == nil {
		_, err = fmt.Sscanf(string(out), "PgBouncer %d.%d", &major, &minor)
	}
	if err != nil {
		t.Fatalf("ask PgBouncer for its version: %q: %v", out, err)
	}
	return major, minor
}

// findPooler returns PgBouncer's binary, which packages put where only root looks.
func findPooler(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path
	}
	for _, path := range []string{"/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer", "/opt/homebrew/bin/pgbouncer"} {
		if isProgram(path) {
			return path
		}
	}
	t.Fatal(`no PgBouncer to test with: install one ("make test" does it where it can; otherwise "apt-get install pgbouncer", ` +
		`"brew install pgbouncer")`)
	return ""
}

// poolerScript must outlive this process, as the watchdog of the cluster does.
//
//go:embed pooler.sh
var poolerScript string

// Start starts it again, and returns when it accepts connections.
func (p *Pooler) Start() {
	p.t.Helper()
	attr, err := unprivileged() // PgBouncer refuses to run as root, too
	if err != nil {
		p.t.Fatal(err)
	}
	p.process = exec.CommandContext(context.Background(), "/bin/sh", "-c", poolerScript, "pooler", p.bin, p.settings, p.dir)
	p.process.Dir, p.process.Env, p.process.SysProcAttr = "/", []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}, attr
	p.process.Stderr = p.t.Output()
	if p.input, err = p.process.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.t.Fatalf("start PgBouncer: %v", err)
	}
	p.dir = strings.TrimSpace(line)
}

// Stop ends it at once, as a crash does. Its clients lose their connections.
func (p *Pooler) Stop() { p.end("again\n") }

func (p *Pooler) end(word string) {
	if p.input == nil {
		return
	}
	_, _ = io.WriteString(p.input, word)
	_ = p.input.Close()
	_ = p.process.Wait() // it is the shell that was killed or not; what counts is that it has ended
	p.input = nil
}
