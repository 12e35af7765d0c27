package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"roster/models/collection"
	"roster/models/store"
)

// EventWatch wakes readers who wait for the next event. They hold nothing of the database meanwhile: one goroutine looks for all of them,
// when this process has committed events, when another one tells that some got their numbers, and from time to time in case nobody did.
// It wakes those who may see what is new, so that what one organization does lets the readers of others sleep.
type EventWatch struct {
	db   *store.DB
	ring chan struct{} // there is something to look for

	mu      sync.Mutex
	waiting map[*EventWait]struct{}
	ended   bool
}

const (
	watchPoll  = time.Second           // the longest wait for what nobody told of
	watchPause = 20 * time.Millisecond // between two looks, so that thousands of commits make a few
	watchMost  = 5_000                 // events since the last look, above which everybody is woken
	listenWait = 5 * time.Second       // before listening again, when the connection broke
)

// NewEventWatch returns a watch that wakes nobody before Run.
func NewEventWatch(db *store.DB) *EventWatch {
	return &EventWatch{db: db, ring: make(chan struct{}, 1), waiting: map[*EventWait]struct{}{}}
}

// EventWait is one reader who waits.
type EventWait struct {
	// Woken has a token when there may be an event for the reader. It is closed when nobody looks any more.
	Woken <-chan struct{}

	woken chan struct{}
	scope collection.Scope
	watch *EventWatch
}

// Wait returns a reader who waits for events that a scope sees. What is committed from now on wakes it, so it looks once more before it
// waits. It must be ended.
func (w *EventWatch) Wait(scope collection.Scope) *EventWait {
	woken := make(chan struct{}, 1)
	wait := &EventWait{Woken: woken, woken: woken, scope: scope, watch: w}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		close(woken)
		return wait
	}
	w.waiting[wait] = struct{}{}
	w.Ring()
	return wait
}

// End ends the wait.
func (wait *EventWait) End() {
	wait.watch.mu.Lock()
	defer wait.watch.mu.Unlock()
	delete(wait.watch.waiting, wait)
}

// Ring makes the watch look. It does not wait.
func (w *EventWatch) Ring() {
	select {
	case w.ring <- struct{}{}:
	default:
	}
}

// Run looks until ctx ends. Then every reader is told, and nobody can wait any more. failed is told of what went wrong.
func (w *EventWatch) Run(ctx context.Context, failed func(error)) {
	defer w.end()
	defer w.db.OnCommit(func(bool) { w.Ring() })()
	var listening sync.WaitGroup
	defer listening.Wait()
	if w.db.Hears() {
		listening.Go(func() { w.listen(ctx, failed) })
	}
	last := unknownPosition
	for {
		select {
		case <-w.ring:
		case <-time.After(watchPoll):
		case <-ctx.Done():
			return
		}
		if !w.anybody() {
			last = unknownPosition // what happens meanwhile is of no interest
			continue
		}
		reached, err := w.look(ctx, last)
		if err != nil && ctx.Err() == nil {
			failed(fmt.Errorf("watch events: %w", err))
			reached = unknownPosition
		}
		last = reached
		select {
		case <-time.After(watchPause):
		case <-ctx.Done():
			return
		}
	}
}

// unknownPosition is how far a watch has come that has not looked yet. Who waits then may have missed something.
const unknownPosition int64 = -1

func (w *EventWatch) anybody() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting) > 0
}

func (w *EventWatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for wait := range w.waiting {
		close(wait.woken)
		delete(w.waiting, wait)
	}
}

// listen hears of events that got their numbers in any process.
func (w *EventWatch) listen(ctx context.Context, failed func(error)) {
	for ctx.Err() == nil {
		err := store.Listen(ctx, w.db, eventChannel, func(string) { w.Ring() })
		if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) {
			return
		}
		failed(fmt.Errorf("listen for events: %w", err))
		select {
		case <-time.After(listenWait):
		case <-ctx.Done():
		}
	}
}

// look wakes those for whom there may be an event behind a position, and returns the last position.
func (w *EventWatch) look(ctx context.Context, last int64) (reached int64, err error) {
	if err := NumberEvents(ctx, w.db); err != nil {
		return last, err
	}
	if reached, err = lastPosition(ctx, w.db); err != nil || reached == last {
		return reached, err
	}
	everybody := last == unknownPosition || reached-last > watchMost
	distance := map[string]int{} // by organization: how far below it the nearest event happened
	if !everybody {
		err = w.db.Read(ctx, func(rows *sql.Rows) error {
			var id string
			var n int
			err := rows.Scan(&id, &n)
			distance[id] = n
			return err
		}, `SELECT a.ancestor_id, MIN(a.distance) FROM event_positions p JOIN organization_paths a ON a.descendant_id = p.organization_id
			WHERE p.position > ? AND p.position <= ? GROUP BY a.ancestor_id`, last, reached)
		if err != nil {
			return last, fmt.Errorf("find out whom events are for: %w", err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for wait := range w.waiting {
		n, below := distance[wait.scope.Root()]
		if everybody || !wait.scope.Bounded() || below && (n == 0 || wait.scope.SeesBelow()) {
			select {
			case wait.woken <- struct{}{}:
			default:
			}
		}
	}
	return reached, nil
}
