// Package bench measures the delivery of webhooks end to end, beside things to measure it against: a signed POST with no queue at all,
// and the outbox that one would write by hand in an afternoon. All of them run in one process with a receiver that answers 200 at once,
// so the figures are good as ratios on one machine. PostgreSQL has its own settings: it keeps what it commits. make bench-webhooks runs it.
package bench

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/models/target"
	"roster/webhooks"
)

var (
	events     = flag.Int("events", 20_000, "events of a throughput run")
	publishers = flag.Int("publishers", 16, "publishers at once")
	seconds    = flag.Int("seconds", 5, "length of a latency run")
	endpoints  = flag.Int("endpoints", 1000, "endpoints of the runs in which some of them hang")
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver answers 200 at once and notes when what came.
type receiver struct {
	url      string
	mu       sync.Mutex
	at       map[string]time.Time
	doubles  int
	received atomic.Int64
	reached  chan struct{}
	want     atomic.Int64
}

func newReceiver(b *testing.B) *receiver {
	b.Helper()
	r := &receiver{at: map[string]time.Time{}, reached: make(chan struct{}, 1)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		now := time.Now()
		_, _ = io.Copy(io.Discard, q.Body)
		r.mu.Lock()
		if _, again := r.at[q.Header.Get(webhooks.HeaderID)]; again {
			r.doubles++
		} else {
			r.at[q.Header.Get(webhooks.HeaderID)] = now
		}
		r.mu.Unlock()
		if r.received.Add(1) == r.want.Load() {
			r.reached <- struct{}{}
		}
	})}
	go server.Serve(listener)                //nolint:errcheck // ends with Close
	b.Cleanup(func() { _ = server.Close() }) // what is still open is of no interest
	r.url = "http://" + listener.Addr().String() + "/"
	return r
}

// expect forgets what came and waits for n more.
func (r *receiver) expect(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.doubles = make(map[string]time.Time, n), 0
	r.received.Store(0)
	r.want.Store(int64(n))
}

func (r *receiver) wait(b *testing.B) {
	b.Helper()
	select {
	case <-r.reached:
	case <-time.After(3 * time.Minute):
		b.Fatalf("%d of %d came", r.received.Load(), r.want.Load())
	}
}

func newSender(b *testing.B) *webhooks.Sender {
	b.Helper()
	s := webhooks.NewSender(webhooks.SenderConfig{
		Targets: target.Rules{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Timeout: 20 * time.Second, UserAgent: "bench", IdleConns: 1024, IdleConnsPerHost: 64,
	})
	b.Cleanup(s.Close)
	return s
}

// concurrently calls do n times from the publishers.
func concurrently(n int, do func(i int)) {
	var next atomic.Int64
	var running sync.WaitGroup
	for range *publishers {
		running.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	running.Wait()
}

// body is about as long as an event of an organization.
var body = fmt.Appendf(nil, `{"type":"bench.made","timestamp":"2026-01-02T03:04:05.678Z","sequence":1,"data":%s}`, data)

const organization = "01912f6a-8c00-7abc-8def-0123456789ab"

const data = `{"type":"organizations","id":"01912f6a-8c00-7abc-8def-0123456789ab","attributes":{"name":"Acme Corporation",` +
	`"slug":"acme-corporation","description":"Makers of everything.","kind":"company","number":42,"isEventProducer":true,` +
	`"locationTracking":false,"validFrom":null,` +
	`"validTo":null,"active":true,"createdAt":"2024-08-20T10:45:07+00:00","updatedAt":"2024-08-20T10:45:07+00:00"},` +
	`"links":{"self":"/public/v2/organizations/01912f6a-8c00-7abc-8def-0123456789ab"}}`

// latency publishes at a steady rate and returns how long after their commit events arrive, in order of length.
func latency(b *testing.B, r *receiver, rate float64, publish func(i int) string) []time.Duration {
	b.Helper()
	n := int(rate * float64(*seconds))
	r.expect(n)
	committed := make([]time.Time, n)
	ids := make([]string, n)
	start := time.Now()
	concurrently(n, func(i int) {
		time.Sleep(time.Until(start.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		ids[i] = publish(i)
		committed[i] = time.Now()
	})
	r.wait(b)
	took := make([]time.Duration, n)
	r.mu.Lock()
	for i, id := range ids {
		took[i] = max(r.at[id].Sub(committed[i]), 0)
	}
	r.mu.Unlock()
	slices.Sort(took)
	return took
}

// milliseconds returns a quantile of durations that are in order.
func milliseconds(took []time.Duration, percent int) float64 {
	return float64(took[len(took)*percent/100].Microseconds()) / 1000
}

func exec(b *testing.B, pool *sql.DB, statement string) {
	b.Helper()
	if _, err := pool.ExecContext(b.Context(), statement); err != nil {
		b.Fatal(err)
	}
}

// roster is the real thing: a database with a worker.
type roster struct {
	b    *testing.B
	db   *store.DB
	w    *webhooks.Worker
	stop func()
}

func newRoster(b *testing.B, dialect store.Dialect, adjust ...func(*webhooks.WorkerConfig)) *roster {
	b.Helper()
	worker := webhooks.WorkerConfig{
		Sender: newSender(b), Logger: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})),
		Metrics: webhooks.NewMetrics(nil), Slots: 1024, LaneCap: 8, Lease: time.Minute, Poll: time.Second, Grace: time.Millisecond,
	}
	for _, a := range adjust {
		a(&worker)
	}
	cfg := modelstest.Config(b, dialect)
	cfg.MaxConnections = 24
	db := modelstest.OpenConfig(b, cfg)
	x := &roster{b: b, db: db, w: webhooks.NewWorker(db, worker)}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { x.w.Run(ctx) })
	x.stop = func() {
		stop()
		running.Wait()
		_ = db.Close() // whatever was written is of no interest
	}
	b.Cleanup(x.stop)
	return x
}

// organizations makes n organizations, each with a webhook to what url returns, and returns their ids.
func (x *roster) organizations(n int, url func(i int) string) []string {
	ids := make([]string, n)
	concurrently(n, func(i int) {
		in := &models.Change{Attributes: map[string]any{
			"name": fmt.Sprint("Organization ", i), "webhookUrl": url(i), "webhookSecret": secret,
		}}
		org, err := models.CreateOrganization(context.Background(), x.db, models.System("bench"), in)
		if err != nil {
			x.b.Error(err)
			return
		}
		ids[i] = org.ID
	})
	return ids
}

// publish commits one event of an organization, as every change does.
func (x *roster) publish(organization string) string {
	changes := jsonapi.Raw("{}")
	e := &models.Event{
		ID: models.NewID(), EventType: "bench.made", OccurredAt: jsonapi.Stamp{Time: x.db.Now()}, OrganizationID: &organization,
		SubjectType: "organizations", SubjectID: organization, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw(data),
	}
	err := store.Transaction(context.Background(), x.db, func(tx *store.DB) error {
		err := models.Capture(context.Background(), tx, e)
		return err
	})
	if err != nil {
		x.b.Error(err)
	}
	return e.ID
}

// BenchmarkHanging is a thousand endpoints, of which some take the request and never answer. 200 events a second go to them, every
// other one to those that may hang, which only in the run with none of them answer. The runs take turns, so that what else the machine
// does falls on all of them; the latencies are those of the other half of the events, over all rounds.
func BenchmarkHanging(b *testing.B) {
	const rounds = 7 // fewer than some thousands of latencies say little about the last percent
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			for b.Loop() {
				took := map[int][]time.Duration{}
				for range rounds {
					for _, hanging := range []int{0, 1, 30, 300} {
						took[hanging] = append(took[hanging], hang(b, dialect, hanging)...)
					}
				}
				slices.Sort(took[0])
				for _, hanging := range []int{0, 1, 30, 300} {
					slices.Sort(took[hanging])
					name := fmt.Sprint(hanging, "-hang")
					b.ReportMetric(milliseconds(took[hanging], 50), name+"-p50-ms")
					b.ReportMetric(milliseconds(took[hanging], 99), name+"-p99-ms")
					b.ReportMetric(milliseconds(took[hanging], 99)/milliseconds(took[0], 99), name+"-p99/undisturbed")
				}
			}
		})
	}
}

func hang(b *testing.B, dialect store.Dialect, hanging int) []time.Duration {
	b.Helper()
	if *endpoints <= hanging {
		b.Fatalf("of %d endpoints %d cannot hang: nobody would be left to measure", *endpoints, hanging)
	}
	r := newReceiver(b)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer silent.Close() //nolint:errcheck // what is open is of no interest
	other := newReceiver(b)
	r.expect(*endpoints - max(hanging, 1))
	x := newRoster(b, dialect)
	defer x.stop()
	orgs := x.organizations(*endpoints, func(i int) string {
		switch {
		case i < hanging:
			return "http://" + silent.Addr().String() + "/" // connected by the system, never accepted
		case i == 0:
			return other.url
		}
		return fmt.Sprint(r.url, i)
	})
	r.wait(b)
	suspects, healthy := orgs[:max(hanging, 1)], orgs[max(hanging, 1):]
	return latency(b, r, 100, func(i int) string {
		x.publish(suspects[i%len(suspects)])
		return x.publish(healthy[i*7919%len(healthy)])
	})
}
