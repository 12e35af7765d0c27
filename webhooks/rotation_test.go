package webhooks

import (
	"strings"
	"testing"
)

// TestEachLaneIsInTheRotationOnce makes lanes wait for their turn, for their rate and for a slot.
func TestEachLaneIsInTheRotationOnce(t *testing.T) {
	r := newRotation()
	lanes := map[string]*heldLane{}
	add := func(ids ...string) {
		for _, id := range ids {
			if lanes[id] == nil {
				lanes[id] = &heldLane{id: id, seat: seat{proven, "acme"}}
			}
			r.add(lanes[id])
		}
	}
	expect := func(why, want string) {
		t.Helper()
		var ids []string
		for _, lane := range r.ready {
			ids = append(ids, lane.id)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q are ready, want %q", why, got, want)
		}
	}
	waitFor := func(slots ...string) {
		r.readmit(func(lane *heldLane) bool { return strings.Contains(strings.Join(slots, " "), lane.id) })
	}

	add("a", "b", "a", "c", "b")
	expect("each is in it once", "a b c")
	r.pace(r.next())
	r.crowd(r.next())
	add("a", "b")
	expect("what waits for its rate or a slot is in it", "c")
	waitFor("b")
	expect("there is no slot yet", "c")
	r.resumePaced()
	expect("the rate permits it", "c a")
	r.resumePaced()
	waitFor()
	expect("there is a slot", "c a b")
	r.crowd(r.next())
	lanes["c"].seat.standing = doubted
	waitFor("c")
	expect("it waits for a slot of another kind now", "a b c")
	r.pace(r.next())
	r.crowd(r.next())
	lanes["a"].leaseLost, lanes["b"].leaseLost = true, true
	r.resumePaced()
	waitFor()
	add("a", "b")
	expect("what is lost does not come back", "c")
	r.next()
	expect("it is empty", "")
	add("c")
	expect("it is added again", "c")
}
