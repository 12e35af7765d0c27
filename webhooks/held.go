package webhooks

import (
	"time"

	"roster/webhooks/queue"
)

const queueDepth = 16 // deliveries of one lane in memory, for each attempt at once that it can come to

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
	row           queue.LaneRow // as it was leased; the columns beside the state are kept up to date
	endpoint      *endpoint     // nil until it was read
	seat          seat          // what it counts as in the budget; only reseat changes it
	turn          turn
	nextAttemptAt time.Time // when its rate permits the next attempt

	// Deliveries. Each is known from when it is queued until nobody can bring it a second time.
	queue          []*queue.DueDelivery
	known          known
	underWay       int // attempts
	unwritten      int // results
	unwrittenHeads int // of them, those that end the first delivery of an order key: the next one is due once they are written
	disable        DisableReason

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

// measure keeps what the health of an endpoint is told by.
func (lane *heldLane) measure(r Result, now time.Time) {
	if !r.Succeeded() {
		return
	}
	lane.row.LastSuccessAt = &now
	took := float64(r.Timings.Total.Microseconds()) / 1000
	if lane.row.Latency == 0 {
		lane.row.Latency = took
	}
	lane.row.Latency += (took - lane.row.Latency) * failingMemory
}

// settlement returns what is written of a lane, beside what becomes of it.
func (lane *heldLane) settlement() *queue.LaneSettlement {
	s := &queue.LaneSettlement{LaneRow: rowOf(lane.id, lane.state), Token: lane.token, Disable: string(lane.disable)}
	s.LastSuccessAt, s.Latency = lane.row.LastSuccessAt, lane.row.Latency
	return s
}

// laneOf returns the state of a lane from its row.
func laneOf(row *queue.LaneRow) Lane {
	return Lane{
		Cap: row.Cap, MaxCap: row.MaxCap, Health: Health(row.Health), Clean: row.Clean, ConsecutiveFailures: row.ConsecutiveFailures,
		FailingSince: timeOf(row.FailingSince), LastFailureAt: timeOf(row.LastFailureAt), Answers: row.Answers, Failing: row.Failing,
		Slow: row.Slow, RetryAfter: timeOf(row.RetryAfter), FailedProbes: row.FailedProbes, ProbeAt: timeOf(row.ProbeAt),
	}
}

// rowOf is the way back. A lane that was just disabled is written as in probation: disabling is a change of the endpoint, which the lane
// follows.
func rowOf(id string, l Lane) queue.LaneRow {
	health := l.Health
	if health == HealthDisabled || health == HealthPaused {
		health = HealthProbation
	}
	return queue.LaneRow{
		WebhookID: id, Cap: l.Cap, MaxCap: l.MaxCap, Health: string(health), Clean: l.Clean, ConsecutiveFailures: l.ConsecutiveFailures,
		FailingSince: pointerTo(l.FailingSince), LastFailureAt: pointerTo(l.LastFailureAt), Answers: l.Answers, Failing: l.Failing,
		Slow: l.Slow, RetryAfter: pointerTo(l.RetryAfter), FailedProbes: l.FailedProbes, ProbeAt: pointerTo(l.ProbeAt),
	}
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func pointerTo(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
