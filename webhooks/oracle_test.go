package webhooks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// scene is one database with many endpoints, workers that come and go, and an oracle that knows what each endpoint is to get.
type scene struct {
	t    *testing.T
	cfg  models.Config
	home *rig // publishes; its worker is never run
	in   *crowd
	orgs []*models.Organization
	// hooks are the endpoints of each organization.
	hooks  [][]*models.Webhook
	worker func(*WorkerConfig)
	seed   uint64

	mu     sync.Mutex
	events map[string][]string // ids of what was committed, by organization
}

// crowd receives for all endpoints: each has a path of its own. It refuses some events once or twice, or lets them wait for nothing,
// and then takes them.
type crowd struct {
	url    string
	silent float64 // share of what is never answered
	mu     sync.Mutex
	random *rand.Rand
	tries  map[string]int            // by path and event
	taken  map[string]map[string]int // answered with 200, by path and event
	order  map[string]map[int][]int  // what was taken of each publisher, by path
	closed chan struct{}
}

func newCrowd(t *testing.T, seed uint64) *crowd {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{
		url: "http://" + listener.Addr().String(), random: rand.New(rand.NewPCG(seed, 1)), tries: map[string]int{},
		taken: map[string]map[string]int{}, order: map[string]map[int][]int{}, closed: make(chan struct{}),
	}
	server := &http.Server{Handler: c, ReadHeaderTimeout: soon}
	go server.Serve(listener) //nolint:errcheck // ends with Close
	t.Cleanup(func() {
		close(c.closed)
		_ = server.Close()
	})
	return c
}

func (c *crowd) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	path, id := q.URL.Path, q.Header.Get(HeaderID)
	c.mu.Lock()
	c.tries[path+id]++
	roll := c.random.Float64()
	if c.tries[path+id] > 2 {
		roll = 1
	}
	refused, ignored := roll < 0.04, roll >= 0.04 && roll < 0.04+c.silent
	if !refused && !ignored {
		if c.taken[path] == nil {
			c.taken[path] = map[string]int{}
		}
		if c.taken[path][id]++; c.taken[path][id] == 1 {
			var message struct{ Data struct{ Publisher, N int } }
			_ = json.Unmarshal(body, &message)
			if c.order[path] == nil {
				c.order[path] = map[int][]int{}
			}
			c.order[path][message.Data.Publisher] = append(c.order[path][message.Data.Publisher], message.Data.N)
		}
	}
	c.mu.Unlock()
	switch {
	case refused:
		w.WriteHeader(http.StatusInternalServerError)
	case ignored:
		select {
		case <-q.Context().Done():
		case <-c.closed:
		}
	}
}

// newScene makes organizations with endpoints of every kind.
func newScene(t *testing.T, dialect store.Dialect, seed uint64, adjust func(*WorkerConfig)) *scene {
	t.Helper()
	s := &scene{t: t, cfg: modelstest.Config(t, dialect), in: newCrowd(t, seed), worker: adjust, seed: seed, events: map[string][]string{}}
	s.home = &rig{t: t, db: modelstest.OpenConfig(t, s.cfg)}
	orderings := []string{models.OrderNone, models.OrderNone, models.OrderFIFO, models.OrderPerEntity}
	for range 8 {
		org := s.home.organization("")
		s.orgs = append(s.orgs, org)
		var hooks []*models.Webhook
		for i, ordering := range orderings {
			hooks = append(hooks, s.home.endpoint(org, fmt.Sprintf("%s/%s/%d", s.in.url, org.ID, i), "ordering", ordering,
				"eventTypes", jsonapi.Strings{"oracle.*"}))
		}
		s.hooks = append(s.hooks, hooks)
	}
	// No endpoint may have a schedule without waits, but a scene is to be short.
	s.home.exec(`UPDATE webhooks SET schedule = '["0s","0s","0s","0s","0s","0s","0s","0s"]'`)
	return s
}

// publish commits the n-th event of a publisher, about one of a few things. A publisher begins the next one after the commit, so that
// there is no doubt about the order of its own.
func (s *scene) publish(r *rand.Rand, publisher, n int) {
	org := s.orgs[r.IntN(len(s.orgs))].ID
	changes := jsonapi.Raw("{}")
	e := &models.Event{
		ID: models.NewID(), EventType: "oracle.asked", OccurredAt: jsonapi.Stamp{Time: s.home.db.Now()}, OrganizationID: &org,
		SubjectType: "organizations", SubjectID: s.orgs[r.IntN(3)].ID, ActorKind: "system", Changes: &changes,
		Resource: jsonapi.Raw(fmt.Sprintf(`{"publisher":%d,"n":%d}`, publisher, n)),
	}
	err := store.Transaction(s.t.Context(), s.home.db, func(tx *store.DB) error {
		err := models.Capture(s.t.Context(), tx, e)
		return err
	})
	if err != nil {
		s.t.Errorf("publish: %v", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[org] = append(s.events[org], e.ID)
}

// shift is one worker at work. It ends by being stopped, or by losing its database, after which it can give back nothing.
type shift struct {
	w    *Worker
	stop func(crash bool)
}

func (s *scene) start() *shift {
	db, err := models.Open(context.Background(), s.cfg)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	cfg := WorkerConfig{
		Sender: newSender(s.t, func(c *SenderConfig) { c.Timeout = 15 * time.Second }),
		Logger: slog.New(slog.DiscardHandler), Metrics: NewMetrics(nil),
		Slots: 24, LaneCap: 4, Lease: time.Minute, Poll: 200 * time.Millisecond, Grace: soon,
	}
	s.worker(&cfg)
	w := NewWorker(db, cfg)
	w.stepped = stepsOn(s.t, db).ring
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	return &shift{w: w, stop: func(crash bool) {
		if crash {
			_ = db.Close()
			w.cut()
		}
		cancel()
		running.Wait()
		_ = db.Close()
	}}
}

// forgotten counts what nobody would ever look at again: endpoints that have something due and no turn, and keys whose deliveries all wait
// for one another. It is never more than zero, in no state that was committed.
const forgotten = `SELECT
	(SELECT COUNT(*) FROM webhook_lanes l WHERE l.health IN ('ok', 'probation') AND l.next_turn_at IS NULL AND EXISTS (
		SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = l.webhook_id AND d.state = 'pending' AND d.due_at IS NOT NULL))
	+ (SELECT COUNT(*) FROM (SELECT webhook_id, order_key FROM webhook_deliveries WHERE state = 'pending' AND order_key IS NOT NULL
		GROUP BY webhook_id, order_key HAVING COUNT(due_at) = 0) AS stuck)`

// judgement compares what was committed with what was taken.
func (s *scene) judgement() (lost, invented, twice, disordered int) {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	for o, org := range s.orgs {
		committed := map[string]bool{}
		for _, id := range s.events[org.ID] {
			committed[id] = true
		}
		for i := range s.hooks[o] {
			path := fmt.Sprintf("/%s/%d", org.ID, i)
			for id := range committed {
				if s.in.taken[path][id] == 0 {
					lost++
				}
			}
			for id, n := range s.in.taken[path] {
				if !committed[id] {
					invented++
				}
				twice += n - 1
			}
			if s.hooks[o][i].Ordering == models.OrderFIFO {
				for _, taken := range s.in.order[path] {
					if !slices.IsSorted(taken) || taken[0] == 0 {
						disordered++
					}
				}
			}
		}
	}
	return lost, invented, twice, disordered
}

// crew is the workers that are at work. They are replaced while publishers tell them of commits.
type crew struct {
	mu     sync.Mutex
	shifts []*shift
}

func (c *crew) at(i int) *shift {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shifts[i]
}

// relieve stops one worker and puts a new one in its place.
func (c *crew) relieve(s *scene, i int, crash bool) {
	c.at(i).stop(crash)
	next := s.start()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shifts[i] = next
}

// play publishes while havoc lasts, which gets the running workers, and then waits until everything is delivered.
func (s *scene) play(workers int, havoc func(r *rand.Rand, c *crew)) {
	s.t.Helper()
	c := &crew{}
	for range workers {
		c.shifts = append(c.shifts, s.start())
	}
	done := make(chan struct{})
	var busy sync.WaitGroup
	for p := range 3 {
		busy.Go(func() {
			r := rand.New(rand.NewPCG(s.seed, uint64(p)+10))
			for n := 1; ; n++ {
				select {
				case <-done:
					return
				default:
					s.publish(r, p, n)
					c.at(0).w.Committed(false) // as an API in the same process does
				}
				time.Sleep(time.Duration(r.ExpFloat64() * float64(10*time.Millisecond))) // bursts and lulls
			}
		})
	}
	busy.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				if n := s.home.query(forgotten); n != int64(0) {
					s.t.Errorf("%v endpoints or keys are forgotten", n)
				}
			}
		}
	})
	havoc(rand.New(rand.NewPCG(s.seed, 2)), c)
	close(done)
	busy.Wait()
	s.settleDown()
	for _, x := range c.shifts {
		x.stop(false)
	}
	if n := s.home.query(forgotten); n != int64(0) {
		s.t.Errorf("%v endpoints or keys are forgotten in the end", n)
	}
}

// TestNothingIsSentTwiceWhileLeasesHold lets three workers on PostgreSQL, one on SQLite, be told to look for work all the time, be stopped
// and started, and endpoints be paused: what an endpoint has taken never comes again, and what is to come in order does.
func TestNothingIsSentTwiceWhileLeasesHold(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, dialect, 1, func(*WorkerConfig) {})
			s.play(workersOn(dialect), func(r *rand.Rand, c *crew) {
				for range 300 {
					switch n := r.IntN(40); {
					case n == 0 && dialect == store.Postgres:
						c.relieve(s, 1+r.IntN(len(c.shifts)-1), false)
					case n <= 2:
						s.flip(r)
					default:
						c.at(r.IntN(len(c.shifts))).w.Wake()
					}
					pause(r, 20*time.Millisecond)
				}
			})
			lost, invented, twice, disordered := s.judgement()
			if lost+invented+twice+disordered > 0 {
				t.Errorf("lost %d, invented %d, taken twice %d, out of order %d", lost, invented, twice, disordered)
			}
		})
	}
}

// TestNothingIsLostWhenWorkersDie takes the database from workers while they are at it, with leases so short that they end under way.
func TestNothingIsLostWhenWorkersDie(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, dialect, 1, func(c *WorkerConfig) {
				c.Lease, c.Grace = 3*time.Second, 100*time.Millisecond
				c.Sender = newSender(t, func(c *SenderConfig) { c.Timeout = 400 * time.Millisecond })
			})
			s.in.silent = 0.02
			deaths := 0
			s.play(workersOn(dialect), func(r *rand.Rand, c *crew) {
				for range 4 {
					s.flip(r)
					c.relieve(s, len(c.shifts)-1-r.IntN(max(len(c.shifts)-1, 1)), r.IntN(4) > 0)
					deaths++
					s.flip(r)
					pause(r, 300*time.Millisecond)
				}
			})
			lost, invented, twice, _ := s.judgement()
			t.Logf("%d workers died; %d were taken twice", deaths, twice)
			if lost+invented > 0 {
				t.Errorf("lost %d, invented %d", lost, invented)
			}
		})
	}
}

func workersOn(dialect store.Dialect) int {
	if dialect == store.SQLite {
		return 1
	}
	return 3
}

// flip pauses an endpoint and lets it go on.
func (s *scene) flip(r *rand.Rand) {
	hooks := s.hooks[r.IntN(len(s.hooks))]
	hook := hooks[r.IntN(len(hooks))]
	s.home.update(hook, map[string]any{"status": models.WebhookPaused})
	pause(r, 30*time.Millisecond)
	s.home.update(hook, map[string]any{"status": models.WebhookActive})
}

// pause puts a random time between what is done to a scene. It waits for nothing: what happens meanwhile is the chance that the scene plays
// with.
func pause(r *rand.Rand, most time.Duration) { time.Sleep(time.Duration(r.Float64() * float64(most))) }

// settleDown waits until nothing is pending, and says what is known about the endpoints that keep it waiting.
func (s *scene) settleDown() {
	s.t.Helper()
	left, done := stepsOn(s.t, s.home.db).await(func() (any, bool) {
		n := s.home.query(pending)
		return n, n == int64(0)
	})
	if done {
		return
	}
	s.t.Errorf("%v are still pending", left)
	for _, hooks := range s.hooks {
		for _, w := range hooks {
			s.t.Log(s.home.query(`SELECT CONCAT(w.ordering, ' ', health, ' turn ', next_turn_at, ' lease ', lease_until, ' ', lease_token,
				' probe ', probe_at, ' failures ', consecutive_failures,
				' pending ', (SELECT COUNT(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending'),
				' due ', (SELECT MIN(due_at) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending'))
				FROM webhook_lanes l JOIN webhooks w ON w.id = l.webhook_id WHERE w.id = '` + w.ID + `'`))
		}
	}
	s.t.Log("now ", s.home.db.Now())
}
