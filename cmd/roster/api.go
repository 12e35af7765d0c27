package main

import (
	"context"
	"time"

	"github.com/gorilla/mux"

	"roster/auth"
	"roster/handlers"
)

// usageInterval is how often the last use of keys is written.
const usageInterval = time.Minute

// mountAPI adds the routes of the API to the main listener's router, and starts the work that belongs to them.
func mountAPI(a *app, router *mux.Router) {
	usage := auth.NewUsage()
	a.background(func(ctx context.Context) {
		ticks := time.NewTicker(usageInterval)
		defer ticks.Stop()
		usage.Run(ctx, a.db, ticks.C, a.logger)
	})
	api := handlers.NewAPI(a.db, a.limiter, usage)
	a.atOnce = append(a.atOnce, a.background(func(ctx context.Context) { // whoever waits would wait for the whole period of grace
		api.WatchEvents(ctx, func(err error) { a.logger.ErrorContext(ctx, "requests that wait for events", "error", err) })
	}))
	api.Mount(router)
}
