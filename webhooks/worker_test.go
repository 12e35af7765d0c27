package webhooks

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// told is what a receiver reads.
type told struct {
	Type     string
	Sequence int64
	Data     struct {
		Type, ID   string
		Attributes map[string]any
	}
	Changes map[string]any
}

func read(t *testing.T, q webhookstest.Request) told {
	t.Helper()
	var m told
	if err := json.Unmarshal(q.Body, &m); err != nil {
		t.Fatalf("%s: %v", q.Body, err)
	}
	return m
}

func TestEveryChangeIsDeliveredAndSigned(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization(receiver.URL())
		r.change(org, "Acme & Sons")
		requests := r.received(receiver, 2)
		for i, want := range []struct{ event, name string }{{"organization.created", "Acme"}, {"organization.updated", "Acme & Sons"}} {
			if err := requests[i].Verify(officialSecret); err != nil {
				r.t.Error(err)
			}
			m := read(r.t, requests[i])
			if m.Type != want.event || m.Sequence != int64(i+1) || m.Data.ID != org.ID || m.Data.Attributes["name"] != want.name {
				r.t.Errorf("received %+v, want %v", m, want)
			}
			if m.Data.Attributes["webhookSecret"] != nil || m.Data.Attributes["token"] != nil {
				r.t.Error("a secret was sent")
			}
			if updated := want.event == "organization.updated"; (m.Changes != nil) != updated {
				r.t.Errorf("changes of %s: %v", want.event, m.Changes)
			}
		}
		r.quiet()
		if n := r.query(`SELECT COUNT(*) FROM webhook_attempts WHERE status = 200 AND code IS NULL`); n != int64(2) {
			r.t.Errorf("%v attempts were kept", n)
		}
		r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL OR next_turn_at IS NOT NULL`, int64(0))
	})
}

func TestWhatIsRolledBackIsNotSent(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization(receiver.URL())
		broken := errors.New("no")
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			_, err := models.UpdateOrganization(r.t.Context(), tx, someone, org.ID,
				input(map[string]any{"name": "Never"}))
			if err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			r.t.Fatal(err)
		}
		r.change(org, "Real")
		requests := r.received(receiver, 2)
		if m := read(r.t, requests[1]); m.Data.Attributes["name"] != "Real" || m.Sequence != 2 {
			r.t.Errorf("received %+v", m)
		}
	})
}

func TestManyEventsComeOnceEachAndNumberedWithoutGaps(t *testing.T) {
	each(t, func(r *rig) {
		const events = 400
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization(receiver.URL())
		for i := range events - 1 {
			r.change(org, fmt.Sprint("Name ", i))
		}
		seen := map[int64]bool{}
		for _, q := range r.received(receiver, events) {
			seen[read(r.t, q).Sequence] = true
		}
		r.quiet()
		if n := len(receiver.Requests()); n != events || len(seen) != events || !seen[1] || !seen[events] {
			r.t.Errorf("%d requests with %d numbers for %d events", n, len(seen), events)
		}
	})
}

func TestRetriesFollowTheScheduleWithNewTimestamps(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(500), webhookstest.Status(500), webhookstest.Status(200))
		r.organization(receiver.URL())
		r.received(receiver, 1)
		r.until(`SELECT attempts FROM webhook_deliveries`, int64(1))
		move(7 * time.Second)
		r.received(receiver, 2)
		r.until(`SELECT attempts FROM webhook_deliveries`, int64(2))
		move(7 * time.Minute)
		requests := r.received(receiver, 3)
		r.quiet()
		for i, q := range requests {
			if q.ID != requests[0].ID || string(q.Body) != string(requests[0].Body) {
				r.t.Errorf("attempt %d is another message", i+1)
			}
			if i > 0 && q.Timestamp == requests[i-1].Timestamp {
				r.t.Errorf("attempt %d has the timestamp of the one before", i+1)
			}
			if err := q.VerifyAtAnyTime(officialSecret); err != nil {
				r.t.Error(err)
			}
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_attempts`); n != int64(3) {
			r.t.Errorf("%v attempts were kept", n)
		}
	})
}
