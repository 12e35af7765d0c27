package webhooks

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"roster/jsonapi"
	"roster/webhooks/webhookstest"
)

// TestTheMetricsTellWhatTheWorkerDoes reads them as Prometheus does.
func TestTheMetricsTellWhatTheWorkerDoes(t *testing.T) {
	t.Parallel()
	var registries sync.Map // by the metrics that are in them
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		registry, _ := registries.Load(r.w.cfg.Metrics)
		good, bad := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t, webhookstest.Status(503))
		org := r.organization("")
		types := jsonapi.Strings{"organization.*"}
		r.endpoint(org, good.URL(), "eventTypes", types)
		r.endpoint(org, bad.URL(), "eventTypes", types, "schedule", jsonapi.Strings{"0s", "1h"})
		r.update(r.endpoint(org, good.URL(), "eventTypes", types), map[string]any{"status": "paused"})
		r.change(org, "Acme & Sons")
		r.received(good, 1)
		r.received(bad, 1)
		r.until(`SELECT COUNT(*) FROM webhook_attempts`, int64(2))
		move(3 * time.Minute)
		if err := r.w.cfg.Metrics.gauge(r.t.Context(), r.db); err != nil {
			r.t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(r.t.Context(), "GET", "/metrics", nil)
		promhttp.HandlerFor(registry.(*prometheus.Registry), promhttp.HandlerOpts{}).ServeHTTP(answer, request)
		page := answer.Body.String()
		for _, line := range []string{
			`roster_webhook_attempts_total{outcome="ok",state="succeeded"} 1`,
			`roster_webhook_attempts_total{outcome="http_status",state="pending"} 1`,
			`roster_webhook_attempt_duration_seconds_count{outcome="ok"} 1`,
			`roster_webhook_first_byte_seconds_count 2`,
			`roster_webhook_first_byte_seconds_bucket{le="30"} 2`,
			`roster_webhook_backlog 2`,
			`roster_webhook_oldest_pending_seconds 180`,
			`roster_webhook_queued_events 0`,
			`roster_webhook_oldest_event_seconds 0`,
			`roster_webhook_lanes{health="ok"} 2`,
			`roster_webhook_lanes{health="paused"} 1`,
			`roster_webhook_lanes{health="disabled"} 0`,
		} {
			if !strings.Contains(page, line+"\n") {
				r.t.Errorf("%s is not on the page", line)
			}
		}
		if r.t.Failed() {
			r.t.Log(page)
		}
	}, func(c *WorkerConfig) {
		registry := prometheus.NewRegistry()
		c.Metrics = NewMetrics(registry)
		registries.Store(c.Metrics, registry)
	})
}
