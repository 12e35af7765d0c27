package webhooks

import (
	"context"
	"maps"
	"net/http"
	"time"

	"roster/models"
	"roster/webhooks/queue"
)

const endpointAge = time.Second // after which an endpoint is read again, should no replica have told of a change

// endpoint is what is needed to send to one.
type endpoint struct {
	*queue.Endpoint
	header   http.Header
	secrets  []Secret
	ids      []string // of the secrets
	schedule Schedule

	readAt     time.Time
	generation uint64 // of Worker.generation, from before it was read
}

func (w *Worker) readEndpoints(ctx context.Context, ids []string, generation uint64) (map[string]*endpoint, error) {
	readAt := time.Now()
	found, err := queue.FindEndpoints(ctx, w.db, ids)
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

// keepEndpoints remembers what was read, for lanes that are leased again soon.
func (l *loop) keepEndpoints(read map[string]*endpoint) {
	if len(l.endpoints)+len(read) > 4*l.w.cfg.Slots {
		clear(l.endpoints)
	}
	maps.Copy(l.endpoints, read)
}

// fresh tells whether what is known about an endpoint can be relied on.
func (l *loop) fresh(e *endpoint, now time.Time) bool {
	return e != nil && e.generation == l.w.generation.Load() && now.Sub(e.readAt) <= endpointAge
}

// adopt gives a lane what is known about its endpoint, if that is fresh.
func (l *loop) adopt(lane *heldLane, now time.Time) bool {
	known := l.endpoints[lane.id]
	if !l.fresh(known, now) {
		return false
	}
	lane.endpoint = known
	l.fit(lane)
	return true
}

// refresh gives a lane what was read about its endpoint. One that is gone or not active any more gets nothing.
func (l *loop) refresh(lane *heldLane, read map[string]*endpoint) {
	lane.endpoint = read[lane.id]
	if lane.endpoint == nil || lane.endpoint.Status != models.WebhookActive {
		l.endTurn(lane)
		return
	}
	l.fit(lane)
}

// fit bounds a lane by what its endpoint and the configuration allow now.
func (l *loop) fit(lane *heldLane) {
	lane.state.MaxCap = l.w.cfg.LaneCap
	if lane.endpoint != nil && lane.endpoint.Ordering == models.OrderFIFO {
		lane.state.MaxCap = 1
	}
	lane.state.Cap = max(1, min(lane.state.Cap, lane.state.MaxCap))
}
