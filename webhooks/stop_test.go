package webhooks

import (
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestAWorkerThatStopsLeavesNoLease stops a worker at each moment of a fan-out, which leases what it finds idle, with a database so
// slow that the moment of the commit is met, too: nobody is to wait for the end of a lease.
func TestAWorkerThatStopsLeavesNoLease(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	home := &rig{t: t, db: modelstest.OpenConfig(t, cfg)}
	receiver := webhookstest.NewReceiver(t)
	org := home.organization(receiver.URL())
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	const step, roundTrip = 2 * time.Millisecond, 4 * time.Millisecond
	for moment := time.Duration(0); moment < 25*roundTrip; moment += step {
		proxy.Slow(0)
		w, stop := startWorker(t, db)
		home.quiet()
		home.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0))
		proxy.Slow(roundTrip)
		home.publish(org, "oracle.asked", 1)
		w.Committed(false)
		time.Sleep(moment) // the sweep is what this test is about; no outcome depends on how exact it is
		stop()
		if n := home.query(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`); n != int64(0) {
			t.Fatalf("stopped %s after an event, it leaves %v lanes leased", moment, n)
		}
	}
	proxy.Slow(0)
	startWorker(t, db)
	home.quiet()
}

// TestAWorkerStopsAlthoughTheDatabaseIsSilent has a result to write, and a database of which nothing is heard any more. What it could not
// write is sent again by the next one.
func TestAWorkerStopsAlthoughTheDatabaseIsSilent(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	cfg := modelstest.Config(t, store.Postgres)
	cfg.Now = clock.Now
	home := &rig{t: t, db: modelstest.OpenConfig(t, cfg)}
	receiver := webhookstest.NewReceiver(t, webhookstest.Silence(), webhookstest.Status(200))
	home.organization(receiver.URL())
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	w, stop := startWorker(t, modelstest.OpenConfig(t, cfg), func(c *WorkerConfig) { c.Grace = time.Millisecond })
	home.received(receiver, 1)
	proxy.Silence()
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(w.patience(0)):
		t.Error("it waits for the database long after its grace period")
	}
	proxy.Restore()
	<-stopped
	if !w.CutOff() {
		t.Error("it does not say that something was cut off")
	}
	clock.Advance(2 * time.Minute) // its leases have ended
	startWorker(t, home.db)
	home.received(receiver, 2)
}

func TestWhatAStoppingWorkerCutsUsesUpNoAttempt(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Silence(), webhookstest.Status(200))
		r.organization(receiver.URL())
		r.received(receiver, 1)
		r.stop()
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending' AND attempts = 0`); n != int64(1) {
			r.t.Errorf("%v deliveries are as if nothing had happened", n)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`); n != int64(0) {
			r.t.Errorf("%v lanes were not given back", n)
		}
		startWorker(r.t, r.db)
		requests := r.received(receiver, 2)
		r.quiet()
		if requests[0].ID != requests[1].ID {
			r.t.Error("another message was sent")
		}
	}, func(c *WorkerConfig) { c.Grace = time.Millisecond })
}
