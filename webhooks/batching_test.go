package webhooks

import (
	"errors"
	"fmt"
	"testing"

	"roster/models"
	"roster/models/store"
)

// TestABatchIsMeasuredByTheOneBefore begins with the largest batch.
func TestABatchIsMeasuredByTheOneBefore(t *testing.T) {
	for name, c := range map[string]struct {
		limit, events, deliveries, want int
	}{
		"nobody is subscribed":                {100, 100, 0, 100},
		"one endpoint":                        {100, 100, 100, 100},
		"as many as may be":                   {100, 100, 500, 100},
		"twice as many as may be":             {100, 10, 100, 50},
		"one event has more than a batch":     {1, 1, 1040, 1},
		"few events of many":                  {1, 1, 250, 2},
		"after a burst it grows step by step": {4, 1, 1, 8},
		"nothing was there":                   {100, 0, 0, 100},
	} {
		b := newBatching(store.SQLite)
		b.limit = c.limit
		if b.took(c.events, c.deliveries); b.limit != c.want {
			t.Errorf("%s: the next batch is %d events, not %d", name, b.limit, c.want)
		}
	}
}

// TestWhatFitsIntoABatch has endpoints that want everything, and events of one organization.
func TestWhatFitsIntoABatch(t *testing.T) {
	b := newBatching(store.SQLite)
	for _, c := range []struct{ events, endpoints, fitting int }{
		{100, 0, 100}, {100, 5, 100}, {100, 6, 83}, {100, 700, 1}, {2, 251, 1}, {1, 1040, 1},
	} {
		var events []*models.QueuedEvent
		for i := range c.events {
			events = append(events, &models.QueuedEvent{Ordinal: int64(i + 1), Type: "user.created", OrganizationID: "acme"})
		}
		var subscribers []models.Subscriber
		for i := range c.endpoints {
			subscribers = append(subscribers, models.Subscriber{WebhookID: fmt.Sprint(i)})
		}
		everybody := func(*models.QueuedEvent) []models.Subscriber { return subscribers }
		fitting := c.events
		if large := (*oversized)(nil); errors.As(b.check(events, everybody), &large) {
			fitting = large.fitting
		}
		if fitting != c.fitting {
			t.Errorf("of %d events with %d endpoints %d fit, not %d", c.events, c.endpoints, fitting, c.fitting)
		}
	}
}
