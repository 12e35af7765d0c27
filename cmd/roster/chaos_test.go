//go:build chaos && unix

package main

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"roster/server/servertest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

var (
	kills    = flag.Int("kills", 50, "how often the server is killed")
	restarts = flag.Int("restarts", 20, "how often PostgreSQL crashes")
	pause    = flag.Duration("pause", 400*time.Millisecond, "the longest time between two of them")
)

// TestChaosOnSQLite and TestChaosOnPostgres kill the server with SIGKILL at random moments under load, and on PostgreSQL the database, too.
// In the end every event that is in the database was received, nothing else was, and everything that a client was told is in the database.
func TestChaosOnSQLite(t *testing.T) {
	dir := t.TempDir()
	chaos(t, "sqlite:"+filepath.Join(dir, "roster.db"), "sqlite", "file:"+filepath.Join(dir, "roster.db"), nil)
}

func TestChaosOnPostgres(t *testing.T) {
	url, pids := chaosCluster(t)
	chaos(t, url, "pgx", url, pids)
}

func chaos(t *testing.T, url, driver, dsn string, crash func() error) {
	inbox := newInbox(t)
	s := &prey{t: t, url: url, dir: t.TempDir(), address: freeAddress(t), inbox: inbox}
	s.start()
	org := s.organization()
	told := s.load(org, func() {
		r, down := rand.New(rand.NewPCG(1, uint64(len(driver)))), 0
		for i := range *kills {
			time.Sleep(time.Duration(r.Float64() * float64(*pause)))
			s.kill()
			if crash != nil && down < *restarts && i%2 == 0 {
				down++
				if err := crash(); err != nil {
					t.Error(err)
				}
			}
			s.start()
		}
		for ; crash != nil && down < *restarts; down++ {
			time.Sleep(time.Duration(r.Float64() * float64(*pause)))
			if err := crash(); err != nil {
				t.Error(err)
			}
		}
	})
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	awaitQuiet(t, db)
	s.kill()
	compare(t, db, org, told, inbox)
}

// compare is the oracle.
func compare(t *testing.T, db *sql.DB, org string, told map[string]bool, inbox *inbox) {
	t.Helper()
	rows, err := db.Query(`SELECT CAST(id AS text), data FROM events WHERE CAST(organization_id AS text) = '` + org + `'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	committed, names := map[string]bool{}, map[string]bool{}
	for rows.Next() {
		var id, data string
		if err := rows.Scan(&id, &data); err != nil {
			t.Fatal(err)
		}
		committed[id] = true
		var resource struct{ Attributes struct{ Name string } }
		if err := json.Unmarshal([]byte(data), &resource); err != nil {
			t.Fatal(err)
		}
		names[resource.Attributes.Name] = true
	}
	lost, invented, forgotten, doubles := 0, 0, 0, 0
	for id := range committed {
		if inbox.seen[id] == 0 {
			lost++
		}
	}
	for id, n := range inbox.seen {
		if !committed[id] {
			invented++
		}
		doubles += n - 1
	}
	for name := range told {
		if !names[name] {
			forgotten++
		}
	}
	t.Logf("%d events, %d clients were told of; lost %d, invented %d, forgotten %d, received twice %d", len(committed), len(told), lost,
		invented, forgotten, doubles)
	if lost+invented+forgotten > 0 {
		t.Error("what was committed, told and received is not the same")
	}
	if most := *kills*8 + *restarts*8; doubles > most {
		t.Errorf("%d were received twice, at most %d can have been under way", doubles, most)
	}
	var gaps int
	err = db.QueryRow(`SELECT COUNT(*) - MAX(sequence) FROM event_positions WHERE CAST(organization_id AS text) = '` + org +
		`'`).Scan(&gaps)
	if err != nil || gaps != 0 {
		t.Errorf("the numbers have gaps: %d, %v", gaps, err)
	}
}

func awaitQuiet(t *testing.T, db *sql.DB) {
	t.Helper()
	servertest.Poll(t, "an end of what is pending", func() bool {
		var n int
		err := db.QueryRow(`SELECT (SELECT COUNT(*) FROM event_queue) +
			(SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending')`).Scan(&n)
		return err == nil && n == 0
	})
}

// inbox is the receiver.
type inbox struct {
	url  string
	mu   sync.Mutex
	seen map[string]int
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{seen: map[string]int{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		if _, err := io.Copy(io.Discard, q.Body); err == nil {
			in.mu.Lock()
			in.seen[q.Header.Get("webhook-id")]++
			in.mu.Unlock()
		}
	})}
	go server.Serve(listener) //nolint:errcheck // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	in.url = "http://" + listener.Addr().String() + "/"
	return in
}

// prey is the server that is killed.
type prey struct {
	t                 *testing.T
	url, dir, address string
	inbox             *inbox
	key               string
	name              string        // what the changes of its clients are called after
	lasts             time.Duration // until it ends by itself, 0 for long enough

	*process
}

func (s *prey) start() {
	s.process = launchFor(s.t, cmp.Or(s.lasts, 10*time.Minute), "--listen", s.address, "--data-dir", s.dir, "--database-url", s.url, "--migrate",
		"--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0")
	if s.key == "" {
		s.key = s.out.Match(s.t, keyPrinted.String())[0]
	}
}

func (s *prey) do(method, path, body string) (int, []byte, error) {
	res, answer, err := servertest.Exchange(context.Background(), http.DefaultTransport, method,
		"http://"+s.address+"/public/v2/management/organizations"+path, strings.NewReader(body),
		"Authorization", "Bearer "+s.key, "Content-Type", "application/vnd.api+json")
	return res.StatusCode, answer, err
}

func (s *prey) organization() string {
	status, answer, err := s.do("POST", "",
		fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Chaos","webhookUrl":%q}}}`, s.inbox.url))
	var document struct{ Data struct{ ID string } }
	if err == nil {
		err = json.Unmarshal(answer, &document)
	}
	if err != nil || status != http.StatusCreated {
		s.t.Fatalf("%d %s %v", status, answer, err)
	}
	return document.Data.ID
}

// load changes the organization from four clients while the havoc lasts, and returns what the clients were told of.
func (s *prey) load(org string, havoc func()) map[string]bool {
	var stop atomic.Bool
	var mu sync.Mutex
	var clients sync.WaitGroup
	told := map[string]bool{}
	for c := range 4 {
		clients.Go(func() {
			for i := 0; !stop.Load(); i++ {
				name := fmt.Sprintf("%s client %d change %d", s.name, c, i)
				status, _, err := s.do("PATCH", "/"+org,
					fmt.Sprintf(`{"data":{"type":"organizations","id":%q,"attributes":{"name":%q}}}`, org, name))
				if err != nil || status != http.StatusOK {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				mu.Lock()
				told[name] = true
				mu.Unlock()
			}
		})
	}
	havoc()
	stop.Store(true)
	clients.Wait()
	http.DefaultClient.CloseIdleConnections()
	return told
}

// postgresFiles returns where the programs of PostgreSQL are, a directory for a server that is to be broken, and how to start one as the user
// that it wants to be.
func postgresFiles(t *testing.T) (bin, dir string, attr *syscall.SysProcAttr) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) > 0 {
		bin = filepath.Dir(found[len(found)-1])
	} else if path, err := exec.LookPath("postgres"); err == nil {
		bin = filepath.Dir(path)
	} else {
		t.Fatal("no PostgreSQL server to crash: install one")
	}
	dir, err := os.MkdirTemp("/tmp", "roster-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attr = &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid) // the system's own numbers
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return bin, dir, attr
}

func initdb(t *testing.T, bin, dir string, attr *syscall.SysProcAttr) {
	initdb := exec.Command(bin+"/initdb", "--pgdata", dir+"/data", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
		"--locale", "C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// chaosCluster starts a PostgreSQL server that keeps what it has committed, and returns its URL and how to crash it: a server process that
// is killed makes the server end all others and recover from its log.
func chaosCluster(t *testing.T) (url string, crash func() error) {
	bin, dir, attr := postgresFiles(t)
	initdb(t, bin, dir, attr)
	// the machine stays up
	server := exec.Command(bin+"/postgres", "-D", dir+"/data", "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	server.SysProcAttr, server.Dir = attr, dir
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if strings.Contains(lines.Text(), "ready to accept connections") {
				select {
				case ready <- struct{}{}:
				default:
				}
			}
		}
	}()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		<-ended
		_ = server.Wait()
	})
	<-ready
	url = "postgres://postgres@/postgres?host=" + dir
	return url, func() error {
		db, err := sql.Open("pgx", url)
		if err != nil {
			return err
		}
		defer db.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var pid int
		if err := db.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return fmt.Errorf("find a process to kill: %w", err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return fmt.Errorf("crash PostgreSQL: %w", err)
		}
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not come back: %w", ctx.Err())
		}
	}
}
