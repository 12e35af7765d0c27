package webhooks

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/webhooks/queue"
)

func TestBodiesAreKeptUpToANumberOfBytes(t *testing.T) {
	b := newBodies(10)
	keep := func(event string, size int) {
		b.keep(models.MessageKey{EventID: event}, queue.Payload{Body: []byte(strings.Repeat("x", size))})
	}
	kept := func() []string {
		var events []string
		for _, message := range b.kept.Keys() {
			events = append(events, message.EventID)
		}
		return slices.Sorted(slices.Values(events))
	}
	keep("a", 4)
	keep("b", 4)
	keep("a", 4) // for a second endpoint
	b.find(models.MessageKey{EventID: "a"})
	keep("c", 4)
	if diff := cmp.Diff([]string{"a", "c"}, kept()); diff != "" || b.bytes != 8 {
		t.Errorf("%d bytes are kept:\n%s", b.bytes, diff)
	}
	keep("d", 11)
	if b.bytes != 0 || len(kept()) != 0 {
		t.Errorf("of what is too large %d bytes are kept, of %v", b.bytes, kept())
	}
}

// TestAFetchReadsSomeBytesOfBodies reads what three endpoints wait for, ten events each, with room for four bodies.
func TestAFetchReadsSomeBytesOfBodies(t *testing.T) {
	each(t, func(r *rig) {
		r.stop()
		org := r.organization("")
		hooks := r.seat(org, newAudience(r.t), 3, "oracle.asked")
		r.publish(org, "oracle.asked", 10)
		w := NewWorker(r.db, r.w.cfg)
		batch := newBatching(r.db.Dialect())
		h, n, _, err := w.fanOut(r.t.Context(), queue.EventClaim{Limit: 100}, &batch)
		if err != nil || n < 10 {
			r.t.Fatalf("%d events, %v", n, err)
		}
		w.bodies = newBodies(keptBodies) // as if they had been sent long ago
		var searches []queue.DueSearch
		for _, hook := range hooks {
			searches = append(searches, queue.DueSearch{Holding: queue.Holding{WebhookID: hook.ID, Token: h.tokens[hook.ID]}, Limit: 100})
		}
		due, err := queue.FindDue(r.t.Context(), r.db, searches)
		if err != nil || len(due) != 30 {
			r.t.Fatalf("%d are due, %v", len(due), err)
		}
		left := due[len(due)-1].Message()
		ready, cut, err := w.prepare(r.t.Context(), due, 4*due[0].BodySize+2)
		if err != nil {
			r.t.Fatal(err)
		}
		events := map[string]int{}
		for _, d := range ready {
			events[d.EventID]++
			if payload, ok := w.bodies.find(d.Message()); !ok || len(payload.Body) != d.BodySize {
				r.t.Errorf("the body of %s has %d bytes", d.EventID, len(payload.Body))
			}
		}
		if len(events) != 4 || len(cut) != 3 {
			r.t.Errorf("%d events are ready, %d endpoints have more", len(events), len(cut))
		}
		for event, n := range events {
			if n != len(hooks) {
				r.t.Errorf("event %s is ready for %d of %d endpoints", event, n, len(hooks))
			}
		}
		if payload, err := w.payload(r.t.Context(), left); err != nil || len(payload.Body) == 0 {
			r.t.Errorf("what is not kept is read when it is sent: %d bytes, %v", len(payload.Body), err)
		}
	})
}
