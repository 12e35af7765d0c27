package main

import (
	"context"
	"time"

	"roster/auth"
	"roster/compat/authzen"
	"roster/handlers"
	"roster/models"
	"roster/models/store"
	"roster/server"
)

// noteUses returns what notes the use of keys and sessions, and writes it from time to time.
func (a *app) noteUses() *auth.LastUsed {
	used := auth.NewLastUsed()
	a.background(func(ctx context.Context) {
		ticks := time.NewTicker(a.cfg.sessions.TouchEvery())
		defer ticks.Stop()
		used.Run(ctx, a.db, ticks.C, a.logger)
	})
	return used
}

// sweep removes what has run out, from time to time: sessions, whose people are told, and failures to sign in.
func (a *app) sweep() {
	const every, atOnce = time.Minute, 1000
	a.background(func(ctx context.Context) {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			for _, purge := range []func(context.Context, *store.DB, int) (int, error){models.PurgeSessions, models.PurgeAttempts} {
				if _, err := purge(ctx, a.db, atOnce); err != nil && ctx.Err() == nil {
					a.logger.ErrorContext(ctx, "remove what has run out", "error", err)
				}
			}
		}
	})
}

// frontDoors returns the doors that are open on the main listener, and starts the work that belongs to them.
func frontDoors(a *app) []*server.Door {
	api := handlers.NewAPI(a.db, a.logger)
	a.atOnce = append(a.atOnce, a.background(func(ctx context.Context) { // whoever waits would wait for the whole period of grace
		api.WatchEvents(ctx, func(err error) { a.logger.ErrorContext(ctx, "requests that wait for events", "error", err) })
	}))
	return []*server.Door{api.Door(), authzen.Door(a.cfg.baseURL)}
}
