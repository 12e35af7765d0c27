package handlers

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
	"roster/server"
)

// API serves the native JSON:API below /public/v2.
type API struct {
	// Release is which build of the program this is, for the page that describes the API; "" for none.
	Release string
	// Console is the path at which people work with the service in a browser, "" for none: browsers are led there from the root.
	Console string
	// Providers are those that people can sign in with.
	Providers []Provider

	watch          *models.EventWatch
	waits, exports *server.Places
	exportStall    time.Duration
	log            *slog.Logger
	// withoutMail is when the log is told that somebody wants a mail, and none is sent.
	withoutMail sync.Once
}

// NewAPI returns the API over a database.
func NewAPI(db *store.DB, log *slog.Logger) *API {
	return &API{
		watch: models.NewEventWatch(db), waits: server.NewPlaces(maxWaits, maxWaitsOfOne),
		exports: server.NewPlaces(maxExports, maxExportsOfOne), exportStall: exportStall, log: log,
	}
}

// WatchEvents wakes requests that wait for events, until ctx ends: then they are answered at once. failed is told of what went wrong.
func (a *API) WatchEvents(ctx context.Context, failed func(error)) { a.watch.Run(ctx, failed) }

// wordsFirst returns the routes with those last that take any word in their path: the others are found first.
func wordsFirst(table []route) []route {
	return slices.SortedStableFunc(slices.Values(table), func(a, b route) int {
		return cmp.Compare(strings.Count(a.path, relationshipVariable), strings.Count(b.path, relationshipVariable))
	})
}

// Door returns the front door of the API. The documentation shows what others tell of themselves as well.
func (a *API) Door(others ...*server.Door) *server.Door {
	d := &server.Door{
		Paths: append([]string{jsonapi.Root, docsPath}, slices.Sorted(maps.Keys(landingPaths))...), Credential: auth.Credential,
		Sessions: true, Portals: true,
		HowToPresent: "Send a valid key as Authorization: Bearer <key>.",
		Refusal:      refusal, Told: toldOf,
	}
	for _, rt := range wordsFirst(routes()) {
		d.Routes = append(d.Routes, server.Route{
			Method: rt.method, Path: jsonapi.Root + rt.path, Needs: rt.needs, Asks: rt.form == openapi.Ask || rt.asks,
			AsksFirst: rt.draws(), Target: rt.targetType(),
			NeedsOf: func(r *http.Request) auth.Permission {
				needs := rt.permission(server.Var(r, "relationship"))
				if rt.target != nil && rt.target.word != "" && server.Var(r, "id") == rt.target.word {
					return needs.OfCurrent()
				}
				return needs
			},
			Take: func(w http.ResponseWriter, rq *server.Request) (server.Serve, error) {
				if rt.take != nil {
					return rt.take(a, w, rq)
				}
				return a.take(&rt, w, rq)
			},
		})
	}
	var told []*server.Description
	for _, other := range others {
		if other.Description != nil {
			told = append(told, other.Description)
		}
	}
	front := frontRoute(cmp.Or(a.Console, docsPath))
	d.Routes = slices.Concat(d.Routes, docsRoutes(a.Release, told), landingRoutes(), []server.Route{front})
	return d
}
