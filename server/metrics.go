package server

import (
	"database/sql"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the server does, in a registry of its own.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

// Build is which build of the program this is: its version, the commit that it was made of, and the date of that.
type Build struct{ Version, Commit, Date string }

// NewMetrics returns metrics of a build of the program and of those connection pools.
func NewMetrics(build Build, pools map[string]*sql.DB) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roster_http_requests_total",
			Help: "Requests answered, by route pattern, method and class of status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "roster_http_request_duration_seconds",
			Help:    "Time from the request's header to the end of the answer, by route pattern and method.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "roster_http_requests_in_flight",
			Help: "Requests that are being served.",
		}),
	}
	identity := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "roster_build_info", Help: "Always 1; the labels are the version, the commit and its date.",
		ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "date": build.Date},
	})
	identity.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, identity,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for name, pool := range pools {
		m.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	return m
}

// Registry takes the metrics of other parts of the program.
func (m *Metrics) Registry() prometheus.Registerer { return m.registry }

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		DisableCompression: true, // compressed is around it
		Timeout:            5 * time.Second,
	})
}

func (m *Metrics) begin() { m.inFlight.Inc() }

func (m *Metrics) end(method string, x *Exchange, took time.Duration) {
	m.inFlight.Dec()
	route := x.Route
	if route == "" {
		route = "unmatched" // never the path: whoever asks for a million paths must not make a million series
	}
	method = knownMethod(method)
	status := "aborted"
	if x.status != 0 {
		status = classes[x.status/100%10]
	}
	m.requests.WithLabelValues(route, method, status).Inc()
	m.duration.WithLabelValues(route, method).Observe(took.Seconds())
}

// classes are the classes of status, by their first digit.
var classes = [10]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"}

func knownMethod(method string) string {
	for _, known := range methods {
		if method == known {
			return method
		}
	}
	return "other"
}
