package webhooks

import (
	"context"
	"net/http"
	"time"

	"roster/models"
	"roster/webhooks/queue"
)

const (
	endpointAge     = time.Second // after which an endpoint is read again, should no replica have told of a change
	unreadablePause = time.Minute // for an endpoint that cannot be read, before it is tried again
)

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

// isAtLeastAsNew reports whether an endpoint was read behind a later change than another one, or behind the same one and not before it.
func (e *endpoint) isAtLeastAsNew(other *endpoint) bool {
	return e.generation > other.generation || e.generation == other.generation && !e.readAt.Before(other.readAt)
}

// readEndpoints reads endpoints, and says which are there and cannot be read.
func (w *Worker) readEndpoints(ctx context.Context, ids []string, generation uint64) (map[string]*endpoint, map[string]error, error) {
	readAt := time.Now()
	read, err := queue.FindEndpoints(ctx, w.db, ids)
	if err != nil {
		return nil, nil, err
	}
	return w.know(ctx, read.Found, readAt, generation), read.Unreadable, nil
}

// know returns what is known about endpoints that were read.
func (w *Worker) know(ctx context.Context, found map[string]*queue.Endpoint, readAt time.Time, generation uint64) map[string]*endpoint {
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
	return endpoints
}

// keepEndpoints remembers what was read, for lanes that are leased again soon. A fan-out brings late what it has read early: what was read
// after that stays.
func (l *loop) keepEndpoints(read map[string]*endpoint) {
	if len(l.endpoints)+len(read) > 4*l.w.cfg.Slots {
		clear(l.endpoints)
	}
	for id, e := range read {
		if known := l.endpoints[id]; known == nil || e.isAtLeastAsNew(known) {
			l.endpoints[id] = e
		}
	}
}

// fresh tells whether what is known about an endpoint can be relied on.
func (l *loop) fresh(e *endpoint, now time.Time) bool {
	return e != nil && e.generation == l.w.generation.Load() && now.Sub(e.readAt) <= endpointAge
}

// adopt gives a lane what is known about its endpoint, if that is fresh and something may be sent to it.
func (l *loop) adopt(lane *heldLane, now time.Time) bool {
	known := l.endpoints[lane.id]
	if !l.fresh(known, now) || known.Status != models.WebhookActive {
		return false
	}
	lane.endpoint = known
	l.fit(lane)
	return true
}

// refresh gives a lane what was read about its endpoint. One that is gone, not active any more or unreadable gets nothing.
func (l *loop) refresh(lane *heldLane, f fetched) {
	lane.endpoint = f.endpoints[lane.id]
	if err := f.unreadable[lane.id]; err != nil {
		l.w.cfg.Logger.Error("webhooks: an endpoint cannot be read, and gets nothing", "webhook_id", lane.id, "error", err)
		lane.state.RetryAfter = later(lane.state.RetryAfter, l.w.db.Now().Add(unreadablePause))
	}
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
