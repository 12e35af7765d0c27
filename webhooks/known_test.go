package webhooks

import "testing"

// TestADeliveryIsKnownUntilNobodyCanBringItASecondTime follows deliveries through eras.
func TestADeliveryIsKnownUntilNobodyCanBringItASecondTime(t *testing.T) {
	var k known
	add := func(id string, era int, want bool) {
		t.Helper()
		if got := k.add(id, era); got != want {
			t.Errorf("%s in era %d: added %t, want %t", id, era, got, want)
		}
	}
	add("sent", 0, true)
	add("cut", 0, true)
	add("waits", 0, true)
	add("sent", 0, false)
	k.forget("cut")
	add("cut", 0, true)
	k.written("sent", 3)
	add("sent", 3, false) // by whoever looked before it was written
	add("sent", 4, false) // by whoever looked in the era in which it was
	add("sent", 5, true)  // it was begun again
	add("waits", 9, false)
	k.written("waits", 9)
	add("waits", 11, true) // no era passed unnoticed
}

// TestAnEraEndsWhenEverybodyHasComeBack begins in an era with five fetches and five fan-outs behind it.
func TestAnEraEndsWhenEverybodyHasComeBack(t *testing.T) {
	for name, c := range map[string]struct {
		fetchUnderWay bool // when the era began
		fetches       int
		fanOuts       int64
		ends          bool
	}{
		"nobody has":                            {false, 5, 5, false},
		"a fan-out, and nothing else looked":    {false, 5, 6, true},
		"a fetch that began later":              {false, 6, 5, false},
		"a fan-out, and a fetch looks":          {true, 5, 6, false},
		"the fetch, and a fan-out may be there": {true, 6, 5, false},
		"both":                                  {true, 6, 6, true},
	} {
		e := era{n: 1, fetchUnderWay: c.fetchUnderWay, fetches: 5, fanOuts: 5}
		want := e
		if c.ends {
			want = era{n: 2, fetchUnderWay: true, fetches: c.fetches, fanOuts: c.fanOuts}
		}
		if got := e.next(true, c.fetches, c.fanOuts); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
