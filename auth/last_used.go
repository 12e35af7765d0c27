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

// LastUsed remembers which keys and sessions were used, and which users were seen by them, since it last told the database, so that a busy
// one costs one write a minute and not one a request.
type LastUsed struct {
	mu                    sync.Mutex
	keys, sessions, users map[string]time.Time // by id
	secrets               map[string]time.Time // of before a rotation, by what they are found by
}

// NewLastUsed returns a LastUsed that remembers nothing yet.
func NewLastUsed() *LastUsed {
	return &LastUsed{
		keys: map[string]time.Time{}, sessions: map[string]time.Time{}, users: map[string]time.Time{}, secrets: map[string]time.Time{},
	}
}

// maxUsed bounds the memory between two writes. A key beyond it looks unused for a while.
const maxUsed = 100_000

// Note remembers that the credential of a caller was used. The token of an organization is passed over, and a session whose use was written
// a moment ago.
func (l *LastUsed) Note(h *models.Holder, at time.Time) {
	if h == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if secret := h.Retiring(); secret != "" {
		note(l.secrets, secret, at)
	}
	if h.KeyID != "" {
		note(l.keys, h.KeyID, at)
	}
	if h.IsIdle {
		note(l.sessions, h.SessionID, at)
	}
	if h.UserID != "" && (h.KeyID != "" || h.IsIdle) {
		note(l.users, h.UserID, at)
	}
}

func note(used map[string]time.Time, id string, at time.Time) {
	if _, known := used[id]; known || len(used) < maxUsed {
		used[id] = at
	}
}

// Write tells the database what was noted since the last time. What it could not tell it tells the next time.
func (l *LastUsed) Write(ctx context.Context, db *store.DB) error {
	return errors.Join(l.tell(ctx, db, &l.keys, models.TouchAPIKeys), l.tell(ctx, db, &l.sessions, models.TouchSessions),
		l.tell(ctx, db, &l.users, models.TouchUsers), l.tell(ctx, db, &l.secrets, models.TouchSecrets))
}

// tell writes one kind.
func (l *LastUsed) tell(ctx context.Context, db *store.DB, kind *map[string]time.Time,
	touch func(context.Context, *store.DB, map[string]time.Time) error,
) error {
	l.mu.Lock()
	used := *kind
	*kind = map[string]time.Time{}
	l.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := touch(ctx, db, used)
	if err == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, at := range used { // unless a later use was noted meanwhile
		if later, known := (*kind)[id]; !known || later.Before(at) {
			(*kind)[id] = at
		}
	}
	return err
}

// lastWrite is how long a server that stops waits for the last uses to be written, beyond its period of grace.
const lastWrite = 2 * time.Second

// Run writes at every tick until ctx ends, and then once more.
func (l *LastUsed) Run(ctx context.Context, db *store.DB, ticks <-chan time.Time, logger *slog.Logger) {
	for {
		select {
		case <-ticks:
			if err := l.Write(ctx, db); err != nil && !errors.Is(err, context.Canceled) {
				logger.ErrorContext(ctx, "last use of keys and sessions not written", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			if err := l.Write(last, db); err != nil {
				logger.ErrorContext(last, "last use of keys and sessions not written", "error", err)
			}
			return
		}
	}
}
