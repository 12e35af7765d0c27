package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// TestAGateHasRoomForEveryCaller has callers one after the other take all that they may have.
func TestAGateHasRoomForEveryCaller(t *testing.T) {
	t.Parallel()
	for room, want := range map[int][]int{
		1: {1, 1}, // one at least: whoever finds no room waits behind the gate
		3: {1, 1, 1}, 4: {2, 1, 1}, 8: {4, 2, 1, 1}, 16: {8, 4, 2, 1, 1, 1},
	} {
		var got []int
		g := newGate(room)
		for caller := range want {
			n := 0
			for enters(t, g, fmt.Sprint(caller)) != nil {
				n++
			}
			got = append(got, n)
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %d places callers take %v, want %v", room, got, want)
		}
	}
}

// TestAFreePlaceIsForWhoHasLeast has two callers wait: one that came early and took half, and one that found less.
func TestAFreePlaceIsForWhoHasLeast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(16)
		places := map[string][]func(){}
		for _, caller := range []string{"early", "late"} {
			for leave := enters(t, g, caller); leave != nil; leave = enters(t, g, caller) {
				places[caller] = append(places[caller], leave)
			}
		}
		came := make(chan string, 2)
		for caller := range places {
			go func() {
				if _, err := g.enter(t.Context(), caller); err == nil {
					came <- caller
				}
			}()
		}
		synctest.Wait()
		if len(places["early"]) != 8 || len(places["late"]) != 4 || len(came) != 0 {
			t.Fatalf("the callers have %d and %d places, and %d did not wait", len(places["early"]), len(places["late"]), len(came))
		}
		var order []string
		for _, leave := range places["early"][:6] {
			leave()
			synctest.Wait()
			select {
			case caller := <-came:
				order = append(order, caller)
			default:
				order = append(order, "")
			}
		}
		// Each fifth place leaves five free or more.
		if want := []string{"", "late", "", "early", "", ""}; !slices.Equal(order, want) {
			t.Errorf("places that became free were taken by %q, want %q", order, want)
		}
	})
}

// enters returns how to leave if a caller need not wait, and otherwise nil.
func enters(t *testing.T, g *gate, caller string) (leave func()) {
	t.Helper()
	ended, end := context.WithCancel(t.Context())
	end()
	leave, err := g.enter(ended, caller)
	if err != nil {
		return nil
	}
	return leave
}
