package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"roster/models/store"
)

const (
	healthPath  = "/healthz"
	readyPath   = "/readyz"
	metricsPath = "/metrics"
)

// Health answers whether this process is alive and whether it should be sent requests.
type Health struct {
	db       *store.DB
	draining atomic.Bool
	migrated atomic.Bool // the schema only moves forward: once complete, complete for this process
}

// NewHealth returns the health of a process on that database.
func NewHealth(db *store.DB) *Health { return &Health{db: db} }

// Drain makes the process report that it wants no more requests.
func (p *Health) Drain() { p.draining.Store(true) }

// probeTimeout is shorter than the patience of common probes, so that the answer names the cause.
const probeTimeout = 800 * time.Millisecond

// checks is the body of an answer about health.
type checks struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

func (p *Health) live(w http.ResponseWriter, _ *http.Request) error {
	return writeChecks(w, http.StatusOK, checks{Status: "ok"})
}

func (p *Health) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	found := checks{Status: "ready", Checks: map[string]string{"accepting": "ok", "database": "ok", "migrations": "ok"}}
	if p.draining.Load() {
		found.Checks["accepting"] = "shutting down"
		found.Status = "not ready"
	}
	if name, problem, err := p.database(ctx); err != nil {
		ExchangeOf(r.Context()).Err = err
		found.Checks[name] = problem
		found.Status = "not ready"
	}
	if found.Status != "ready" {
		return writeChecks(w, http.StatusServiceUnavailable, found)
	}
	return writeChecks(w, http.StatusOK, found)
}

// database returns the name of a failing check, a word on it that is safe to show, and the cause for the log.
func (p *Health) database(ctx context.Context) (name, problem string, err error) {
	if err := p.db.Ping(ctx); err != nil {
		return "database", "unreachable", err
	}
	if p.migrated.Load() {
		return "", "", nil
	}
	pending, err := p.db.PendingMigrations(ctx)
	switch {
	case err != nil:
		return "migrations", "unknown", err
	case pending > 0:
		return "migrations", fmt.Sprintf("%d pending", pending), fmt.Errorf("%d migrations are pending", pending)
	}
	p.migrated.Store(true)
	return "", "", nil
}

func writeChecks(w http.ResponseWriter, status int, found checks) error {
	body, err := json.Marshal(found)
	if err != nil {
		return fmt.Errorf("encode health: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", unavailableRetry)
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
	return nil
}
