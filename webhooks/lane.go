package webhooks

import (
	"net/http"
	"time"

	"roster/models"
	"roster/webhooks/queue"
)

const (
	cleanWindow     = 8               // quick successes in a row that earn one more slot
	cleanForOK      = 16              // quick successes in a row that end probation
	failuresToDoubt = 3               // failures in a row that begin it
	failuresToOpen  = 10              // failures in a row that open the breaker
	answersToTrust  = 20              // answers before the share of failures opens it
	slowAnswer      = 5 * time.Second // a success that took longer is slow
	slowShare       = 0.05            // more slow answers than that: the 95th percentile is above slowAnswer
	slowMemory      = 1.0 / 32        // weight of the newest answer in Lane.Slow
	failingMemory   = models.AnswerMemory
	failingShare    = 0.5
)

// Lane is the state of one endpoint that decides how it is served. The lane of a new endpoint has one slot: hundreds of
// endpoints that hang from the first moment hold hundreds of slots, not thousands. Lanes in probation have a quarter of all slots, see
// standing.
type Lane queue.LaneState

// Open tells whether the breaker is open: one attempt at a time goes out when ProbeAt has come, and the other deliveries keep
// their place and their attempts.
func (l Lane) Open() bool { return l.FailedProbes > 0 }

// PausedUntil returns the time before which nothing may be sent; the zero time means now.
func (l Lane) PausedUntil() time.Time {
	if l.ProbeAt.After(l.RetryAfter) {
		return l.ProbeAt
	}
	return l.RetryAfter
}

// measured keeps what the health of an endpoint is told by, and nothing here is decided by.
func (l Lane) measured(r Result, now time.Time) Lane {
	if !r.Succeeded() {
		return l
	}
	l.LastSuccessAt = now
	took := float64(r.Timings.Total.Microseconds()) / 1000
	if l.Latency == 0 {
		l.Latency = took
	}
	l.Latency += (took - l.Latency) * failingMemory
	return l
}

func (l Lane) succeeded(r Result) Lane {
	if l.Open() {
		// Start over: the failures that opened the breaker must not open it again at the next single one.
		l.FailedProbes, l.ProbeAt, l.Answers, l.Failing = 0, time.Time{}, 0, 0
	}
	l.ConsecutiveFailures, l.FailingSince, l.LastFailureAt = 0, time.Time{}, time.Time{}
	l.Answers++
	l.Failing -= l.Failing * failingMemory
	l.Slow -= l.Slow * slowMemory
	if r.Timings.Total > slowAnswer {
		l.Slow += slowMemory
		l.Clean = 0
	} else {
		l.Clean++
	}
	if l.Clean > 0 && l.Clean%cleanWindow == 0 {
		l.Cap = min(l.Cap+1, l.MaxCap)
	}
	switch {
	case l.Health == models.HealthOK && l.Slow > slowShare:
		l.Health = models.HealthProbation
	case l.Health == models.HealthProbation && l.Clean >= cleanForOK && l.Slow <= slowShare:
		l.Health = models.HealthOK
	}
	return l
}

func (l Lane) failed(r Result, roll float64, now time.Time) Lane {
	l.Clean = 0
	l.ConsecutiveFailures++
	l.Answers++
	l.Failing += (1 - l.Failing) * failingMemory
	if l.FailingSince.IsZero() {
		l.FailingSince = now
	}
	l.LastFailureAt = now
	if overloaded(r) {
		l.Cap = max(l.Cap/2, 1)
	}
	if until := now.Add(r.RetryAfter); r.RetryAfter > 0 && until.After(l.RetryAfter) {
		l.RetryAfter = until
	}
	// One timeout is enough for probation: it held a slot for the whole deadline. Other failures cost little.
	if l.Health == models.HealthOK && (r.Code == CodeTimeout || l.ConsecutiveFailures >= failuresToDoubt) {
		l.Health = models.HealthProbation
	}
	return l.trip(roll, now)
}

// trip opens the breaker, or keeps it open for longer after a failed probe. Attempts that were under way when it opened end while
// ProbeAt lies ahead; they are no probes.
func (l Lane) trip(roll float64, now time.Time) Lane {
	broken := l.ConsecutiveFailures >= failuresToOpen || l.Answers >= answersToTrust && l.Failing > failingShare
	if !broken && !l.Open() || now.Before(l.ProbeAt) {
		return l
	}
	l.FailedProbes++
	l.ProbeAt = now.Add(jittered(probeWait(l.FailedProbes), roll))
	l.Cap = 1
	return l
}

// probeWait grows to a quarter of an hour, which bounds both how late a recovery is noticed and what ten thousand dead endpoints
// cost: eleven attempts a second.
func probeWait(failedProbes int) time.Duration {
	steps := [...]time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute}
	return steps[min(failedProbes, len(steps))-1]
}

// overloaded tells whether sending less at once might help.
func overloaded(r Result) bool {
	return r.Code == CodeTimeout || r.Status == http.StatusTooManyRequests || r.Status >= 500
}
