package handlers

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestStrangersFromOneAddressTakeTurns(t *testing.T) {
	t.Parallel()
	rc := newRecall()
	done, err := rc.wait(t.Context(), "address 192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := rc.wait(ctx, "address 192.0.2.1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two have their turn at once: %v", err)
	}
	next := make(chan error)
	go func() {
		done, err := rc.wait(t.Context(), "address 192.0.2.1")
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
