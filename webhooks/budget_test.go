package webhooks

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/webhooks/queue"
)

func TestStanding(t *testing.T) {
	for name, c := range map[string]struct {
		lane Lane
		want standing
	}{
		"new":                          {newLane(8), newcomer},
		"answered":                     {Lane{Health: models.HealthOK, Answers: 1}, proven},
		"failed once":                  {Lane{Health: models.HealthOK, Answers: 1, ConsecutiveFailures: 1}, proven},
		"timed out":                    {Lane{Health: models.HealthProbation, Answers: 1, ConsecutiveFailures: 1}, doubted},
		"in doubt, its breaker closed": {Lane{Health: models.HealthProbation}, doubted},
		"disabled by its last answer":  {Lane{Health: models.WebhookDisabled, Answers: 9}, doubted},
	} {
		if got := c.lane.standing(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestWhatAnOrganizationTakesItLeavesToOthersAsWell lets organizations take slots of 64 one after the other, as many as they may have.
func TestWhatAnOrganizationTakesItLeavesToOthersAsWell(t *testing.T) {
	for name, c := range map[string]struct {
		slots int
		takes []seat
		want  []int
	}{
		"alone it comes to half":      {64, []seat{{proven, "a"}}, []int{32}},
		"whoever comes next to less":  {64, []seat{{proven, "a"}, {proven, "b"}, {proven, "c"}, {proven, "d"}}, []int{32, 16, 8, 4}},
		"in doubt to half a quarter":  {64, []seat{{doubted, "a"}, {doubted, "b"}}, []int{8, 4}},
		"new ones have a quarter too": {64, []seat{{doubted, "a"}, {newcomer, "a"}, {proven, "a"}, {proven, "b"}}, []int{8, 8, 24, 12}},
		"there are few":               {8, []seat{{newcomer, "a"}, {newcomer, "b"}, {proven, "a"}}, []int{1, 1, 3}},
		"there is one":                {1, []seat{{doubted, "a"}, {proven, "a"}}, []int{1, 0}},
	} {
		s := newShares(c.slots, c.slots)
		var got []int
		for _, at := range c.takes {
			n := 0
			for ; s.admits(at); n++ {
				s.take(at)
			}
			got = append(got, n)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		for i, at := range c.takes {
			for range got[i] {
				s.give(at)
			}
		}
		if s.taken != 0 || len(s.by) != 0 {
			t.Errorf("%s: after everything was given back %d are taken, by %v", name, s.taken, s.by)
		}
	}
}

func TestWhatIsHeldBesideRunningIsTheRoom(t *testing.T) {
	b := newBudget(64)
	for range 20 {
		b.hold(seat{doubted, "a"}) // four more than their quarter: they were proven when they were leased
	}
	for range 10 {
		b.hold(seat{proven, "b"})
	}
	for range 40 {
		b.running.take(seat{proven, "b"})
	}
	room := b.room()
	if got, want := []int{room.free(proven), room.free(newcomer), room.free(doubted)}, []int{24, 16, 0}; !slices.Equal(got, want) {
		t.Errorf("there is room for %v lanes, not %v", got, want)
	}
	if !b.overheld(seat{doubted, "a"}) || b.overheld(seat{proven, "b"}) || b.overheld(seat{newcomer, "a"}) {
		t.Error("lanes in doubt, and no others, are more than can be served")
	}
	if got := room.satisfied(doubted); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%v have enough", got)
	}
	room.take(seat{proven, "b"})
	if b.held.by[seat{proven, "b"}] != 10 {
		t.Error("what is planned is not taken yet")
	}
}

// TestWhichLanesAreClaimed looks for lanes among those of organizations that hold some already.
func TestWhichLanesAreClaimed(t *testing.T) {
	waiting := func(of standing, organizations ...string) (lanes []queue.WaitingLane) {
		for i, o := range organizations {
			lanes = append(lanes, queue.WaitingLane{Standing: string(of), WebhookID: fmt.Sprint(of, " ", i), OrganizationID: o})
		}
		return lanes
	}
	for name, c := range map[string]struct {
		slots   int
		held    []seat
		waiting []queue.WaitingLane
		most    int
		want    []string
		left    []standing
		again   bool
	}{
		"nobody waits": {64, nil, nil, 32, nil, nil, false},
		"one organization": {8, nil, waiting(proven, "a", "a", "a", "a", "a", "a"), 32,
			[]string{"ok 0", "ok 1", "ok 2", "ok 3"}, []standing{proven}, false},
		"another one behind it": {8, nil, waiting(proven, "a", "a", "a", "a", "a", "b"), 32,
			[]string{"ok 0", "ok 1", "ok 2", "ok 3", "ok 5"}, []standing{proven}, false},
		"one has enough": {8, []seat{{proven, "a"}, {proven, "a"}, {proven, "a"}, {proven, "a"}}, waiting(proven, "b", "b", "b"), 32,
			[]string{"ok 0", "ok 1"}, []standing{proven}, false},
		"the search ended before all were seen": {4, nil, waiting(proven, "a", "a", "a", "a"), 32,
			[]string{"ok 0", "ok 1"}, []standing{proven}, true},
		"a fetch is full": {64, nil, waiting(proven, "a", "b", "c"), 2, []string{"ok 0", "ok 1"}, []standing{proven}, true},
		"a quarter is full": {4, []seat{{doubted, "a"}}, waiting(newcomer, "a"), 32,
			[]string{"newcomer 0"}, []standing{newcomer, doubted}, true},
	} {
		b := newBudget(c.slots)
		for _, at := range c.held {
			b.hold(at)
		}
		room := b.room()
		searches := search(room, c.most)
		chosen := choose(room, c.waiting, c.most)
		left, again := remaining(searches, c.waiting, chosen, c.most)
		var standing []standing
		for _, s := range standings {
			if left[s] {
				standing = append(standing, s)
			}
		}
		if diff := cmp.Diff(c.want, chosen); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if diff := cmp.Diff(c.left, standing); diff != "" || again != c.again {
			t.Errorf("%s: it is looked again: %t; there may be left:\n%s", name, again, diff)
		}
	}
}
