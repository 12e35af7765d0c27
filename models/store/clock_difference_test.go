package store

import (
	"testing"
	"time"
)

func TestWhatTheQuestionTookIsNoDifferenceOfClocks(t *testing.T) {
	before := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	after := before.Add(2 * time.Second)
	for there, want := range map[time.Time]time.Duration{
		before: 0, after: 0, before.Add(time.Second): 0, before.Add(-time.Minute): -time.Minute, after.Add(time.Minute): time.Minute,
	} {
		if got := clockDifference(before, there, after); got != want {
			t.Errorf("%v between %v and %v: %v, want %v", there, before, after, got, want)
		}
	}
}
