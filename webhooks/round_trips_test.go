package webhooks

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// far is a worker whose database is behind a proxy, with a rig in front of it.
type far struct {
	*rig
	clock *modelstest.Clock
	proxy *modelstest.Proxy
}

func newFar(t *testing.T) far {
	t.Helper()
	clock, cfg := modelstest.NewClock(), modelstest.Config(t, store.Postgres)
	cfg.Now = clock.Now
	near, proxy := modelstest.OpenConfig(t, cfg), modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	w, _ := startWorker(t, modelstest.OpenConfig(t, cfg))
	t.Cleanup(near.OnCommit(w.Committed))
	return far{&rig{t: t, db: near, w: w}, clock, proxy}
}

// publish makes an event of an organization, and nothing else.
func (f far) publish(org *models.Organization) {
	f.t.Helper()
	changes := jsonapi.Raw("{}")
	err := store.Transaction(f.t.Context(), f.db, func(tx *store.DB) error {
		return models.Capture(f.t.Context(), tx, &models.Event{
			ID: models.NewID(), EventType: "round.made", OccurredAt: jsonapi.Stamp{Time: f.db.Now()}, OrganizationID: &org.ID,
			SubjectType: "organizations", SubjectID: org.ID, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw(`{}`),
		})
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// idle waits until the worker has nothing to do and asks nothing any more, and returns how often it has asked so far. That nothing comes
// any more has no signal: it looks twice.
func (f far) idle() (asked int) {
	f.t.Helper()
	f.until(unsettled, int64(0))
	for asked = -1; asked != f.proxy.Turns(); time.Sleep(20 * time.Millisecond) {
		asked = f.proxy.Turns()
	}
	return asked
}

// look makes the worker look for everything, and returns how often it asks for that, at least.
func (f far) look() int {
	f.t.Helper()
	least := math.MaxInt
	for range 6 { // the first time each connection prepares its statements
		before, asked := f.proxy.Turns(), -1
		f.w.Wake()
		for asked == -1 || before+asked != f.proxy.Turns() {
			asked = f.proxy.Turns() - before
			time.Sleep(20 * time.Millisecond)
		}
		if asked > 0 {
			least = min(least, asked)
		}
	}
	return least
}

// settle waits until nothing is to be worked off. From time to time it moves the clock: a lane may be leased by who does not know that.
func (f far) settle() {
	f.t.Helper()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for left := 30; f.query(unsettled) != int64(0); {
		select {
		case <-stepsOn(f.t, f.db).rings():
		case <-again.C:
			if left--; left == 0 {
				f.t.Fatal("an event is not worked off")
			}
			f.clock.Advance(2 * time.Minute)
			f.w.Wake()
		}
	}
}

// unsettled is how much is to be worked off, with the lanes that are held.
const unsettled = `SELECT (` + pending + `) + (SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL)`

// TestAnEventAsksPostgreSQLFewTimes counts the round trips of a worker that is idle: from the commit of an event until its receiver has it,
// and until what became of it is written and the lane given back.
func TestAnEventAsksPostgreSQLFewTimes(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	var sent int // round trips, until the receiver was asked
	receiver := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) {
		sent = f.proxy.Turns()
		webhookstest.Status(200)(x)
	})
	org := f.organization(receiver.URL())
	var toSend, toSettle []int
	for i := range 12 { // the first time each connection prepares its statements; others may fall into what the worker does now and then
		f.received(receiver, i+1)
		before := f.idle()
		f.publish(org)
		f.received(receiver, i+2)
		f.until(unsettled, int64(0))
		toSend, toSettle = append(toSend, sent-before), append(toSettle, f.proxy.Turns()-sent)
	}
	// What is in the queue; its numbers, and endpoints that are to get it; deliveries and lanes, with what is to be known of their
	// endpoints, since an event of an organization may be why one has changed; leases and COMMIT. Beside that the worker may look for
	// lanes.
	if n := slices.Min(toSend); n > 5 {
		t.Errorf("an event asks %d times before it is sent, want 5 at most", n)
	}
	// The lease; all that is written; COMMIT.
	if n := slices.Min(toSettle); n > 3 {
		t.Errorf("an event asks %d times after it was sent, want 3", n)
	}
}

// TestALookReadsNothingForWhoCannotSend has an endpoint that hangs, with more that waits for it: the worker knows that it can send it
// nothing, and asks as little as if it held no lane.
func TestALookReadsNothingForWhoCannotSend(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	ok := webhookstest.Status(200)
	receiver := webhookstest.NewReceiver(t, ok, func(x *webhookstest.Exchange) {
		close(asked)
		<-answer
		ok(x)
	}, ok)
	org := f.organization(receiver.URL())
	f.received(receiver, 1)
	f.idle()
	f.publish(org)
	<-asked
	f.publish(org)
	f.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(2))
	hanging := f.look()
	close(answer)
	f.received(receiver, 3)
	f.idle()
	if free := f.look(); hanging > free {
		t.Errorf("a look asks %d times while an endpoint hangs, and %d times when none does", hanging, free)
	}
}

// TestWhereverTheConnectionsBreakNothingIsLost breaks them at each question that an event makes the worker ask, before the database has it
// and before its answer comes. Each event arrives, always with the same body, and no sequence is given twice or left out.
func TestWhereverTheConnectionsBreakNothingIsLost(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	receiver := webhookstest.NewReceiver(t)
	org := f.organization(receiver.URL())
	f.received(receiver, 1)
	const asked = 10
	for nth := range asked {
		for _, answered := range []bool{false, true} {
			f.proxy.BreakAt(nth+1, answered)
			f.publish(org)
			f.settle()
		}
	}
	f.proxy.BreakAt(0, false)
	bodies, sequences := map[string]string{}, []int{}
	for _, q := range receiver.Requests() {
		id, body := q.Header.Get(HeaderID), string(q.Body)
		if before, again := bodies[id]; again {
			if body != before {
				t.Errorf("%s was sent as\n%s\nand as\n%s", id, before, body)
			}
			continue
		}
		var told struct{ Sequence int }
		if err := json.Unmarshal(q.Body, &told); err != nil {
			t.Fatal(err)
		}
		bodies[id], sequences = body, append(sequences, told.Sequence)
	}
	slices.Sort(sequences)
	for i, n := range sequences {
		if n != i+1 {
			t.Fatalf("the sequences that came are %v", sequences)
		}
	}
	if want := 1 + 2*asked; len(sequences) != want {
		t.Errorf("%d events came, want %d", len(sequences), want)
	}
	tallied := `SELECT (SELECT CAST(SUM(delivered + failed) AS bigint) FROM webhook_tallies) - (SELECT COUNT(*) FROM webhook_attempts)`
	if n := f.query(tallied); n != int64(0) {
		t.Errorf("%v attempts more are counted than there were", n)
	}
	if n := f.query(`SELECT COUNT(*) FROM webhook_deliveries WHERE state <> 'succeeded'`); n != int64(0) {
		t.Errorf("%v deliveries have not succeeded", n)
	}
}
