package modelstest

import (
	"sync"
	"time"
)

// Clock stands still until it is moved. Its methods may be called from several goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at 2024-08-20 10:45:07 UTC.
func NewClock() *Clock {
	return &Clock{now: time.Date(2024, 8, 20, 10, 45, 7, 0, time.UTC)}
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set moves the clock to t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}
