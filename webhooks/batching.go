package webhooks

import (
	"fmt"

	"roster/models"
	"roster/models/store"
)

// batching decides how many events a fan-out takes. What a batch costs is its deliveries, and how many those are is known only once the
// subscribers of its events are: each batch is measured by the one before, and one that turns out too large is given up.
type batching struct {
	maxEvents, maxDeliveries int // of a batch; one event may have more deliveries
	limit                    int // of events, for the next batch
}

func newBatching(dialect store.Dialect) batching {
	if dialect == store.SQLite { // every other writer waits meanwhile
		return batching{maxEvents: 100, maxDeliveries: 500, limit: 100}
	}
	return batching{maxEvents: 500, maxDeliveries: 2000, limit: 500}
}

// took measures a batch that was inserted.
func (b *batching) took(events, deliveries int) {
	b.limit = min(2*b.limit, b.maxEvents)
	if deliveries > 0 {
		b.limit = max(min(b.limit, b.maxDeliveries*events/deliveries), 1)
	}
}

// failed makes the next batch smaller, in case the database is too slow for so many.
func (b *batching) failed() { b.limit = max(b.limit/2, 1) }

// oversized ends the transaction of a batch with more deliveries than it may have.
type oversized struct{ fitting int } // events from the beginning of the batch, at least one

func (e *oversized) Error() string {
	return fmt.Sprintf("a batch is too large: %d of its events fit", e.fitting)
}

// check returns an error unless the deliveries of the events fit into a batch.
func (b *batching) check(events []*models.QueuedEvent, subscribers func(*models.QueuedEvent) []models.Subscriber) error {
	deliveries := 0
	for i, e := range events {
		for _, s := range subscribers(e) {
			if wants(s, e) {
				deliveries++
			}
		}
		if i > 0 && deliveries > b.maxDeliveries {
			return &oversized{i}
		}
	}
	return nil
}
