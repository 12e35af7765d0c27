package auth

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"roster/models"
)

// Usage remembers which keys were used since it last told the database, so that a busy key costs one write a minute and not one a request.
type Usage struct {
	mu   sync.Mutex
	used map[string]time.Time
}

// NewUsage returns a Usage that remembers nothing yet.
func NewUsage() *Usage { return &Usage{used: map[string]time.Time{}} }

// maxUsed bounds the memory between two writes. A key beyond it looks unused for a while.
const maxUsed = 100_000

// Note remembers that a key was used. The token of an organization has no key id and is passed over.
func (u *Usage) Note(keyID string, at time.Time) {
	if keyID == "" {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.used[keyID]; known || len(u.used) < maxUsed {
		u.used[keyID] = at
	}
}

// Write tells the database what was noted since the last time. What it could not tell it tells the next time.
func (u *Usage) Write(ctx context.Context, db *models.DB) error {
	u.mu.Lock()
	used := u.used
	u.used = map[string]time.Time{}
	u.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := models.TouchAPIKeys(ctx, db, used)
	if err != nil {
		for keyID, at := range used {
			u.keep(keyID, at)
		}
	}
	return err
}

// keep notes a use that was noted before, unless a later one was meanwhile.
func (u *Usage) keep(keyID string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if later, known := u.used[keyID]; !known || later.Before(at) {
		u.used[keyID] = at
	}
}

// Run writes at every tick until ctx ends, and then once more.
func (u *Usage) Run(ctx context.Context, db *models.DB, ticks <-chan time.Time, logger *slog.Logger) {
	for {
		select {
		case <-ticks:
			if err := u.Write(ctx, db); err != nil && !errors.Is(err, context.Canceled) {
				logger.ErrorContext(ctx, "last use of keys not written", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := u.Write(last, db); err != nil {
				logger.ErrorContext(last, "last use of keys not written", "error", err)
			}
			return
		}
	}
}
