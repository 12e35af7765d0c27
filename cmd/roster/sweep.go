package main

import (
	"context"
	"time"

	"roster/models"
	"roster/models/store"
)

// How often what has run out is removed, and how much of each kind at once.
const (
	sweepEvery = time.Minute
	sweepBatch = 1000
)

// sweep is one kind of what is removed.
type sweep struct {
	what   string
	remove func(ctx context.Context, db *store.DB, most int) (int, error)
}

// all removes batches until there is nothing left: a flood may leave many in a minute.
func (s sweep) all(ctx context.Context, db *store.DB) error {
	for n := sweepBatch; n >= sweepBatch && ctx.Err() == nil; {
		var err error
		if n, err = s.remove(ctx, db, sweepBatch); err != nil {
			return err
		}
	}
	return nil
}

// sweeping is the table of what is removed from time to time, by whichever replica comes first.
var sweeping = []sweep{
	{"sessions that have run out", models.PurgeSessions},
	{"portal links that nobody has opened", models.PurgePortalLinks},
	{"failures to sign in", models.PurgeAttempts},
	{"what callers were denied", models.PurgeDenials},
	{"the bytes of deleted files", func(ctx context.Context, db *store.DB, _ int) (int, error) { return models.SweepFiles(ctx, db) }},
}

// sweep removes what has run out, from time to time.
func (a *app) sweep() {
	a.atOnce = append(a.atOnce, a.background(func(ctx context.Context) {
		ticks := time.NewTicker(sweepEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			a.checkVault(ctx)
			for _, one := range sweeping {
				if err := one.all(ctx, a.db); err != nil && ctx.Err() == nil {
					a.logger.ErrorContext(ctx, "remove "+one.what, "error", err)
				}
			}
		}
	}))
}
