package webhookstest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Request is one request a receiver has read to its end.
type Request struct {
	ID, Timestamp, Signature string
	Method, Path             string
	Header                   http.Header
	Body                     []byte
	Connection               int // counted from 1
}

// Verify checks the signature and that the attempt was made within five minutes of now, with the official library.
func (q Request) Verify(secret string) error {
	webhook, err := official(secret)
	if err != nil {
		return err
	}
	return webhook.Verify(q.Body, q.Header)
}

// VerifyAtAnyTime checks the signature only, for tests that move the clock.
func (q Request) VerifyAtAnyTime(secret string) error {
	webhook, err := official(secret)
	if err != nil {
		return err
	}
	return webhook.VerifyIgnoringTimestamp(q.Body, q.Header)
}

func official(secret string) (*standardwebhooks.Webhook, error) {
	if strings.HasPrefix(secret, "whsec_") {
		return standardwebhooks.NewWebhook(secret)
	}
	return standardwebhooks.NewWebhookRaw([]byte(secret))
}

// Receiver is a webhook receiver. It answers each request with the next answer of its script; the last one repeats.
type Receiver struct {
	listener net.Listener
	scheme   string

	mu          sync.Mutex
	script      []Answer
	requests    []Request
	changed     chan struct{} // closed and replaced when requests grows
	connections int
	open        map[net.Conn]struct{}
	closed      bool
	closing     chan struct{}
	running     sync.WaitGroup
}

// NewReceiver starts a receiver on a free port of 127.0.0.1.
func NewReceiver(tb testing.TB, script ...Answer) *Receiver {
	tb.Helper()
	return start(tb, "127.0.0.1:0", nil, script)
}

// NewReceiverAt starts a receiver on the given loopback address, port 0 for a free one.
func NewReceiverAt(tb testing.TB, address string, script ...Answer) *Receiver {
	tb.Helper()
	return start(tb, address, nil, script)
}

// NewTLSReceiver starts a receiver that speaks TLS as configured, for example by an Authority.
func NewTLSReceiver(tb testing.TB, config *tls.Config, script ...Answer) *Receiver {
	tb.Helper()
	return start(tb, "127.0.0.1:0", config, script)
}

func start(tb testing.TB, address string, config *tls.Config, script []Answer) *Receiver {
	tb.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		tb.Fatalf("start a receiver: %v", err)
	}
	r := &Receiver{listener: listener, scheme: "http", script: script,
		changed: make(chan struct{}), closing: make(chan struct{}), open: map[net.Conn]struct{}{}}
	if len(script) == 0 {
		r.script = []Answer{Status(http.StatusOK)}
	}
	if config != nil {
		r.listener, r.scheme = tls.NewListener(listener, config), "https"
	}
	r.running.Go(r.accept)
	tb.Cleanup(r.Close)
	return r
}

// URL returns the root of the receiver by its address.
func (r *Receiver) URL() string { return r.scheme + "://" + r.listener.Addr().String() + "/" }

// URLAt returns the root of the receiver under a host name.
func (r *Receiver) URLAt(host string) string {
	return fmt.Sprintf("%s://%s:%d/", r.scheme, host, r.Address().Port())
}

// Address returns where the receiver listens.
func (r *Receiver) Address() netip.AddrPort {
	return netip.MustParseAddrPort(r.listener.Addr().String())
}

// Script replaces the answers to the requests that come from now on.
func (r *Receiver) Script(script ...Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = script
}

// Requests returns everything received so far.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Connections returns how many connections were accepted so far.
func (r *Receiver) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connections
}

// Wait returns the requests as soon as there are n, or with an error when ctx ends.
func (r *Receiver) Wait(ctx context.Context, n int) ([]Request, error) {
	for {
		r.mu.Lock()
		requests, changed := slices.Clone(r.requests), r.changed
		r.mu.Unlock()
		if len(requests) >= n {
			return requests, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return requests, fmt.Errorf("wait for %d requests, %d came: %w", n, len(requests), ctx.Err())
		}
	}
}

// Close ends the listener and every connection, and waits until they are gone.
func (r *Receiver) Close() {
	r.mu.Lock()
	if !r.closed {
		close(r.closing)
	}
	r.closed = true
	_ = r.listener.Close()
	for conn := range r.open {
		_ = conn.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *Receiver) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			_ = conn.Close()
			return
		}
		r.connections++
		number := r.connections
		r.open[conn] = struct{}{}
		r.running.Go(func() { r.serve(conn, number) })
		r.mu.Unlock()
	}
}

func (r *Receiver) serve(conn net.Conn, number int) {
	defer func() {
		_ = conn.Close()
		r.mu.Lock()
		delete(r.open, conn)
		r.mu.Unlock()
	}()
	x := &Exchange{Conn: conn, in: bufio.NewReader(conn), receiver: r, number: number}
	for {
		// A connection that is opened ahead and never used takes no answer out of the script.
		if _, err := x.in.Peek(1); err != nil {
			return
		}
		x.keep = false
		r.next()(x)
		if !x.keep {
			return
		}
	}
}

func (r *Receiver) next() Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := r.script[0]
	if len(r.script) > 1 {
		r.script = r.script[1:]
	}
	return answer
}

func (r *Receiver) record(q Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, q)
	close(r.changed)
	r.changed = make(chan struct{})
}

// Answer is how a receiver treats one request. It is called when the first byte of the request has come.
type Answer func(x *Exchange)

// Exchange is one request and its answer, as seen by the receiver. The connection is closed after it unless Keep is called.
type Exchange struct {
	Conn     net.Conn
	in       *bufio.Reader
	receiver *Receiver
	number   int
	keep     bool
}

// Read reads and records the request; it returns false if the sender did not complete it.
func (x *Exchange) Read() bool {
	request, ok := x.ReadHead()
	return ok && x.ReadBody(request)
}

// ReadHead reads the request up to its body.
func (x *Exchange) ReadHead() (*http.Request, bool) {
	request, err := http.ReadRequest(x.in)
	return request, err == nil
}

// ReadBody reads the rest of a request and records it.
func (x *Exchange) ReadBody(request *http.Request) bool {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return false
	}
	x.receiver.record(Request{
		ID: request.Header.Get("webhook-id"), Timestamp: request.Header.Get("webhook-timestamp"),
		Signature: request.Header.Get("webhook-signature"), Method: request.Method, Path: request.RequestURI,
		Header: request.Header, Body: body, Connection: x.number,
	})
	return true
}

// Write sends text as it is; it returns false when the sender has gone.
func (x *Exchange) Write(text string) bool {
	_, err := io.WriteString(x.Conn, text)
	return err == nil
}

// WriteForEver sends the same bytes again and again until the sender has gone.
func (x *Exchange) WriteForEver(bytes []byte) {
	for {
		if _, err := x.Conn.Write(bytes); err != nil {
			return
		}
	}
}

// Respond sends a complete answer. The headers are whole lines without their ends.
func (x *Exchange) Respond(status int, body []byte, headers ...string) bool {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", status, http.StatusText(status), len(body))
	for _, header := range headers {
		b.WriteString(header + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	_, err := x.Conn.Write(b.Bytes())
	return err == nil
}

// Keep leaves the connection open for another request.
func (x *Exchange) Keep() { x.keep = true }

// Hang stays silent until the sender gives up or the receiver is closed.
func (x *Exchange) Hang() { _, _ = io.Copy(io.Discard, x.in) }

// Await waits for a signal; it returns false if the receiver is closed before.
func (x *Exchange) Await(signal <-chan struct{}) bool {
	select {
	case <-signal:
		return true
	case <-x.receiver.closing:
		return false
	}
}

// Reset ends the connection with a TCP reset instead of an orderly close.
func (x *Exchange) Reset() {
	conn := x.Conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
