package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"roster/models"
	"roster/models/target"
)

const (
	maxHeaderBytes = 32 << 10 // of a response; more is a protocol error
	maxHeadBytes   = 16 << 10 // of a response body, kept for the history
	maxDrainBytes  = 64 << 10 // of a response body, read so that the connection can be used again
	idleTimeout    = 30 * time.Second
)

// SenderConfig says how deliveries leave the process.
type SenderConfig struct {
	Targets   target.Rules  // where to
	Timeout   time.Duration // for one exchange as a whole: names, connection, TLS, headers and body
	UserAgent string
	// Resolver and RootCAs are the system's when nil, as everywhere in the standard library.
	Resolver *net.Resolver
	RootCAs  *x509.CertPool
	// Proxy is where all deliveries go through; nil means none, whatever HTTP_PROXY says. Targets then hold for the literal
	// hosts of URLs only, and the proxy must keep out the rest.
	Proxy *url.URL
	// IdleConns and IdleConnsPerHost bound the connections kept for the next delivery. A connection beyond them is closed after use.
	IdleConns, IdleConnsPerHost int
}

// Sender makes HTTP exchanges with receivers and nothing else: it does not retry on a schedule and does not remember. It is safe
// for concurrent use.
type Sender struct {
	timeout   time.Duration
	userAgent string
	targets   target.Rules
	proxied   bool
	pooled    *http.Transport
	fresh     *http.Transport // for second tries: never hands out a used connection
}

// NewSender returns a sender with that configuration. Close it when done.
func NewSender(config SenderConfig) *Sender {
	s := &Sender{timeout: config.Timeout, userAgent: config.UserAgent, targets: config.Targets, proxied: config.Proxy != nil}
	s.pooled = newTransport(config)
	s.fresh = newTransport(config)
	s.fresh.DisableKeepAlives = true
	return s
}

// There is no MaxConnsPerHost: many endpoints can share a host, and then a slow one would hold up the others. The caps of the
// lanes bound the connections instead.
func newTransport(config SenderConfig) *http.Transport {
	// The transport dials in the background, without the deadline of the exchange. A dial nobody waits for any more is cancelled,
	// so this timeout only divides the time between several addresses; a little longer, it never ends before the deadline does.
	dialer := &net.Dialer{Timeout: config.Timeout + time.Second, KeepAlive: 15 * time.Second, Resolver: config.Resolver}
	transport := &http.Transport{
		Proxy:                 nil, // not ProxyFromEnvironment: it would lead deliveries around guarded
		DialContext:           hearing(remembering(dialer.DialContext)),
		TLSHandshakeTimeout:   config.Timeout,
		ResponseHeaderTimeout: config.Timeout,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: config.RootCAs, ClientSessionCache: tls.NewLRUClientSessionCache(1024),
			GetClientCertificate: noCertificate,
		},
		DisableCompression:     true, // a compressed answer would expand in our memory
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           config.IdleConns,
		MaxIdleConnsPerHost:    config.IdleConnsPerHost,
		IdleConnTimeout:        idleTimeout,
		ForceAttemptHTTP2:      true,
		// Pings find dead connections.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
	}
	if config.Proxy != nil {
		transport.Proxy = http.ProxyURL(config.Proxy)
		transport.OnProxyConnectResponse = refuseProxyAnswer
	} else {
		dialer.ControlContext = guarded(config.Targets)
		transport.DialTLSContext = secured(transport, remembering(dialer.DialContext), config.Timeout)
	}
	return transport
}

// guarded runs after the name was resolved and before each connection is opened, so that no answer of the DNS gets past it.
func guarded(targets target.Rules) func(context.Context, string, string, syscall.RawConn) error {
	return func(ctx context.Context, network, address string, _ syscall.RawConn) error {
		to, err := dialled(network, address)
		if err != nil {
			return err
		}
		e, _ := ctx.Value(exchangeKey{}).(*exchange)
		if e == nil {
			return errors.New("dial outside an exchange")
		}
		err = targets.Permit(e.scheme, to)
		e.noteBlocked(err)
		return err
	}
}

// Request is one attempt at one delivery.
type Request struct {
	URL     string
	ID      string    // of the event, the same for every attempt
	At      time.Time // of this attempt, which is what the receiver holds against its clock
	Body    []byte
	Secrets []Secret    // newest first
	Header  http.Header // the endpoint's own; names that models.CheckHeader refuses are left out
}

// LogValue leaves out what is secret, or may be: body, headers, and of the URL all but the origin.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(slog.String("event_id", r.ID), slog.String("url", RedactURL(r.URL)))
}

// Send makes one attempt, in the trace that ctx belongs to, and says how it went. It returns within the timeout, or at once when ctx ends,
// whatever the receiver says or does not say. (A stream of HTTP/2 may take severAfter longer.)
//
// A connection kept from an earlier exchange may have been closed by the receiver in the meantime. If it breaks before the first
// byte of an answer, the same request is sent once more over a new connection; that is the only second try.
func (s *Sender) Send(ctx context.Context, r Request) Result {
	started := time.Now()
	deadline, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	request, err := s.build(ctx, r)
	if err != nil {
		return Result{Code: CodeInvalidRequest, Detail: detail(err), Started: started}
	}
	if neverExists(request.URL) {
		return Result{Code: CodeDNSError, Detail: noAddress(request.URL.Host), Started: started, Tries: 1}
	}
	if s.proxied {
		if err := s.targets.CheckURL(r.URL); err != nil {
			return Result{Code: CodeBlockedAddress, Detail: detail(err), Started: started}
		}
	}
	result, lost := s.try(deadline, s.pooled, request, r.At, started)
	result.Tries = 1
	if lost && deadline.Err() == nil {
		result, _ = s.try(deadline, s.fresh, request, r.At, started)
		result.Tries = 2
	}
	if result.Peer.IsValid() && !s.proxied && s.targets.IsPublic(result.Peer.Addr()) {
		result.Address = result.Peer
	}
	if ctx.Err() != nil && result.Status == 0 {
		result.Code, result.Detail = CodeCancelled, "ended by this side before an answer came"
	}
	result.Timings.Total = time.Since(started)
	return result
}

// InvalidDomain is where names end that never exist (RFC 6761, section 6.4). Nothing is sent there, and nobody is asked for an address.
const InvalidDomain = ".invalid"

// neverExists tells whether the host of a URL can have no address.
func neverExists(u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return strings.HasSuffix("."+host, InvalidDomain)
}

// build returns a request that can be sent more than once: its body is set by try.
func (s *Sender) build(ctx context.Context, r Request) (*http.Request, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, errors.New("the URL cannot be read")
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("the URL is not http or https with a host and without a user")
	}
	signature, err := Sign(r.ID, r.At, r.Body, r.Secrets...)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for name, values := range r.Header {
		for _, value := range values {
			if models.CheckHeader(name, value) == nil {
				header.Add(name, value)
			}
		}
	}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", s.userAgent)
	header.Set(HeaderID, r.ID)
	header.Set(HeaderTimestamp, strconv.FormatInt(r.At.Unix(), 10))
	header.Set(HeaderSignature, signature)
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
	return &http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Header: header, ContentLength: int64(len(r.Body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil },
	}, nil
}

// try makes one round trip. It uses the transport and not a client, which would follow redirects and wrap errors in the URL. The
// second value says that a kept connection was lost before it answered.
func (s *Sender) try(ctx context.Context, transport *http.Transport, template *http.Request, at, started time.Time) (Result, bool) {
	e := newExchange(template.URL.Scheme, template.URL.Host, started)
	defer e.holdTo(ctx)()
	request := template.WithContext(e.watch(ctx))
	defer e.giveUp()
	var err error
	if request.Body, err = template.GetBody(); err != nil {
		return Result{Code: CodeLocalError, Detail: detail(err), Started: started}, false
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		result := e.result()
		result.failed(err, e, ctx.Err() != nil)
		return result, e.lostKeptConnection(err)
	}
	defer response.Body.Close()
	result := e.result()
	result.answered(response, e.order(), at.Add(time.Since(started)))
	if response.StatusCode == http.StatusSwitchingProtocols {
		e.sever() // nobody asked for it, and what follows is not the body of an answer
		return result, false
	}
	// Best effort: the status has decided already. A body that never ends is left at the cap or the deadline, and closing the
	// response closes its connection.
	result.readHead(response.Body)
	return result, false
}

// Close releases the connections kept for later. It does not wait for exchanges under way; cancel their contexts for that.
func (s *Sender) Close() {
	s.pooled.CloseIdleConnections()
	s.fresh.CloseIdleConnections()
}

// proxyError is an answer of the proxy to CONNECT.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return fmt.Sprintf("the proxy answered %d", e.status) }

// code tells a refusal of the proxy from its failure to get there.
func (e *proxyError) code() Code {
	if e.status == http.StatusForbidden || e.status == http.StatusProxyAuthRequired {
		return CodeBlockedAddress
	}
	return CodeUnreachable
}

func refuseProxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{response.StatusCode}
}
