package webhooks

import (
	"context"
	"slices"
	"time"

	"roster/models/store"
	"roster/webhooks/queue"
)

const (
	mostClaimed = 32              // lanes that one claim leases
	claimPause  = time.Second / 2 // after one that failed
)

// claims is what the loop knows of the lanes that it does not hold: whether some are to be leased.
type claims struct {
	due        bool              // some of them may have their turn
	passedOver map[standing]bool // the last claim found some, or may have, and did not lease them
	noRoom     bool              // the last claim had no room to look for those of some standing
	missed     bool              // a delivery came for a lane that is being given back, which has its turn after that
	underWay   bool              // a claim is, one at a time: what it is going to pass over is not known yet
	freed      bool              // meanwhile a place became free, which it did not know of
	turnedAway map[standing]bool // meanwhile lanes were turned away, which it may not have seen
	resumeAt   time.Time         // no claim before then
	failures   int               // of the last claims in a row
}

// newClaims returns the state of a loop that has looked for no lanes yet.
func newClaims() claims {
	return claims{due: true, passedOver: map[standing]bool{}, turnedAway: map[standing]bool{}}
}

// begin notes that a claim begins, with the room that there is now.
func (c *claims) begin() {
	c.due, c.underWay, c.freed, c.turnedAway = false, true, false, map[standing]bool{}
}

// failed notes that a claim did not work. Another one is due after a pause.
func (c *claims) failed(now time.Time) {
	c.due, c.underWay, c.resumeAt = true, false, now.Add(claimPause)
	c.failures++
}

// look makes a claim due. What is being given back meanwhile may have its turn as well.
func (c *claims) look(givingBack bool) {
	c.due = true
	c.missed = c.missed || givingBack
}

// miss notes a delivery for a lane that this worker does not hold any more.
func (c *claims) miss() { c.missed, c.due = true, true }

// claimed takes what a claim has left.
func (c *claims) claimed(passedOver map[standing]bool, noRoom, again bool) {
	c.passedOver, c.noRoom, c.underWay, c.failures = map[standing]bool{}, noRoom, false, 0
	passed := noRoom
	for _, s := range standings {
		c.passedOver[s] = passedOver[s] || c.turnedAway[s]
		passed = passed || c.passedOver[s]
	}
	c.due = c.due || again || c.freed && passed
}

// makeRoom notes that a held lane does not count as being of that standing any more.
func (c *claims) makeRoom(of standing) {
	c.freed = c.underWay
	c.due = c.due || c.passedOver[of]
}

// gaveBack notes that a lane of that standing was given back.
func (c *claims) gaveBack(of standing) {
	c.freed = c.underWay
	c.due = c.due || c.missed || c.noRoom || c.passedOver[of]
	c.missed = false
}

// turnAway notes that a lane of that standing was given back before it sent anything, because more were held than there are slots for. It
// waits like those that a claim passed over; room says that there is a place for it already.
func (c *claims) turnAway(of standing, room bool) {
	for _, waiting := range []map[standing]bool{c.passedOver, c.turnedAway} {
		waiting[of] = true
	}
	c.due = c.due || room
}

// othersWait tells whether lanes wait that could have the place of one of that standing.
func (c *claims) othersWait(of standing) bool { return c.passedOver[of] }

// claim is what the loop asks for when lanes are due that it does not hold, and what becomes of it.
type claim struct {
	room     *shares // what may be leased
	searches []queue.LaneSearch

	leased     []*queue.LaneRow
	leaseUntil time.Time
	passedOver map[standing]bool // lanes that may have their turn and were not leased
	again      bool              // more of them can be leased at once
	err        error
}

// startClaim leases lanes whose turn it is, unless that is under way. Leasing waits for whoever else writes, on SQLite for everybody: what
// is read for lanes that are held already must not wait for it, or every endpoint would for those that hang.
func (l *loop) startClaim() {
	now := time.Now()
	if !l.claims.due || l.claims.underWay || l.stopping || now.Before(l.claims.resumeAt) {
		return
	}
	l.claims.begin()
	room := l.w.budget.room()
	c := claim{room: room, searches: search(room, mostClaimed), leaseUntil: now.Add(l.w.cfg.Lease)}
	patience := l.w.patience(l.claims.failures)
	go func() {
		ctx, cancel := context.WithTimeout(l.w.sending, patience)
		defer cancel()
		l.w.claim(ctx, &c)
		l.w.stepped()
		l.w.claimed <- c
	}()
}

// claim leases lanes whose turn it is, as far as there is room.
func (w *Worker) claim(ctx context.Context, c *claim) {
	var waiting []queue.WaitingLane
	if len(c.searches) > 0 {
		if waiting, c.err = queue.FindWaitingLanes(ctx, w.db, c.searches); c.err != nil {
			return
		}
	}
	chosen := choose(c.room, waiting, mostClaimed)
	if len(chosen) > 0 {
		lease := w.newLease()
		c.err = store.Transaction(ctx, w.db, func(tx *store.DB) (err error) {
			c.leased, err = queue.ClaimLanes(ctx, tx, lease, chosen)
			return err
		})
		if c.err != nil {
			c.leased = nil
			return
		}
	}
	c.passedOver, c.again = remaining(c.searches, waiting, chosen, mostClaimed)
	c.again = c.again && len(c.leased) > 0
}

// takeClaimed holds what was leased, and asks for what is due there.
func (l *loop) takeClaimed(c claim) {
	l.hold(c.leased, c.leaseUntil)
	if c.err != nil {
		l.claims.failed(time.Now())
		l.alarm(l.claims.resumeAt)
		l.w.failing(l.w.sending, "claim lanes", c.err)
	} else {
		l.claims.claimed(c.passedOver, len(c.searches) < len(standings), c.again)
	}
	for _, row := range c.leased {
		if lane := l.held(row.Holding()); lane != nil && !l.stopping {
			lane.mayHaveMore = true
			l.fetching.add(lane)
		}
	}
}

// search returns which lanes to look for: up to most of those that there is room for.
func search(room *shares, most int) (searches []queue.LaneSearch) {
	for _, s := range standings {
		if n := min(room.free(s), most); n > 0 {
			searches = append(searches, queue.LaneSearch{Standing: string(s), Except: room.satisfied(s), Limit: n})
		}
	}
	return searches
}

// choose returns the lanes that there is room for, of those that wait, the first of each standing first.
func choose(room *shares, waiting []queue.WaitingLane, most int) (chosen []string) {
	for _, l := range waiting {
		at := seat{standing(l.Standing), l.OrganizationID}
		if len(chosen) < most && room.admits(at) {
			room.take(at)
			chosen = append(chosen, l.WebhookID)
		}
	}
	return chosen
}

// remaining tells of which standings lanes may still wait once those that were chosen are leased, and whether it is worth looking again at
// once: the search ended before all were seen, and one organization has left its place to others.
func remaining(
	searches []queue.LaneSearch, waiting []queue.WaitingLane, chosen []string, most int,
) (passedOver map[standing]bool, again bool) {
	passedOver = map[standing]bool{}
	for _, s := range standings {
		passedOver[s] = true // there is no room to look for them
	}
	for _, s := range searches {
		found, took := 0, 0
		for _, l := range waiting {
			if l.Standing == s.Standing {
				found++
				if slices.Contains(chosen, l.WebhookID) {
					took++
				}
			}
		}
		passedOver[standing(s.Standing)] = found == s.Limit || took < found || len(s.Except) > 0
		again = again || found == s.Limit && took > 0
	}
	return passedOver, again || len(chosen) == most
}
