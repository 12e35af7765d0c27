package modelstest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Proxy stands between a program and a PostgreSQL server, and can be cut as a network or a server can.
type Proxy struct {
	// URL leads to the database through the proxy.
	URL string

	listener net.Listener
	network  string // where the server is
	address  string

	mu      sync.Mutex
	cut     bool
	delay   time.Duration
	silent  chan struct{} // nil unless nothing arrives; closed when it does again
	open    map[net.Conn]struct{}
	asked   int
	turns   int
	broken  turn // where the connections are to break
	running sync.WaitGroup
}

// turn is a place in a conversation: the question of that number, counted from 1, or the answer to it.
type turn struct {
	n        int
	answered bool
}

// NewProxy starts a proxy before the database at a URL of PostgreSQL. It ends with the test.
func NewProxy(t testing.TB, databaseURL string) *Proxy {
	t.Helper()
	server, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	through, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	through.Host = listener.Addr().String()
	parameters := through.Query()
	parameters.Del("host")
	parameters.Del("port")
	parameters.Set("sslmode", "disable")
	through.RawQuery = parameters.Encode()
	p := &Proxy{URL: through.String(), listener: listener, open: map[net.Conn]struct{}{}}
	p.network, p.address = pgconn.NetworkAddress(server.Host, server.Port)
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
		p.running.Wait()
	})
	return p
}

// Cut breaks every connection and refuses new ones.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	p.speak()
	for conn := range p.open {
		_ = conn.Close()
	}
}

// Restore lets connections through again, and what was held back.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	p.speak()
}

// Silence holds back whatever the server says from now on, as a network does that loses it, until it is restored or cut.
func (p *Proxy) Silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent == nil {
		p.silent = make(chan struct{})
	}
}

// speak ends the silence, with the lock held.
func (p *Proxy) speak() {
	if p.silent != nil {
		close(p.silent)
		p.silent = nil
	}
}

// Slow makes whatever the server says from now on arrive that much later.
func (p *Proxy) Slow(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = by
}

// Turns returns how often somebody has spoken to the server so far, whatever they said at once, and waited for its answer.
func (p *Proxy) Turns() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turns
}

// Fewest returns how many turns something takes at the least. It is done until these are no more than want, forty times at most: every
// connection that it comes upon is first told of its statements, and one that was idle for a second is tried before it is used. It begins
// when nothing else has a turn: what was done before may have left work, such as the numbering of events.
func (p *Proxy) Fewest(want int, do func()) int {
	fewest := 1 << 30
	for range 40 {
		before := p.atRest()
		do()
		if fewest = min(fewest, p.Turns()-before); fewest <= want {
			break
		}
	}
	return fewest
}

// atRest waits until for some milliseconds nobody had a turn, a second at most, and returns how many there were.
func (p *Proxy) atRest() int {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	turns := p.Turns()
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		<-look.C
		now := p.Turns()
		if now == turns {
			break
		}
		turns = now
	}
	return turns
}

// Asked returns how many connections were tried so far.
func (p *Proxy) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// BreakAt breaks all connections once, at the nth question from now on: before the server has it, or before its answer comes. New ones are
// let through. 0 breaks none.
func (p *Proxy) BreakAt(nth int, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = turn{}
	if nth > 0 {
		p.broken = turn{p.turns + nth, answered}
	}
}

// says notes that one side of a conversation says something, and reports false if that is where it breaks.
func (p *Proxy) says(last *bool, server bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *last && !server {
		p.turns++
	}
	*last = server
	if p.broken != (turn{p.turns, server}) {
		return true
	}
	p.broken = turn{}
	for conn := range p.open {
		_ = conn.Close()
	}
	return false
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(conn) })
	}
}

func (p *Proxy) serve(near net.Conn) {
	defer near.Close() //nolint:errcheck // both ends go together
	if !p.admit(near) {
		return
	}
	defer p.dismiss(near)
	far, err := net.Dial(p.network, p.address)
	if err != nil {
		return // as if the server had refused
	}
	defer far.Close() //nolint:errcheck // both ends go together
	server := true    // said the last thing, so that the client is next
	p.running.Go(func() {
		_, _ = io.Copy(side{far, p, &server, false}, near)
		_ = far.Close()
	})
	_, _ = io.Copy(side{near, p, &server, true}, far)
}

// side passes on what one side says; what the server says as slowly as its proxy is.
type side struct {
	to     io.Writer
	p      *Proxy
	last   *bool // whether it was the server who spoke last
	server bool
}

// Write implements io.Writer.
func (s side) Write(b []byte) (int, error) {
	if !s.p.says(s.last, s.server) {
		return 0, io.ErrClosedPipe
	}
	if s.server {
		s.p.mu.Lock()
		by, silent := s.p.delay, s.p.silent
		s.p.mu.Unlock()
		time.Sleep(by)
		if silent != nil {
			<-silent
		}
	}
	return s.to.Write(b)
}

func (p *Proxy) admit(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if !p.cut {
		p.open[conn] = struct{}{}
	}
	return !p.cut
}

func (p *Proxy) dismiss(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
}
