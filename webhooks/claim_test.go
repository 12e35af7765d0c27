package webhooks

import (
	"testing"
	"time"
)

// TestWhenLanesAreClaimedThatAreNotHeld has claimed once, and then something happens.
func TestWhenLanesAreClaimedThatAreNotHeld(t *testing.T) {
	left := func(of ...standing) map[standing]bool {
		passedOver := map[standing]bool{}
		for _, s := range of {
			passedOver[s] = true
		}
		return passedOver
	}
	for name, c := range map[string]struct {
		left          map[standing]bool
		noRoom, again bool
		happens       func(*claims)
		due           bool
	}{
		"nothing happens":                         {left(proven), true, false, func(*claims) {}, false},
		"there were more":                         {nil, false, true, func(*claims) {}, true},
		"somebody tells of lanes":                 {nil, false, false, func(c *claims) { c.look(false) }, true},
		"a delivery comes too late":               {nil, false, false, func(c *claims) { c.miss() }, true},
		"a lane is given back, nobody waits":      {nil, false, false, func(c *claims) { c.gaveBack(proven) }, false},
		"a lane is given back, others wait":       {left(proven), false, false, func(c *claims) { c.gaveBack(proven) }, true},
		"one of another standing is given back":   {left(doubted), false, false, func(c *claims) { c.gaveBack(proven) }, false},
		"a lane is given back, nobody was looked": {nil, true, false, func(c *claims) { c.gaveBack(proven) }, true},
		"a lane gets another standing":            {left(proven), false, false, func(c *claims) { c.makeRoom(proven) }, true},
		"its place is none for those that wait":   {left(doubted), false, false, func(c *claims) { c.makeRoom(proven) }, false},
		"a look while a lane is given back": {nil, false, false, func(c *claims) {
			c.look(true)
			c.due = false // it is claimed before it is back
			c.gaveBack(newcomer)
		}, true},
		"a look is answered by the first lane that is back": {nil, false, false, func(c *claims) {
			c.look(true)
			c.gaveBack(newcomer)
			c.due = false
			c.gaveBack(newcomer)
		}, false},
		"a place becomes free while a claim that had none is under way": {left(newcomer), false, false, func(c *claims) {
			c.claimed(nil, false, false) // nobody waits
			c.begin()
			c.makeRoom(newcomer)
			c.claimed(left(newcomer), true, false)
		}, true},
		"a lane is back while a claim that passes over others is under way": {nil, false, false, func(c *claims) {
			c.begin()
			c.gaveBack(proven)
			c.claimed(left(proven), false, false)
		}, true},
		"a place becomes free while a claim finds nobody": {nil, false, false, func(c *claims) {
			c.begin()
			c.makeRoom(proven)
			c.claimed(nil, false, false)
		}, false},
		"a lane is turned away, and a place becomes free": {nil, false, false, func(c *claims) {
			c.turnAway(newcomer, false)
			c.makeRoom(newcomer)
		}, true},
		"a lane is turned away when a place has become free": {nil, false, false, func(c *claims) { c.turnAway(newcomer, true) }, true},
		"a lane is turned away, and no place becomes free": {nil, false, false, func(c *claims) {
			c.turnAway(newcomer, false)
			c.makeRoom(proven)
		}, false},
		"a lane is turned away while a claim that does not see it is under way": {nil, false, false, func(c *claims) {
			c.begin()
			c.turnAway(newcomer, false)
			c.claimed(nil, false, false)
			c.gaveBack(newcomer)
		}, true},
		"a lane is turned away, a place becomes free, and the claim before ends": {nil, false, false, func(c *claims) {
			c.begin()
			c.turnAway(newcomer, false)
			c.makeRoom(newcomer)
			c.claimed(nil, false, false)
		}, true},
		"a claim fails": {nil, false, false, func(c *claims) {
			c.begin()
			c.failed(time.Time{})
		}, true},
	} {
		claims := newClaims()
		claims.begin()
		claims.claimed(c.left, c.noRoom, c.again)
		if c.happens(&claims); claims.due != c.due {
			t.Errorf("%s: a claim is due %t, want %t", name, claims.due, c.due)
		}
	}
}
