package webhooks

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
)

// failed notes why an exchange brought no answer. What the network or this side says about it is for the log; what the receiver says, in
// its answer or its certificate, is for its owner.
func (r *Result) failed(err error, e *exchange, expired bool) {
	r.Code, r.Detail = classify(err, e, expired)
	if r.Code != CodeProtocolError && r.Code != CodeTLSError {
		r.Cause = detail(err)
	}
}

// classify names the failure of an exchange that brought no answer, in a word and in a sentence. Types decide, never texts; where the
// standard library has no type, the phase the exchange had reached does. The sentence names the host as the URL does, and no address.
func classify(err error, e *exchange, expired bool) (Code, string) {
	p := e.phase()
	var dns *net.DNSError
	var proxy *proxyError
	switch {
	case p.blocked != nil && !p.connected:
		return CodeBlockedAddress, oneLine(e.host + " leads to an address that is not permitted")
	case expired:
		return CodeTimeout, "no answer in time " + p.activity()
	case p.opened > maxOpened:
		return CodeConnectionClosed, "the receiver ended each connection before it began with the request"
	case isLocal(err):
		return CodeLocalError, "this side was short of files, ports or memory"
	case errors.As(err, &proxy):
		return proxy.code(), detail(err)
	case isProxyDial(err):
		return CodeProxyError, "this side cannot reach its proxy"
	case errors.As(err, &dns):
		return CodeDNSError, noAddress(e.host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return CodeConnectionRefused, oneLine("nothing listens at " + e.host)
	case isTLS(err):
		return CodeTLSError, tlsDetail(err)
	case p.certificateAsked && !p.reused && !p.firstByte:
		return CodeTLSError, "the receiver asked for a certificate of the sender and ended the connection"
	case isReset(err), p.ending() == endedReset:
		return CodeConnectionReset, "the receiver broke off " + p.activity()
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return CodeUnreachable, oneLine("there is no way to " + e.host)
	case isTimeout(err):
		return CodeTimeout, "no answer in time " + p.activity()
	case p.inTLS && !isEnd(err):
		return CodeTLSError, tlsDetail(err)
	case isEnd(err), p.ending() == endedClosed, p.connected && !p.firstByte && p.http1:
		return CodeConnectionClosed, "the receiver closed the connection " + p.activity()
	}
	return CodeProtocolError, protocolDetail(err)
}

// noAddress says that a host has none.
func noAddress(host string) string { return oneLine("no address was found for " + host) }

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

// alertOf returns the error of an alert of TLS, which has a type of its own only where it is wrapped.
func alertOf(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") {
		return op.Err
	}
	return nil
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) || alertOf(err) != nil
}

// tlsDetail says what is wrong with a certificate or a handshake, without the addresses of the connection.
func tlsDetail(err error) string {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch alert := alertOf(err); {
	case errors.As(err, &certificate):
		return detail(certificate)
	case errors.As(err, &record):
		return oneLine(record.Msg)
	case alert != nil:
		return detail(alert)
	case errors.As(err, &op):
		return "the TLS handshake failed"
	}
	return detail(err)
}

// protocolDetail says what is wrong with an answer, unless the error is one of a connection, which has addresses in it.
func protocolDetail(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return "the connection failed"
	}
	return detail(err)
}

// isReset finds what the other side broke off. A stream whose reset says that the protocol was violated is no such thing: that is how the
// transport itself ends one whose answer it cannot read.
func isReset(err error) bool {
	var reset streamReset
	if errors.As(err, &reset) {
		const protocolError = 1 // RFC 9113, section 7
		return reset.Code != protocolError
	}
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
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
