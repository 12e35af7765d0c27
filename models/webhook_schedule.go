package models

import (
	"errors"
	"fmt"
	"time"
)

// What a schedule of an endpoint may be.
const (
	maxAttempts = 20
	maxWait     = 7 * 24 * time.Hour
)

// ParseSchedule reads the waits of a schedule: 0s, 5m, 2h30m.
func ParseSchedule(texts []string) ([]time.Duration, error) {
	waits := make([]time.Duration, len(texts))
	for i, text := range texts {
		wait, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("element %d is not a duration like 5s, 30m or 2h", i+1)
		}
		waits[i] = wait
	}
	return waits, nil
}

// checkSchedule returns nil if an endpoint may have that schedule of its own: the wait before each attempt.
func checkSchedule(waits []time.Duration) error {
	if len(waits) == 0 || len(waits) > maxAttempts {
		return fmt.Errorf("a schedule has 1 to %d attempts, not %d", maxAttempts, len(waits))
	}
	for i, wait := range waits {
		if wait < 0 || wait > maxWait {
			return fmt.Errorf("attempt %d waits %s; 0 to %s is possible", i+1, wait, maxWait)
		}
		if i > 0 && wait < time.Second {
			return fmt.Errorf("attempt %d waits for at least a second", i+1)
		}
	}
	if waits[0] != 0 {
		return errors.New("the first attempt is made at once: its wait is 0s")
	}
	return nil
}
