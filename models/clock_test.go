package models_test

import (
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
)

func TestTheClockOfTheServerIsComparedWithTheOneHere(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		for _, fast := range []time.Duration{0, 10 * time.Minute, -10 * time.Minute} {
			clock.Set(time.Now().Add(fast))
			want := -fast
			if db.Dialect() == store.SQLite {
				want = 0
			}
			got, err := store.ClockDifference(t.Context(), db)
			if err != nil || (got-want).Abs() > time.Minute {
				t.Errorf("a clock %v ahead: the server is %v ahead, %v", fast, got, err)
			}
		}
	})
}
