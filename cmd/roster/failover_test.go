//go:build chaos && linux

package main

import (
	"database/sql"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"roster/server/servertest"
)

var failovers = flag.Int("failovers", 5, "how often the primary is killed and its standby promoted")

// TestChaosOfFailovers kills the primary under load, promotes its synchronous standby and leads the replicas there: by an address that
// moves, as a proxy or a Service does, and by a URL that names both servers. Nothing that a client was told is lost, the replicas are not
// restarted, and they write again as soon as they can reach a server that does.
func TestChaosOfFailovers(t *testing.T) {
	for name, begin := range map[string]func(*testing.T, *node) way{"by an address": moving, "by a list of hosts": hostList} {
		t.Run(name, func(t *testing.T) {
			primary := newNode(t)
			initdb(t, primary.bin, primary.dir, primary.attr)
			primary.start(t)
			to := begin(t, primary)
			inbox := newInbox(t)
			one := &prey{t: t, url: to.url(), dir: t.TempDir(), address: freeAddress(t), inbox: inbox, name: "one"}
			one.start()
			two := &prey{t: t, url: to.url(), dir: one.dir, address: freeAddress(t), inbox: inbox, name: "two", key: one.key}
			two.start()
			org := one.organization()
			var toldByTwo map[string]bool
			told := one.load(org, func() {
				toldByTwo = two.load(org, func() {
					for i := range *failovers {
						standby := primary.follow(t, to.next())
						time.Sleep(*pause) // for load on the pair
						primary = failOver(t, i, primary, standby, to, org, one, two)
					}
				})
			})
			maps.Copy(told, toldByTwo)
			db, err := sql.Open("pgx", primary.url())
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			awaitQuiet(t, db)
			one.kill()
			two.kill()
			compare(t, db, org, told, inbox)
		})
	}
}

// failOver does what Patroni does, and returns the new primary.
func failOver(t *testing.T, round int, primary, standby *node, to way, org string, replicas ...*prey) *node {
	t.Helper()
	killed := time.Now()
	to.lead(nil)
	primary.kill(t)
	standby.exec(t, `SELECT pg_promote(true, 60)`)
	promoted := time.Now()
	to.lead(standby)
	var times []string
	for _, s := range replicas {
		var refused, wrote int
		servertest.Poll(t, "a write through "+s.name, func() bool {
			status, _, err := s.do("PATCH", "/"+org,
				fmt.Sprintf(`{"data":{"type":"organizations","id":%q,"attributes":{"description":"%d"}}}`, org, round))
			if err == nil && status == http.StatusOK {
				wrote++
			} else {
				refused++
			}
			return wrote > 0
		})
		times = append(times, fmt.Sprintf("%v (%d refused)", time.Since(promoted).Round(time.Millisecond), refused))
		select {
		case <-s.ended:
			t.Fatalf("the replica %s ended: %v\n%s", s.name, s.err, s.log)
		default:
		}
	}
	t.Logf("round %d: promoted after %v; writes through the replicas, after that: %s", round+1,
		promoted.Sub(killed).Round(time.Millisecond), strings.Join(times, ", "))
	return standby
}

// node is a server of PostgreSQL on a socket in a directory of its own.
type node struct {
	bin, dir string
	attr     *syscall.SysProcAttr
	server   *exec.Cmd
}

func newNode(t *testing.T) *node {
	bin, dir, attr := postgresFiles(t)
	return &node{bin: bin, dir: dir, attr: attr}
}

func (n *node) url() string { return "postgres://postgres@/postgres?host=" + n.dir }

func (n *node) start(t *testing.T) {
	t.Helper()
	// the machine stays up
	n.server = exec.Command(n.bin+"/postgres", "-D", n.dir+"/data", "-k", n.dir, "-c", "listen_addresses=", "-c", "fsync=off")
	n.server.SysProcAttr, n.server.Dir = n.attr, n.dir
	if err := n.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.kill(t) })
	db, err := sql.Open("pgx", n.url())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	servertest.Poll(t, "a server in "+n.dir, func() bool { return db.Ping() == nil })
}

// follow returns a standby of a primary, in the directory of n. When it returns, the primary answers no COMMIT before the standby has it.
func (n *node) follow(t *testing.T, standby *node) *node {
	t.Helper()
	if err := os.RemoveAll(standby.dir + "/data"); err != nil {
		t.Fatal(err)
	}
	copied := exec.Command(n.bin+"/pg_basebackup", "--pgdata", standby.dir+"/data", "--host", n.dir, "--username", "postgres",
		"--write-recovery-conf", "--checkpoint", "fast", "--no-sync")
	copied.SysProcAttr, copied.Dir = n.attr, standby.dir
	if out, err := copied.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	standby.start(t)
	n.exec(t, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	n.exec(t, `SELECT pg_reload_conf()`)
	db, err := sql.Open("pgx", n.url())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	servertest.Poll(t, "a synchronous standby", func() bool {
		var sync bool
		err := db.QueryRow(`SELECT EXISTS (SELECT 1 FROM pg_stat_replication
			WHERE state = 'streaming' AND sync_state = 'sync')`).Scan(&sync)
		return err == nil && sync
	})
	return standby
}

func (n *node) exec(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", n.url())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// kill ends every process of the server as a machine that fails does. One that was killed before stays so.
func (n *node) kill(t *testing.T) {
	t.Helper()
	if n.server.ProcessState != nil {
		return
	}
	pid := n.server.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		t.Error(err)
	}
	_ = n.server.Process.Kill()
	for child := range strings.FieldsSeq(string(children)) {
		if pid, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = n.server.Wait()
}

// way is how the replicas find the primary.
type way interface {
	url() string
	// lead has it be that server; nil is none.
	lead(to *node)
	// next returns where the next standby is to be.
	next() *node
}

// forwarder is an address that moves: what connects to it is passed on to a server, and refused while there is none.
type forwarder struct {
	t        *testing.T
	listener net.Listener
	mu       sync.Mutex
	to       *node
}

func moving(t *testing.T, primary *node) way {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &forwarder{t: t, listener: listener, to: primary}
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			passing.Go(func() { f.pass(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		passing.Wait() // both sides have ended before
	})
	return f
}

func (f *forwarder) pass(client net.Conn) {
	defer client.Close()
	f.mu.Lock()
	to := f.to
	f.mu.Unlock()
	if to == nil {
		return
	}
	server, err := net.Dial("unix", to.dir+"/.s.PGSQL.5432")
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer server.Close()
		_, _ = io.Copy(server, client)
	}()
	_, _ = io.Copy(client, server)
}

func (f *forwarder) url() string {
	return "postgres://postgres@" + f.listener.Addr().String() + "/postgres?sslmode=disable"
}

func (f *forwarder) lead(to *node) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to = to
}

func (f *forwarder) next() *node { return newNode(f.t) }

// hosts is a URL with two servers, of which a replica takes the one that can be written to.
type hosts struct{ both []*node }

func hostList(t *testing.T, primary *node) way { return &hosts{both: []*node{newNode(t), primary}} }

func (h *hosts) url() string {
	return "postgres://postgres@/postgres?target_session_attrs=read-write&host=" + h.both[0].dir + "," + h.both[1].dir
}

func (h *hosts) lead(*node) {}

func (h *hosts) next() *node {
	h.both[0], h.both[1] = h.both[1], h.both[0]
	return &node{bin: h.both[1].bin, dir: h.both[1].dir, attr: h.both[1].attr}
}
