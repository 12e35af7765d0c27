package webhooks

import (
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/webhooks/webhookstest"
)

// TestAWorkerThatStopsLeavesNoLease stops a worker at each moment of a fan-out, which leases what it finds idle, with a database so slow that
// the moment of the commit is met, too: nobody is to wait for the end of a lease.
func TestAWorkerThatStopsLeavesNoLease(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, models.Postgres)
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
