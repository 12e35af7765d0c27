package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
	"roster/webhooks/webhookstest"
)

func TestARotationSignsWithBothSecretsUntilTheOverlapEnds(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization("")
		endpoint := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		rotated, err := models.RotateWebhookSecret(r.t.Context(), r.db, someone, endpoint.ID, time.Hour)
		if err != nil {
			r.t.Fatal(err)
		}
		verify := func(n int, valid, invalid []string) {
			r.t.Helper()
			q := r.received(receiver, n)[n-1]
			for _, secret := range valid {
				if err := q.VerifyAtAnyTime(secret); err != nil {
					r.t.Errorf("message %d: %v", n, err)
				}
			}
			for _, secret := range invalid {
				if q.VerifyAtAnyTime(secret) == nil {
					r.t.Errorf("message %d is signed with a dead secret", n)
				}
			}
			r.quiet() // a lane that is held while the clock jumps is taken over, as from a worker that stalled
		}
		r.change(org, "During")
		verify(1, []string{officialSecret, *rotated.Secret}, nil)
		move(2 * time.Hour)
		r.change(org, "After")
		verify(2, []string{*rotated.Secret}, []string{officialSecret})
		again, err := models.RotateWebhookSecret(r.t.Context(), r.db, someone, endpoint.ID, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		r.change(org, "At once")
		verify(3, []string{*again.Secret}, []string{*rotated.Secret})
	})
}

func TestANewSecretOfTheOrganizationReplacesTheOldOne(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization(receiver.URL())
		r.received(receiver, 1)
		const other = "another secret that is long enough"
		_, err := models.UpdateOrganization(r.t.Context(), r.db, someone, org.ID,
			input(map[string]any{"webhookSecret": other}))
		if err != nil {
			r.t.Fatal(err)
		}
		q := r.received(receiver, 2)[1]
		if err := q.Verify(other); err != nil {
			r.t.Error(err)
		}
		if q.Verify(officialSecret) == nil {
			r.t.Error("the old secret still signs")
		}
	})
}

func Test410DisablesAndEnablingSendsWhatWaited(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(http.StatusGone), webhookstest.Status(200))
		org := r.organization("")
		endpoint := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		r.change(org, "One")
		r.received(receiver, 1)
		r.until(`SELECT COUNT(*) FROM webhooks WHERE status = 'disabled' AND disabled_reason = 'gone'`, int64(1))
		r.until(`SELECT COUNT(*) FROM events WHERE event_type = 'webhook.disabled'`, int64(1))
		r.change(org, "Two")
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(2))
		move(time.Hour)
		r.until(`SELECT COUNT(*) FROM event_queue`, int64(0))
		if n := len(receiver.Requests()); n != 1 {
			r.t.Fatalf("a disabled endpoint got %d requests", n)
		}
		r.update(endpoint, map[string]any{"status": "active"})
		r.w.Wake()
		r.received(receiver, 3)
		r.quiet()
	})
}

func TestPausedEndpointsGetNothingUntilTheyAreResumed(t *testing.T) {
	each(t, func(r *rig) {
		receiver, witness := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		org := r.organization(witness.URL())
		endpoint := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		r.received(witness, 1)
		r.update(endpoint, map[string]any{"status": "paused"})
		r.change(org, "While paused")
		r.received(witness, 2) // created, updated
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(1))
		if n := len(receiver.Requests()); n != 0 {
			r.t.Fatalf("a paused endpoint got %d requests", n)
		}
		r.update(endpoint, map[string]any{"status": "active"})
		r.w.Wake()
		q := r.received(receiver, 1)[0]
		if m := read(r.t, q); m.Data.Attributes["name"] != "While paused" {
			r.t.Errorf("received %+v", m)
		}
	})
}

func TestRetryAfterHoldsTheWholeLane(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.RetryAfter(429, "120"), webhookstest.Status(200))
		other := webhookstest.NewReceiver(r.t)
		org := r.organization(receiver.URL())
		r.received(receiver, 1)
		r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE retry_after IS NOT NULL AND lease_token IS NULL`, int64(1))
		r.endpoint(org, other.URL())
		r.change(org, "Waits")
		r.received(other, 1) // others do not wait
		move(60 * time.Second)
		r.change(org, "Waits, too")
		r.received(other, 2)
		if n := len(receiver.Requests()); n != 1 {
			r.t.Fatalf("%d requests came within Retry-After", n)
		}
		move(70 * time.Second)
		r.received(receiver, 4)
		move(10 * time.Minute)
		r.quiet()
	})
}

func TestDeletingAnEndpointCancelsWhatIsPending(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(500))
		org := r.organization("")
		endpoint := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		r.change(org, "One")
		r.received(receiver, 1)
		r.until(`SELECT attempts FROM webhook_deliveries`, int64(1))
		if err := models.DeleteWebhook(r.t.Context(), r.db, someone, endpoint.ID, nil); err != nil {
			r.t.Fatal(err)
		}
		if reason := r.query(`SELECT reason FROM webhook_deliveries WHERE state = 'cancelled'`); reason != "endpoint_deleted" {
			r.t.Errorf("cancelled because of %v", reason)
		}
		move(time.Hour)
		r.change(org, "Two")
		r.quiet()
		if n := len(receiver.Requests()); n != 1 {
			r.t.Errorf("a deleted endpoint got %d requests", n)
		}
	})
}

func TestADeletedOrganizationIsToldSoLast(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization(receiver.URL())
		r.received(receiver, 1)
		if err := models.DeleteOrganization(r.t.Context(), r.db, someone, org.ID, nil); err != nil {
			r.t.Fatal(err)
		}
		if m := read(r.t, r.received(receiver, 2)[1]); m.Type != "organization.deleted" || m.Sequence != 2 {
			r.t.Errorf("received %+v", m)
		}
		in := input(nil)
		in.Echo = map[string]any{"deletedAt": nil}
		if _, err := models.UpdateOrganization(r.t.Context(), r.db, someone, org.ID, in); err != nil {
			r.t.Fatal(err)
		}
		if m := read(r.t, r.received(receiver, 3)[2]); m.Type != "organization.restored" {
			r.t.Errorf("received %+v", m)
		}
	})
}

func TestEndpointsGetWhatTheySubscribeTo(t *testing.T) {
	each(t, func(r *rig) {
		parent := r.organization("")
		subtree, own, users := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		r.endpoint(parent, subtree.URL(), "subtree", true, "eventTypes", jsonapi.Strings{"organization.*"})
		r.endpoint(parent, own.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		r.endpoint(parent, users.URL(), "eventTypes", jsonapi.Strings{"user.*"}, "headers", jsonapi.Strings{"X-Tenant: 42"})
		in := input(map[string]any{"name": "Child"})
		in.Links["parent"] = models.Links{parent.ID}
		child, err := models.CreateOrganization(r.t.Context(), r.db, someone, in)
		if err != nil {
			r.t.Fatal(err)
		}
		person := input(map[string]any{"email": "ada@example.com"})
		person.Links["organization"] = models.Links{parent.ID}
		if _, err := models.CreateUser(r.t.Context(), r.db, someone, person); err != nil {
			r.t.Fatal(err)
		}
		r.change(parent, "Parent")
		q := r.received(users, 1)[0]
		if m := read(r.t, q); m.Type != "user.created" || q.Header.Get("X-Tenant") != "42" {
			r.t.Errorf("received %+v with %v", m, q.Header)
		}
		if m := read(r.t, r.received(own, 1)[0]); m.Data.ID != parent.ID {
			r.t.Errorf("received %+v", m)
		}
		ids := []string{}
		for _, q := range r.received(subtree, 2) {
			ids = append(ids, read(r.t, q).Data.ID)
		}
		slices.Sort(ids)
		want := []string{parent.ID, child.ID}
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			r.t.Errorf("the subtree got %v, want %v", ids, want)
		}
		r.quiet()
		if a, b, c := len(subtree.Requests()), len(own.Requests()), len(users.Requests()); a != 2 || b != 1 || c != 1 {
			r.t.Errorf("requests: %d, %d, %d", a, b, c)
		}
	})
}

func TestFIFODeliversOneAfterTheOtherAcrossAFailure(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(200), webhookstest.Status(500), webhookstest.Status(200))
		org := r.organization("")
		r.endpoint(org, receiver.URL(), "ordering", "fifo", "eventTypes", jsonapi.Strings{"organization.*"})
		const events = 12
		for i := range events {
			r.change(org, fmt.Sprint("Name ", i))
		}
		r.received(receiver, 2)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE attempts = 1 AND state = 'pending'`, int64(1))
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(events-1))
		move(7 * time.Second)
		var order []int64
		for _, q := range r.received(receiver, events+1) {
			order = append(order, read(r.t, q).Sequence)
		}
		if !slices.IsSorted(order) || order[1] != order[2] {
			r.t.Errorf("they came in the order %v", order)
		}
		r.quiet()
	})
}

// A new event leases the lane of its endpoint, and has to wait behind a delivery that failed. The retry that becomes due meanwhile goes out
// when the lane is given back, not when somebody looks around.
func TestWhatBecomesDueWhileALaneIsLentIsSent(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(500), webhookstest.Status(200))
		org := r.organization("")
		r.endpoint(org, receiver.URL(), "ordering", "fifo", "eventTypes", jsonapi.Strings{"organization.*"})
		r.change(org, "Fails first")
		r.received(receiver, 1)
		r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NULL AND consecutive_failures = 1`, int64(1))
		r.stop()
		r.change(org, "Waits behind it")

		next := NewWorker(r.db, r.w.cfg) // of which only the loop and the writer run
		b := newBatching(r.db.Dialect())
		h, claimed, _, err := next.fanOut(r.t.Context(), queue.EventClaim{Limit: b.limit}, &b)
		if err != nil || claimed != 1 || len(h.leased) != 1 {
			r.t.Fatalf("%d events, %d lanes, %v", claimed, len(h.leased), err)
		}
		move(7 * time.Second)
		l := newLoop(next)
		l.claims = claims{} // it has looked
		l.takeHandoff(h)
		l.pump()
		l.write()
		ctx, stop := context.WithCancel(r.t.Context())
		var running sync.WaitGroup
		running.Go(next.settleLoop)
		running.Go(func() { l.run(ctx); close(next.batches) })
		defer running.Wait()
		defer stop()
		if got := read(r.t, r.received(receiver, 2)[1]).Data.Attributes["name"]; got != "Fails first" {
			r.t.Errorf("%q came first", got)
		}
	})
}

func TestPerEntityHoldsOnlyTheEventsOfOneResource(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		parent := r.organization("")
		children := make([]*models.Organization, 2)
		for i := range children {
			in := input(map[string]any{"name": "Child"})
			in.Links["parent"] = models.Links{parent.ID}
			var err error
			if children[i], err = models.CreateOrganization(r.t.Context(), r.db, someone, in); err != nil {
				r.t.Fatal(err)
			}
		}
		r.quiet()
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(500), webhookstest.Status(200))
		r.endpoint(parent, receiver.URL(), "ordering", "per_entity", "subtree", true, "eventTypes", jsonapi.Strings{"organization.updated"})
		r.change(children[0], "Fails first")
		r.received(receiver, 1)
		r.until(`SELECT MAX(attempts) FROM webhook_deliveries`, int64(1))
		r.change(children[0], "Waits")
		r.change(children[1], "Does not wait")
		if m := read(r.t, r.received(receiver, 2)[1]); m.Data.ID != children[1].ID {
			r.t.Errorf("received %+v", m)
		}
		move(7 * time.Second)
		requests := r.received(receiver, 4)
		a, b := read(r.t, requests[2]), read(r.t, requests[3])
		if a.Data.Attributes["name"] != "Fails first" || b.Data.Attributes["name"] != "Waits" {
			r.t.Errorf("received %+v, then %+v", a, b)
		}
		r.quiet()
	})
}

func TestAStalledWorkerWritesNothingOnceItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	cfg := modelstest.Config(t, store.Postgres)
	cfg.Now = clock.Now
	first := newRig(t, modelstest.OpenConfig(t, cfg))
	answer := make(chan struct{})
	receiver := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) {
		x.Read()
		x.Await(answer)
		x.Respond(500, nil)
	}, webhookstest.Status(200))
	first.organization(receiver.URL())
	first.received(receiver, 1)
	clock.Advance(2 * time.Minute) // the first worker does not notice: it renews by its own, real clock
	second := newRig(t, modelstest.OpenConfig(t, cfg))
	second.received(receiver, 2)
	second.quiet()
	close(answer)
	first.stop()
	if n := second.query(`SELECT COUNT(*) FROM webhook_attempts WHERE status = 500`); n != int64(0) {
		t.Errorf("the stalled worker wrote %v attempts", n)
	}
	if s := second.query(`SELECT state FROM webhook_deliveries`); s != "succeeded" {
		t.Errorf("the delivery is %v", s)
	}
}

func TestTwoWorkersShareOneDatabaseWithoutDoubles(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	first := newRig(t, modelstest.OpenConfig(t, cfg))
	second := newRig(t, modelstest.OpenConfig(t, cfg))
	receiver := webhookstest.NewReceiver(t)
	org := first.organization(receiver.URL())
	const events = 100
	for i := range events {
		[]*rig{first, second}[i%2].change(org, fmt.Sprint("Name ", i))
	}
	first.quiet()
	ids := map[string]bool{}
	for _, q := range receiver.Requests() {
		ids[q.ID] = true
	}
	if n := len(receiver.Requests()); n != events+1 || len(ids) != events+1 {
		t.Errorf("%d requests with %d ids for %d events", n, len(ids), events+1)
	}
}

func TestRedeliveringAndReplaying(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		receiver := webhookstest.NewReceiver(r.t,
			webhookstest.Status(500), webhookstest.Status(500), webhookstest.Status(500), webhookstest.Status(200))
		org := r.organization("")
		endpoint := r.endpoint(org, receiver.URL(), "schedule", jsonapi.Strings{"0s"}, "eventTypes", jsonapi.Strings{"organization.*"})
		for i := range 3 {
			r.change(org, fmt.Sprint("Name ", i))
		}
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'failed'`, int64(3))
		id := r.query(`SELECT CAST(id AS text) FROM webhook_deliveries ORDER BY id`).(string)
		d, err := queue.Redeliver(r.t.Context(), r.db, someone, id)
		if err != nil || d.State != "pending" {
			r.t.Fatalf("%+v, %v", d, err)
		}
		r.received(receiver, 4)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'succeeded' AND attempts = 2 AND trigger = 'manual'`, int64(1))
		in := input(map[string]any{"since": jsonapi.Time{Time: r.db.Now().Add(-time.Hour)}})
		move(time.Minute)
		in.Links["webhook"] = models.Links{endpoint.ID}
		if _, err := models.CreateWebhookReplay(r.t.Context(), r.db, someone, in); err != nil {
			r.t.Fatal(err)
		}
		r.received(receiver, 6)
		r.until(`SELECT COUNT(*) FROM webhook_jobs WHERE state = 'done' AND queued = 2`, int64(1))

		late := webhookstest.NewReceiver(r.t)
		newcomer := r.endpoint(org, late.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
		in = input(map[string]any{"kind": "events", "since": jsonapi.Time{Time: r.db.Now().Add(-time.Hour)}})
		in.Links["webhook"] = models.Links{newcomer.ID}
		move(time.Minute)
		if _, err := models.CreateWebhookReplay(r.t.Context(), r.db, someone, in); err != nil {
			r.t.Fatal(err)
		}
		r.received(late, 3)
		r.quiet()
		_, err = SendTest(r.t.Context(), r.db, someone, newcomer.ID, models.TestEvent)
		if err != nil {
			r.t.Fatal(err)
		}
		if m := read(r.t, r.received(late, 4)[3]); m.Type != "webhook.test" {
			r.t.Errorf("received %+v", m)
		}
		if err := models.FillWebhookHealth(r.t.Context(), r.db, endpoint); err != nil || endpoint.Health == nil {
			r.t.Errorf("health: %v", err)
		}
		found, err := collection.Find(r.t.Context(), r.db, models.WebhookDeliveries, collection.Everything(), d.ID, &jsonapi.Query{})
		if err != nil || found.(*models.WebhookDelivery).History == nil {
			r.t.Errorf("history: %v", err)
		}
	})
}
