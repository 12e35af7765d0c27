package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"roster/webhooks/webhookstest"
)

const (
	patient = 10 * time.Second // for exchanges that end by themselves
	hasty   = 200 * time.Millisecond
)

// newSender returns a sender that may reach loopback, as a self-hoster would allow.
func newSender(t testing.TB, adjust ...func(*SenderConfig)) *Sender {
	t.Helper()
	config := SenderConfig{
		Guard: NewGuard(GuardConfig{Allow: prefixes("127.0.0.0/8")}), Timeout: patient, UserAgent: "Roster-Webhooks/test",
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
	receiver := webhookstest.NewReceiver(t, webhookstest.Body(http.StatusAccepted, []byte("thanks"), "Content-Type: text/plain", "X-Other: x"))
	s := newSender(t)
	r := delivery(t, receiver.URL()+"hooks?tenant=1")
	r.Body = []byte("{\"name\":\"Zoë \u2028 <b>\"}")
	r.Secrets = append(r.Secrets, mustSecret(t, "an older secret"))
	r.Header = http.Header{
		"X-Tenant": {"1"}, "Authorization": {"Bearer abc"}, "Host": {"evil.example"}, "Content-Length": {"1"}, "Content-Type": {"text/plain"},
		"User-Agent": {"curl"}, "Webhook-Id": {"msg_2"}, "webhook-signature": {"v1,AAAA"}, "Transfer-Encoding": {"chunked"}, "X-Split": {"a\r\nb: c"},
	}
	result := s.Send(t.Context(), r)

	if !result.Succeeded() || result.Status != http.StatusAccepted || string(result.Head) != "thanks" || result.Truncated || result.Tries != 1 {
		t.Errorf("result: %+v", result)
	}
	if got := result.Header; got.Get("Content-Type") != "text/plain" || got.Get("X-Other") != "" {
		t.Errorf("kept headers: %v", got)
	}
	if result.Address != receiver.Address() {
		t.Errorf("address %s, want %s", result.Address, receiver.Address())
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

// TestSendMeetsFaults is the fault table as far as one exchange can show it.
func TestSendMeetsFaults(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name    string
		answer  webhookstest.Answer
		timeout time.Duration
		code    Code
		status  int
		detail  string
	}{
		{"silence", webhookstest.Silence(), hasty, CodeTimeout, 0, "after the request was sent"},
		{"slow-loris headers", webhookstest.SlowHeaders(20 * time.Millisecond), hasty, CodeTimeout, 0, "in the middle of its answer"},
		{"200, then a body that hangs", webhookstest.HangingBody(200), hasty, "", 200, ""},
		{"500, then a body that hangs", webhookstest.HangingBody(500), hasty, CodeStatus, 500, "500"},
		{"an endless body", webhookstest.EndlessBody(200), patient, "", 200, ""},
		{"an endless body of an error", webhookstest.EndlessBody(503), patient, CodeStatus, 503, ""},
		{"a body of 10 GB", webhookstest.HugeBody(200, 10<<30), patient, "", 200, ""},
		{"a gzip bomb", webhookstest.GzipBomb(8 << 20), patient, "", 200, ""},
		{"endless headers", webhookstest.EndlessHeaders(), patient, CodeProtocolError, 0, "exceeded"},
		{"endless interim responses", webhookstest.EndlessHints(), patient, CodeProtocolError, 0, ""},
		{"a reset mid-request", webhookstest.ResetMidRequest(), patient, CodeConnectionReset, 0, ""},
		{"a reset after the request", webhookstest.ResetAfterRequest(), patient, CodeConnectionReset, 0, "after the request was sent"},
		{"a reset mid-answer", webhookstest.ResetMidAnswer(), patient, CodeConnectionClosed, 0, "in the middle of its answer"},
		{"a close without answer", webhookstest.CloseWithoutAnswer(), patient, CodeConnectionClosed, 0, "after the request was sent"},
		{"a close mid-answer", webhookstest.Raw("HTTP/1.1 200 OK\r\nX-A: b\r\n"), patient, CodeConnectionClosed, 0, "in the middle of its answer"},
		{"a close mid-line", webhookstest.Raw("HTTP/1.1 200 OK\r\nX-A"), patient, CodeProtocolError, 0, ""},
		{"HTTP/0.9", webhookstest.Raw("<html>hello\x1b[2J</html>\n"), patient, CodeProtocolError, 0, `malformed HTTP`},
		{"rubbish", webhookstest.Raw("\x00\xff\x1b]0;owned\x07\r\n\r\n"), patient, CodeProtocolError, 0, ""},
		{"a status that is none", webhookstest.Raw("HTTP/1.1 2OO OK\r\n\r\n"), patient, CodeProtocolError, 0, ""},
		{"an answer before the body is read", webhookstest.Early(), patient, "", 200, ""},
		{"204", webhookstest.Raw("HTTP/1.1 204 No Content\r\n\r\n"), patient, "", 204, ""},
		{"410", webhookstest.Status(http.StatusGone), patient, CodeStatus, 410, "410 Gone"},
		{"413", webhookstest.Status(http.StatusRequestEntityTooLarge), patient, CodeStatus, 413, ""},
		{"101", webhookstest.Raw("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), patient, CodeStatus, 101, ""},
		{"a status text with control characters", webhookstest.Raw("HTTP/1.1 500 \x1b[2Jboo\r\n\r\n"), patient, CodeStatus, 500, `\x1b[2Jboo`},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			receiver := webhookstest.NewReceiver(t, v.answer)
			started := time.Now()
			result := newSender(t, within(v.timeout)).Send(t.Context(), delivery(t, receiver.URL()))
			if result.Code != v.code || result.Status != v.status || !strings.Contains(result.Detail, v.detail) {
				t.Errorf("code %q, status %d, detail %q; want %q, %d, %q", result.Code, result.Status, result.Detail, v.code, v.status, v.detail)
			}
			if strings.ContainsAny(result.Detail, "\x00\x1b\x07\r\n") {
				t.Errorf("control characters in the detail %q", result.Detail)
			}
			if len(result.Head) > maxHeadBytes || result.Tries != 1 {
				t.Errorf("%d bytes of head, %d tries", len(result.Head), result.Tries)
			}
			if v.timeout == hasty && time.Since(started) > patient/2 {
				t.Errorf("took %s with a deadline of %s", time.Since(started), v.timeout)
			}
		})
	}
}

func TestMemoryStaysFlat(t *testing.T) {
	for name, answer := range map[string]webhookstest.Answer{
		"an endless body":  webhookstest.EndlessBody(200),
		"a body of 10 GB":  webhookstest.HugeBody(200, 10<<30),
		"a gzip bomb":      webhookstest.GzipBomb(32 << 20),
		"endless headers":  webhookstest.EndlessHeaders(),
		"endless interims": webhookstest.EndlessHints(),
	} {
		t.Run(name, func(t *testing.T) {
			receiver := webhookstest.NewReceiver(t, answer)
			s, r := newSender(t), delivery(t, receiver.URL())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s.Send(t.Context(), r)
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 2<<20 {
				t.Errorf("one exchange allocated %d KiB, both ends together", grown>>10)
			}
		})
	}
}

func TestTheHeadOfALongAnswerIsKept(t *testing.T) {
	t.Parallel()
	exact := bytes.Repeat([]byte("x"), maxHeadBytes)
	longer := append(bytes.Clone(exact), 'y')
	receiver := webhookstest.NewReceiver(t, webhookstest.Body(200, exact), webhookstest.Body(200, longer), webhookstest.Status(200))
	s := newSender(t)
	for _, truncated := range []bool{false, true, false} {
		result := s.Send(t.Context(), delivery(t, receiver.URL()))
		if !result.Succeeded() || result.Truncated != truncated || len(result.Head) > maxHeadBytes {
			t.Errorf("%d bytes of head, truncated %t, want %t", len(result.Head), result.Truncated, truncated)
		}
	}
	if n := receiver.Connections(); n != 1 {
		t.Errorf("%d connections for three short exchanges", n)
	}
}

func TestRedirectsAreFailures(t *testing.T) {
	t.Parallel()
	target := webhookstest.NewReceiver(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{target.URL(), "http://169.254.169.254/latest/meta-data", "http://localhost/", "file:///etc/passwd", "%"} {
			receiver := webhookstest.NewReceiver(t, webhookstest.Redirect(status, location))
			result := newSender(t).Send(t.Context(), delivery(t, receiver.URL()))
			if result.Code != CodeRedirect || result.Status != status || result.Header.Get("Location") != location {
				t.Errorf("%d to %s: %+v", status, location, result)
			}
		}
	}
	if n := target.Connections(); n != 0 {
		t.Errorf("the target of the redirects saw %d connections", n)
	}
}

func TestTLSFaults(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	for name, config := range map[string]*tls.Config{
		"expired": authority.Expired(), "self-signed": authority.SelfSigned(), "wrong name": authority.WrongName(),
		"TLS 1.0 only": authority.Outdated(), "unknown authority": webhookstest.NewAuthority(t).Valid(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver := webhookstest.NewTLSReceiver(t, config)
			result := newSender(t, trusting(authority)).Send(t.Context(), delivery(t, receiver.URL()))
			if result.Code != CodeTLSError || result.Detail == "" || len(receiver.Requests()) != 0 {
				t.Errorf("code %q, detail %q", result.Code, result.Detail)
			}
		})
	}
	t.Run("no TLS at all", func(t *testing.T) {
		t.Parallel()
		receiver := webhookstest.NewReceiver(t, webhookstest.Raw("HTTP/1.1 200 OK\r\n\r\n"))
		result := newSender(t).Send(t.Context(), delivery(t, strings.Replace(receiver.URL(), "http:", "https:", 1)))
		if result.Code != CodeTLSError && result.Code != CodeConnectionClosed {
			t.Errorf("code %q, detail %q", result.Code, result.Detail)
		}
	})
	t.Run("a handshake that hangs", func(t *testing.T) {
		t.Parallel()
		receiver := webhookstest.NewReceiver(t, webhookstest.Silence())
		result := newSender(t, within(hasty)).Send(t.Context(), delivery(t, strings.Replace(receiver.URL(), "http:", "https:", 1)))
		if result.Code != CodeTimeout || !strings.Contains(result.Detail, "TLS handshake") {
			t.Errorf("code %q, detail %q", result.Code, result.Detail)
		}
	})
	t.Run("a good certificate", func(t *testing.T) {
		t.Parallel()
		receiver := webhookstest.NewTLSReceiver(t, authority.Valid())
		result := newSender(t, trusting(authority)).Send(t.Context(), delivery(t, receiver.URL()))
		if !result.Succeeded() || result.Timings.TLS <= 0 {
			t.Errorf("result: %+v", result)
		}
	})
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	receiver := webhookstest.NewReceiver(t)
	receiver.Close()
	result := newSender(t).Send(t.Context(), delivery(t, receiver.URL()))
	if result.Code != CodeConnectionRefused {
		t.Errorf("code %q, detail %q", result.Code, result.Detail)
	}
}

func TestAKeptConnectionThatBreaksIsReplacedOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]webhookstest.Answer{
		"closed": webhookstest.CloseWithoutAnswer(), "reset": webhookstest.ResetMidRequest(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok := webhookstest.Status(200)
			receiver := webhookstest.NewReceiver(t, ok, fault, ok)
			s := newSender(t)
			s.Send(t.Context(), delivery(t, receiver.URL()))
			result := s.Send(t.Context(), delivery(t, receiver.URL()))
			if !result.Succeeded() || result.Tries != 2 || receiver.Connections() != 2 {
				t.Errorf("%d connections, result: %+v", receiver.Connections(), result)
			}
		})
		t.Run(name+" twice", func(t *testing.T) {
			t.Parallel()
			receiver := webhookstest.NewReceiver(t, webhookstest.Status(200), fault)
			s := newSender(t)
			s.Send(t.Context(), delivery(t, receiver.URL()))
			result := s.Send(t.Context(), delivery(t, receiver.URL()))
			if result.Succeeded() || result.Tries != 2 || receiver.Connections() != 2 {
				t.Errorf("%d connections, result: %+v", receiver.Connections(), result)
			}
		})
	}
	t.Run("after the first byte of an answer there is no second try", func(t *testing.T) {
		t.Parallel()
		receiver := webhookstest.NewReceiver(t, webhookstest.Status(200), webhookstest.Raw("HTTP/1.1 200 OK\r\n"), webhookstest.Status(200))
		s := newSender(t)
		s.Send(t.Context(), delivery(t, receiver.URL()))
		result := s.Send(t.Context(), delivery(t, receiver.URL()))
		if result.Code != CodeConnectionClosed || result.Tries != 1 {
			t.Errorf("result: %+v", result)
		}
	})
}

func TestHTTP2GoAwayMeansANewConnection(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	receiver := webhookstest.NewGoAwayReceiver(t, authority.Valid())
	s := newSender(t, trusting(authority))
	for range 3 {
		result := s.Send(t.Context(), delivery(t, receiver.URL()))
		if !result.Succeeded() || result.Protocol != "HTTP/2.0" {
			t.Errorf("result: %+v", result)
		}
	}
	if answered, turnedAway := receiver.Counts(); answered != 3 || turnedAway == 0 {
		t.Errorf("%d answered, %d turned away", answered, turnedAway)
	}
}

func TestAddressesAreCheckedWhenTheyAreDialled(t *testing.T) {
	t.Parallel()
	inside := webhookstest.NewReceiver(t)
	names := webhookstest.NewDNS(t)
	names.Answer("inside.test", "127.0.0.1")
	names.Answer("metadata.test", "169.254.169.254 fd00:ec2::254")
	names.Answer("mapped.test", "::ffff:127.0.0.1")
	names.Answer("half.test", "127.0.0.2 127.0.0.1") // nothing listens on the first, the second is internal
	guarded := func(c *SenderConfig) {
		c.Guard = NewGuard(GuardConfig{Allow: prefixes("127.0.0.2/32")})
		c.Resolver = names.Resolver()
	}
	port := inside.Address().Port()
	for _, url := range []string{
		inside.URL(), inside.URLAt("inside.test"), inside.URLAt("mapped.test"), inside.URLAt("half.test"), "https://metadata.test/",
		fmt.Sprintf("http://[::ffff:127.0.0.1]:%d/", port), fmt.Sprintf("http://[::1]:%d/", port), "https://[64:ff9b::a00:1]/",
		"https://[2002:7f00:1::]/", "https://[fe80::1%25lo]/",
	} {
		result := newSender(t, guarded).Send(t.Context(), delivery(t, url))
		if result.Code != CodeBlockedAddress || !strings.Contains(result.Detail, "not permitted") {
			t.Errorf("%s: code %q, detail %q", url, result.Code, result.Detail)
		}
	}
	if n := inside.Connections(); n != 0 {
		t.Errorf("the internal service saw %d connections", n)
	}
}

func TestDNSRebindingIsBlocked(t *testing.T) {
	t.Parallel()
	// 127.0.0.2 stands for a public address here, 127.0.0.1 for an internal one, both on one port.
	inside := webhookstest.NewReceiver(t)
	outside := webhookstest.NewReceiverAt(t, fmt.Sprintf("127.0.0.2:%d", inside.Address().Port()), webhookstest.Raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
	names := webhookstest.NewDNS(t)
	names.Answer("rebound.test", "127.0.0.2", "127.0.0.1")
	s := newSender(t, func(c *SenderConfig) {
		c.Guard = NewGuard(GuardConfig{Allow: prefixes("127.0.0.2/32")})
		c.Resolver = names.Resolver()
	})
	if result := s.Send(t.Context(), delivery(t, outside.URLAt("rebound.test"))); !result.Succeeded() || result.Timings.DNS <= 0 {
		t.Errorf("before the name was rebound: %+v", result)
	}
	result := s.Send(t.Context(), delivery(t, outside.URLAt("rebound.test")))
	if result.Code != CodeBlockedAddress || inside.Connections() != 0 {
		t.Errorf("after: code %q, detail %q, %d connections inside", result.Code, result.Detail, inside.Connections())
	}
}

func TestDNSFaults(t *testing.T) {
	t.Parallel()
	names := webhookstest.NewDNS(t)
	names.Fail("broken.test", dns.RcodeServerFailure)
	names.Ignore("silent.test")
	names.Answer("empty.test", "")
	for host, want := range map[string]Code{
		"missing.test": CodeDNSError, "broken.test": CodeDNSError, "empty.test": CodeDNSError, "silent.test": CodeTimeout,
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			timeout := patient
			if want == CodeTimeout {
				timeout = hasty
			}
			s := newSender(t, within(timeout), func(c *SenderConfig) { c.Resolver = names.Resolver() })
			result := s.Send(t.Context(), delivery(t, "https://"+host+"/"))
			if result.Code != want || want == CodeTimeout && !strings.Contains(result.Detail, "resolved") {
				t.Errorf("code %q, detail %q, want %q", result.Code, result.Detail, want)
			}
		})
	}
}

func TestProxies(t *testing.T) {
	names := webhookstest.NewDNS(t)
	names.Answer("receiver.test", "127.0.0.1")
	receiver := webhookstest.NewReceiver(t)
	proxy := webhookstest.NewReceiver(t)

	t.Run("the environment's proxy is not used", func(t *testing.T) {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			t.Setenv(name, proxy.URL())
		}
		s := newSender(t, func(c *SenderConfig) { c.Resolver = names.Resolver() })
		result := s.Send(t.Context(), delivery(t, receiver.URLAt("receiver.test")))
		if !result.Succeeded() || proxy.Connections() != 0 || len(receiver.Requests()) != 1 {
			t.Errorf("%d connections to the proxy, result: %+v", proxy.Connections(), result)
		}
	})

	through := func(url *url.URL) func(*SenderConfig) {
		return func(c *SenderConfig) {
			c.Proxy = url
			c.Guard = NewGuard(GuardConfig{PlainHTTP: true}) // does not admit the proxy, and need not
		}
	}
	address, err := url.Parse(proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a configured one is", func(t *testing.T) {
		result := newSender(t, through(address)).Send(t.Context(), delivery(t, "http://somewhere.test/hooks"))
		requests := proxy.Requests()
		if !result.Succeeded() || len(requests) != 1 || requests[0].Path != "http://somewhere.test/hooks" {
			t.Errorf("%v, result: %+v", requests, result)
		}
	})
	t.Run("literal internal hosts are refused before it", func(t *testing.T) {
		before := proxy.Connections()
		for _, u := range []string{"http://127.0.0.1/", "http://127.1/", "http://localhost/", "http://0x7f000001/"} {
			if result := newSender(t, through(address)).Send(t.Context(), delivery(t, u)); result.Code != CodeBlockedAddress {
				t.Errorf("%s: %+v", u, result)
			}
		}
		if proxy.Connections() != before {
			t.Error("the proxy was asked")
		}
	})
	t.Run("its refusals and failures are told apart", func(t *testing.T) {
		connect := func(status int) webhookstest.Answer {
			return webhookstest.Raw(fmt.Sprintf("HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n", status))
		}
		for status, want := range map[int]Code{403: CodeBlockedAddress, 407: CodeBlockedAddress, 502: CodeUnreachable} {
			proxy.Script(connect(status))
			if result := newSender(t, through(address)).Send(t.Context(), delivery(t, "https://somewhere.test/")); result.Code != want {
				t.Errorf("%d: code %q, detail %q, want %q", status, result.Code, result.Detail, want)
			}
		}
		proxy.Close()
		result := newSender(t, through(address)).Send(t.Context(), delivery(t, "https://somewhere.test/"))
		if result.Code != CodeProxyError || !result.Code.OurFault() {
			t.Errorf("no proxy there: code %q, detail %q", result.Code, result.Detail)
		}
	})
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
		{"a date, by the receiver's clock", webhookstest.Status(429, "Date: Thu, 01 Jan 2015 00:00:00 GMT", "Retry-After: Thu, 01 Jan 2015 00:10:00 GMT"), 10 * time.Minute},
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

func TestCheckHeader(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"Authorization": "Bearer x", "x-tenant": "1", "Accept-Language": "de"} {
		if err := CheckHeader(name, value); err != nil {
			t.Error(err)
		}
	}
	for name, value := range map[string]string{
		"": "x", "a b": "x", "a:": "x", "X-A": "a\nb", "X-B": "a\x00", "Host": "x", "content-length": "1", "Content-Type": "x", "USER-AGENT": "x",
		"Webhook-Anything": "x", "webhook-id": "x", "Transfer-Encoding": "chunked", "Connection": "close", "Proxy-Authorization": "x", "Expect": "100-continue",
	} {
		if CheckHeader(name, value) == nil {
			t.Errorf("%q: %q was taken", name, value)
		}
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
