package server

import "testing"

func TestSoManyHaveAPlaceAndNoMore(t *testing.T) {
	t.Parallel()
	const most, mostOfOne = 20, 3
	w := NewPlaces(most, mostOfOne)
	var ends []func()
	begin := func(caller string) bool {
		end, ok := w.Begin(caller)
		if ok {
			ends = append(ends, end)
		}
		return ok
	}
	for i := range mostOfOne {
		if !begin("a") {
			t.Fatalf("place %d of one caller is one too many", i+1)
		}
	}
	if begin("a") {
		t.Errorf("one caller has %d places", mostOfOne+1)
	}
	for len(ends) < most {
		if !begin(string(rune('b' + len(ends)))) {
			t.Fatalf("%d are taken, and there is no room for another", len(ends))
		}
	}
	if begin("z") {
		t.Errorf("%d are taken at once", most+1)
	}
	for _, end := range ends {
		end()
	}
	if !begin("a") || w.Taken() != 1 || len(w.ofOne) != 1 {
		t.Errorf("afterwards %d are counted, of %d callers", w.Taken(), len(w.ofOne))
	}
}
