package webhooks

import (
	"testing"
	"time"

	"roster/models"
	"roster/webhooks/queue"
)

// TestHowLongAResultWaitsToBeWrittenWithOthers has results that came at noon.
func TestHowLongAResultWaitsToBeWrittenWithOthers(t *testing.T) {
	key := "user 7"
	retried := &queue.Settlement{WebhookID: "a", State: models.DeliveryPending, OrderKey: &key}
	ended := &queue.Settlement{WebhookID: "a", State: models.DeliverySucceeded}
	endedHead := &queue.Settlement{WebhookID: "a", State: models.DeliverySucceeded, OrderKey: &key}
	for name, c := range map[string]struct {
		results []*queue.Settlement
		after   time.Duration
		waits   bool
	}{
		"none":                                  {nil, 0, false},
		"one":                                   {[]*queue.Settlement{ended}, 0, true},
		"one, a moment before its time":         {[]*queue.Settlement{ended}, linger - 1, true},
		"one, when its time has come":           {[]*queue.Settlement{ended}, linger, false},
		"another delivery waits for it":         {[]*queue.Settlement{ended, endedHead, ended}, 0, false},
		"one of an order key, which is retried": {[]*queue.Settlement{retried}, 0, true},
		"few":                                   {repeated(ended, batchSize/4-1), 0, true},
		"many":                                  {repeated(ended, batchSize/4), 0, false},
	} {
		var u unwritten
		for _, s := range c.results {
			u.add(s, noon)
		}
		until := u.lingerUntil(noon.Add(c.after))
		if !until.IsZero() != c.waits || c.waits && !until.Equal(noon.Add(linger)) {
			t.Errorf("%s: it waits until %s", name, until)
		}
	}
}

// TestWhatDoesNotFitIntoABatchStays has more results of two endpoints than a batch, and then loses the lane of one.
func TestWhatDoesNotFitIntoABatchStays(t *testing.T) {
	var u unwritten
	for _, s := range append(repeated(&queue.Settlement{WebhookID: "a"}, batchSize), repeated(&queue.Settlement{WebhookID: "b"}, 3)...) {
		u.add(s, noon)
	}
	u.add(&queue.Settlement{WebhookID: "a"}, noon)
	later := noon.Add(time.Second)
	taken, left := u.take(later)
	if len(taken) != batchSize || left["a"] != 1 || left["b"] != 3 || u.count != batchSize+4 {
		t.Errorf("%d are taken, %v are left, %d in all", len(taken), left, u.count)
	}
	if until := u.lingerUntil(later); !until.Equal(later.Add(linger)) {
		t.Errorf("what is left waits until %s", until)
	}
	u.discard("b")
	if taken, left = u.take(later); len(taken) != 1 || taken[0].WebhookID != "a" || len(left) != 0 {
		t.Errorf("%d are taken, %v are left", len(taken), left)
	}
	if !u.lingerUntil(later).IsZero() {
		t.Error("nothing is left, and waits")
	}
}

func repeated(s *queue.Settlement, n int) []*queue.Settlement {
	all := make([]*queue.Settlement, n)
	for i := range all {
		all[i] = s
	}
	return all
}
