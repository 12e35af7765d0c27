package models

import (
	"strings"
	"testing"
	"time"
)

func TestSchedulesThatAnEndpointMayHave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waits   []time.Duration
		refused string // "" if it may
	}{
		"one attempt":             {[]time.Duration{0}, ""},
		"the longest":             {append([]time.Duration{0}, repeatedWaits(maxAttempts-1, maxWait)...), ""},
		"none":                    {nil, "1 to 20 attempts"},
		"too many":                {append([]time.Duration{0}, repeatedWaits(maxAttempts, time.Hour)...), "1 to 20 attempts"},
		"negative":                {[]time.Duration{0, -time.Second}, "attempt 2 waits -1s"},
		"too long":                {[]time.Duration{0, 8 * 24 * time.Hour}, "attempt 2 waits 192h"},
		"a tight loop":            {[]time.Duration{0, 0, time.Hour}, "attempt 2 waits for at least a second"},
		"a tight loop later":      {[]time.Duration{0, time.Hour, 0}, "attempt 3 waits for at least a second"},
		"a wait before the first": {[]time.Duration{time.Second, time.Hour}, "its wait is 0s"},
	} {
		err := checkSchedule(c.waits)
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func repeatedWaits(n int, wait time.Duration) []time.Duration {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = wait
	}
	return waits
}
