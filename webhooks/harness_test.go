package webhooks

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// soon is far more than anything here takes. Tests wait for signals; this only keeps a broken one from waiting for ever.
const soon = 2 * time.Minute

var someone = models.System("test")

// rig is a database with a worker on it.
type rig struct {
	t  *testing.T
	db *store.DB
	w  *Worker
	// stop ends the worker and waits until it has.
	stop func()
}

// each runs a test with a worker on each database.
func each(t *testing.T, test func(r *rig), adjust ...func(*WorkerConfig)) {
	t.Helper()
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) { test(newRig(t, db, adjust...)) })
}

func newRig(t *testing.T, db *store.DB, adjust ...func(*WorkerConfig)) *rig {
	t.Helper()
	r := &rig{t: t, db: db}
	r.w, r.stop = startWorker(t, db, adjust...)
	return r
}

// startWorker starts a worker. It polls so seldom that a test only passes if everything is told.
func startWorker(t *testing.T, db *store.DB, adjust ...func(*WorkerConfig)) (*Worker, func()) {
	t.Helper()
	log := &logOf{}
	cfg := WorkerConfig{
		Sender: newSender(t), Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Metrics: NewMetrics(nil),
		Slots:   64, LaneCap: 8, Lease: time.Minute, Poll: time.Hour, Grace: soon,
	}
	for _, a := range adjust {
		a(&cfg)
	}
	w := NewWorker(db, cfg)
	w.stepped = stepsOn(t, db).ring
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	stop := sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the worker said:\n%s\nits lanes:\n%s", log, lanesOf(db))
		}
		stop()
	})
	return w, stop
}

// logOf keeps the first part of what a worker logs.
type logOf struct {
	mu   sync.Mutex
	text []byte
}

func (l *logOf) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.text) < 1<<14 {
		l.text = append(l.text, line...)
	}
	return len(line), nil
}

func (l *logOf) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// lanesOf tells how the lanes of a database stand, for a test that failed: what waits in each, and who serves it until when.
func lanesOf(db *store.DB) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rows, err := modelstest.Readable(db).
		QueryContext(ctx, `SELECT CAST(l.webhook_id AS text) || ' ' || l.health || ' ' || COUNT(d.id) || ' pending, '
		|| l.answers || ' answers, holder ' || COALESCE(CAST(l.lease_token AS text), 'none') || ', lease until '
		|| COALESCE(CAST(l.lease_until AS text), 'none') || ', next turn ' || COALESCE(CAST(l.next_turn_at AS text), 'none')
		FROM webhook_lanes l LEFT JOIN webhook_deliveries d ON d.webhook_id = l.webhook_id AND d.state = 'pending'
		GROUP BY l.webhook_id ORDER BY l.webhook_id LIMIT 100`)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	said := fmt.Sprintf("now %s\n", db.Now().UTC())
	for rows.Next() {
		var lane string
		if err := rows.Scan(&lane); err != nil {
			return err.Error()
		}
		said += lane + "\n"
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	return said
}

func input(attributes map[string]any) *models.Change {
	return &models.Change{Attributes: attributes, Links: map[string]models.Links{}}
}

// organization creates an organization with that webhookUrl, "" for none.
func (r *rig) organization(url string) *models.Organization {
	r.t.Helper()
	attributes := map[string]any{"name": "Acme"}
	if url != "" {
		attributes["webhookUrl"], attributes["webhookSecret"] = url, officialSecret
	}
	org, err := models.CreateOrganization(r.t.Context(), r.db, someone, input(attributes))
	if err != nil {
		r.t.Fatal(err)
	}
	return org
}

// endpoint adds an endpoint to an organization.
func (r *rig) endpoint(org *models.Organization, url string, attributes ...any) *models.Webhook {
	r.t.Helper()
	in := input(map[string]any{"url": url, "secret": officialSecret})
	for i := 0; i < len(attributes); i += 2 {
		in.Attributes[attributes[i].(string)] = attributes[i+1]
	}
	in.Links["organization"] = models.Links{org.ID}
	patterns, _ := in.Attributes["eventTypes"].(jsonapi.Strings)
	invented := len(patterns) > 0 && !slices.ContainsFunc(models.EventTypes(), func(known models.EventType) bool {
		return models.Matches(patterns, known.Name)
	})
	if invented {
		in.Attributes["eventTypes"] = jsonapi.Strings{models.TestEvent}
	}
	w, err := models.CreateWebhook(r.t.Context(), r.db, someone, in)
	if err != nil {
		r.t.Fatal(err)
	}
	if invented {
		r.subscribe(w, patterns)
	}
	return w
}

// subscribe makes an endpoint want events of types that there are in tests only, which no request can ask for.
func (r *rig) subscribe(w *models.Webhook, patterns jsonapi.Strings) {
	r.t.Helper()
	err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
		w.EventTypes = patterns
		return tx.Session(r.t.Context()).Model(w).Select("event_types").UpdateColumns(w).Error
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// change makes one more event of an organization.
func (r *rig) change(org *models.Organization, name string) {
	r.t.Helper()
	_, err := models.UpdateOrganization(r.t.Context(), r.db, someone, org.ID, input(map[string]any{"name": name}))
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) update(w *models.Webhook, attributes map[string]any) {
	r.t.Helper()
	if _, err := models.UpdateWebhook(r.t.Context(), r.db, someone, w.ID, input(attributes)); err != nil {
		r.t.Fatal(err)
	}
}

// received waits until a receiver has n requests.
func (r *rig) received(receiver *webhookstest.Receiver, n int) []webhookstest.Request {
	r.t.Helper()
	return await(r.t, receiver, n)
}

func await(t *testing.T, receiver *webhookstest.Receiver, n int) []webhookstest.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	requests, err := receiver.Wait(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	return requests
}

// query returns the first value of a query.
func (r *rig) query(statement string) any {
	r.t.Helper()
	var v any
	if err := modelstest.Readable(r.db).QueryRowContext(r.t.Context(), statement).Scan(&v); err != nil && err != sql.ErrNoRows {
		r.t.Fatalf("%s: %v", statement, err)
	}
	return v
}

// exec changes the database past the worker and the API.
func (r *rig) exec(statement string) {
	r.t.Helper()
	if _, err := modelstest.Writable(r.db).ExecContext(r.t.Context(), statement); err != nil {
		r.t.Fatalf("%s: %v", statement, err)
	}
}

// until waits until a query gives a value because of what a worker does.
func (r *rig) until(statement string, want any) {
	r.t.Helper()
	got, done := stepsOn(r.t, r.db).await(func() (any, bool) {
		got := r.query(statement)
		return got, got == want
	})
	if !done {
		r.t.Fatalf("%s: %v, want %v", statement, got, want)
	}
}

// pending is how many events and deliveries are still to be worked off.
const pending = `SELECT (SELECT COUNT(*) FROM event_queue) + (SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending')`

// quiet waits until nothing is pending.
func (r *rig) quiet() {
	r.t.Helper()
	r.until(pending, int64(0))
}

// eachClockIn runs a test with a clock; move moves it and makes the worker look.
func eachClockIn(t *testing.T, test func(r *rig, move func(time.Duration)), adjust ...func(*WorkerConfig)) {
	t.Helper()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		r := newRig(t, db, adjust...)
		test(r, func(d time.Duration) {
			clock.Advance(d)
			r.w.Wake()
		})
	})
}

// times returns the only column of a query.
func (r *rig) times(statement string) []time.Time {
	r.t.Helper()
	rows, err := modelstest.Readable(r.db).QueryContext(r.t.Context(), statement)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	var all []time.Time
	for rows.Next() {
		var at time.Time
		if err := rows.Scan(&at); err != nil {
			r.t.Fatal(err)
		}
		all = append(all, at)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return all
}
