package webhooks

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptrace"
	"net/netip"
	"sync"
	"time"
)

// exchangeKey finds the exchange in the context of its dials.
type exchangeKey struct{}

// exchange watches one round trip. The transport may go on dialling in the background after the trip has ended, so what it notes
// is behind the lock and read as a copy.
type exchange struct {
	scheme  string
	started time.Time

	mu sync.Mutex
	p  progress
}

// progress is how far an exchange has come, and when.
type progress struct {
	resolving, dialling, inTLS bool // under way now
	connected, reused, http1   bool
	written, firstByte         bool
	dnsAt, connectAt, tlsAt    time.Time
	dns, connect, tls          time.Duration
	sentAfter, firstByteAfter  time.Duration
	target                     string // last address dialled
	address                    netip.AddrPort
	blocked                    *BlockedError
}

func (e *exchange) note(change func(p *progress)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.p)
}

func (e *exchange) noteBlocked(err error) {
	var blocked *BlockedError
	if errors.As(err, &blocked) {
		e.note(func(p *progress) { p.blocked = blocked })
	}
}

func (e *exchange) phase() progress {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.p
}

func (e *exchange) result() Result {
	p := e.phase()
	return Result{
		Started: e.started, Address: p.address, Reused: p.reused,
		Timings: Timings{DNS: p.dns, Connect: p.connect, TLS: p.tls, Sent: p.sentAfter, FirstByte: p.firstByteAfter},
	}
}

// lostKeptConnection tells whether a connection from an earlier exchange broke before the first byte of the answer. A stream that
// was reset alone is an answer of sorts.
func (e *exchange) lostKeptConnection(err error) bool {
	p := e.phase()
	return p.connected && p.reused && !p.firstByte && !isStreamReset(err)
}

// watch returns a context whose round trip reports to e.
func (e *exchange) watch(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, exchangeKey{}, e)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) {
			e.note(func(p *progress) { p.resolving, p.dnsAt = true, time.Now() })
		},
		DNSDone: func(httptrace.DNSDoneInfo) {
			e.note(func(p *progress) { p.resolving, p.dns = false, time.Since(p.dnsAt) })
		},
		ConnectStart: func(_, address string) {
			e.note(func(p *progress) {
				if p.connectAt.IsZero() { // several addresses may be tried, also at once
					p.connectAt = time.Now()
				}
				p.dialling, p.target = true, address
			})
		},
		ConnectDone: func(string, string, error) {
			e.note(func(p *progress) { p.dialling, p.connect = false, time.Since(p.connectAt) })
		},
		TLSHandshakeStart: func() { e.note(func(p *progress) { p.inTLS, p.tlsAt = true, time.Now() }) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			e.note(func(p *progress) { p.inTLS, p.tls = err != nil, time.Since(p.tlsAt) })
		},
		GotConn: e.gotConn,
		WroteRequest: func(httptrace.WroteRequestInfo) {
			e.note(func(p *progress) { p.written, p.sentAfter = true, time.Since(e.started) })
		},
		GotFirstResponseByte: func() { e.note(func(p *progress) { p.firstByte, p.firstByteAfter = true, time.Since(e.started) }) },
	})
}

// gotConn may be called again when the transport found a kept connection closed before it wrote to it.
func (e *exchange) gotConn(info httptrace.GotConnInfo) {
	address, _ := netip.ParseAddrPort(info.Conn.RemoteAddr().String())
	secure, isTLS := info.Conn.(*tls.Conn)
	http1 := !isTLS || secure.ConnectionState().NegotiatedProtocol != "h2"
	e.note(func(p *progress) {
		p.connected, p.reused, p.http1, p.address = true, info.Reused, http1, address
		p.inTLS, p.dialling, p.resolving = false, false, false
	})
}

// activity says in words what was under way.
func (p progress) activity() string {
	switch {
	case p.connected && p.firstByte:
		return "in the middle of its answer"
	case p.connected && p.written:
		return "after the request was sent"
	case p.connected:
		return "while the request was being sent"
	case p.inTLS:
		return "during the TLS handshake"
	case p.resolving:
		return "while its name was being resolved"
	case p.dialling:
		return "while connecting to " + p.target
	}
	return "before a connection was made"
}
