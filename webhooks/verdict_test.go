package webhooks

import (
	"net/http"
	"testing"
	"time"

	"roster/models"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// answer is the result of an attempt that the receiver answered at once.
func answer(status int) Result {
	r := Result{Status: status}
	switch {
	case status >= 300 && status <= 399:
		r.Code = CodeRedirect
	case status < 200 || status > 299:
		r.Code = CodeStatus
	}
	return r
}

// newLane returns the lane of a new endpoint.
func newLane(maxCap int) Lane { return Lane{Cap: 1, MaxCap: maxCap, Health: models.HealthOK} }

// middling is an attempt that can be followed by another, with a roll that leaves waits as they are.
var middling = scheduleStep{attempt: 2, of: DefaultSchedule(), roll: 0.5}

func TestJudgeEveryAnswer(t *testing.T) {
	t.Parallel()
	last := scheduleStep{attempt: 10, of: DefaultSchedule(), roll: 0.5}
	retry := Verdict{State: StatePending, Counts: true, NextAt: noon.Add(5 * time.Minute)}
	waiting := func(r Result, d time.Duration) Result { r.RetryAfter = d; return r }
	asking := func(r Result, c Control) Result { r.Control = c; return r }
	taking := func(d time.Duration) Result { r := answer(200); r.Timings.Total = d; return r }
	lane := Lane{Cap: 6, MaxCap: 8, Health: models.HealthOK, Clean: 5}
	failing := func(cap int, change ...func(*Lane)) Lane {
		l := Lane{Cap: cap, MaxCap: 8, Health: models.HealthOK, ConsecutiveFailures: 1, FailingSince: noon, LastFailureAt: noon,
			Answers: 1, Failing: 0.05}
		for _, c := range change {
			c(&l)
		}
		return l
	}
	disabled := func(l *Lane) { l.Health = models.WebhookDisabled }
	probation := func(l *Lane) { l.Health = models.HealthProbation }
	quiet := func(d time.Duration) func(*Lane) { return func(l *Lane) { l.RetryAfter = noon.Add(d) } }
	ok := Lane{Cap: 6, MaxCap: 8, Health: models.HealthOK, Clean: 6, Answers: 1}

	for _, v := range []struct {
		name    string
		result  Result
		step    scheduleStep
		verdict Verdict
		lane    Lane
	}{
		{"200", answer(200), middling, Verdict{State: StateSucceeded, Counts: true}, ok},
		{"204", answer(204), middling, Verdict{State: StateSucceeded, Counts: true}, ok},
		{"299 at the last attempt", answer(299), last, Verdict{State: StateSucceeded, Counts: true}, ok},
		{"a slow 200", taking(19 * time.Second), middling, Verdict{State: StateSucceeded, Counts: true},
			Lane{Cap: 6, MaxCap: 8, Health: models.HealthOK, Answers: 1, Slow: 1.0 / 32}},
		{"200, asking to be disabled", asking(answer(200), ControlDisable), middling,
			Verdict{State: StateSucceeded, Counts: true, Disable: DisabledRequested},
			Lane{Cap: 6, MaxCap: 8, Health: models.WebhookDisabled, Clean: 6, Answers: 1}},
		{"200, asking to abort what it took", asking(answer(200), ControlAbort), middling,
			Verdict{State: StateSucceeded, Counts: true}, ok},

		{"101", answer(101), middling, retry, failing(6)},
		{"301", answer(301), middling, retry, failing(6)},
		{"307", answer(307), middling, retry, failing(6)},
		{"400", answer(400), middling, retry, failing(6)},
		{"401", answer(401), middling, retry, failing(6)},
		{"404", answer(404), middling, retry, failing(6)},
		{"408", answer(408), middling, retry, failing(6)},
		{"413", answer(413), middling, retry, failing(6)},
		{"500", answer(500), middling, retry, failing(3)},
		{"502", answer(502), middling, retry, failing(3)},
		{"503", answer(503), middling, retry, failing(3)},
		{"504", answer(504), middling, retry, failing(3)},
		{"500 at the last attempt", answer(500), last, Verdict{State: StateFailed, Counts: true}, failing(3)},
		{"410", answer(410), middling,
			Verdict{State: StatePending, Counts: true, NextAt: noon.Add(5 * time.Minute), Disable: DisabledGone}, failing(6, disabled)},
		{"410 at the last attempt", answer(410), last,
			Verdict{State: StateFailed, Counts: true, Disable: DisabledGone}, failing(6, disabled)},

		{"429", answer(429), middling, retry, failing(3)},
		{"429, shorter than the schedule", waiting(answer(429), 2*time.Minute), middling, retry, failing(3, quiet(2*time.Minute))},
		{"429, longer than the schedule", waiting(answer(429), time.Hour), middling,
			Verdict{State: StatePending, Counts: true, NextAt: noon.Add(time.Hour)}, failing(3, quiet(time.Hour))},
		{"503 with Retry-After", waiting(answer(503), time.Hour), middling,
			Verdict{State: StatePending, Counts: true, NextAt: noon.Add(time.Hour)}, failing(3, quiet(time.Hour))},
		{"429 at the last attempt still quiets the lane", waiting(answer(429), time.Hour), last,
			Verdict{State: StateFailed, Counts: true}, failing(3, quiet(time.Hour))},

		{"400, asking to be disabled", asking(answer(400), ControlDisable), middling,
			Verdict{State: StatePending, Counts: true, NextAt: noon.Add(5 * time.Minute), Disable: DisabledRequested},
			failing(6, disabled)},
		{"400, asking to abort", asking(answer(400), ControlAbort), middling, Verdict{State: StateCancelled, Counts: true}, lane},

		{"timeout", Result{Code: CodeTimeout}, middling, retry, failing(3, probation)},
		{"DNS", Result{Code: CodeDNSError}, middling, retry, failing(6)},
		{"refused", Result{Code: CodeConnectionRefused}, middling, retry, failing(6)},
		{"unreachable", Result{Code: CodeUnreachable}, middling, retry, failing(6)},
		{"reset", Result{Code: CodeConnectionReset}, middling, retry, failing(6)},
		{"closed", Result{Code: CodeConnectionClosed}, middling, retry, failing(6)},
		{"TLS", Result{Code: CodeTLSError}, middling, retry, failing(6)},
		{"blocked", Result{Code: CodeBlockedAddress}, middling, retry, failing(6)},
		{"not HTTP", Result{Code: CodeProtocolError}, middling, retry, failing(6)},
		{"a request that cannot be sent", Result{Code: CodeInvalidRequest}, middling, retry, failing(6)},

		{"a shutdown", Result{Code: CodeCancelled}, middling, Verdict{State: StatePending, NextAt: noon}, lane},
		{"a shutdown at the last attempt", Result{Code: CodeCancelled}, last, Verdict{State: StatePending, NextAt: noon}, lane},
		{"no files left here", Result{Code: CodeLocalError}, last, Verdict{State: StatePending, NextAt: noon.Add(10 * time.Second)}, lane},
		{"our proxy is down", Result{Code: CodeProxyError}, last, Verdict{State: StatePending, NextAt: noon.Add(10 * time.Second)}, lane},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			verdict, after := judge(v.result, v.step, lane, noon)
			if diff := cmp.Diff(v.verdict, verdict); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(v.lane, after); diff != "" {
				t.Errorf("lane (-want +got):\n%s", diff)
			}
		})
	}
}

// play folds results a minute apart into a lane and returns it.
func play(lane Lane, from time.Time, results ...Result) Lane {
	for i, r := range results {
		_, lane = judge(r, middling, lane, from.Add(time.Duration(i)*time.Minute))
	}
	return lane
}

func times(n int, r Result) []Result {
	all := make([]Result, n)
	for i := range all {
		all[i] = r
	}
	return all
}

func TestTheCapGrowsWithCleanWindowsAndHalves(t *testing.T) {
	t.Parallel()
	lane := newLane(4)
	for _, step := range []struct {
		results []Result
		want    int
	}{
		{times(7, answer(200)), 1}, {times(1, answer(200)), 2}, {times(16, answer(200)), 4}, {times(80, answer(200)), 4},
		{times(1, answer(400)), 4}, {times(1, answer(429)), 2}, {times(7, answer(200)), 2}, {times(1, answer(200)), 3},
		{times(3, answer(503)), 1},
	} {
		if lane = play(lane, noon, step.results...); lane.Cap != step.want {
			t.Errorf("cap %d after %d more answers of %d, want %d", lane.Cap, len(step.results), step.results[0].Status, step.want)
		}
	}
}

func TestProbation(t *testing.T) {
	t.Parallel()
	slow := answer(200)
	slow.Timings.Total = 19 * time.Second
	for _, v := range []struct {
		name    string
		results []Result
		want    string
	}{
		{"one failure is forgiven", times(1, answer(500)), models.HealthOK},
		{"three in a row are not", times(3, answer(400)), models.HealthProbation},
		{"one timeout is enough", times(1, Result{Code: CodeTimeout}), models.HealthProbation},
		{"one slow answer is forgiven", times(1, slow), models.HealthOK},
		{"two are not", times(2, slow), models.HealthProbation},
		{"one slow answer in a hundred is forgiven", append(append(times(1, slow), times(99, answer(200))...), slow), models.HealthOK},
		{"it lasts for a while", append(times(3, answer(400)), times(15, answer(200))...), models.HealthProbation},
		{"and ends", append(times(3, answer(400)), times(16, answer(200))...), models.HealthOK},
		{"slowness is remembered for longer", append(times(20, slow), times(16, answer(200))...), models.HealthProbation},
		{"and forgotten", append(times(20, slow), times(100, answer(200))...), models.HealthOK},
	} {
		if got := play(newLane(8), noon, v.results...).Health; got != v.want {
			t.Errorf("%s: %s", v.name, got)
		}
	}
	paused := newLane(8)
	paused.Health = models.WebhookPaused
	if got := play(paused, noon, times(5, Result{Code: CodeTimeout})...).Health; got != models.WebhookPaused {
		t.Errorf("results of a paused lane made it %s", got)
	}
}

func TestTheBreakerProbesAndCloses(t *testing.T) {
	t.Parallel()
	lane := play(newLane(8), noon, times(9, answer(400))...)
	if lane.Open() {
		t.Fatal("open after nine failures")
	}
	now := noon.Add(time.Hour)
	lane = play(lane, now, answer(400))
	if !lane.Open() || lane.Cap != 1 || !lane.PausedUntil().Equal(now.Add(30*time.Second)) {
		t.Fatalf("after ten failures: %+v", lane)
	}
	straggler := play(lane, now.Add(time.Second), answer(400))
	if !straggler.ProbeAt.Equal(lane.ProbeAt) {
		t.Error("an attempt that was under way when the breaker opened moved the probe")
	}
	for _, want := range []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 15 * time.Minute,
	} {
		now = lane.PausedUntil()
		if lane = play(lane, now, answer(400)); lane.PausedUntil().Sub(now) != want {
			t.Errorf("the next probe is after %s, want %s", lane.PausedUntil().Sub(now), want)
		}
	}
	lane = play(lane, lane.PausedUntil(), answer(200))
	if lane.Open() || !lane.PausedUntil().IsZero() || lane.Health != models.HealthProbation {
		t.Errorf("after a probe that succeeded: %+v", lane)
	}
	if lane = play(lane, now, answer(400)); lane.Open() {
		t.Error("one failure opened it again")
	}

	asked := answer(429)
	asked.RetryAfter = time.Hour
	lane = play(newLane(8), noon, times(10, asked)...)
	if want := noon.Add(69 * time.Minute); !lane.PausedUntil().Equal(want) {
		t.Errorf("an open lane is paused until %s, the receiver asked for %s", lane.PausedUntil(), want)
	}
	if lane = play(lane, noon.Add(10*time.Minute), answer(200)); lane.PausedUntil().IsZero() {
		t.Error("a late success made the sender forget what the receiver asked for")
	}
}

func TestAMajorityOfFailuresOpensTheBreaker(t *testing.T) {
	t.Parallel()
	lane := newLane(8)
	for range 30 {
		lane = play(lane, noon, answer(200), answer(400), answer(400))
		if lane.Open() {
			return
		}
	}
	t.Errorf("two of three failed and it never opened: %+v", lane)
}

// A receiver that takes one request in ten gets every event in the end and is never given up.
func TestAFlappingReceiverIsServed(t *testing.T) {
	t.Parallel()
	lane, now, requests, delivered := newLane(8), noon, 0, 0
	for deadline := noon.Add(10 * 24 * time.Hour); now.Before(deadline); now = now.Add(time.Second) {
		if now.Before(lane.PausedUntil()) {
			continue
		}
		requests++
		status := http.StatusServiceUnavailable
		if requests%10 == 0 {
			status = http.StatusOK
			delivered++
		}
		var verdict Verdict
		if verdict, lane = judge(answer(status), middling, lane, now); verdict.Disable != "" {
			t.Fatalf("disabled (%s) after %s", verdict.Disable, now.Sub(noon))
		}
	}
	if delivered < 1000 {
		t.Errorf("%d deliveries in ten days", delivered)
	}
}

func TestFailingForFiveDaysDisables(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, v := range []struct {
		name string
		at   []time.Duration // of failures
		ok   []time.Duration // of successes
		want time.Duration   // when it is disabled; 0: never
	}{
		{"every day", []time.Duration{0, day, 2 * day, 3 * day, 4 * day, 5 * day, 6 * day}, nil, 5 * day},
		{"for less than five days", []time.Duration{0, day, 2 * day, 5*day - time.Second}, nil, 0},
		{"one success in between starts the count again", []time.Duration{0, day, 2 * day, 4 * day, 5 * day, 8*day - time.Second, 9 * day},
			[]time.Duration{3 * day}, 9 * day},
		{"two lone failures prove nothing", []time.Duration{0, 6 * day}, nil, 0},
		{"nor does one bad night", []time.Duration{0, time.Hour, 11 * time.Hour, 6 * day}, nil, 0},
		{"a bad day, then still failing", []time.Duration{0, 12 * time.Hour, 6 * day}, nil, 6 * day},
	} {
		lane, disabledAt := newLane(8), time.Duration(0)
		successes := v.ok
		for _, at := range v.at {
			for len(successes) > 0 && successes[0] < at {
				_, lane = judge(answer(200), middling, lane, noon.Add(successes[0]))
				successes = successes[1:]
			}
			var verdict Verdict
			if verdict, lane = judge(answer(500), middling, lane, noon.Add(at)); verdict.Disable != "" {
				disabledAt = at
				if verdict.Disable != DisabledFailing || lane.Health != models.WebhookDisabled || verdict.State != StatePending {
					t.Errorf("%s: %+v, lane %s", v.name, verdict, lane.Health)
				}
				break
			}
		}
		if disabledAt != v.want {
			t.Errorf("%s: disabled after %s, want %s", v.name, disabledAt, v.want)
		}
	}
}
