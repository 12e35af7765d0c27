package webhooks

import (
	"context"
	"slices"

	"roster/models/store"
	"roster/webhooks/queue"
)

// claims is what the loop knows of the lanes that it does not hold: whether some are to be leased.
type claims struct {
	due        bool              // some of them may have their turn
	passedOver map[standing]bool // the last claim found some, or may have, and did not lease them
	noRoom     bool              // the last claim had no room to look for those of some standing
	missed     bool              // a delivery came for a lane that is being given back, which has its turn after that
	underWay   bool              // a claim is: what it is going to pass over is not known yet
	freed      bool              // meanwhile a place became free, which it did not know of
	turnedAway map[standing]bool // meanwhile lanes were turned away, which it may not have seen
}

// newClaims returns the state of a loop that has looked for no lanes yet.
func newClaims() claims {
	return claims{due: true, passedOver: map[standing]bool{}, turnedAway: map[standing]bool{}}
}

// begin notes that a claim begins, with the room that there is now.
func (c *claims) begin() {
	c.due, c.underWay, c.freed, c.turnedAway = false, true, false, map[standing]bool{}
}

// failed notes that a claim did not work. Another one is due.
func (c *claims) failed() { c.due, c.underWay = true, false }

// look makes the next fetch claim. What is being given back meanwhile may have its turn as well.
func (c *claims) look(givingBack bool) {
	c.due = true
	c.missed = c.missed || givingBack
}

// miss notes a delivery for a lane that this worker does not hold any more.
func (c *claims) miss() { c.missed, c.due = true, true }

// claimed takes what a claim has left.
func (c *claims) claimed(passedOver map[standing]bool, noRoom, again bool) {
	c.passedOver, c.noRoom, c.underWay = map[standing]bool{}, noRoom, false
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

// claim leases lanes whose turn it is, as far as there is room, and adds them to the request.
func (w *Worker) claim(ctx context.Context, f *fetched) error {
	rq := &f.request
	var waiting []queue.WaitingLane
	var err error
	if len(rq.searches) > 0 {
		if waiting, err = queue.FindWaitingLanes(ctx, w.db, rq.searches); err != nil {
			return err
		}
	}
	chosen := choose(rq.room, waiting, fetchClaims)
	if len(chosen) > 0 {
		lease := w.newLease()
		err := store.Transaction(ctx, w.db, func(tx *store.DB) (err error) {
			f.leased, err = queue.ClaimLanes(ctx, tx, lease, chosen)
			return err
		})
		if err != nil {
			f.leased = nil
			return err
		}
	}
	f.passedOver, f.again = remaining(rq.searches, waiting, chosen, fetchClaims)
	f.again = f.again && len(f.leased) > 0
	for _, row := range f.leased {
		rq.endpoints = append(rq.endpoints, row.WebhookID)
		rq.askFor(row.WebhookID, *row.LeaseToken, min(queueDepth*row.Cap, rq.share))
	}
	return nil
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
