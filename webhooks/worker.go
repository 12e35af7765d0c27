package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"roster/models/store"
	"roster/webhooks/queue"
)

// WorkerConfig says how much a worker does at once, and for how long it keeps what.
type WorkerConfig struct {
	Sender  *Sender
	Logger  *slog.Logger
	Metrics *Metrics
	Tracer  trace.Tracer // makes a span of each attempt at what is traced; nil for none
	// Slots are the attempts at once. Lanes in probation share a quarter of them, those that were never answered another one, and no
	// organization has more than it leaves free.
	Slots int
	// LaneCap is the number of attempts at once that one endpoint can come to.
	LaneCap int
	// Lease is how long a lane is held without a sign of life. An exchange must fit into a third of it.
	Lease time.Duration
	// Poll is the longest wait for work that no notification told of.
	Poll time.Duration
	// Grace is how long a worker that stops waits for attempts under way before it cuts them.
	Grace time.Duration
	// Retention is how long finished deliveries are kept, HeadRetention how long the heads of answers; 0 is for ever.
	Retention, HeadRetention time.Duration
}

// Worker delivers what is recorded in one database, beside any number of other workers on PostgreSQL. Its goroutines are:
//
//	fan-out    events → deliveries; hands what it inserted straight to the loop
//	loop       owns every lane that is held: what is fetched, what is under way, what is to be written; it alone decides, and never waits
//	claim      leases lanes, when the loop asks; one at a time
//	fetch      reads endpoints and due deliveries, when the loop asks; one at a time
//	perform    makes one exchange; as many at once as there are slots
//	settle     writes results in batches
//	listen     hears from other replicas
//	chores     replays and retention
type Worker struct {
	db  *store.DB
	cfg WorkerConfig

	events     chan struct{} // something was recorded
	looks      chan struct{} // something may be due
	id         string
	generation atomic.Uint64 // of what is known about endpoints
	fanOuts    atomic.Int64  // that are over, with or without an event
	bodies     *bodies
	ahead      readAhead // of the fan-out
	budget     *budget   // of slots, and of lanes to hold

	handoffs chan handoff
	claimed  chan claim
	fetched  chan fetched
	settled  chan settled
	renewed  chan renewed
	results  chan *attempt
	batches  chan *batch
	told     chan struct{} // other replicas are to be told

	stepped func() // called after each step that may have changed the database: tests wait for what it writes

	sending context.Context // of every exchange; ends when a stopping worker cuts
	cut     context.CancelFunc
	wasCut  atomic.Bool     // at the end of the grace period
	writing context.Context // of results; ends a moment after that
	giveUp  context.CancelFunc
}

// lastWrite is how long a worker that has cut goes on to write results: a database that does not answer must not keep it.
const lastWrite = 2 * time.Second

// NewWorker returns a worker that does nothing before Run.
func NewWorker(db *store.DB, cfg WorkerConfig) *Worker {
	w := &Worker{
		db: db, cfg: cfg, id: uuid.NewString(), bodies: newBodies(keptBodies), budget: newBudget(cfg.Slots),
		events: make(chan struct{}, 1), looks: make(chan struct{}, 1), told: make(chan struct{}, 1),
		handoffs: make(chan handoff), claimed: make(chan claim, 1), fetched: make(chan fetched, 1), settled: make(chan settled, 1),
		renewed: make(chan renewed, 1), results: make(chan *attempt, cfg.Slots), batches: make(chan *batch, 1), stepped: func() {},
	}
	w.sending, w.cut = context.WithCancel(context.Background())
	w.writing, w.giveUp = context.WithCancel(context.Background())
	return w
}

// Committed tells the worker that a transaction has recorded events; endpoints says that endpoints changed as well, which takes effect with
// the next attempt. It does not wait.
func (w *Worker) Committed(endpoints bool) {
	if endpoints {
		w.generation.Add(1)
		signal(w.looks) // one that became active again, or a delivery that a request began again, is due now
	}
	signal(w.events)
}

// Wake makes the worker look for everything: events, lanes whose turn it is, deliveries that are due. It does not wait.
func (w *Worker) Wake() {
	w.generation.Add(1)
	signal(w.events)
	signal(w.looks)
}

// signal leaves one token in a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends. Then it takes nothing new, lets attempts under way end within the grace period, cuts the others, which use
// up no attempt, writes what became of them and gives back its lanes.
func (w *Worker) Run(ctx context.Context) {
	defer w.cut()
	defer w.giveUp()
	if w.db.Dialect() == store.SQLite {
		if err := queue.EndLeases(ctx, w.db, time.Time{}); err != nil {
			w.failing(ctx, "end the leases of the last run", err)
		}
	}
	defer w.db.OnCommit(w.Committed)()
	w.Wake() // for what happened before it ran
	var steps sync.WaitGroup
	steps.Go(func() { w.fanOutLoop(ctx) })
	steps.Go(func() { w.chores(ctx) })
	steps.Go(func() { w.poll(ctx) })
	if w.db.Hears() {
		steps.Go(func() { w.listen(ctx) })
	}
	if w.db.Dialect() == store.Postgres {
		steps.Go(func() { w.tell(ctx) }) // others may hear, past a pooler
	}
	var writer sync.WaitGroup
	writer.Go(w.settleLoop)
	l := newLoop(w)
	l.run(ctx)
	steps.Wait()
	close(w.batches)
	writer.Wait()
}

// CutOff reports whether Run, which has returned, has cut off attempts that were still under way at the end of the grace period, or what
// was to be written of them.
func (w *Worker) CutOff() bool { return w.wasCut.Load() }

// poll looks from time to time, in case a notification was lost.
func (w *Worker) poll(ctx context.Context) {
	for {
		wait := w.cfg.Poll/4 + time.Duration(rand.Float64()*float64(w.cfg.Poll*3/4)) //nolint:gosec // jitter keeps replicas apart
		if !sleep(ctx, wait) {
			return
		}
		signal(w.events)
		signal(w.looks)
	}
}

// sleep returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// patience is how long a step waits for the database: a third of a lease, and longer after failures in a row, up to a whole one, so
// that what takes long because the database is slow is done in the end.
func (w *Worker) patience(failures int) time.Duration {
	return w.cfg.Lease / 3 * time.Duration(min(failures+1, 3))
}

// newLease returns a lease with a token of its own.
func (w *Worker) newLease() queue.Lease {
	return queue.Lease{Token: uuid.NewString(), Until: w.db.Now().Add(w.cfg.Lease)}
}

// failing logs that a step did not work, unless it was ended.
func (w *Worker) failing(ctx context.Context, step string, err error) {
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		w.cfg.Logger.ErrorContext(ctx, "webhooks: "+step, "error", err)
	}
}
