package server

import (
	"database/sql"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"roster/models/store"
)

// Metrics counts what the server does, in a registry of its own.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	refusals *prometheus.CounterVec
	signIns  *prometheus.CounterVec
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
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roster_http_refusals_total",
			Help: "Requests refused with 401, 403 or 429, by route pattern, status and reason.",
		}, []string{"route", "status", "reason"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roster_sign_ins_total",
			Help: "Attempts to sign in, by way (password, provider, key) and outcome.",
		}, []string{"way", "outcome"}),
	}
	identity := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "roster_build_info", Help: "Always 1; the labels are the version, the commit and its date.",
		ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "date": build.Date},
	})
	identity.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, m.refusals, m.signIns, identity,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for name, pool := range pools {
		m.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	return m
}

// Watch shows whether there is an outage of the database, whoever met it.
func (m *Metrics) Watch(outage *store.Outage) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "roster_database_outage",
		Help: "1 while there is an outage of the database, as the log tells it, else 0.",
	}, func() float64 {
		if outage.Lasts() {
			return 1
		}
		return 0
	}))
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

func (m *Metrics) end(r *http.Request, x *Exchange, took time.Duration) {
	m.inFlight.Dec()
	route := x.Route
	if route == "" {
		route = "unmatched" // never the path: whoever asks for a million paths must not make a million series
	}
	method := knownMethod(r.Method)
	status := "aborted"
	if x.status != 0 {
		status = classes[x.status/100%10]
	}
	m.requests.WithLabelValues(route, method, status).Inc()
	m.duration.WithLabelValues(route, method).Observe(took.Seconds())
	switch x.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		m.refusals.WithLabelValues(route, strconv.Itoa(x.status), x.reason(r)).Inc()
	}
	if x.signsIn != "" {
		m.signIns.WithLabelValues(string(x.signsIn), x.outcome()).Inc()
	}
}

// reason returns why the exchange was refused, in one of few words: the reasons and kinds of errors. Of callers who are nobody it tells
// those who sent no credential from those whose credential does not work.
func (x *Exchange) reason(r *http.Request) string {
	reason := "other" // whoever wrote the answer said no more
	if all := store.ErrorsOf(x.refused); len(all) > 0 {
		reason = string(all[0].Kind)
	}
	if own := (*Error)(nil); errors.As(x.refused, &own) {
		reason = string(own.Reason)
		if own.Reason == Unauthenticated {
			reason = "no credential"
			if sent, err := x.door.Credential(r.Header); err != nil || sent != "" {
				reason = "wrong credential"
			}
		}
	}
	return strings.NewReplacer(" ", "_", "-", "_").Replace(reason)
}

// outcome returns what has become of an attempt to sign in.
func (x *Exchange) outcome() string {
	switch {
	case store.IsKind(x.refused, store.SecondFactor):
		return "second_factor_asked"
	case x.status == 0:
		return "aborted"
	case x.status < http.StatusBadRequest:
		return "succeeded"
	case x.status == http.StatusTooManyRequests:
		return "throttled"
	case x.status >= http.StatusInternalServerError:
		return "failed"
	default:
		return "refused"
	}
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
