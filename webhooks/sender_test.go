package webhooks

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/models/target"
	"roster/webhooks/webhookstest"
)

const (
	patient = 10 * time.Second // for exchanges that end by themselves
	hasty   = 200 * time.Millisecond
)

// allowing are rules that admit a network of this machine.
func allowing(network string) target.Rules {
	return target.Rules{Allow: []netip.Prefix{netip.MustParsePrefix(network)}}
}

// newSender returns a sender that may reach loopback, as a self-hoster would allow.
func newSender(t testing.TB, adjust ...func(*SenderConfig)) *Sender {
	t.Helper()
	config := SenderConfig{
		Targets: allowing("127.0.0.0/8"), Timeout: patient, UserAgent: "Roster-Webhooks/test",
		IdleConns: 16, IdleConnsPerHost: 4,
	}
	for _, a := range adjust {
		a(&config)
	}
	s := NewSender(config)
	t.Cleanup(s.Close)
	return s
}

func within(timeout time.Duration) func(*SenderConfig) {
	return func(c *SenderConfig) { c.Timeout = timeout }
}

func trusting(a *webhookstest.Authority) func(*SenderConfig) {
	return func(c *SenderConfig) { c.RootCAs = a.Roots }
}

func delivery(t testing.TB, url string) Request {
	t.Helper()
	return Request{
		URL: url, ID: "msg_1", At: time.Now(), Body: []byte(`{"type":"webhook.test"}`),
		Secrets: []Secret{mustSecret(t, officialSecret)},
	}
}

func TestSendDelivers(t *testing.T) {
	t.Parallel()
	receiver := webhookstest.NewReceiver(t,
		webhookstest.Body(http.StatusAccepted, []byte("thanks"), "Content-Type: text/plain", "X-Other: x"))
	s := newSender(t)
	r := delivery(t, receiver.URL()+"hooks?tenant=1")
	r.Body = []byte("{\"name\":\"Zoë \u2028 <b>\"}")
	r.Secrets = append(r.Secrets, mustSecret(t, "an older secret"))
	r.Header = http.Header{
		"X-Tenant": {"1"}, "Authorization": {"Bearer abc"}, "Host": {"evil.example"},
		"Content-Length": {"1"}, "Content-Type": {"text/plain"},
		"User-Agent": {"curl"}, "Webhook-Id": {"msg_2"}, "webhook-signature": {"v1,AAAA"},
		"Transfer-Encoding": {"chunked"}, "X-Split": {"a\r\nb: c"},
	}
	result := s.Send(t.Context(), r)

	if !result.Succeeded() || result.Status != 202 || string(result.Head) != "thanks" || result.Truncated || result.Tries != 1 {
		t.Errorf("result: %+v", result)
	}
	if want := [][2]string{{"Content-Length", "6"}, {"Content-Type", "text/plain"}}; !slices.Equal(result.Header, want) {
		t.Errorf("kept headers: %v, want %v", result.Header, want)
	}
	if result.Peer != receiver.Address() || result.Address.IsValid() {
		t.Errorf("address %s, want %s, and as an internal one it is not told: %s", result.Peer, receiver.Address(), result.Address)
	}
	if x := result.Timings; x.Connect <= 0 || x.FirstByte < x.Sent || x.Sent <= 0 || x.Total < x.FirstByte || x.TLS != 0 {
		t.Errorf("timings: %+v", x)
	}
	requests := receiver.Requests()
	if len(requests) != 1 {
		t.Fatalf("%d requests were received", len(requests))
	}
	q := requests[0]
	for _, secret := range []string{officialSecret, "an older secret"} {
		if err := q.Verify(secret); err != nil {
			t.Error(err)
		}
	}
	if !bytes.Equal(q.Body, r.Body) || q.ID != "msg_1" || q.Method != "POST" || q.Path != "/hooks?tenant=1" {
		t.Errorf("received %s %s %s with %q", q.Method, q.Path, q.ID, q.Body)
	}
	want := map[string]string{
		"Content-Type": "application/json", "User-Agent": "Roster-Webhooks/test", "X-Tenant": "1", "Authorization": "Bearer abc",
		"Accept-Encoding": "", "X-Split": "", "Content-Length": fmt.Sprint(len(r.Body)),
	}
	for name, value := range want {
		if got := strings.Join(q.Header.Values(name), "|"); got != value {
			t.Errorf("header %s: %q, want %q", name, got, value)
		}
	}
}

func TestRetryAfterAndControlAreReadFromTheAnswer(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, v := range []struct {
		name   string
		answer webhookstest.Answer
		want   time.Duration
	}{
		{"seconds", webhookstest.RetryAfter(429, "120"), 2 * time.Minute},
		{"ten days", webhookstest.RetryAfter(429, "864000"), 24 * time.Hour},
		{"rubbish", webhookstest.RetryAfter(429, "soon"), 0},
		{"on a 503", webhookstest.RetryAfter(503, "7"), 7 * time.Second},
		{"a date, by the receiver's clock",
			webhookstest.Status(429, "Date: Thu, 01 Jan 2015 00:00:00 GMT", "Retry-After: Thu, 01 Jan 2015 00:10:00 GMT"),
			10 * time.Minute},
		{"on a success it means nothing", webhookstest.RetryAfter(200, "120"), 0},
	} {
		receiver := webhookstest.NewReceiver(t, v.answer)
		r := delivery(t, receiver.URL())
		r.At = at
		if got := newSender(t).Send(t.Context(), r).RetryAfter; got != v.want {
			t.Errorf("%s: %s, want %s", v.name, got, v.want)
		}
	}
	receiver := webhookstest.NewReceiver(t, webhookstest.RetryAfter(429, "Fri, 02 Jan 2026 03:06:05 GMT"))
	r := delivery(t, receiver.URL())
	r.At = at
	if got := newSender(t).Send(t.Context(), r).RetryAfter; got > 2*time.Minute || got < 2*time.Minute-patient {
		t.Errorf("a date, by our clock: %s", got)
	}
	for header, want := range map[string]Control{"disable": ControlDisable, " Abort-Message": ControlAbort, "explode": "", "": ""} {
		receiver := webhookstest.NewReceiver(t, webhookstest.Status(400, "webhook-delivery: "+header))
		if got := newSender(t).Send(t.Context(), delivery(t, receiver.URL())).Control; got != want {
			t.Errorf("webhook-delivery: %s is read as %q", header, got)
		}
	}
}

func TestAShutdownIsNoFailure(t *testing.T) {
	t.Parallel()
	receiver := webhookstest.NewReceiver(t, webhookstest.Silence())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan Result, 1)
	s := newSender(t)
	r := delivery(t, receiver.URL())
	go func() { done <- s.Send(ctx, r) }()
	if _, err := receiver.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if result := <-done; result.Code != CodeCancelled || !result.Code.OurFault() {
		t.Errorf("result: %+v", result)
	}
}

func TestRequestsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	s := newSender(t)
	for name, change := range map[string]func(*Request){
		"no URL":         func(r *Request) { r.URL = "" },
		"no http":        func(r *Request) { r.URL = "ftp://example.com/" },
		"a user":         func(r *Request) { r.URL = "https://user:hunter2@example.com/" },
		"unreadable":     func(r *Request) { r.URL = "https://hunter2\x7f/" },
		"no secret":      func(r *Request) { r.Secrets = nil },
		"an id with dot": func(r *Request) { r.ID = "a.b" },
	} {
		r := delivery(t, "https://example.com/")
		change(&r)
		if result := s.Send(t.Context(), r); result.Code != CodeInvalidRequest || strings.Contains(result.Detail, "hunter2") {
			t.Errorf("%s: code %q, detail %q", name, result.Code, result.Detail)
		}
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	receiver := webhookstest.NewReceiver(t, webhookstest.Body(500, []byte("hunter2\x1b[2J"), "Server: hunter2"))
	r := delivery(t, receiver.URL()+"path?token=hunter2")
	r.Header = http.Header{"Authorization": {"hunter2"}}
	r.Secrets = []Secret{mustSecret(t, "hunter2")}
	r.Body = []byte("hunter2")
	result := newSender(t).Send(t.Context(), r)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("delivery attempted", "request", r, "result", result)
	if line := log.String(); strings.Contains(line, "hunter2") || strings.Contains(line, "\x1b") || !strings.Contains(line, "status=500") {
		t.Errorf("logged: %s", line)
	}
	if string(result.Head) != "hunter2\x1b[2J" {
		t.Errorf("the history keeps the answer as received, not %q", result.Head)
	}
}

func TestCloseReleasesKeptConnections(t *testing.T) {
	t.Parallel()
	receiver := webhookstest.NewReceiver(t)
	s := newSender(t)
	s.Send(t.Context(), delivery(t, receiver.URL()))
	s.Close()
	if result := s.Send(t.Context(), delivery(t, receiver.URL())); !result.Succeeded() || result.Reused {
		t.Errorf("after Close: %+v", result)
	}
}

func BenchmarkSend(b *testing.B) {
	receiver := webhookstest.NewReceiver(b)
	s, r := newSender(b), delivery(b, receiver.URL())
	b.ReportAllocs()
	for b.Loop() {
		if result := s.Send(b.Context(), r); !result.Succeeded() {
			b.Fatal(result.Code, result.Detail)
		}
	}
}
