package webhooks

import (
	"context"
	"net/http"
	"time"

	"roster/models"
)

// order is what the loop asks for in one go: lanes to lease, endpoints to read, deliveries to fetch.
type order struct {
	lanes, probation int
	looked           bool // for lanes, even if there was no room for any
	endpoints        []string
	limits           map[string]int // of deliveries, by webhook
	generation       uint64
}

func (o order) empty() bool {
	return o.lanes == 0 && o.probation == 0 && len(o.endpoints) == 0 && len(o.limits) == 0
}

// fetch is the answer to an order.
type fetch struct {
	order      order
	leased     []*models.WebhookLane
	validUntil time.Time
	endpoints  map[string]*endpoint
	due        []*models.DueDelivery
	err        error
}

// endpoint is what is needed to send to one.
type endpoint struct {
	*models.Endpoint
	header   http.Header
	secrets  []Secret
	ids      []string // of the secrets
	schedule Schedule

	readAt     time.Time
	generation uint64
}

// fetch does what the loop ordered. Lanes that are leased now are asked for their deliveries in the same go.
func (w *Worker) fetch(ctx context.Context, o order) fetch {
	f := fetch{order: o, validUntil: time.Now().Add(w.cfg.Lease)}
	if o.lanes > 0 || o.probation > 0 {
		lease := w.newLease()
		f.err = models.Transaction(ctx, w.db, func(tx *models.DB) error {
			lanes, err := models.ClaimLanes(ctx, tx, lease, o.lanes, o.probation)
			f.leased = lanes
			return err
		})
		if f.err != nil {
			f.leased = nil
			return f
		}
		for _, l := range f.leased {
			l.LeaseToken = &lease.Token
			f.order.endpoints = append(f.order.endpoints, l.WebhookID)
			if f.order.limits == nil {
				f.order.limits = map[string]int{}
			}
			f.order.limits[l.WebhookID] = quantum
		}
	}
	if len(f.order.endpoints) > 0 {
		if f.endpoints, f.err = w.readEndpoints(ctx, f.order.endpoints, o.generation); f.err != nil {
			return f
		}
	}
	if len(f.order.limits) > 0 {
		f.due, f.err = models.FindDue(ctx, w.db, f.order.limits)
	}
	return f
}

func (w *Worker) readEndpoints(ctx context.Context, ids []string, generation uint64) (map[string]*endpoint, error) {
	readAt := time.Now()
	found, err := models.FindEndpoints(ctx, w.db, ids)
	if err != nil {
		return nil, err
	}
	endpoints := make(map[string]*endpoint, len(found))
	for id, e := range found {
		known := &endpoint{Endpoint: e, header: http.Header{}, schedule: DefaultSchedule(), readAt: readAt, generation: generation}
		for name, value := range e.Headers {
			known.header.Set(name, value)
		}
		for _, s := range e.Secrets {
			secret, err := ParseSecret(s.Text)
			if err != nil {
				w.cfg.Logger.ErrorContext(ctx, "webhooks: a secret cannot be used", "webhook_id", id, "secret_id", s.ID, "error", err)
				continue
			}
			known.secrets, known.ids = append(known.secrets, secret), append(known.ids, s.ID)
		}
		if e.Schedule != nil {
			known.schedule = e.Schedule
		}
		endpoints[id] = known
	}
	return endpoints, nil
}

// laneOf returns what decides about a lane from its row.
func laneOf(row *models.WebhookLane) Lane {
	return Lane{
		Cap: row.Cap, MaxCap: row.MaxCap, Health: Health(row.Health), Clean: row.Clean, ConsecutiveFailures: row.ConsecutiveFailures,
		FailingSince: timeOf(row.FailingSince), LastFailureAt: timeOf(row.LastFailureAt), Answers: row.Answers, Failing: row.Failing,
		Slow: row.Slow, RetryAfter: timeOf(row.RetryAfter), FailedProbes: row.FailedProbes, ProbeAt: timeOf(row.ProbeAt),
	}
}

// rowOf is the way back. A lane that was just disabled is written as what it was: disabling is a change of the endpoint, which the lane
// follows.
func rowOf(id string, l Lane) models.WebhookLane {
	health := l.Health
	if health == HealthDisabled || health == HealthPaused {
		health = HealthProbation
	}
	return models.WebhookLane{
		WebhookID: id, Cap: l.Cap, MaxCap: l.MaxCap, Health: string(health), Clean: l.Clean, ConsecutiveFailures: l.ConsecutiveFailures,
		FailingSince: pointerTo(l.FailingSince), LastFailureAt: pointerTo(l.LastFailureAt), Answers: l.Answers, Failing: l.Failing,
		Slow: l.Slow, RetryAfter: pointerTo(l.RetryAfter), FailedProbes: l.FailedProbes, ProbeAt: pointerTo(l.ProbeAt),
	}
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func pointerTo(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
