package webhooks

import (
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
	"roster/webhooks/queue"
	"roster/webhooks/webhookstest"
)

// mortal is a worker on a pool of its own, which can lose its database from one moment to the next: whatever it does then, nothing of it is
// written any more, as after SIGKILL.
type mortal struct {
	*rig
	die func()
}

// newMortal starts a worker that ends with the test around t: a dead one tries for seconds to write what it knows, and all do so together.
func newMortal(t, around *testing.T, cfg models.Config) *mortal {
	t.Helper()
	db, err := models.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	m := &mortal{rig: &rig{t: t, db: db}}
	m.w, m.stop = startWorker(around, db, func(c *WorkerConfig) { c.Grace = time.Millisecond })
	m.die = sync.OnceFunc(func() { _ = db.Close() })
	t.Cleanup(func() {
		m.die()
		go m.stop() // the test around waits for it
	})
	return m
}

// TestAWorkerDiesAtTheWorstMoments kills it before it sends, while it sends, and after the receiver has answered but before that is written
// down. The next one delivers what is left, once the lease is over, and only what was under way can come twice.
func TestAWorkerDiesAtTheWorstMoments(t *testing.T) {
	t.Parallel()
	around := t
	for _, dialect := range modelstest.Dialects {
		for name, c := range map[string]struct {
			first func(m *mortal) webhookstest.Answer // what the first receiver of a request does
			times int                                 // the message comes
		}{
			"before it sends": {nil, 1},
			"while it sends": {func(m *mortal) webhookstest.Answer {
				return func(x *webhookstest.Exchange) {
					x.Read()
					m.die()
					x.Hang()
				}
			}, 2},
			"after the answer, before it is written down": {func(m *mortal) webhookstest.Answer {
				return func(x *webhookstest.Exchange) {
					x.Read()
					m.die()
					x.Respond(http.StatusOK, nil)
				}
			}, 2},
		} {
			t.Run(string(dialect)+" "+name, func(t *testing.T) {
				t.Parallel()
				clock := modelstest.NewClock()
				cfg := modelstest.Config(t, dialect)
				cfg.Now = clock.Now
				survivor := &rig{t: t, db: modelstest.OpenConfig(t, cfg)}
				receiver, healthy := webhookstest.NewReceiver(t), webhookstest.NewReceiver(t)
				org := survivor.organization("")
				hook := survivor.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
				survivor.endpoint(org, healthy.URL(), "eventTypes", jsonapi.Strings{"organization.updated"})
				first := newMortal(t, around, cfg)
				survivor.until(`SELECT COUNT(*) FROM event_queue`, int64(0))
				if c.first == nil {
					first.holdBack(hook)
				} else {
					receiver.Script(c.first(first), webhookstest.Status(http.StatusOK))
				}
				survivor.change(org, "Acme & Sons")
				first.w.Wake()                // it runs in another process than the change
				survivor.received(healthy, 1) // so that what comes twice was begun before the clock moves
				if c.first == nil {
					survivor.until(`SELECT COUNT(*) FROM webhook_deliveries`, int64(2))
					first.die()
				} else {
					survivor.received(receiver, 1)
				}
				clock.Advance(2 * time.Minute)
				survivor.w, survivor.stop = startWorker(t, survivor.db)
				survivor.quiet()
				requests := receiver.Requests()
				if len(requests) != c.times {
					t.Errorf("the message came %d times, not %d", len(requests), c.times)
				}
				oneMessage(t, requests)
				oneMessage(t, healthy.Requests())
				if n := survivor.query(`SELECT COUNT(*) FROM webhook_deliveries
					WHERE state = 'succeeded' AND attempts = 1`); n != int64(2) {
					t.Errorf("%v deliveries succeeded at the first attempt that is known", n)
				}
			})
		}
	}
}

// holdBack lets an endpoint be leased by the worker without anything being sent: it is what the worker left that took it and died.
func (m *mortal) holdBack(hook *models.Webhook) {
	m.t.Helper()
	lease := m.w.newLease()
	err := store.Transaction(m.t.Context(), m.db, func(tx *store.DB) error {
		if _, err := queue.LockLanes(m.t.Context(), tx, []string{hook.ID}); err != nil {
			return err
		}
		return queue.LeaseLanes(m.t.Context(), tx, lease, []string{hook.ID})
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// oneMessage fails the test unless all requests are attempts at one message: one id, one body, timestamps of their own, valid signatures.
func oneMessage(t *testing.T, requests []webhookstest.Request) {
	t.Helper()
	times := map[string]bool{}
	for i, q := range requests {
		if q.ID == "" || q.ID != requests[0].ID || string(q.Body) != string(requests[0].Body) {
			t.Errorf("attempt %d is at another message", i+1)
		}
		if times[q.Timestamp] {
			t.Errorf("attempt %d has the timestamp of one before", i+1)
		}
		times[q.Timestamp] = true
		if err := q.VerifyAtAnyTime(officialSecret); err != nil {
			t.Errorf("attempt %d: %v", i+1, err)
		}
	}
}

// TestAnEventThatNobodyToldOfIsFound commits a change in a process that ends before it can tell the worker.
func TestAnEventThatNobodyToldOfIsFound(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			receiver := webhookstest.NewReceiver(t)
			r := newRig(t, modelstest.OpenConfig(t, cfg), func(c *WorkerConfig) { c.Poll = 50 * time.Millisecond })
			org := r.organization(receiver.URL())
			r.received(receiver, 1)
			api, err := models.Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			(&rig{t: t, db: api}).change(org, "Acme & Sons")
			if err := api.Close(); err != nil {
				t.Fatal(err)
			}
			if m := read(t, r.received(receiver, 2)[1]); m.Data.Attributes["name"] != "Acme & Sons" {
				t.Errorf("received %+v", m)
			}
		})
	}
}

// behindProxy returns a replica that a proxy can cut off from PostgreSQL, what others connect with, their clock, and what the replica logs.
func behindProxy(t *testing.T) (r *rig, proxy *modelstest.Proxy, cfg models.Config, clock *modelstest.Clock, lines *servertest.Output) {
	t.Helper()
	clock = modelstest.NewClock()
	cfg = modelstest.Config(t, store.Postgres)
	cfg.Now = clock.Now
	proxy = modelstest.NewProxy(t, cfg.URL)
	through := cfg
	through.URL = proxy.URL
	lines = servertest.NewOutput()
	r = newRig(t, modelstest.OpenConfig(t, through),
		func(c *WorkerConfig) { c.Logger = slog.New(slog.NewTextHandler(lines, nil)) })
	return r, proxy, cfg, clock, lines
}

// TestAReplicaThatWasCutOffWritesNothingOnceItsLeaseIsOver cuts one of two replicas off from the database until its lease is over and
// another has delivered. When it is back, what it knows is not written, whatever it is: not a failure, not that the endpoint is gone.
func TestAReplicaThatWasCutOffWritesNothingOnceItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]int{"a success": 200, "a failure": 500, "gone": 410} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cutOff, proxy, cfg, clock, lines := behindProxy(t)
			answer := make(chan struct{})
			receiver := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) {
				x.Read()
				x.Await(answer)
				x.Respond(late, nil)
			}, webhookstest.Status(http.StatusOK))
			org := cutOff.organization(receiver.URL())
			cutOff.received(receiver, 1)
			proxy.Cut()
			clock.Advance(2 * time.Minute)
			other := newRig(t, modelstest.OpenConfig(t, cfg))
			other.received(receiver, 2)
			other.quiet()
			close(answer)
			lines.Count(t, "write results", 1) // it tries, and cannot reach the database
			proxy.Restore()
			lines.Count(t, "lanes were taken over", 1)
			other.change(org, "Acme & Sons") // both go on
			requests := other.received(receiver, 3)
			other.quiet()
			oneMessage(t, requests[:2])
			if n := len(receiver.Requests()); n != 3 {
				t.Errorf("%d requests for two events, one of them under way when the replica was cut off", n)
			}
			if n := other.query(`SELECT COUNT(*) FROM webhook_attempts WHERE status = 200`); n != int64(2) {
				t.Errorf("%v successful attempts are written", n)
			}
			if n := other.query(`SELECT COUNT(*) FROM webhook_attempts`); n != int64(2) {
				t.Errorf("%v attempts are written", n)
			}
			if s := other.query(`SELECT status FROM webhooks`); s != "active" {
				t.Errorf("the endpoint is %v", s)
			}
		})
	}
}

// TestWhatWasTakenOverIsFewLines has a replica cut off with work for many receivers under way: what it finds out when it is back is not a
// line for each.
func TestWhatWasTakenOverIsFewLines(t *testing.T) {
	t.Parallel()
	const receivers = 8
	cutOff, proxy, cfg, clock, lines := behindProxy(t)
	answer := make(chan struct{})
	var held atomic.Int64
	receiver := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) {
		x.Read()
		if held.Add(1) <= receivers {
			x.Await(answer)
		}
		x.Respond(http.StatusOK, nil)
	})
	for range receivers {
		cutOff.organization(receiver.URL())
	}
	cutOff.received(receiver, receivers)
	proxy.Cut()
	clock.Advance(2 * time.Minute)
	other := newRig(t, modelstest.OpenConfig(t, cfg))
	other.received(receiver, 2*receivers)
	other.quiet()
	close(answer)
	lines.Count(t, "delivery attempted", receivers)
	proxy.Restore()
	told := 0
	counts := regexp.MustCompile(`msg="webhooks: lanes were taken over" lanes=(\d+) first_webhook_id=\S+\n`)
	if !lines.Until(func(all string) bool {
		sum := 0
		found := counts.FindAllStringSubmatch(all, -1)
		for _, line := range found {
			n, _ := strconv.Atoi(line[1])
			sum += n
		}
		told = len(found)
		return sum == receivers
	}) {
		t.Fatal(lines)
	}
	if told > 3 { // what is being written when the others come is a batch of its own
		t.Errorf("%d lines for %d receivers:\n%s", told, receivers, lines)
	}
}
