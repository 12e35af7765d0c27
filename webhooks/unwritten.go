package webhooks

import (
	"slices"
	"time"

	"roster/models"
	"roster/webhooks/queue"
)

const (
	batchSize = 256                   // results written at once
	linger    = 10 * time.Millisecond // of a few results, unless another delivery waits for them
)

// unwritten is the results of attempts that are not in the database yet. One batch of them is out at a time.
type unwritten struct {
	queue  []*queue.Settlement // in no batch yet, in the order in which they came
	since  time.Time           // when the first of the queue came, or was left over by a batch
	urgent bool                // another delivery is due once one of the queue is written
	count  int                 // in the queue and in the batch
}

func (u *unwritten) add(s *queue.Settlement, now time.Time) {
	if len(u.queue) == 0 {
		u.since = now
	}
	u.queue = append(u.queue, s)
	u.urgent = u.urgent || endsHead(s)
	u.count++
}

// lingerUntil returns until when the queue may wait for more results; zero if it is to be written now.
func (u *unwritten) lingerUntil(now time.Time) time.Time {
	if until := u.since.Add(linger); len(u.queue) > 0 && len(u.queue) < batchSize/4 && !u.urgent && now.Before(until) {
		return until
	}
	return time.Time{}
}

// take returns what makes a batch, and how many results of each endpoint are left in the queue.
func (u *unwritten) take(now time.Time) (taken []*queue.Settlement, left map[string]int) {
	n := min(len(u.queue), batchSize)
	taken, u.queue = u.queue[:n:n], slices.Clone(u.queue[n:])
	u.since, u.urgent = now, u.urgent && len(u.queue) > 0
	left = map[string]int{}
	for _, s := range u.queue {
		left[s.WebhookID]++
	}
	return taken, left
}

// discard takes the results of an endpoint out of the queue. It leaves count alone: some of them may be in the batch.
func (u *unwritten) discard(webhook string) {
	u.queue = slices.DeleteFunc(u.queue, func(s *queue.Settlement) bool { return s.WebhookID == webhook })
}

// endsHead tells whether a result ends the first delivery of an order key, so that the next one is due once it is written.
func endsHead(s *queue.Settlement) bool {
	return s.OrderKey != nil && s.State != models.DeliveryPending
}
