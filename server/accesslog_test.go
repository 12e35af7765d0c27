package server

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

func TestOneLineForEachRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.do(t, "GET", "/long/7?filter[email]=secret@example.com", "", "X-Request-Id", "r1", "User-Agent", "test/1",
		"Authorization", "Bearer roster_m_abcdefghijkl_secretsecret", "X-API-Key", "roster_m_abcdefghijkl_secretsecret")
	line := b.log.Nth(t, 0)
	if ms, ok := line["duration_ms"].(float64); !ok || ms <= 0 {
		t.Errorf("duration_ms: %v", line["duration_ms"])
	}
	delete(line, "duration_ms")
	delete(line, "time")
	keyID, _ := line["caller_id"].(string)
	if !jsonapi.IsID(keyID) {
		t.Errorf("caller_id: %q", keyID)
	}
	delete(line, "caller_id")
	want := map[string]any{
		"level": "INFO", "msg": "request served", "request_id": "r1", "method": "GET", "path": "/long/7", "route": "/long/{id}",
		"status": 200.0, "bytes": float64(len(longText)), "remote_ip": "127.0.0.1", "user_agent": "test/1",
		"caller_kind": "management_key",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("log line (-want +got):\n%s", diff)
	}
}

func TestTheLogHasTheCauseThatTheAnswerHides(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.do(t, "GET", "/fail", "")
	b.do(t, "GET", "/panic", "")
	failed, panicked := b.log.Nth(t, 0), b.log.Nth(t, 1)
	if failed["level"] != "ERROR" || failed["error"] != "dial postgres: password=hunter2" {
		t.Errorf("failed: %v", failed)
	}
	stack, _ := panicked["stack"].(string)
	if panicked["error"] != "panic: password=hunter2" || !strings.Contains(stack, "harness_test.go") {
		t.Errorf("panicked: %v", panicked)
	}
}

func TestNoRequestForgesALine(t *testing.T) {
	t.Parallel()
	for name, newHandler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var log bytes.Buffer
		served := logged(http.NotFoundHandler(), slog.New(newHandler(&log)), NewMetrics(Build{Version: "test"}, nil), nil)
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/a%0alevel=ERROR%1b[31m%E2%80%A8x%ff", nil)
		req.Header.Set("User-Agent", "x\r\nlevel=ERROR "+strings.Repeat("y", 1000))
		served.ServeHTTP(httptest.NewRecorder(), req)
		text := log.String()
		if strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\r\x1b\u2028") || len(text) > 800 {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestACredentialInThePathIsNotLogged(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for i, kind := range []string{"m", "o", "u", "i", "p"} { // keys, and the tokens of invitations and password resets
		secret := "roster_" + kind + "_abcdefghijkl0123456789"
		b.do(t, "GET", "/x/"+secret+"/y", "", "User-Agent", "curl "+secret)
		line := b.log.Nth(t, i)
		if line["path"] != "/x/roster_"+kind+"_REDACTED/y" || line["user_agent"] != "curl roster_"+kind+"_REDACTED" {
			t.Errorf("log: %v", line)
		}
	}
}

func TestALineIsInTheTraceThatTheClientNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, nil) // nothing is traced here
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for path, c := range map[string]struct {
		sent string
		want any
	}{
		"/long/sampled": {"00-" + trace + "-" + parent + "-01", trace},
		"/long/not":     {"00-" + trace + "-" + parent + "-00", trace},
		"/long/zero":    {"00-" + strings.Repeat("0", 32) + "-" + parent + "-01", nil},
		"/long/forged":  {`" request_id=forged`, nil},
	} {
		b.do(t, "GET", path, "", "Traceparent", c.sent)
		if line := b.findLine(t, path); line["trace_id"] != c.want {
			t.Errorf("%q: trace_id %v, want %v", c.sent, line["trace_id"], c.want)
		}
	}
}
