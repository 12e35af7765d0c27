package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"roster/server/servertest"
	"strings"
	"testing"
	"time"
)

func TestEveryErrorHasTheFormOfTheDoorAndEveryHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path, body string
		status                   int
		wrong                    string
		header, value            string
	}{
		{"an unknown path", "GET", "/nothing", "", 404, "not found", "", ""},
		{"a path with double slashes", "POST", "//nothing/../x", "", 404, "not found", "", ""},
		{"a method that is not possible", "DELETE", "/healthz", "", 405, "method not allowed", "Allow", "GET, HEAD"},
		{"another one", "GET", "/body", "", 405, "method not allowed", "Allow", "POST"},
		{"a panic", "GET", "/panic", "", 500, "internal", "", ""},
		{"an unknown error", "GET", "/fail", "", 500, "internal", "ETag", ""},
		{"a refusal", "GET", "/refused", "", 422, "invalid", "", ""},
		{"a handler without an answer", "GET", "/silent", "", 500, "internal", "", ""},
		{"a missing credential", "GET", "/nobody", "", 401, "unauthenticated", "WWW-Authenticate", `Bearer realm="roster"`},
		{"a large body", "POST", "/body", longText, 413, "body too large", "", ""},
	}
	b := setup(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			headers := []string{"X-Request-Id", "me-1"}
			if test.status == 412 {
				headers = append(headers, "If-Match", `"v0"`)
			}
			answer, body := b.do(t, test.method, test.path, test.body, headers...)
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
			checkHeaders(t, answer, map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"})
			if test.header != "" && answer.Header.Get(test.header) != test.value {
				t.Errorf("%s: %q, want %q", test.header, answer.Header.Get(test.header), test.value)
			}
			first := refusalIn(t, body)
			if first.Wrong != test.wrong {
				t.Errorf("%q, want %q", first.Wrong, test.wrong)
			}
			wantID := ""
			if test.status == http.StatusInternalServerError {
				wantID = "me-1"
			}
			if first.ID != wantID {
				t.Errorf("id %q, want %q", first.ID, wantID)
			}
			if bytes.Contains(body, []byte("hunter2")) {
				t.Errorf("the cause was told: %s", body)
			}
		})
	}
}

func checkHeaders(t *testing.T, answer servertest.Reply, more map[string]string) {
	t.Helper()
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"X-Robots-Tag": "noai, noimageai", "Tdm-Reservation": "1", "Vary": "Accept, Origin, Accept-Encoding",
		"X-Request-Id": "me-1", "X-Ratelimit-Limit": "100", "Strict-Transport-Security": "",
	}
	for name, value := range more {
		want[name] = value
	}
	for name, value := range want {
		if got := strings.Join(answer.Header.Values(name), " | "); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for _, name := range []string{"X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
		if answer.Header.Get(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestSuccessCarriesTheHeadersToo(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for path, cache := range map[string]string{"/long/1": "private, no-cache", "/healthz": "no-store"} {
		answer, _ := b.do(t, "GET", path, "", "X-Request-Id", "me-1")
		if answer.StatusCode != 200 {
			t.Errorf("%s: status %d", path, answer.StatusCode)
		}
		checkHeaders(t, answer, map[string]string{"Cache-Control": cache})
	}
	answer, body := b.do(t, "GET", "/long/1", "", "X-Request-Id", "me-1", "If-None-Match", testETag)
	if answer.StatusCode != 304 || len(body) != 0 {
		t.Errorf("status %d with %d bytes, want an empty 304", answer.StatusCode, len(body))
	}
	checkHeaders(t, answer, map[string]string{"ETag": testETag})
}

func TestTheRequestDeadlineIs503(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config, _ *http.Server) { c.RequestTimeout = time.Millisecond })
	answer, body := b.do(t, "GET", "/wait", "", "X-Request-Id", "me-1")
	if answer.StatusCode != 503 || refusalIn(t, body).Wrong != "unavailable" {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	checkHeaders(t, answer, nil)
}

// TestADatabaseThatIsNotReachedInTimeIs503 and not the client's doing, of which a connection says the same.
func TestADatabaseThatIsNotReachedInTimeIs503(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	answer, body := b.do(t, "GET", "/unreached", "")
	if answer.StatusCode != 503 || refusalIn(t, body).Wrong != "unavailable" || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

func TestABodyThatNeverArrivesIs408(t *testing.T) {
	t.Parallel()
	// long enough for the header, however busy the machine is
	b := setup(t, func(_ *Config, s *http.Server) { s.ReadTimeout = 2 * time.Second })
	req, err := http.NewRequestWithContext(t.Context(), "POST", b.URL+"/body", nil)
	if err != nil {
		t.Fatal(err)
	}
	never, stop := io.Pipe()
	defer stop.Close() //nolint:errcheck // a pipe
	req.Body, req.ContentLength = never, 100
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 408 {
		t.Errorf("status %d, want 408", answer.StatusCode)
	}
}

func TestHalfAnAnswerIsNeverTakenForTheWhole(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, path := range []string{"/half", "/late"} {
		for _, encoding := range []string{"gzip", "identity"} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", b.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Encoding", encoding)
			answer, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				continue // cut before the header
			}
			if _, err := io.ReadAll(answer.Body); err == nil {
				t.Errorf("%s in %s ended like a complete answer", path, encoding)
			}
			_ = answer.Body.Close()
		}
	}
}

func TestAClientThatLeftIsLoggedAndNotAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", b.URL+"/wait", nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = http.DefaultTransport.RoundTrip(req)
	}()
	<-b.waiting
	leave()
	<-done
	if line := b.findLine(t, "/wait"); line["status"] != 499.0 || line["level"] != "INFO" {
		t.Errorf("log: %v", line)
	}
}

func TestAnUploadMayHaveALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	if answer, body := b.do(t, "POST", "/upload", longText); answer.StatusCode != 204 {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer, body := b.do(t, "POST", "/upload", strings.Repeat(longText, 3)); answer.StatusCode != 413 {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

// TestWhoseBodyIsNotReadIsAnsweredAllTheSame sends a request to its end, as proxies do that use a connection once, and then reads the
// answer to the end of the connection, which is no reset.
func TestWhoseBodyIsNotReadIsAnsweredAllTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, c := range []struct{ path, status string }{{"/body", "413"}, {"/nowhere", "404"}} {
		request := "POST " + c.path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n" +
			"Content-Length: 100000\r\n\r\n" + strings.Repeat(" ", 100_000)
		var answer []byte
		err := io.ErrNoProgress
		for n := 0; n < 10 && err != nil; n++ { // whoever does not get to read for half a second meets the reset
			answer, err = sendAndRead(t, b.URL, request)
		}
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+c.status) {
			t.Errorf("%s: %.100q, %v", c.path, answer, err)
		}
	}
}

// sendAndRead sends bytes on a new connection, and returns what comes until its end.
func sendAndRead(t *testing.T, url, bytes string) ([]byte, error) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // whether it ended well is what is returned
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, bytes); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

// TestABodyThatIsAnnouncedToBeTooLongIsNotWaitedFor announces a body and sends nothing of it, with and without Expect.
func TestABodyThatIsAnnouncedToBeTooLongIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, expect := range []string{"", "Expect: 100-continue\r\n"} {
		for _, length := range []string{"100000", "99999999"} { // the first is so short that net/http would wait for it
			conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			fmt.Fprintf(conn, "POST /body HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: %s\r\n\r\n",
				expect, length)
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("%q %s: %v", expect, length, err)
			}
			if answer.StatusCode != http.StatusRequestEntityTooLarge || !answer.Close {
				t.Errorf("%q %s: %s, and the connection ends: %t", expect, length, answer.Status, answer.Close)
			}
			_ = answer.Body.Close()
		}
	}
}
