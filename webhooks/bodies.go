package webhooks

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"roster/models"
	"roster/webhooks/queue"
)

const keptBodies = fetchBytes // what was read together is not driven out by itself

// bodyTimeout bounds reading a body that is not in memory when its attempt begins: a quarter of an exchange.
func (w *Worker) bodyTimeout() time.Duration { return w.cfg.Sender.timeout / 4 }

// bodies are what is sent, each once, however many endpoints get it. Those that were used last are kept, up to a number of bytes: what
// waits beyond that is in the database. It is safe for concurrent use.
type bodies struct {
	mu    sync.Mutex
	kept  *simplelru.LRU[models.MessageKey, queue.Payload]
	bytes int
	most  int
}

func newBodies(most int) *bodies {
	b := &bodies{most: most}
	// It fails only for a size below 1.
	b.kept, _ = simplelru.NewLRU(math.MaxInt32, func(_ models.MessageKey, p queue.Payload) { b.bytes -= len(p.Body) })
	return b
}

func (b *bodies) keep(message models.MessageKey, payload queue.Payload) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept.Contains(message) {
		return // a message has one body
	}
	b.kept.Add(message, payload)
	for b.bytes += len(payload.Body); b.bytes > b.most; {
		b.kept.RemoveOldest()
	}
}

func (b *bodies) find(message models.MessageKey) (queue.Payload, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept.Get(message)
}

// payload returns what is sent.
func (w *Worker) payload(ctx context.Context, message models.MessageKey) (queue.Payload, error) {
	if payload, ok := w.bodies.find(message); ok {
		return payload, nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.bodyTimeout())
	defer cancel()
	found, err := queue.FindPayloads(ctx, w.db, []models.MessageKey{message})
	if err != nil {
		return queue.Payload{}, err
	}
	payload, ok := found[message]
	if !ok {
		return queue.Payload{}, fmt.Errorf("event %s has no body for %s", message.EventID, message.Owner)
	}
	w.bodies.keep(message, payload)
	return payload, nil
}

// prepare reads the bodies of deliveries that are not kept, up to a number of bytes, and returns the deliveries whose bodies came with it.
// cut are the endpoints of the others.
func (w *Worker) prepare(
	ctx context.Context, due []*queue.DueDelivery, most int,
) (ready []*queue.DueDelivery, cut map[string]bool, err error) {
	cut = map[string]bool{}
	wanted := map[models.MessageKey]bool{}
	var missing []models.MessageKey
	bytes := 0
	ready = slices.DeleteFunc(due, func(d *queue.DueDelivery) bool {
		message := d.Message()
		if wanted[message] {
			return false
		}
		if _, kept := w.bodies.find(message); kept {
			return false
		}
		if len(missing) > 0 && bytes+d.BodySize > most {
			cut[d.WebhookID] = true
			return true
		}
		wanted[message] = true
		missing, bytes = append(missing, message), bytes+d.BodySize
		return false
	})
	if len(missing) == 0 {
		return ready, cut, nil
	}
	found, err := queue.FindPayloads(ctx, w.db, missing)
	if err != nil {
		return nil, nil, err
	}
	for message, payload := range found {
		w.bodies.keep(message, payload)
	}
	return ready, cut, nil
}
