package webhooks

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

// Metrics count what a worker does.
type Metrics struct {
	attempts    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	firstByte   prometheus.Histogram
	written     prometheus.Counter
	discarded   prometheus.Counter
	backlog     prometheus.Gauge
	oldest      prometheus.Gauge
	unfanned    prometheus.Gauge
	unfannedAge prometheus.Gauge
	lanes       *prometheus.GaugeVec
}

// NewMetrics returns metrics that registerer shows; a nil one keeps them to themselves.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	m := &Metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roster_webhook_attempts_total",
			Help: "Attempts at deliveries, by error code (ok for none) and by what became of the delivery.",
		}, []string{"outcome", "state"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "roster_webhook_attempt_duration_seconds",
			Help:    "Time of whole exchanges with receivers.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"outcome"}),
		firstByte: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "roster_webhook_first_byte_seconds",
			Help:    "Time from an event to the first byte of the answer to its first attempt.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}),
		written: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "roster_webhook_results_written_total", Help: "Results of attempts that were written down.",
		}),
		discarded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "roster_webhook_results_discarded_total", Help: "Results of attempts whose lane was taken over by another replica.",
		}),
		backlog: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "roster_webhook_backlog", Help: "Deliveries that are pending.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "roster_webhook_oldest_pending_seconds", Help: "Age of the oldest delivery that is due and was not sent.",
		}),
		unfanned: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "roster_webhook_queued_events", Help: "Events that are not fanned out yet.",
		}),
		unfannedAge: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "roster_webhook_oldest_event_seconds", Help: "Age of the oldest event that is not fanned out yet.",
		}),
		lanes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "roster_webhook_lanes", Help: "Endpoints, by health.",
		}, []string{"health"}),
	}
	if registerer != nil {
		registerer.MustRegister(m.attempts, m.duration, m.firstByte, m.written, m.discarded, m.backlog, m.oldest, m.unfanned, m.unfannedAge,
			m.lanes)
	}
	return m
}

func (m *Metrics) attempted(a *attempt, state State) {
	outcome := "ok"
	if !a.result.Succeeded() {
		outcome = string(a.result.Code)
	}
	m.attempts.WithLabelValues(outcome, string(state)).Inc()
	m.duration.WithLabelValues(outcome).Observe(a.result.Timings.Total.Seconds())
	if a.delivery.Attempts == 0 && a.delivery.Trigger == models.TriggerEvent && a.result.Timings.FirstByte > 0 {
		m.firstByte.Observe((a.at.Sub(a.delivery.CreatedAt) + a.result.Timings.FirstByte).Seconds())
	}
}

func (m *Metrics) wrote() { m.written.Inc() }
func (m *Metrics) lost()  { m.discarded.Inc() }

// gauge reads what is counted in the database.
func (m *Metrics) gauge(ctx context.Context, db *store.DB) error {
	backlog, err := queue.ReadBacklog(ctx, db)
	if err != nil {
		return err
	}
	m.backlog.Set(float64(backlog.Pending))
	m.unfanned.Set(float64(backlog.Events))
	m.oldest.Set(age(db, backlog.OldestDue))
	m.unfannedAge.Set(age(db, backlog.OldestEvent))
	for _, health := range []string{models.HealthOK, models.HealthProbation, models.WebhookPaused, models.WebhookDisabled} {
		m.lanes.WithLabelValues(string(health)).Set(float64(backlog.Lanes[string(health)]))
	}
	return nil
}

// age returns how many seconds ago something was, 0 for nothing.
func age(db *store.DB, at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return max(db.Now().Sub(at), 0).Seconds()
}
