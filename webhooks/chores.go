package webhooks

import (
	"context"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

const (
	choreEvery = time.Second
	gaugeEvery = 15 * time.Second
	purgeEvery = 10 * time.Minute
	purgeBatch = 1000

	// clockMargin is how far the clocks of replicas may be apart before one ends what another has leased.
	clockMargin = 10 * time.Minute

	// traceRetention is how long it is known which trace an event is in: longer than its deliveries are tried.
	traceRetention = 7 * 24 * time.Hour
)

// chores works off replays, reads the gauges and removes what is too old.
func (w *Worker) chores(ctx context.Context) {
	var gauged, purged time.Time
	for sleep(ctx, choreEvery) {
		if err := w.replay(ctx); err != nil {
			w.failing(ctx, "work off replays", err)
		}
		if time.Since(gauged) >= gaugeEvery {
			gauged = time.Now()
			if err := w.cfg.Metrics.gauge(ctx, w.db); err != nil {
				w.failing(ctx, "read the backlog", err)
			}
		}
		if time.Since(purged) >= purgeEvery {
			purged = time.Now()
			if err := w.Purge(ctx); err != nil {
				w.failing(ctx, "remove what is too old", err)
			}
		}
	}
}

// Purge removes finished deliveries and replays, and heads of answers, that are older than they are to be kept, and ends what has waited as
// long for an endpoint that is paused or disabled, and leases of a clock that was ahead. A payload never goes while a delivery of it is
// pending.
func (w *Worker) Purge(ctx context.Context) error {
	ctx, now := store.Alone(ctx), w.db.Now()
	// No lease is as long: it was dated by a clock that has been set right since, and whoever held it may have ended before.
	if err := queue.EndLeases(ctx, w.db, now.Add(w.cfg.Lease+clockMargin)); err != nil {
		return err
	}
	if err := queue.PurgeTraces(ctx, w.db, now.Add(-traceRetention)); err != nil {
		return err
	}
	if err := w.inBatches(ctx, now.Add(-models.TallyRetention-models.TallySpan), queue.PurgeTallies); err != nil {
		return err
	}
	if w.cfg.Retention > 0 {
		before := now.Add(-w.cfg.Retention)
		if err := w.inBatches(ctx, before, queue.ExpireDeliveries); err != nil {
			return err
		}
		if err := w.inBatches(ctx, before, queue.PurgeDeliveries); err != nil {
			return err
		}
		if err := queue.PurgeReplays(ctx, w.db, before); err != nil {
			return err
		}
	}
	if w.cfg.HeadRetention > 0 {
		return queue.PurgeHeads(ctx, w.db, now.Add(-w.cfg.HeadRetention))
	}
	return nil
}

// inBatches purges until there is nothing left. A batch is small, so that other writers need not wait for long.
func (w *Worker) inBatches(
	ctx context.Context, before time.Time, purge func(ctx context.Context, db *store.DB, before time.Time, most int) (int, error),
) error {
	for n := purgeBatch; n == purgeBatch && ctx.Err() == nil; {
		var err error
		if n, err = purge(ctx, w.db, before, purgeBatch); err != nil {
			return err
		}
	}
	return nil
}
