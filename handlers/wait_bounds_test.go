package handlers

import "testing"

func TestSoManyMayWaitAndNoMore(t *testing.T) {
	t.Parallel()
	w := newPlaces(maxWaits, maxWaitsOfOne)
	var ends []func()
	begin := func(caller string) bool {
		end, ok := w.begin(caller)
		if ok {
			ends = append(ends, end)
		}
		return ok
	}
	for i := range maxWaitsOfOne {
		if !begin("a") {
			t.Fatalf("wait %d of one caller is one too many", i+1)
		}
	}
	if begin("a") {
		t.Errorf("one caller waits %d times", maxWaitsOfOne+1)
	}
	for len(ends) < maxWaits {
		if !begin(string(rune('b' + len(ends)))) {
			t.Fatalf("there are %d waits, and no room for another", len(ends))
		}
	}
	if begin("z") {
		t.Errorf("%d wait at once", maxWaits+1)
	}
	for _, end := range ends {
		end()
	}
	if !begin("a") || w.all != 1 || len(w.ofOne) != 1 {
		t.Errorf("after the waits %d are counted, of %d callers", w.all, len(w.ofOne))
	}
}
