package auth

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"roster/models"
	"roster/models/store"
)

// LastUsed remembers which keys were used since it last told the database, so that a busy key costs one write a minute and not one a
// request.
type LastUsed struct {
	mu   sync.Mutex
	used map[string]time.Time
}

// NewLastUsed returns a LastUsed that remembers nothing yet.
func NewLastUsed() *LastUsed { return &LastUsed{used: map[string]time.Time{}} }

// maxUsed bounds the memory between two writes. A key beyond it looks unused for a while.
const maxUsed = 100_000

// Note remembers that a key was used. The token of an organization has no key id and is passed over.
func (l *LastUsed) Note(keyID string, at time.Time) {
	if keyID == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.used[keyID]; known || len(l.used) < maxUsed {
		l.used[keyID] = at
	}
}

// Write tells the database what was noted since the last time. What it could not tell it tells the next time.
func (l *LastUsed) Write(ctx context.Context, db *store.DB) error {
	l.mu.Lock()
	used := l.used
	l.used = map[string]time.Time{}
	l.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := models.TouchAPIKeys(ctx, db, used)
	if err != nil {
		for keyID, at := range used {
			l.keep(keyID, at)
		}
	}
	return err
}

// keep notes a use that was noted before, unless a later one was meanwhile.
func (l *LastUsed) keep(keyID string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if later, known := l.used[keyID]; !known || later.Before(at) {
		l.used[keyID] = at
	}
}

// Run writes at every tick until ctx ends, and then once more.
func (l *LastUsed) Run(ctx context.Context, db *store.DB, ticks <-chan time.Time, logger *slog.Logger) {
	for {
		select {
		case <-ticks:
			if err := l.Write(ctx, db); err != nil && !errors.Is(err, context.Canceled) {
				logger.ErrorContext(ctx, "last use of keys not written", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := l.Write(last, db); err != nil {
				logger.ErrorContext(last, "last use of keys not written", "error", err)
			}
			return
		}
	}
}
