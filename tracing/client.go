package tracing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	tracesPath   = "/v1/traces"     // of OTLP over HTTP
	tryTime      = 10 * time.Second // for one answer
	firstPause   = time.Second
	longestPause = 16 * time.Second
	maxAnswer    = 64 << 10 // bytes that are read of an answer, so that its connection can be used again
)

// client sends spans to the receiver (https://opentelemetry.io/docs/specs/otlp/#otlphttp). The library's own needs gRPC, with which the
// program would be an eighth larger, also for what is sent over HTTP (docs/adr/0112).
type client struct {
	transport *http.Transport
	endpoint  *url.URL
	header    http.Header
	pause     time.Duration // before the second try; each further one is twice as long
	outage    outage

	closing chan struct{}   // is closed when nothing is tried again
	working context.Context // of every try; cutOff ends it
	cutOff  context.CancelFunc
}

func newClient(cfg Config) *client {
	endpoint := *cfg.Endpoint
	if endpoint.Path == "" || endpoint.Path == "/" {
		endpoint.Path = tracesPath
	}
	header := cfg.Headers.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/x-protobuf")
	header.Set("User-Agent", "Roster/"+cfg.Version)
	if user := endpoint.User; user != nil {
		password, _ := user.Password()
		credentials := &http.Request{Header: header}
		credentials.SetBasicAuth(user.Username(), password)
		endpoint.User = nil
	}
	working, cutOff := context.WithCancel(context.Background())
	return &client{
		transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second,
			TLSHandshakeTimeout: tryTime, ResponseHeaderTimeout: tryTime,
		},
		endpoint: &endpoint, header: header, pause: firstPause, outage: outage{logger: cfg.Logger, now: time.Now},
		closing: make(chan struct{}), working: working, cutOff: cutOff,
	}
}

// Start implements otlptrace.Client.
func (c *client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error { return nil }

// UploadTraces implements otlptrace.Client. It tries until ctx ends, as long as the receiver may take the spans later, and fails only if
// they are no spans: that they were lost is told by the log.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// The same bytes as an ExportTraceServiceRequest, whose package needs gRPC.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	for pause := c.pause; ; pause = min(2*pause, longestPause) {
		wait, err := c.try(ctx, body)
		if err == nil {
			c.outage.over(ctx)
			return nil
		}
		c.outage.met(ctx, err)
		var refused *refusedError
		if errors.As(err, &refused) && !refused.passing() || !c.sleep(ctx, max(wait, pause)) {
			c.outage.lose(numberOf(spans))
			return nil
		}
	}
}

// try sends spans once. It returns how long the receiver wants to be left alone.
func (c *client) try(ctx context.Context, body []byte) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	defer context.AfterFunc(c.working, cancel)()
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("address the receiver: %w", err)
	}
	rq.Header = c.header
	answer, err := c.transport.RoundTrip(rq) // no client: that would follow redirects, and tell the URL with its errors
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode/100 == 2 {
		return 0, nil
	}
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // a date is as good as nothing
	return time.Duration(min(max(seconds, 0), 60)) * time.Second, &refusedError{answer.StatusCode}
}

// refusedError is the status with which the receiver has not taken spans.
type refusedError struct{ status int }

// Error implements error.
func (e *refusedError) Error() string { return fmt.Sprintf("the receiver answered %d", e.status) }

// passing reports whether the same spans may be taken later (OTLP, Retryable Response Codes).
func (e *refusedError) passing() bool {
	switch e.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// sleep returns false if there is no time to try again.
func (c *client) sleep(ctx context.Context, d time.Duration) bool {
	if end, ends := ctx.Deadline(); ends && time.Until(end) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.closing:
		return false
	case <-ctx.Done():
		return false
	}
}

func numberOf(all []*tracepb.ResourceSpans) (n int) {
	for _, r := range all {
		for _, s := range r.GetScopeSpans() {
			n += len(s.GetSpans())
		}
	}
	return n
}
