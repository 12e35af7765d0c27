package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// rollout is how many requests are sent, at least, while the replicas are restarted.
var rollout = flag.Int("rollout", 500, "how many requests are sent while replicas are restarted, at least")

// balancer passes connections on to replicas that are ready, as whatever balances them does that knows nothing of HTTP. It asks each
// replica twice a second.
type balancer struct {
	t        *testing.T
	address  string
	listener net.Listener
	end      chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	replicas map[string]bool // by address: whether it is ready
	open     map[net.Conn]struct{}
	next     int
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{
		t: t, address: listener.Addr().String(), listener: listener, end: make(chan struct{}), replicas: map[string]bool{},
		open: map[net.Conn]struct{}{},
	}
	b.running.Go(b.accept)
	b.running.Go(b.probe)
	t.Cleanup(func() {
		close(b.end)
		_ = listener.Close()
		b.mu.Lock()
		for conn := range b.open {
			_ = conn.Close()
		}
		b.mu.Unlock()
		b.running.Wait()
	})
	return b
}

// add takes a replica, and returns once it is ready.
func (b *balancer) add(base string) {
	b.t.Helper()
	address := strings.TrimPrefix(base, "http://")
	b.mu.Lock()
	b.replicas[address] = false
	b.mu.Unlock()
	servertest.Poll(b.t, "a replica that is ready", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.replicas[address]
	})
}

func (b *balancer) probe() {
	client := &http.Client{Transport: servertest.Fresh(), Timeout: time.Second}
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-b.end:
			return
		case <-ticks.C:
		}
		b.mu.Lock()
		addresses := make([]string, 0, len(b.replicas))
		for address := range b.replicas {
			addresses = append(addresses, address)
		}
		b.mu.Unlock()
		for _, address := range addresses {
			answer, err := client.Get("http://" + address + "/readyz")
			ready := err == nil && answer.StatusCode == http.StatusOK
			if err == nil {
				_ = answer.Body.Close()
			}
			b.mu.Lock()
			b.replicas[address] = ready
			b.mu.Unlock()
		}
	}
}

// pick returns a replica that was ready when it was asked last, one after the other.
func (b *balancer) pick() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ready []string
	for address, is := range b.replicas {
		if is {
			ready = append(ready, address)
		}
	}
	if len(ready) == 0 {
		return "", errors.New("no replica is ready")
	}
	b.next++
	return ready[b.next%len(ready)], nil
}

func (b *balancer) accept() {
	for {
		near, err := b.listener.Accept()
		if err != nil {
			return // closed
		}
		b.running.Go(func() { b.pass(near) })
	}
}

func (b *balancer) pass(near net.Conn) {
	defer near.Close() //nolint:errcheck // both ends go together
	address, err := b.pick()
	if err != nil {
		b.t.Error(err)
		return
	}
	far, err := net.Dial("tcp", address)
	if err != nil {
		b.t.Errorf("a replica that was ready: %v", err)
		return
	}
	defer far.Close() //nolint:errcheck // both ends go together
	b.mu.Lock()
	b.open[near], b.open[far] = struct{}{}, struct{}{}
	b.mu.Unlock()
	b.running.Go(func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	})
	_, _ = io.Copy(near, far)
	b.mu.Lock()
	delete(b.open, near)
	delete(b.open, far)
	b.mu.Unlock()
}

// TestARollingRestartLosesNoRequest restarts two replicas one after the other, with the settings that they have by default, while clients
// keep their connections open, write, read, and wait for events.
func TestARollingRestartLosesNoRequest(t *testing.T) {
	t.Parallel()
	url, dir := modelstest.UnmigratedURL(t, store.Postgres), t.TempDir()
	if err := makeSecretKey(filepath.Join(dir, "secret.key")); err != nil {
		t.Fatal(err)
	}
	replica := func() *process {
		return launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", url, "--migrate", "--rate-limit", "0",
			"--database-connections", "4")
	}
	first := replica()
	key := first.out.Match(t, keyPrinted.String())[0]
	old := []*process{first, replica()}
	b := newBalancer(t)
	for _, p := range old {
		b.add(p.base)
	}

	var sent, closed atomic.Int64
	var over atomic.Bool
	var clients sync.WaitGroup
	// Each client has one connection, and sends the next request when the last is answered. Only what it was not told to repeat counts.
	client := func(requests ...func(through http.RoundTripper, n int) (servertest.Reply, []byte, error)) {
		clients.Go(func() {
			through := &http.Transport{MaxConnsPerHost: 1}
			defer through.CloseIdleConnections()
			for n := 0; !over.Load(); n++ {
				answer, body, err := requests[n%len(requests)](through, n)
				if err != nil || answer.StatusCode >= 300 {
					t.Errorf("request %d: %d %s %v", n, answer.StatusCode, body, err)
				}
				sent.Add(1)
				if answer.Close {
					closed.Add(1)
				}
			}
		})
	}
	const managed = "/public/v2/management/organizations"
	ask := func(through http.RoundTripper, method, path, content string, headers ...string) (servertest.Reply, []byte, error) {
		return servertest.Exchange(t.Context(), through, method, "http://"+b.address+path, strings.NewReader(content),
			append(headers, "Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")...)
	}
	read := func(through http.RoundTripper, _ int) (servertest.Reply, []byte, error) {
		return ask(through, "GET", managed, "")
	}
	write := func(through http.RoundTripper, n int) (servertest.Reply, []byte, error) {
		return ask(through, "POST", managed,
			fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Organization %d"}}}`, n))
	}
	wait := func(through http.RoundTripper, _ int) (servertest.Reply, []byte, error) {
		return ask(through, "GET", "/public/v2/events?filter[eventType]=user.created", "", "Prefer", "wait=20")
	}
	for range 3 {
		client(read, write)
	}
	client(wait)

	restarts := 0
	for ; restarts < 2 || sent.Load() < int64(*rollout) && !t.Failed(); restarts++ {
		next := replica()
		b.add(next.base)
		p := old[restarts%2]
		old[restarts%2] = next
		if err := p.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.wait(); err != nil {
			t.Errorf("a replica ended with %v:\n%s", err, p.log)
		}
	}
	over.Store(true)
	// Who waits for events is answered by one.
	if _, _, err := ask(servertest.Fresh(), "POST", "/public/v2/users",
		`{"data":{"type":"users","attributes":{"firstName":"Ada"}}}`); err != nil {
		t.Error(err)
	}
	clients.Wait()
	if closed.Load() == 0 {
		t.Error("no answer told its client to go elsewhere")
	}
	t.Logf("%d restarts, %d requests, %d of them with Connection: close", restarts, sent.Load(), closed.Load())
}
