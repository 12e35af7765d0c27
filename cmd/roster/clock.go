package main

import (
	"context"
	"time"

	"roster/models/store"
)

// clockTolerance is what clocks may differ by unmentioned. Receivers of webhooks refuse what is dated minutes off, and replicas whose
// clocks differ by more than a lease take lanes from each other.
const clockTolerance = 3 * time.Second

// compareClocks warns of a clock that is not that of the database, which shows up as failing deliveries far from here.
func (a *app) compareClocks(ctx context.Context) error {
	ahead, err := store.ClockDifference(ctx, a.db)
	if err != nil {
		return err
	}
	if clocksDiffer(ahead) {
		a.logger.WarnContext(ctx, "the clock of this machine is not that of the database: synchronize them, or receivers may refuse "+
			"webhooks",
			"database_ahead", ahead.Round(time.Millisecond).String())
	}
	return nil
}

func clocksDiffer(ahead time.Duration) bool { return ahead.Abs() > clockTolerance }
