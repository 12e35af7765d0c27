package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestAGateHandsPlacesOnInTheOrderOfAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		leave, err := g.enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		tired, goAway := context.WithCancel(t.Context())
		var order []int
		for n := range 3 {
			ctx := t.Context()
			if n == 1 {
				ctx = tired
			}
			go func() {
				leave, err := g.enter(ctx, "a")
				if n == 1 && !errors.Is(err, context.Canceled) {
					t.Errorf("who went away is told %v", err)
				}
				if err == nil {
					order = append(order, n) // one at a time
					leave()
				}
			}()
			synctest.Wait()
		}
		goAway()
		synctest.Wait()
		leave()
		synctest.Wait()
		if len(order) != 2 || order[0] != 0 || order[1] != 2 {
			t.Errorf("entered in the order %v, want 0 and 2", order)
		}
		if len(g.lines) != 0 {
			t.Errorf("the gate remembers %d callers that have left", len(g.lines))
		}
	})
}
