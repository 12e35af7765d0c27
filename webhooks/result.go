package webhooks

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
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
	Detail     string      // one line for the endpoint's owner, which tells nothing of the network that this side is in
	Cause      string      // one line for the log: the error of a network or of this side, with its addresses
	Status     int         // 0 without an answer
	Sent       [][2]string // the headers of the request, in their order, with all values
	Header     [][2]string // those of the answer that help to find out what went wrong, in their order where that is known
	Head       []byte      // of the body, as received
	Truncated  bool        // the body was longer than Head
	RetryAfter time.Duration
	Control    Control
	Address    netip.AddrPort // connected to, if it is a public one: its owner may know it
	Peer       netip.AddrPort // connected to, whatever it is; the proxy's, if there is one
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
	address := ""
	if r.Peer.IsValid() { // it came to a connection
		address = r.Peer.String()
	}
	attributes := []slog.Attr{
		slog.String("code", string(r.Code)), slog.Int("status", r.Status), slog.String("address", address),
		slog.Int("tries", r.Tries), slog.Duration("dns", r.Timings.DNS), slog.Duration("connect", r.Timings.Connect),
		slog.Duration("tls", r.Timings.TLS), slog.Duration("first_byte", r.Timings.FirstByte), slog.Duration("total", r.Timings.Total),
	}
	if r.Cause != "" {
		attributes = append(attributes, slog.String("error", r.Cause))
	}
	return slog.GroupValue(attributes...)
}

// answered takes over status and headers; it decides the attempt. order has the names of the headers as they came, if that is known.
func (r *Result) answered(response *http.Response, order []string, now time.Time) {
	r.Status, r.Protocol = response.StatusCode, response.Proto
	r.Header = keptHeaders(response.Header, order)
	r.Control = controlOf(response.Header)
	switch {
	case r.Status < 100:
		r.Status, r.Code, r.Detail = 0, CodeProtocolError, fmt.Sprintf("the status %03d is none of HTTP", response.StatusCode)
		return
	case r.Status >= 200 && r.Status <= 299:
		return
	case r.Status >= 300 && r.Status <= 399:
		r.Code, r.Detail = CodeRedirect, "redirects are not followed; save the endpoint under its final URL"
	default:
		r.Code, r.Detail = CodeStatus, oneLine("answered "+strings.TrimSpace(response.Proto+" "+response.Status))
	}
	r.RetryAfter = retryAfter(response.Header, now)
}

// telling are the headers of an answer that help to find out what went wrong.
func telling(name string) bool {
	switch name {
	case "Content-Type", "Content-Encoding", "Content-Length", "Date", "Location", "Retry-After", "Server", "Via", "Webhook-Delivery",
		"X-Request-Id":
		return true
	}
	return false
}

// keptHeaders are those that help to find out what went wrong, in the order of names that came, and by name as far as that does not say.
func keptHeaders(all http.Header, order []string) (kept [][2]string) {
	const maxValue, maxValues = 256, 4
	told := map[string]int{} // values of each
	tell := func(name string) {
		values := all[name]
		if n := told[name]; telling(name) && n < min(len(values), maxValues) {
			told[name]++
			kept = append(kept, [2]string{name, values[n][:min(len(values[n]), maxValue)]})
		}
	}
	for _, name := range order {
		tell(name)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for range all[name] {
			tell(name)
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

// detail is the error in one bounded, printable line.
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
