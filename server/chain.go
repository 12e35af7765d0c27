package server

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"roster/auth"
	"roster/models/store"
)

// Config is what the doors share.
type Config struct {
	DB       *store.DB
	Logger   *slog.Logger
	Metrics  *Metrics
	Health   *Health
	Limiter  *Limiter
	Tracer   trace.Tracer   // makes a span of each exchange; nil for none
	LastUsed *auth.LastUsed // notes which keys are used
	Outage   *store.Outage  // explains what fails while the database cannot be used; nil for nothing

	// BaseURL is what clients know the service by, without a slash at its end; "" for what each request names.
	BaseURL string
	// HSTSPreload extends Strict-Transport-Security to subdomains and preload lists.
	HSTSPreload bool
	// Proxies may say who the client is.
	Proxies Proxies
	// Origins may call from a browser; none turns CORS off.
	Origins []string
	// RequestTimeout ends the work on a request.
	RequestTimeout time.Duration
	// Stop ends the work on every request.
	Stop context.Context
	// MaxBody bounds the body of a request in bytes.
	MaxBody int64
	// ServeMetrics is false when the metrics have a listener of their own.
	ServeMetrics bool
}

// wrap puts the stages around a router that every request passes, in the order of the lines from last to first. They are outside of the
// router because its own middleware does not run for unknown paths and methods.
func wrap(router http.Handler, cfg Config, all doors) (http.Handler, error) {
	h, err := compressed(router)
	if err != nil {
		return nil, err
	}
	h = crossOrigin(h, cfg.Origins, all)
	h = secured(h, cfg.HSTSPreload)
	h = recovered(h)
	h = logged(h, cfg.Logger, cfg.Metrics, cfg.Outage)
	seed := binary.BigEndian.Uint64(cfg.DB.Vault().Digest("entity tags", "")) // the same on each replica
	return begun(h, cfg, all, seed), nil
}
