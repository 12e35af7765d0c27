package webhooks

import (
	"net/http"
	"time"

	"roster/models"
)

// State is where a delivery stands.
type State string

// A delivery is pending until one of the other three is true for good.
const (
	StatePending   State = models.DeliveryPending
	StateSucceeded State = models.DeliverySucceeded
	StateFailed    State = models.DeliveryFailed    // every attempt used up; it can be replayed
	StateCancelled State = models.DeliveryCancelled // by the receiver, or because its endpoint is gone
)

// DisableReason says why an endpoint gets nothing any more. Its deliveries stay pending and go out when it is enabled again.
type DisableReason string

// The reasons.
const (
	DisabledGone      DisableReason = "gone"      // it answered 410
	DisabledRequested DisableReason = "requested" // it answered webhook-delivery: disable
	DisabledFailing   DisableReason = "failing"   // it took nothing for five days
)

const (
	failingFor    = 5 * 24 * time.Hour
	failingSpread = 12 * time.Hour
	ownErrorWait  = 10 * time.Second
)

// scheduleStep is where in its schedule the attempt stands that has just ended.
type scheduleStep struct {
	attempt int // from 1
	of      Schedule
	roll    float64 // random, in [0,1)
}

// Verdict is what becomes of a delivery after an attempt.
type Verdict struct {
	State   State
	Counts  bool      // false: the attempt is not held against the delivery
	NextAt  time.Time // of a pending delivery
	Disable DisableReason
}

// judge decides, from how an attempt went, what becomes of its delivery and of its endpoint's lane. It touches nothing, so several
// results of one lane can be folded one after the other.
func judge(r Result, step scheduleStep, lane Lane, now time.Time) (Verdict, Lane) {
	switch {
	case r.Code == CodeCancelled:
		return Verdict{State: StatePending, NextAt: now}, lane
	case r.Code.OurFault():
		return Verdict{State: StatePending, NextAt: now.Add(jittered(ownErrorWait, step.roll))}, lane
	case r.Succeeded():
		v := Verdict{State: StateSucceeded, Counts: true}
		lane = lane.succeeded(r)
		if r.Control == ControlDisable {
			v.Disable, lane.Health = DisabledRequested, models.WebhookDisabled
		}
		return v, lane
	case r.Control == ControlAbort:
		// A considered answer: neither a failure of the endpoint nor a proof that it works.
		return Verdict{State: StateCancelled, Counts: true}, lane
	}
	v := retry(r, step, now)
	v.Disable = disables(r, lane, now)
	lane = lane.failed(r, step.roll, now)
	if v.Disable != "" {
		lane.Health = models.WebhookDisabled
	}
	return v, lane
}

// retry follows the schedule, which a receiver can stretch with Retry-After and never shorten.
func retry(r Result, step scheduleStep, now time.Time) Verdict {
	wait, more := step.of.After(step.attempt, step.roll)
	if !more {
		return Verdict{State: StateFailed, Counts: true}
	}
	return Verdict{State: StatePending, Counts: true, NextAt: now.Add(max(wait, r.RetryAfter))}
}

// disables finds the failures after which sending on is of no use. That nothing was taken for five days is believed only if the
// failures known before this one already lay half a day apart: two bad moments with silence between them prove nothing.
func disables(r Result, lane Lane, now time.Time) DisableReason {
	switch {
	case r.Status == http.StatusGone:
		return DisabledGone
	case r.Control == ControlDisable:
		return DisabledRequested
	case !lane.FailingSince.IsZero() && now.Sub(lane.FailingSince) >= failingFor &&
		lane.LastFailureAt.Sub(lane.FailingSince) >= failingSpread:
		return DisabledFailing
	}
	return ""
}
