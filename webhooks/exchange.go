package webhooks

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync"
	"time"

	"roster/models/target"
)

// exchangeKey finds the exchange in the context of its dials.
type exchangeKey struct{}

// exchange watches one round trip, and ends its connection if nothing else does. The transport may go on dialling in the background after
// the trip has ended, so what it notes is behind the lock and read as a copy.
type exchange struct {
	scheme  string
	host    string // as the URL has it
	started time.Time
	over    chan struct{}
	giveUp  context.CancelFunc // ends the round trip

	mu sync.Mutex
	p  progress
}

func newExchange(scheme, host string, started time.Time) *exchange {
	return &exchange{scheme: scheme, host: host, started: started, over: make(chan struct{})}
}

// progress is how far an exchange has come, and when.
type progress struct {
	resolving, dialling, inTLS bool // under way now
	connected, reused, http1   bool
	certificateAsked           bool        // in the TLS handshake, of us
	sent                       [][2]string // the headers, as they went out
	written, firstByte         bool
	opened                     int // connections, of which the receiver ended all but the last
	dnsAt, connectAt, tlsAt    time.Time
	dns, connect, tls          time.Duration
	sentAfter, firstByteAfter  time.Duration
	address                    netip.AddrPort
	conn                       *conn
	heard                      *heard // of HTTP/1.1, unless it is one with TLS through a proxy
	blocked                    *target.BlockedError
}

func (e *exchange) note(change func(p *progress)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.p)
}

func (e *exchange) noteBlocked(err error) {
	var blocked *target.BlockedError
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
		Started: e.started, Peer: p.address, Reused: p.reused, Sent: p.sent,
		Timings: Timings{DNS: p.dns, Connect: p.connect, TLS: p.tls, Sent: p.sentAfter, FirstByte: p.firstByteAfter},
	}
}

// lostKeptConnection tells whether a connection from an earlier exchange broke before the first byte of the answer. A stream that
// was reset alone is an answer of sorts.
func (e *exchange) lostKeptConnection(err error) bool {
	p := e.phase()
	return p.connected && p.reused && !p.firstByte && !isStreamReset(err)
}

// severAfter is how long the transport has to reset a stream of HTTP/2 by itself.
const severAfter = time.Second

// holdTo closes the connection when ctx ends, if the exchange is not over by then. The transport ends what it reads or writes itself; but
// what follows a 101 it leaves to its caller, and with HTTP/2 it may wait for a receiver that takes nothing more in, to give it room for
// its answer. A connection of HTTP/2 has other exchanges, so it is closed only if resetting the stream was not enough. release must be
// called when the exchange is over.
func (e *exchange) holdTo(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() {
		if !e.phase().http1 {
			timer := time.NewTimer(severAfter)
			defer timer.Stop()
			select {
			case <-e.over:
			case <-timer.C:
			}
		}
		select {
		case <-e.over:
		default:
			e.sever()
		}
	})
	return func() {
		close(e.over)
		stop()
	}
}

// sever closes the connection at once, without the farewell that TLS would wait to send.
func (e *exchange) sever() {
	if c := e.phase().conn; c != nil {
		_ = c.Close() // whatever was to be sent is given up
	}
}

// watch returns a context whose round trip reports to e.
func (e *exchange) watch(ctx context.Context) context.Context {
	ctx, e.giveUp = context.WithCancel(context.WithValue(ctx, exchangeKey{}, e))
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) {
			e.note(func(p *progress) { p.resolving, p.dnsAt = true, time.Now() })
		},
		DNSDone: func(httptrace.DNSDoneInfo) {
			e.note(func(p *progress) { p.resolving, p.dns = false, time.Since(p.dnsAt) })
		},
		ConnectStart: func(string, string) {
			e.note(func(p *progress) {
				if p.connectAt.IsZero() { // several addresses may be tried, also at once
					p.connectAt = time.Now()
				}
				p.dialling = true
			})
		},
		ConnectDone: func(string, string, error) {
			e.note(func(p *progress) { p.dialling, p.connect = false, time.Since(p.connectAt) })
		},
		TLSHandshakeStart: e.handshakeStart,
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			e.note(func(p *progress) { p.inTLS, p.tls = err != nil, time.Since(p.tlsAt) })
		},
		GotConn:          e.gotConn,
		WroteHeaderField: e.wroteHeaderField,
		WroteRequest: func(httptrace.WroteRequestInfo) {
			e.note(func(p *progress) { p.written, p.sentAfter = true, time.Since(e.started) })
		},
		GotFirstResponseByte: func() { e.note(func(p *progress) { p.firstByte, p.firstByteAfter = true, time.Since(e.started) }) },
	})
}

// handshakeStart may be called again by the transport when the handshake is done, see secured.
func (e *exchange) handshakeStart() {
	e.note(func(p *progress) {
		if p.inTLS = true; p.tlsAt.IsZero() {
			p.tlsAt = time.Now()
		}
	})
}

// wroteHeaderField notes what the receiver is sent. What is meant for a proxy is no part of that, and is ours to know.
func (e *exchange) wroteHeaderField(name string, values []string) {
	if strings.EqualFold(name, "Proxy-Authorization") {
		return
	}
	e.note(func(p *progress) {
		for _, value := range values {
			p.sent = append(p.sent, [2]string{name, value})
		}
	})
}

// order returns the names of the headers of the answer, one for each line as they came; nil if that is not known.
func (e *exchange) order() []string {
	if h := e.phase().heard; h != nil {
		return h.order()
	}
	return nil
}

// maxOpened is how many connections one round trip may open. The transport opens another one by itself when a receiver says that it has not
// begun with the request (GOAWAY of HTTP/2), for as long as it says so.
const maxOpened = 2

// gotConn may be called again when the transport found a connection closed before the receiver began with the request. What was
// noted of its headers until then did not go out.
func (e *exchange) gotConn(info httptrace.GotConnInfo) {
	address, _ := netip.ParseAddrPort(info.Conn.RemoteAddr().String())
	secure, isTLS := info.Conn.(*tls.Conn)
	http1 := !isTLS || secure.ConnectionState().NegotiatedProtocol != "h2"
	answers, _ := info.Conn.(*heard)
	if answers != nil {
		answers.await()
	}
	e.note(func(p *progress) {
		p.connected, p.reused, p.http1, p.address, p.conn = true, info.Reused, http1, address, connOf(info.Conn)
		p.inTLS, p.dialling, p.resolving = false, false, false
		p.heard, p.sent = answers, nil
		if !info.Reused {
			p.opened++
		}
		if p.opened > maxOpened {
			e.giveUp()
		}
	})
}

// noCertificate answers a receiver that asks for a certificate of ours: there is none. With TLS 1.3 it refuses that only after the
// handshake.
func noCertificate(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	if e, _ := info.Context().Value(exchangeKey{}).(*exchange); e != nil {
		e.note(func(p *progress) { p.certificateAsked = true })
	}
	return &tls.Certificate{}, nil
}

// ending is how the other side has ended the connection.
func (p progress) ending() ending {
	if p.conn == nil {
		return notEnded
	}
	return p.conn.ending()
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
		return "while connecting"
	}
	return "before a connection was made"
}
