package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestATurnThatComesTooLateIsPassedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{}
		if err := w.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		tired, goAway := context.WithCancel(t.Context())
		var gaveUp error
		go func() { gaveUp = w.take(tired) }()
		synctest.Wait()
		took := false
		go func() { took = w.take(t.Context()) == nil }()
		synctest.Wait()
		goAway()
		w.passOn() // to who has just gone away
		synctest.Wait()
		if !errors.Is(gaveUp, context.Canceled) || !took {
			t.Errorf("who went away is told %v; the next one has the writer: %t", gaveUp, took)
		}
	})
}
