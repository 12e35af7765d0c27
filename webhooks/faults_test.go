package webhooks

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"roster/webhooks/webhookstest"
)

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
		{"a reset mid-answer", webhookstest.ResetMidAnswer(), patient, CodeConnectionReset, 0, "in the middle of its answer"},
		{"a close without answer", webhookstest.CloseWithoutAnswer(), patient, CodeConnectionClosed, 0, "after the request was sent"},
		{"a close mid-answer", webhookstest.Raw("HTTP/1.1 200 OK\r\nX-A: b\r\n"), patient, CodeConnectionClosed, 0,
			"in the middle of its answer"},
		{"a close mid-line", webhookstest.Raw("HTTP/1.1 200 OK\r\nX-A"), patient, CodeConnectionClosed, 0, "in the middle of its answer"},
		{"HTTP/0.9", webhookstest.Raw("<html>hello\x1b[2J</html>\n"), patient, CodeProtocolError, 0, `malformed HTTP`},
		{"rubbish", webhookstest.Raw("\x00\xff\x1b]0;owned\x07\r\n\r\n"), patient, CodeProtocolError, 0, ""},
		{"a status that is none", webhookstest.Raw("HTTP/1.1 2OO OK\r\n\r\n"), patient, CodeProtocolError, 0, ""},
		{"an answer before the body is read", webhookstest.Early(), patient, "", 200, ""},
		{"204", webhookstest.Raw("HTTP/1.1 204 No Content\r\n\r\n"), patient, "", 204, ""},
		{"410", webhookstest.Status(http.StatusGone), patient, CodeStatus, 410, "410 Gone"},
		{"413", webhookstest.Status(http.StatusRequestEntityTooLarge), patient, CodeStatus, 413, ""},
		{"101",
			webhookstest.Raw("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
			patient, CodeStatus, 101, ""},
		{"a status text with control characters",
			webhookstest.Raw("HTTP/1.1 500 \x1b[2Jboo\r\n\r\n"), patient, CodeStatus, 500, `\x1b[2Jboo`},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			receiver := webhookstest.NewReceiver(t, v.answer)
			started := time.Now()
			result := newSender(t, within(v.timeout)).Send(t.Context(), delivery(t, receiver.URL()))
			if result.Code != v.code || result.Status != v.status || !strings.Contains(result.Detail, v.detail) {
				t.Errorf("code %q, status %d, detail %q; want %q, %d, %q",
					result.Code, result.Status, result.Detail, v.code, v.status, v.detail)
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
		for _, location := range []string{
			target.URL(), "http://169.254.169.254/latest/meta-data", "http://localhost/", "file:///etc/passwd", "%",
		} {
			receiver := webhookstest.NewReceiver(t, webhookstest.Redirect(status, location))
			result := newSender(t).Send(t.Context(), delivery(t, receiver.URL()))
			if result.Code != CodeRedirect || result.Status != status || valueOf(result.Header, "Location") != location {
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

func TestAnHTTP2StreamThatIsResetIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	receiver := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if requests.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
	}))
	receiver.EnableHTTP2 = true
	receiver.StartTLS()
	t.Cleanup(receiver.Close)
	roots := x509.NewCertPool()
	roots.AddCert(receiver.Certificate())
	s := newSender(t, func(c *SenderConfig) { c.RootCAs = roots })
	if result := s.Send(t.Context(), delivery(t, receiver.URL)); !result.Succeeded() {
		t.Errorf("first: %+v", result)
	}
	result := s.Send(t.Context(), delivery(t, receiver.URL))
	if result.Code != CodeConnectionReset || result.Tries != 1 || !result.Reused {
		t.Errorf("second: %+v", result)
	}
}

func TestShortagesOfThisMachineAreNotTheReceivers(t *testing.T) {
	t.Parallel()
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM} {
		err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", errno)}
		if code, _ := classify(err, &exchange{}, false); code != CodeLocalError || !code.OurFault() {
			t.Errorf("%v: %q", errno, code)
		}
	}
	for _, errno := range []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
		if code, _ := classify(err, &exchange{}, false); code != CodeUnreachable || code.OurFault() {
			t.Errorf("%v: %q", errno, code)
		}
	}
}
