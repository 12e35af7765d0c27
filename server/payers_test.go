package server

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"
)

func TestStrangersFromOneAddressTakeTurns(t *testing.T) {
	t.Parallel()
	ps, address := newPayers(), netip.MustParseAddr("192.0.2.1")
	done, err := ps.wait(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := ps.wait(ctx, address); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two have their turn at once: %v", err)
	}
	next := make(chan error)
	go func() {
		done, err := ps.wait(t.Context(), address)
		if err == nil {
			done()
		}
		next <- err
	}()
	done()
	if err := <-next; err != nil {
		t.Errorf("after the turn: %v", err)
	}
}
