package webhooks

import (
	"testing"
	"time"
)

func TestWhatATurnMayHaveWhileOthersWait(t *testing.T) {
	for name, c := range map[string]struct {
		attempts int
		took     time.Duration
		used     bool
	}{
		"nothing was sent":        {0, 0, false},
		"nothing for a long time": {0, time.Hour, false},
		"one attempt":             {1, time.Second, false},
		"one before the last":     {turnAttempts - 1, turnTime - 1, false},
		"all attempts":            {turnAttempts, 0, true},
		"one attempt, all time":   {1, turnTime, true},
	} {
		if got := (turn{began: noon, attempts: c.attempts}).used(noon.Add(c.took)); got != c.used {
			t.Errorf("%s: used %t, want %t", name, got, c.used)
		}
	}
}
