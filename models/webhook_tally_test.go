package models_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"roster/models"
)

func TestQuantilesAreReadOffBuckets(t *testing.T) {
	t.Parallel()
	var none models.Latencies
	if got := models.Quantile(&none, 0.5); got != nil {
		t.Errorf("half of no answers took %v", *got)
	}
	for _, c := range []struct {
		took     []time.Duration
		p50, p99 float64
	}{
		{[]time.Duration{0}, 0.5, 0.99},
		{[]time.Duration{time.Millisecond}, 0.5, 0.99},
		{[]time.Duration{time.Millisecond + 1}, 1.5, 1.99},
		{[]time.Duration{40 * time.Millisecond, 40 * time.Millisecond, 45 * time.Millisecond, 50 * time.Millisecond}, 40, 49.8},
		{[]time.Duration{time.Millisecond, 3 * time.Second}, 1, 2980},
		{[]time.Duration{20 * time.Second}, 17500, 19950},
		{[]time.Duration{time.Minute, time.Hour}, 20000, 20000},
	} {
		var l models.Latencies
		for _, took := range c.took {
			l.Add(took)
		}
		if p50, p99 := *models.Quantile(&l, 0.5), *models.Quantile(&l, 0.99); p50 != c.p50 || p99 != c.p99 {
			t.Errorf("of %v half took %v and 99 of a hundred %v, want %v and %v", c.took, p50, p99, c.p50, c.p99)
		}
	}
}

// TestQuantilesAreAboutRight compares them with those of the answers themselves, which took longer and longer: none is off by more than two
// thirds, which is how far bounds are apart.
func TestQuantilesAreAboutRight(t *testing.T) {
	t.Parallel()
	for _, growth := range []float64{1.0001, 1.001, 1.01} {
		t.Run(fmt.Sprint(growth), func(t *testing.T) {
			t.Parallel()
			var l models.Latencies
			const n = 900
			took := func(i int) float64 { return 2 * math.Pow(growth, float64(i)) }
			for i := range n {
				l.Add(time.Duration(took(i) * float64(time.Millisecond)))
			}
			for _, share := range []float64{0.01, 0.5, 0.9, 0.99} {
				got, want := *models.Quantile(&l, share), took(int(share*n))
				if got < want*3/5 || got > want*5/3 {
					t.Errorf("%v of the answers took %v ms, and are told as %v", share, want, got)
				}
			}
		})
	}
}
