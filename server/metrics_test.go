package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.do(t, "GET", "/long/1", "")
	b.do(t, "GET", "/long/2", "")
	b.do(t, "GET", "/long/2/", "")
	b.do(t, "BREW", "/no/such/path", "")
	b.do(t, "GET", "/nobody", "")
	b.do(t, "GET", "/nobody", "", "Api_key", "roster_m_abcdefghijkl_"+strings.Repeat("a", 40))
	b.do(t, "GET", "/read-only", "")
	b.do(t, "GET", "/signs-in/right", "")
	b.do(t, "GET", "/signs-in/wrong", "")
	b.log.Count(t, "\n", 9)
	answer, body := b.do(t, "GET", "/metrics", "")
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("Content-Type %s", answer.Header.Get("Content-Type"))
	}
	for _, want := range []string{
		`roster_http_requests_total{method="GET",route="/long/{id}",status="2xx"} 3`,
		`roster_http_requests_total{method="other",route="unmatched",status="4xx"} 1`,
		`roster_http_request_duration_seconds_count{method="GET",route="/long/{id}"} 3`,
		`roster_http_refusals_total{reason="no_credential",route="/nobody",status="401"} 1`,
		`roster_http_refusals_total{reason="wrong_credential",route="/nobody",status="401"} 1`,
		`roster_http_refusals_total{reason="read_only",route="/read-only",status="403"} 1`,
		`roster_sign_ins_total{outcome="succeeded",way="password"} 1`,
		`roster_sign_ins_total{outcome="refused",way="password"} 1`,
		`roster_http_requests_in_flight 1`,
		`roster_build_info{commit="",date="",version="test"} 1`,
		`go_sql_open_connections{db_name="read"}`,
		`go_sql_open_connections{db_name="write"}`,
		`go_goroutines`,
		`process_open_fds`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(string(body), "/no/such") {
		t.Error("a path that a client made up became a label")
	}
}

func TestMetricsCanBeElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config, _ *http.Server) { c.ServeMetrics = false })
	if answer, _ := b.do(t, "GET", "/metrics", ""); answer.StatusCode != 404 {
		t.Errorf("status %d", answer.StatusCode)
	}
}
