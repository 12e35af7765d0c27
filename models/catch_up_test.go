package models_test

import (
	"testing"

	"roster/models"
)

// TestAStartWithNothingLeftToDoAsksOnce counts the round trips of a start on a database that has been caught up with.
func TestAStartWithNothingLeftToDoAsksOnce(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	asked := 1 << 30
	for range 4 { // the first time has something to do, and the second prepares
		before := f.proxy.Turns()
		if _, err := models.CatchUp(t.Context(), f.db); err != nil {
			t.Fatal(err)
		}
		asked = min(asked, f.proxy.Turns()-before)
	}
	if asked != 1 {
		t.Errorf("it asks %d times, want once", asked)
	}
}
