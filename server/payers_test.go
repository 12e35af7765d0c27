package server

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestStrangersFromOneAddressTakeTurns(t *testing.T) {
	t.Parallel()
	ps := newPayers()
	done, err := ps.wait(t.Context(), "address 192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := ps.wait(ctx, "address 192.0.2.1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two have their turn at once: %v", err)
	}
	next := make(chan error)
	go func() {
		done, err := ps.wait(t.Context(), "address 192.0.2.1")
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
