package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/target"
	"roster/server/servertest"
	"roster/webhooks"
	"roster/webhooks/webhookstest"
)

// dispatch is the API with a worker beside it, as the program has them.
type dispatch struct {
	*service
	worker *webhooks.Worker
	log    *servertest.Output
	// stop ends the worker and waits until it has.
	stop func()
}

// newDispatch runs a worker on the database of a service until the test ends. It polls so seldom that a test only passes if everything is
// told.
func newDispatch(s *service, adjust func(*webhooks.SenderConfig, *webhooks.WorkerConfig)) *dispatch {
	s.t.Helper()
	outward := webhooks.SenderConfig{
		Targets:   target.Rules{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Timeout:   10 * time.Second,
		UserAgent: "Roster-Webhooks/test", IdleConns: 64, IdleConnsPerHost: 8,
	}
	d := &dispatch{service: s, log: servertest.NewOutput()}
	cfg := webhooks.WorkerConfig{
		Logger: slog.New(slog.NewTextHandler(d.log, nil)), Metrics: webhooks.NewMetrics(nil),
		Slots: 64, LaneCap: 8, Lease: time.Minute, Poll: time.Hour, Grace: soon,
	}
	adjust(&outward, &cfg)
	cfg.Sender = webhooks.NewSender(outward)
	d.worker = webhooks.NewWorker(s.db, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { d.worker.Run(ctx) })
	d.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		cfg.Sender.Close()
	})
	s.t.Cleanup(d.stop)
	return d
}

func asItIs(*webhooks.SenderConfig, *webhooks.WorkerConfig) {}

// move moves a clock and makes the worker look.
func (d *dispatch) move(clock *modelstest.Clock, by time.Duration) {
	clock.Advance(by)
	d.worker.Wake()
}

// rename changes an organization, which is an event.
func (d *dispatch) rename(org, name string) {
	d.t.Helper()
	d.do("PATCH", managed+"/"+org, withID(resource("organizations", object{"name": name}), org)).want(200)
}

// received waits until a receiver has n requests.
func (d *dispatch) received(receiver *webhookstest.Receiver, n int) []webhookstest.Request {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), soon)
	defer cancel()
	requests, err := receiver.Wait(ctx, n)
	if err != nil {
		d.t.Fatal(err)
	}
	return requests
}

// attempted waits until the only delivery to an endpoint had so many attempts, and returns it as the API shows it.
func (d *dispatch) attempted(hook string, attempts float64) *answer {
	d.t.Helper()
	var list *answer
	servertest.Poll(d.t, fmt.Sprintf("a delivery to %s with %v attempts", hook, attempts), func() bool {
		list = d.get(deliveriesPath + "?filter[webhookId]=" + hook).want(200)
		return list.json("meta", "total") == 1.0 && list.json("data", 0, "attributes", "attempts") == attempts
	})
	return d.get(fmt.Sprintf("%s/%s", deliveriesPath, list.text("data", 0, "id"))).want(200)
}

// sameMessage fails the test unless all requests are attempts at one message: one id, one body, timestamps of their own, valid signatures.
func sameMessage(t *testing.T, secret string, requests []webhookstest.Request) {
	t.Helper()
	times := map[string]bool{}
	for i, q := range requests {
		if q.ID == "" || q.ID != requests[0].ID || !bytes.Equal(q.Body, requests[0].Body) {
			t.Errorf("attempt %d is at another message", i+1)
		}
		if times[q.Timestamp] {
			t.Errorf("attempt %d has the timestamp of one before", i+1)
		}
		times[q.Timestamp] = true
		if err := q.VerifyAtAnyTime(secret); err != nil {
			t.Errorf("attempt %d: %v", i+1, err)
		}
	}
}
