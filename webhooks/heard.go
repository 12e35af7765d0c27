package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"time"
)

// heard is a connection of HTTP/1.1 that keeps the head of an answer as it came. The library makes a map of it, which tells nothing of the
// order in which the headers came.
type heard struct {
	net.Conn
	mu      sync.Mutex
	awaited bool // an answer is
	head    []byte
}

// hearing wraps what a dialer opens.
func hearing(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		opened, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &heard{Conn: opened}, nil
	}
}

// secured opens connections with TLS, as transport would by itself. It returns those of HTTP/1.1 so that their answers can be heard; those
// of HTTP/2 the transport has to know by their type.
func secured(transport *http.Transport, dial dialFunc, timeout time.Duration) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		opened, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		config := transport.TLSClientConfig.Clone()
		config.ServerName = host
		secure := tls.Client(opened, config)
		if err := handshake(ctx, secure, timeout); err != nil {
			_ = opened.Close() // nothing was sent yet
			return nil, err
		}
		if secure.ConnectionState().NegotiatedProtocol == "h2" {
			return secure, nil
		}
		return &heard{Conn: secure}, nil
	}
}

func handshake(ctx context.Context, secure *tls.Conn, timeout time.Duration) error {
	trace := httptrace.ContextClientTrace(ctx)
	trace.TLSHandshakeStart()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := secure.HandshakeContext(ctx)
	trace.TLSHandshakeDone(secure.ConnectionState(), err)
	return err
}

// Read implements net.Conn.
func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.awaited {
		h.head = append(h.head, p[:n]...)
		h.awaited = len(h.head) < maxHeaderBytes
	}
	return n, err
}

// await begins to keep what comes.
func (h *heard) await() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.awaited, h.head = true, nil
}

// order returns the names of the headers of the answer that came since await, one for each line; nil if it cannot tell. It keeps nothing
// any more.
func (h *heard) order() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	head := h.head
	h.awaited, h.head = false, nil
	return headerOrder(head)
}

// headerOrder returns the names of the headers of the first answer in what came that is not merely informational, or nil if it does not
// end there.
func headerOrder(came []byte) (names []string) {
	begins, informs := true, false
	for line := range bytes.Lines(came) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case begins:
			names, begins, informs = nil, false, isInformational(line)
		case len(line) > 0:
			// A line that begins with a space goes on with the one before (RFC 9112, section 5.2).
			if name, _, isHeader := bytes.Cut(line, []byte{':'}); isHeader && line[0] != ' ' && line[0] != '\t' {
				names = append(names, textproto.CanonicalMIMEHeaderKey(string(name)))
			}
		case !informs:
			return names
		default:
			begins = true
		}
	}
	return nil
}

// isInformational reports whether a status line is one after which the answer is still to come. 101 is the answer itself.
func isInformational(line []byte) bool {
	_, status, _ := bytes.Cut(line, []byte{' '})
	return bytes.HasPrefix(status, []byte{'1'}) && !bytes.HasPrefix(status, []byte("101"))
}
