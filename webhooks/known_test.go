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
