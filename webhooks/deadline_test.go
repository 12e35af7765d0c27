package webhooks

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"roster/jsonapi"
	"roster/models"
	"roster/webhooks/webhookstest"
)

// endless are answers after which the receiver keeps the connection and is silent, or goes on for ever.
var endless = []struct {
	name   string
	answer webhookstest.Answer
	code   Code
	status int
}{
	{"nothing", webhookstest.Silence(), CodeTimeout, 0},
	{"a line that does not end", webhookstest.Stay("HTTP/1.1 200"), CodeTimeout, 0},
	{"a head that does not end", webhookstest.Stay("HTTP/1.1 200 OK\r\nX-A: b\r\n"), CodeTimeout, 0},
	{"100", webhookstest.Stay("HTTP/1.1 100 Continue\r\n\r\n"), CodeTimeout, 0},
	{"101", webhookstest.Stay("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), CodeStatus, 101},
	{"101 without a protocol", webhookstest.Stay("HTTP/1.1 101 Go\r\n\r\n"), CodeStatus, 101},
	{"101 and then bytes without end", webhookstest.Again("HTTP/1.1 101 Go\r\n\r\n", time.Millisecond), CodeStatus, 101},
	{"102", webhookstest.Stay("HTTP/1.1 102 Processing\r\n\r\n"), CodeTimeout, 0},
	{"103", webhookstest.Stay("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), CodeTimeout, 0},
	{"103 again and again", webhookstest.Again("HTTP/1.1 103 Early Hints\r\n\r\n", 20*time.Millisecond), CodeTimeout, 0},
	{"199", webhookstest.Stay("HTTP/1.1 199 Almost\r\n\r\n"), CodeTimeout, 0},
	{"200 of HTTP/1.0", webhookstest.Stay("HTTP/1.0 200 OK\r\n\r\nbegun"), "", 200},
	{"200 and an upgrade", webhookstest.Stay("HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"), "", 200},
	{"200 in chunks", webhookstest.Again("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", time.Millisecond), "", 200},
	{"204 with a body", webhookstest.Stay("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\nbegun"), "", 204},
	{"205 with a body", webhookstest.Stay("HTTP/1.1 205 Reset Content\r\nContent-Length: 9\r\n\r\nbegun"), "", 205},
	{"304 with a body", webhookstest.Stay("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nbegun"), CodeRedirect, 304},
	{"500 with a body", webhookstest.Stay("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nbegun"), CodeStatus, 500},
	{"000", webhookstest.Stay("HTTP/1.1 000 None\r\n\r\n"), CodeProtocolError, 0},
	{"099", webhookstest.Stay("HTTP/1.1 099 Too few\r\n\r\n"), CodeProtocolError, 0},
	{"600", webhookstest.Stay("HTTP/1.1 600 Too many\r\n\r\n"), CodeStatus, 600},
	{"999", webhookstest.Stay("HTTP/1.1 999 Request denied\r\n\r\n"), CodeStatus, 999},
	{"1000", webhookstest.Stay("HTTP/1.1 1000 What\r\n\r\n"), CodeProtocolError, 0},
	{"-1", webhookstest.Stay("HTTP/1.1 -1 What\r\n\r\n"), CodeProtocolError, 0},
}

// TestWhateverAReceiverSaysAnExchangeEnds lets receivers keep the connection after each of them. It is this side that ends it: by then for
// an answer that has no end, and once nobody uses it for one that is complete.
func TestWhateverAReceiverSaysAnExchangeEnds(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	for _, v := range endless {
		for _, scheme := range []string{"http", "https"} {
			t.Run(scheme+" "+v.name, func(t *testing.T) {
				t.Parallel()
				ended := make(chan struct{})
				answer := webhookstest.Then(v.answer, func() { close(ended) })
				var receiver *webhookstest.Receiver
				if scheme == "http" {
					receiver = webhookstest.NewReceiver(t, answer)
				} else {
					receiver = webhookstest.NewTLSReceiver(t, authority.Valid(), answer)
				}
				s := newSender(t, within(allowed(v.code)), trusting(authority))
				result := endsInTime(t, s, delivery(t, receiver.URL()))
				if result.Code != v.code || result.Status != v.status {
					t.Errorf("code %q, status %d, detail %q; want %q, %d", result.Code, result.Status, result.Detail, v.code, v.status)
				}
				s.Close()
				select {
				case <-ended:
				case <-time.After(soon):
					t.Error("the connection is still open")
				}
			})
		}
	}
}

// ample is long enough for an answer to come, however slow the machine is, and to wait for where nothing ends before.
const ample = 5 * time.Second

// allowed is the deadline of an exchange that is to end in a code: none but a timeout may be decided by it.
func allowed(code Code) time.Duration {
	if code == CodeTimeout {
		return hasty
	}
	return ample
}

// endsInTime sends and fails the test if that takes much longer than it may.
func endsInTime(t *testing.T, s *Sender, r Request) Result {
	t.Helper()
	done := make(chan Result, 1)
	go func() { done <- s.Send(t.Context(), r) }()
	select {
	case result := <-done:
		if took := result.Timings.Total; took > s.timeout+severAfter+patient/2 {
			t.Errorf("took %s with a deadline of %s", took, s.timeout)
		}
		return result
	case <-time.After(soon):
		t.Fatal("the exchange does not end")
		return Result{}
	}
}

func TestWhateverAReceiverSaysOverHTTP2AnExchangeEnds(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	say := func(status string, end bool) func(*http2.Framer, uint32) {
		return func(framer *http2.Framer, stream uint32) { _ = webhookstest.WriteStatus(framer, stream, status, end) }
	}
	for _, v := range []struct {
		name   string
		answer func(*http2.Framer, uint32)
		code   Code
		status int
	}{
		{"nothing", func(*http2.Framer, uint32) {}, CodeTimeout, 0},
		{"100", say("100", false), CodeTimeout, 0},
		{"101", say("101", false), CodeTimeout, 0},
		{"103", say("103", false), CodeTimeout, 0},
		{"199", say("199", false), CodeTimeout, 0},
		{"199 and the end", say("199", true), CodeProtocolError, 0},
		{"103 without end", func(framer *http2.Framer, stream uint32) {
			for range 100_000 {
				if webhookstest.WriteStatus(framer, stream, "103", false) != nil {
					return
				}
			}
		}, CodeProtocolError, 0},
		{"200 without a body that ends", say("200", false), "", 200},
		{"200 and the beginning of a body", func(framer *http2.Framer, stream uint32) {
			say("200", false)(framer, stream)
			_ = framer.WriteData(stream, false, []byte("begun"))
		}, "", 200},
		{"204 without an end", say("204", false), "", 204},
		{"204 with a body", func(framer *http2.Framer, stream uint32) {
			say("204", false)(framer, stream)
			_ = framer.WriteData(stream, false, []byte("begun"))
		}, "", 204},
		{"500 and a reset in the body", func(framer *http2.Framer, stream uint32) {
			say("500", false)(framer, stream)
			_ = framer.WriteRSTStream(stream, http2.ErrCodeInternal)
		}, CodeStatus, 500},
		{"000", say("000", false), CodeProtocolError, 0},
		{"600", say("600", false), CodeStatus, 600},
		{"999", say("999", false), CodeStatus, 999},
		{"no number", say("2OO", false), CodeProtocolError, 0},
		{"GOAWAY before it began, on each connection", func(framer *http2.Framer, _ uint32) {
			_ = framer.WriteGoAway(0, http2.ErrCodeNo, nil)
		}, CodeConnectionClosed, 0},
		{"GOAWAY for good", func(framer *http2.Framer, stream uint32) {
			_ = framer.WriteGoAway(stream, http2.ErrCodeEnhanceYourCalm, []byte("calm"))
		}, CodeTimeout, 0},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			receiver := webhookstest.NewHTTP2Receiver(t, authority.Valid(), v.answer)
			result := endsInTime(t, newSender(t, within(allowed(v.code)), trusting(authority)), delivery(t, receiver.URL()))
			if result.Code != v.code || result.Status != v.status {
				t.Errorf("code %q, status %d, detail %q; want %q, %d", result.Code, result.Status, result.Detail, v.code, v.status)
			}
		})
	}
	t.Run("an answer, and no room for another byte", func(t *testing.T) {
		t.Parallel()
		receiver := webhookstest.NewFullHTTP2Receiver(t, authority.Valid())
		r := delivery(t, receiver.URL())
		r.Body = make([]byte, 32<<20) // more than the buffers between the two
		if result := endsInTime(t, newSender(t, within(ample), trusting(authority)), r); result.Status != 200 {
			t.Errorf("code %q, status %d, detail %q", result.Code, result.Status, result.Detail)
		}
	})
}

// TestReceiversThatSwitchProtocolsHoldNoSlot gives a worker more of them than it has slots. Another organization is sent everything at
// once, and nobody waits for them when their endpoints are paused or deleted, or the worker stops.
func TestReceiversThatSwitchProtocolsHoldNoSlot(t *testing.T) {
	t.Parallel()
	const endpoints = 1040
	eachClockIn(t, func(r *rig, _ func(time.Duration)) {
		switching := webhookstest.NewReceiver(r.t,
			webhookstest.Stay("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"))
		witness := webhookstest.NewReceiver(r.t)
		bad, good := r.organization(""), r.organization("")
		r.endpoint(good, witness.URL(), "eventTypes", jsonapi.Strings{"witness.asked"})
		calm := r.latencies(good, witness, 0)
		hooks := r.seatAt(bad, strings.TrimSuffix(switching.URL(), "/"), endpoints, "oracle.asked")
		r.publish(bad, "oracle.asked", 1)
		r.received(switching, 1)
		disturbed := r.latencies(good, witness, latencySamples)
		r.received(switching, endpoints)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE last_status = 101 AND last_code = 'http_status'`, int64(endpoints))
		r.t.Logf("p99 of the others: %s before, %s meanwhile", calm, disturbed)
		if disturbed > soon/2 { // an attempt that waits for one of the slots waits for two minutes
			r.t.Errorf("the others wait %s", disturbed)
		}
		r.update(hooks[0], map[string]any{"status": models.WebhookPaused})
		if err := models.DeleteWebhook(r.t.Context(), r.db, someone, hooks[1].ID, nil); err != nil {
			r.t.Error(err)
		}
		r.latencies(good, witness, 2*latencySamples)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > soon {
			r.t.Errorf("it took %s to stop", took)
		}
	}, func(c *WorkerConfig) {
		c.Slots, c.Lease = 64, 10*time.Minute
		c.Sender = newSender(t, within(2*time.Minute))
	})
}

const latencySamples = 100

// latencies publishes events one after the other and returns the longest time but one until the receiver has it. before is how many it
// has.
func (r *rig) latencies(org *models.Organization, receiver *webhookstest.Receiver, before int) (p99 time.Duration) {
	r.t.Helper()
	var longest time.Duration
	for i := range latencySamples {
		began := time.Now()
		r.publish(org, "witness.asked", 1)
		r.received(receiver, before+i+1)
		if took := time.Since(began); took > longest {
			p99, longest = longest, took
		} else {
			p99 = max(p99, took)
		}
	}
	return p99
}

// TestAnExchangeUnderWayEndsWithItsDeadlineWhenItsEndpointIsGone takes endpoints away while they hold the only place that new endpoints of
// their organization have. Another one waits for it, and gets it.
func TestAnExchangeUnderWayEndsWithItsDeadlineWhenItsEndpointIsGone(t *testing.T) {
	each(t, func(r *rig) {
		for _, take := range []func(hook *models.Webhook) error{
			func(hook *models.Webhook) error {
				r.update(hook, map[string]any{"status": models.WebhookPaused})
				return nil
			},
			func(hook *models.Webhook) error {
				return models.DeleteWebhook(r.t.Context(), r.db, someone, hook.ID, nil)
			},
		} {
			drip := webhookstest.NewReceiver(r.t, webhookstest.Again("HTTP/1.1 103 Early Hints\r\n\r\n", 20*time.Millisecond))
			witness, org := webhookstest.NewReceiver(r.t), r.organization("")
			hook := r.endpoint(org, drip.URL(), "eventTypes", jsonapi.Strings{"oracle.asked"})
			r.endpoint(org, witness.URL(), "eventTypes", jsonapi.Strings{"witness.asked"})
			r.publish(org, "oracle.asked", 1)
			r.received(drip, 1)
			if err := take(hook); err != nil {
				r.t.Fatal(err)
			}
			r.publish(org, "witness.asked", 1)
			r.received(witness, 1)
		}
	}, func(c *WorkerConfig) {
		c.Slots = 4
		c.Sender = newSender(t, within(time.Second))
	})
}

// TestAWorkerThatStopsCutsWhateverIsSaid has a receiver for each answer, and a grace that is over at once.
func TestAWorkerThatStopsCutsWhateverIsSaid(t *testing.T) {
	each(t, func(r *rig) {
		org := r.organization("")
		var receivers []*webhookstest.Receiver
		for i, v := range endless {
			receivers = append(receivers, webhookstest.NewReceiver(r.t, v.answer))
			r.endpoint(org, receivers[i].URL()+fmt.Sprint(i), "eventTypes", jsonapi.Strings{"oracle.asked"})
		}
		r.publish(org, "oracle.asked", 1)
		for _, receiver := range receivers {
			r.received(receiver, 1)
		}
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > soon {
			r.t.Errorf("it took %s to stop", took)
		}
	}, func(c *WorkerConfig) {
		c.Slots, c.Grace, c.Lease = 16*len(endless), time.Millisecond, 10*time.Minute // new endpoints of one organization have an eighth
		c.Sender = newSender(t, within(2*time.Minute))
	})
}

// TestAReceiverThatDemandsACertificate refuses, with TLS 1.3, only after the handshake of this side is over.
func TestAReceiverThatDemandsACertificate(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	for _, protocol := range []string{"http/1.1", "h2"} {
		for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				t.Parallel()
				config := authority.Valid()
				config.MinVersion, config.MaxVersion, config.NextProtos = version, version, []string{protocol}
				config.ClientAuth = tls.RequireAnyClientCert
				receiver := webhookstest.NewTLSReceiver(t, config)
				s := newSender(t, trusting(authority))
				for range 20 {
					result := s.Send(t.Context(), delivery(t, receiver.URL()))
					if result.Code != CodeTLSError || result.Status != 0 || result.Detail == "" {
						t.Fatalf("code %q, status %d, detail %q", result.Code, result.Status, result.Detail)
					}
				}
			})
		}
	}
	t.Run("one that only asks gets its events", func(t *testing.T) {
		t.Parallel()
		config := authority.Valid()
		config.ClientAuth = tls.RequestClientCert
		receiver := webhookstest.NewTLSReceiver(t, config, webhookstest.Status(http.StatusOK), webhookstest.ResetAfterRequest())
		s := newSender(t, trusting(authority))
		if result := s.Send(t.Context(), delivery(t, receiver.URL())); !result.Succeeded() {
			t.Errorf("code %q, detail %q", result.Code, result.Detail)
		}
	})
}
