package main

import (
	"context"
	"time"

	"roster/models"
)

// trailEvery is how often what is too old is removed from the audit trail.
const trailEvery = 10 * time.Minute

// keepTrail removes from time to time the events that are older than they are to be kept.
func (a *app) keepTrail() {
	if a.cfg.eventRetention == 0 {
		return
	}
	a.atOnce = append(a.atOnce, a.background(func(ctx context.Context) {
		ticks := time.NewTicker(trailEvery)
		defer ticks.Stop()
		for ctx.Err() == nil {
			if err := a.tidyTrail(ctx); err != nil && ctx.Err() == nil {
				a.logger.ErrorContext(ctx, "remove old events", "error", err)
			}
			select {
			case <-ticks.C:
			case <-ctx.Done():
			}
		}
	}))
}

func (a *app) tidyTrail(ctx context.Context) error {
	removed, err := models.PurgeEvents(ctx, a.db, a.db.Now().Add(-time.Duration(a.cfg.eventRetention)*day))
	if removed > 0 {
		a.logger.InfoContext(ctx, "old events removed", "events", removed)
	}
	return err
}
