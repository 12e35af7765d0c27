package main

import (
	"context"
	"time"

	"roster/auth"
	compatauth "roster/compat/auth"
	"roster/compat/authzen"
	"roster/compat/identity"
	"roster/compat/memberships"
	"roster/compat/orgsme"
	"roster/console"
	"roster/handlers"
	"roster/server"
	"roster/signin"
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

// frontDoors returns the doors that are open on the main listener, and starts the work that belongs to them.
func frontDoors(a *app) []*server.Door {
	api := handlers.NewAPI(a.db, a.logger)
	b := thisBuild()
	api.Release = b.Version + ", commit " + b.Commit + " of " + b.Date
	for _, p := range a.cfg.providers {
		api.Providers = append(api.Providers, handlers.Provider{ID: p.Name, Name: p.Title, URL: p.Path()})
	}
	a.atOnce = append(a.atOnce, a.background(func(ctx context.Context) { // whoever waits would wait for the whole period of grace
		api.WatchEvents(ctx, func(err error) { a.logger.ErrorContext(ctx, "requests that wait for events", "error", err) })
	}))
	others := []*server.Door{
		authzen.Door(), compatauth.Door(), identity.Door(), memberships.Door(), orgsme.Door(),
		signin.Door(a.db, a.cfg.providers),
	}
	if d := console.Door(); d != nil {
		api.Console = console.Path + "/"
		others = append(others, d)
	}
	return append([]*server.Door{api.Door(others...)}, others...)
}
