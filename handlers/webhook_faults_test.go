package handlers_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks"
	"roster/webhooks/webhookstest"
)

// mishap is an endpoint whose first attempt goes wrong, or only looks so, and what the API says about it.
type mishap struct {
	name     string
	url      string
	receiver *webhookstest.Receiver // who gets the message in the end
	mend     func()                 // of what is not mended by the script of the receiver
	code     any                    // nil: the first attempt succeeds
	status   any
	hook     string
}

// scripted is a mishap that lies in the first answer of a receiver.
func scripted(t *testing.T, name string, first webhookstest.Answer, code, status any) *mishap {
	t.Helper()
	receiver := webhookstest.NewReceiver(t, first, webhookstest.Status(http.StatusOK))
	return &mishap{name: name, url: receiver.URL(), receiver: receiver, code: code, status: status}
}

// named is a mishap that lies in the name of a receiver.
func named(t *testing.T, names *webhookstest.DNS, host string, code any) *mishap {
	t.Helper()
	receiver := webhookstest.NewReceiver(t)
	return &mishap{name: host, url: receiver.URLAt(host), receiver: receiver, code: code, mend: func() { names.Answer(host, "127.0.0.1") }}
}

// untrusted is a mishap that lies in how a receiver speaks TLS.
func untrusted(t *testing.T, name string, bad, good *tls.Config) *mishap {
	t.Helper()
	var now atomic.Pointer[tls.Config]
	now.Store(bad)
	receiver := webhookstest.NewTLSReceiver(t, &tls.Config{
		MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return now.Load(), nil },
	})
	return &mishap{name: name, url: receiver.URL(), receiver: receiver, code: "tls_error", mend: func() { now.Store(good) }}
}

// refused is a mishap that lies in nobody listening.
func refused(t *testing.T) *mishap {
	t.Helper()
	closed := webhookstest.NewReceiverAt(t, "127.0.0.3:0") // no connection of another test is given a port there
	closed.Close()
	m := &mishap{name: "connection refused", url: closed.URL(), code: "connection_refused"}
	m.mend = func() { m.receiver = webhookstest.NewReceiverAt(t, closed.Address().String()) }
	return m
}

// TestEveryFaultIsToldRetriedAndMended sends one event to endpoints that each fail in a way of their own, and to one that does not: the
// API tells each fault by its code, the healthy endpoint notices nothing, and after the first wait of the schedule everybody has the
// event.
func TestEveryFaultIsToldRetriedAndMended(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		names, authority, elsewhere := webhookstest.NewDNS(t), webhookstest.NewAuthority(t), webhookstest.NewReceiver(t)
		names.Fail("servfail.test", dns.RcodeServerFailure)
		names.Answer("metadata.test", "169.254.169.254")
		names.Answer("metadata6.test", "fd00:ec2::254")
		names.Answer("private.test", "10.0.0.1")
		d := newDispatch(newService(t, db), func(c *webhooks.SenderConfig, _ *webhooks.WorkerConfig) {
			c.Resolver, c.RootCAs = names.Resolver(), authority.Roots
		})
		mishaps := []*mishap{
			scripted(t, "endless body", webhookstest.EndlessBody(200), nil, 200.0),
			scripted(t, "endless body of an error", webhookstest.EndlessBody(500), "http_status", 500.0),
			scripted(t, "body of 10 GB", webhookstest.HugeBody(200, 10<<30), nil, 200.0),
			scripted(t, "gzip bomb", webhookstest.GzipBomb(8<<20), nil, 200.0),
			scripted(t, "endless headers", webhookstest.EndlessHeaders(), "protocol_error", nil),
			scripted(t, "endless interim responses", webhookstest.EndlessHints(), "protocol_error", nil),
			scripted(t, "redirect to a page", webhookstest.Redirect(302, elsewhere.URL()), "redirect", 302.0),
			scripted(t, "permanent redirect to a page", webhookstest.Redirect(308, elsewhere.URL()), "redirect", 308.0),
			scripted(t, "redirect to metadata", webhookstest.Redirect(307, "http://169.254.169.254/"), "redirect", 307.0),
			scripted(t, "redirect to a file", webhookstest.Redirect(301, "file:///etc/passwd"), "redirect", 301.0),
			named(t, names, "metadata.test", "blocked_address"),
			named(t, names, "metadata6.test", "blocked_address"),
			named(t, names, "private.test", "blocked_address"),
			named(t, names, "missing.test", "dns_error"),
			named(t, names, "servfail.test", "dns_error"),
			untrusted(t, "expired certificate", authority.Expired(), authority.Valid()),
			untrusted(t, "self-signed certificate", authority.SelfSigned(), authority.Valid()),
			untrusted(t, "certificate of another", authority.WrongName(), authority.Valid()),
			untrusted(t, "TLS 1.0", authority.Outdated(), authority.Valid()),
			refused(t),
			scripted(t, "reset mid-request", webhookstest.ResetMidRequest(), "connection_reset", nil),
			scripted(t, "reset after the request", webhookstest.ResetAfterRequest(), "connection_reset", nil),
			scripted(t, "reset mid-answer", webhookstest.ResetMidAnswer(), "connection_reset", nil),
			scripted(t, "close without an answer", webhookstest.CloseWithoutAnswer(), "connection_closed", nil),
			scripted(t, "bad gateway", webhookstest.Status(502), "http_status", 502.0),
			scripted(t, "rubbish in Retry-After", webhookstest.RetryAfter(429, "soon"), "http_status", 429.0),
			scripted(t, "HTTP/0.9", webhookstest.Raw("<html>\x1b[2J</html>\n"), "protocol_error", nil),
			scripted(t, "rubbish", webhookstest.Raw("\x00\xff\x1b]0;owned\x07\r\n\r\n"), "protocol_error", nil),
			scripted(t, "control characters", webhookstest.Raw("HTTP/1.1 500 \x1b[2Jboo\r\nServer: \x1b[2J\r\nContent-Length: "+
				"5\r\n\r\n\x1b[2Jx"), "protocol_error", nil),
			scripted(t, "control characters in the status",
				webhookstest.Raw("HTTP/1.1 500 \x1b[2Jboo\r\nContent-Length: 5\r\n\r\n\x1b[2Jx"), "http_status", 500.0),
			scripted(t, "answer before the body is read", webhookstest.Early(), nil, 200.0),
		}
		d.meet(clock, mishaps)
		if n := elsewhere.Connections(); n != 0 {
			t.Errorf("the target of a redirect saw %d connections", n)
		}
	})
}

// TestEveryFaultThatTakesTimeEndsAtTheDeadline is the same for what ends only because this side ends it.
func TestEveryFaultThatTakesTimeEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		names := webhookstest.NewDNS(t)
		names.Ignore("silent.test")
		d := newDispatch(newService(t, db), func(c *webhooks.SenderConfig, _ *webhooks.WorkerConfig) {
			c.Resolver, c.Timeout = names.Resolver(), 3*time.Second
		})
		handshake := webhookstest.NewReceiver(t, webhookstest.Silence(), webhookstest.Status(200))
		hangs := &mishap{name: "TLS handshake that hangs", url: strings.Replace(handshake.URL(), "http:", "https:", 1),
			receiver: handshake, code: "timeout"}
		hangs.mend = func() {
			d.do("PATCH", hooksPath+"/"+hangs.hook, withID(resource("webhooks", object{"url": handshake.URL()}), hangs.hook)).want(200)
		}
		d.meet(clock, []*mishap{
			scripted(t, "silence", webhookstest.Silence(), "timeout", nil),
			scripted(t, "slow-loris", webhookstest.SlowHeaders(20*time.Millisecond), "timeout", nil),
			scripted(t, "200, then a body that hangs", webhookstest.HangingBody(200), nil, 200.0),
			scripted(t, "500, then a body that hangs", webhookstest.HangingBody(500), "http_status", 500.0),
			named(t, names, "silent.test", "timeout"),
			hangs,
		})
	})
}

// meet makes an event for endpoints with mishaps and a healthy one, looks at what the API tells, and lets the mended ones have it.
func (d *dispatch) meet(clock *modelstest.Clock, mishaps []*mishap) {
	d.t.Helper()
	const secret = "hunter2, which nobody is to read anywhere"
	org, _ := d.organization("Acme")
	healthy := webhookstest.NewReceiver(d.t)
	attributes := func(url string) object {
		return object{"url": url, "secret": secret, "eventTypes": []string{"organization.updated"},
			"headers": []string{"Authorization: hunter2"}}
	}
	witness := d.hook(org, attributes(healthy.URL())).want(201).text("data", "id")
	for _, m := range mishaps {
		m.hook = d.hook(org, attributes(m.url+"?token=hunter2")).want(201).text("data", "id")
	}
	d.rename(org, "Zoë \u2028 & <Söhne>")
	d.received(healthy, 1)
	for _, m := range mishaps {
		d.told(m)
	}
	for _, m := range mishaps {
		if m.mend != nil {
			m.mend()
		}
	}
	d.move(clock, 7*time.Second)
	for _, m := range mishaps {
		attempts := 2.0
		if m.code == nil {
			attempts = 1
		}
		if got := d.attempted(m.hook, attempts).text("data", "attributes", "state"); got != "succeeded" {
			d.t.Errorf("%s: in the end it is %s", m.name, got)
		}
		requests := d.received(m.receiver, 1)
		if m.code == nil && len(requests) != 1 {
			d.t.Errorf("%s: what was answered with 200 was sent %d times", m.name, len(requests))
		}
		sameMessage(d.t, secret, requests)
	}
	d.attempted(witness, 1)
	sameMessage(d.t, secret, d.received(healthy, 1))
	if n := len(healthy.Requests()); n != 1 {
		d.t.Errorf("the healthy endpoint got %d requests", n)
	}
	if lines := d.log.String(); strings.Contains(lines, "hunter2") || strings.ContainsAny(lines, "\x00\x1b\x07") {
		d.t.Errorf("the log shows a secret or control characters:\n%s", lines)
	}
}

// told fails the test unless the API tells what happened at the first attempt.
func (d *dispatch) told(m *mishap) {
	d.t.Helper()
	delivery := d.attempted(m.hook, 1)
	first := func(member ...any) any {
		return delivery.json(append([]any{"data", "attributes", "history", 0}, member...)...)
	}
	if first("errorCode") != m.code || first("status") != m.status || (first("detail") == nil) != (m.code == nil) {
		d.t.Errorf("%s: told as %v, %v, %v; want %v, %v", m.name, first("errorCode"), first("status"), first("detail"), m.code, m.status)
	}
	if delivery.json("data", "attributes", "errorCode") != m.code || delivery.json("data", "attributes", "status") != m.status {
		d.t.Errorf("%s: the delivery is %s", m.name, delivery.Body)
	}
	if strings.Contains(string(delivery.Body), "hunter2") || first("response", "head") != nil &&
		len(first("response", "head").(string)) > 16<<10 {
		d.t.Errorf("%s: the history shows what it must not: %s", m.name, delivery.Body)
	}
	health := func(member string) any {
		return d.get(hooksPath+"/"+m.hook).want(200).json("data", "attributes", "health", member)
	}
	if m.code == nil {
		if health("failingSince") != nil || health("backlog") != 0.0 {
			d.t.Errorf("%s: it is told to fail", m.name)
		}
		return
	}
	if health("failingSince") == nil || health("consecutiveFailures") != 1.0 || health("backlog") != 1.0 {
		d.t.Errorf("%s: the endpoint does not tell that it fails", m.name)
	}
	next, err := time.Parse(time.RFC3339, delivery.text("data", "attributes", "nextAttemptAt"))
	if wait := next.Sub(modelstest.NewClock().Now()); err != nil || wait < 3*time.Second || wait > 6*time.Second {
		d.t.Errorf("%s: the next attempt is in %s (%v)", m.name, wait, err)
	}
}
