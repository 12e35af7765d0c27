package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"syscall"
	"testing"

	"roster/server/servertest"
)

// TestWhileItStopsEveryAnswerEndsItsConnection so that the next request of the client opens another one, which a load balancer leads
// elsewhere.
func TestWhileItStopsEveryAnswerEndsItsConnection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	for protocol, c := range map[string]struct {
		through *http.Transport
		args    []string
	}{
		"HTTP/1.1": {&http.Transport{}, nil},
		"HTTP/2.0": {
			&http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true},
			[]string{"--tls-cert", cert, "--tls-key", key},
		},
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			defer c.through.CloseIdleConnections()
			s := launch(t, append(c.args, "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(t.TempDir(), "data"),
				"--shutdown-delay", "1h")...)
			defer s.kill()
			// ask reports whether a request was sent on the connection of the one before.
			ask := func() (reused bool) {
				t.Helper()
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
					GotConn: func(got httptrace.GotConnInfo) { reused = got.Reused },
				})
				req, err := http.NewRequestWithContext(ctx, "GET", s.base+"/healthz", nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := (&http.Client{Transport: c.through}).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.Copy(io.Discard, answer.Body) // or the connection ends with it
				if err := errors.Join(err, answer.Body.Close()); err != nil || answer.StatusCode != 200 || answer.Proto != protocol {
					t.Fatalf("%d %s %v", answer.StatusCode, answer.Proto, err)
				}
				return reused
			}
			ask()
			if !ask() {
				t.Error("before, the connection is not kept")
			}
			if err := s.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if _, ok := s.log.Line(message("stopping")); !ok {
				t.Fatal("it did not say that it stops")
			}
			if !ask() { // and is told
				t.Error("the connection ended before it was told")
			}
			servertest.Poll(t, "another connection", func() bool { return !ask() }) // GOAWAY may come after the answer
		})
	}
}
