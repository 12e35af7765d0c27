package webhooks

import (
	"time"

	"roster/models"
	"roster/webhooks/queue"
)

const (
	queueDepth   = 16   // deliveries of one lane in memory, for each attempt at once that it can come to
	queuedAtOnce = 4096 // of all lanes, above which none takes more than that from a fan-out
)

// heldLane is a lane that this worker leases. Only the loop touches it.
type heldLane struct {
	id string // of the endpoint

	// The lease. A lane that is given back or lost never comes back as the same heldLane, but some list of the loop may still have it.
	token      string
	leaseUntil time.Time // by this machine's monotonic clock
	givenBack  bool      // the batch that gives it back is out or written
	leaseLost  bool      // another worker may hold it: nothing of it is written

	// What decides how it is served.
	state         Lane
	leasedHealth  string    // that of the state as it was leased
	endpoint      *endpoint // nil until it was read
	seat          seat      // what it counts as in the budget; only reseat changes it
	turn          turn
	nextAttemptAt time.Time // when its rate permits the next attempt

	// Deliveries. Each is known from when it is queued until nobody can bring it a second time.
	queue          []*queue.DueDelivery
	known          known
	underWay       int // attempts
	unwritten      int // results
	unwrittenHeads int // of them, those that end the first delivery of an order key: the next one is due once they are written
	disable        DisableReason
	signings       []queue.Signing // to be noted

	// What is to be read.
	mayHaveMore bool // more may be due in the database: it is fetched when the queue is short, unless the turn has ended
	needsFetch  bool // it is in fetching.waiting
	inFetch     bool // it is in fetching.lanes

	inRotation bool // it is in one of the three lists of the rotation
}

// depth is how many deliveries a lane may queue: what it sends while more is fetched, however much waits.
func (lane *heldLane) depth() int { return queueDepth * lane.state.Cap }

// idle tells whether a lane can be given back once the results that have come are written.
func (lane *heldLane) idle() bool {
	return !lane.leaseLost && len(lane.queue) == 0 && lane.underWay == 0 && lane.unwrittenHeads == 0 && !lane.mayHaveMore && !lane.inFetch
}

// settlement returns what is written of a lane, beside what becomes of it. A lane that was just disabled is written as in probation:
// disabling is a change of the endpoint, which the lane follows.
func (lane *heldLane) settlement() *queue.LaneSettlement {
	s := &queue.LaneSettlement{
		Holding: lane.holding(), State: queue.LaneState(lane.state), Disable: string(lane.disable), Signings: lane.signings,
	}
	if s.State.Health == models.WebhookDisabled || s.State.Health == models.WebhookPaused {
		s.State.Health = models.HealthProbation
	}
	return s
}

// holding returns what the lane is held under.
func (lane *heldLane) holding() queue.Holding {
	return queue.Holding{WebhookID: lane.id, Token: lane.token}
}
