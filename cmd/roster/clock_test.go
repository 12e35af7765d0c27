package main

import (
	"testing"
	"time"
)

func TestSmallDifferencesOfClocksAreNotWorthAWarning(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{
		0: false, 2 * time.Second: false, -2 * time.Second: false, 4 * time.Second: true, -4 * time.Second: true, -10 * time.Minute: true,
	} {
		if got := clocksDiffer(ahead); got != want {
			t.Errorf("a database %v ahead: warning %v, want %v", ahead, got, want)
		}
	}
}
