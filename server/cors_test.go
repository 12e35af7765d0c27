package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	on := setup(t, func(c *Config, _ *http.Server) { c.Origins = []string{"https://console.example.com"} })
	preflight := []string{
		"Origin", "https://console.example.com", "Access-Control-Request-Method", "PATCH",
		"Access-Control-Request-Headers", "authorization,content-type,if-match,prefer",
	}
	answer, _ := on.do(t, "OPTIONS", "/long/1", "", preflight...)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":      "https://console.example.com",
		"Access-Control-Allow-Methods":     "PATCH",
		"Access-Control-Allow-Headers":     "authorization,content-type,if-match,prefer",
		"Access-Control-Allow-Credentials": "true",
		"X-Content-Type-Options":           "nosniff",
		"Vary":                             "Accept, Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("preflight %s: %q, want %q", name, got, want)
		}
	}
	answer, _ = on.do(t, "GET", "/long/1", "", "Origin", "https://console.example.com")
	exposed := answer.Header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"ETag", "Location", "Retry-After", "X-Ratelimit-Remaining", "X-Request-Id", "Preference-Applied"} {
		if !strings.Contains(strings.ToLower(exposed), strings.ToLower(name)) {
			t.Errorf("%s is not exposed: %s", name, exposed)
		}
	}
	answer, _ = on.do(t, "GET", "/long/1", "", "Origin", "https://evil.example.com")
	if answer.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("an origin that was not listed is allowed")
	}
	off := setup(t, nil)
	answer, _ = off.do(t, "OPTIONS", "/long/1", "", preflight...)
	if answer.StatusCode != 405 || answer.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without origins: %d %v", answer.StatusCode, answer.Header)
	}
}
