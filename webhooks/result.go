package webhooks

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Code says why an attempt failed; it is part of the API. Empty means success.
type Code string

// The codes. The last three are no fault of the receiver and use up no attempt.
const (
	CodeTimeout           Code = "timeout"            // no answer within the time for the whole exchange
	CodeDNSError          Code = "dns_error"          // the name does not exist, or its servers fail
	CodeConnectionRefused Code = "connection_refused" // nothing listens there
	CodeUnreachable       Code = "unreachable"        // no route there, or the proxy found none
	CodeConnectionReset   Code = "connection_reset"   // broken off by the receiver's system
	CodeConnectionClosed  Code = "connection_closed"  // ended by the receiver without a complete answer
	CodeTLSError          Code = "tls_error"          // certificate, version or handshake
	CodeBlockedAddress    Code = "blocked_address"    // the guard does not permit the address
	CodeProtocolError     Code = "protocol_error"     // the answer is not HTTP, or its headers do not end
	CodeRedirect          Code = "redirect"           // answered with 3xx, which is not followed
	CodeStatus            Code = "http_status"        // answered with another status outside 2xx
	CodeInvalidRequest    Code = "invalid_request"    // the endpoint's URL or secret cannot be used
	CodeCancelled         Code = "cancelled"          // this side ended the exchange, for example to shut down
	CodeLocalError        Code = "local_error"        // this side is out of files, ports or memory
	CodeProxyError        Code = "proxy_error"        // the configured proxy cannot be reached
)

// OurFault tells whether the receiver had no part in the failure.
func (c Code) OurFault() bool {
	return c == CodeCancelled || c == CodeLocalError || c == CodeProxyError
}

// Control is what a receiver asks for in the header webhook-delivery of its answer.
type Control string

// The requests a receiver can make, an extension known from Svix.
const (
	ControlDisable Control = "disable"       // send nothing any more
	ControlAbort   Control = "abort-message" // do not try this event again
)

// Timings are measured from the start of the exchange, except for the durations of its three first phases, which are zero over a
// kept connection.
type Timings struct {
	DNS, Connect, TLS      time.Duration
	Sent, FirstByte, Total time.Duration
}

// Result is how one attempt went.
type Result struct {
	Code       Code
	Detail     string // one line for people, safe to show to the endpoint's owner
	Status     int    // 0 without an answer
	Header     http.Header
	Head       []byte // of the body, as received
	Truncated  bool   // the body was longer than Head
	RetryAfter time.Duration
	Control    Control
	Address    netip.AddrPort // connected to; the proxy's, if there is one
	Protocol   string
	Reused     bool
	Tries      int
	Started    time.Time
	Timings    Timings
}

// Succeeded tells whether the receiver took the event.
func (r Result) Succeeded() bool { return r.Code == "" }

// LogValue is the wide line of one attempt: nothing the receiver wrote is in it.
func (r Result) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("code", string(r.Code)), slog.Int("status", r.Status), slog.String("address", r.Address.String()),
		slog.Int("tries", r.Tries), slog.Duration("dns", r.Timings.DNS), slog.Duration("connect", r.Timings.Connect),
		slog.Duration("tls", r.Timings.TLS), slog.Duration("first_byte", r.Timings.FirstByte), slog.Duration("total", r.Timings.Total),
	)
}

// answered takes over status and headers; it decides the attempt.
func (r *Result) answered(response *http.Response, now time.Time) {
	r.Status, r.Protocol = response.StatusCode, response.Proto
	r.Header = keptHeaders(response.Header)
	r.Control = controlOf(response.Header)
	switch {
	case r.Status >= 200 && r.Status <= 299:
		return
	case r.Status >= 300 && r.Status <= 399:
		r.Code, r.Detail = CodeRedirect, "redirects are not followed; save the endpoint under its final URL"
	default:
		r.Code, r.Detail = CodeStatus, oneLine("answered "+strings.TrimSpace(response.Proto+" "+response.Status))
	}
	r.RetryAfter = retryAfter(response.Header, now)
}

// keptHeaders are those that help to find out what went wrong.
func keptHeaders(all http.Header) http.Header {
	const maxValue = 256
	kept := http.Header{}
	for _, name := range []string{
		"Content-Type", "Content-Encoding", "Content-Length", "Date", "Location", "Retry-After", "Server", "Via", "Webhook-Delivery",
		"X-Request-Id",
	} {
		if value := all.Get(name); value != "" {
			kept.Set(name, value[:min(len(value), maxValue)])
		}
	}
	return kept
}

func controlOf(header http.Header) Control {
	switch c := Control(strings.ToLower(strings.TrimSpace(header.Get("Webhook-Delivery")))); c {
	case ControlDisable, ControlAbort:
		return c
	}
	return ""
}

// readHead keeps the head of the body and drains a little more, so that short answers leave the connection usable.
func (r *Result) readHead(body io.Reader) {
	head, err := io.ReadAll(io.LimitReader(body, maxHeadBytes))
	r.Head = head
	if err == nil && len(head) == maxHeadBytes {
		rest, _ := io.CopyN(io.Discard, body, maxDrainBytes-maxHeadBytes)
		r.Truncated = rest > 0
	}
}

// classify names the failure of an exchange that brought no answer. Types decide, never texts; where the standard library has no
// type, the phase the exchange had reached does.
func classify(err error, e *exchange, expired bool) (Code, string) {
	p := e.phase()
	var dns *net.DNSError
	var proxy *proxyError
	switch {
	case p.blocked != nil && !p.connected:
		return CodeBlockedAddress, detail(p.blocked)
	case expired:
		return CodeTimeout, "no answer in time " + p.activity()
	case isLocal(err):
		return CodeLocalError, detail(err)
	case errors.As(err, &proxy):
		if proxy.status == http.StatusForbidden || proxy.status == http.StatusProxyAuthRequired {
			return CodeBlockedAddress, detail(err)
		}
		return CodeUnreachable, detail(err)
	case isProxyDial(err):
		return CodeProxyError, detail(err)
	case errors.As(err, &dns):
		return CodeDNSError, detail(err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return CodeConnectionRefused, "nothing listens at " + p.target
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED), isStreamReset(err):
		return CodeConnectionReset, "the receiver broke off " + p.activity()
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return CodeUnreachable, detail(err)
	case isTimeout(err):
		return CodeTimeout, "no answer in time " + p.activity()
	case isTLS(err), p.inTLS && !isEnd(err):
		return CodeTLSError, detail(err)
	case isEnd(err), p.connected && !p.firstByte && p.http1:
		return CodeConnectionClosed, "the receiver closed the connection " + p.activity()
	}
	return CodeProtocolError, detail(err)
}

// isLocal finds shortages of this machine. Anything else might be the receiver's doing.
func isLocal(err error) bool {
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func isProxyDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// streamReset has the shape of http2.StreamError. The copy of HTTP/2 inside net/http fills in any type of that shape, so that
// programs need not import the other copy: see net/http/h2_error.go.
type streamReset struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamReset) Error() string { return "the receiver reset the stream" }

func isStreamReset(err error) bool {
	var reset streamReset
	return errors.As(err, &reset)
}

// detail is the error in one bounded, printable line. Errors of the transport name hosts and addresses, never paths or queries.
func detail(err error) string { return oneLine(err.Error()) }

// oneLine bounds a text and makes it printable.
func oneLine(text string) string {
	const maxDetail = 300
	shown := Printable(text)
	if len(shown) > maxDetail {
		shown = strings.ToValidUTF8(shown[:maxDetail], "") + "…"
	}
	return shown
}
