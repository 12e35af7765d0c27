package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
	"roster/webhooks"
	"roster/webhooks/webhookstest"
)

// TestTheServiceOutlivesAnOutageOfPostgreSQL cuts the database off while clients write and events are delivered. The service says so, asks
// seldom whether it is back, and goes on by itself without having lost anything.
func TestTheServiceOutlivesAnOutageOfPostgreSQL(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	const laneCap = 8
	d := newDispatch(newService(t, modelstest.OpenConfig(t, cfg)), func(s *webhooks.SenderConfig, w *webhooks.WorkerConfig) {
		s.Timeout, w.Lease, w.Poll, w.LaneCap = 6*time.Second, 20*time.Second, 100*time.Millisecond, laneCap
	})
	org, _ := d.organization("Acme")
	answer := make(chan struct{})
	receiver := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) { // its answer comes while nobody can write it down
		x.Read()
		x.Await(answer)
		x.Respond(http.StatusOK, nil)
	}, webhookstest.Status(http.StatusOK))
	d.hook(org, object{"url": receiver.URL(), "secret": "a secret of the test", "eventTypes": []string{"organization.updated"}}).want(201)
	d.rename(org, "first")
	d.received(receiver, 1)

	told, refused := d.load(org, func(progress func(told, refused int)) {
		progress(30, 0)
		proxy.Cut()
		progress(0, 30)
		close(answer)
		if got := d.send("GET", "/readyz", nil); got.Status != http.StatusServiceUnavailable ||
			got.text("checks", "database") != "unreachable" {
			t.Errorf("without a database it is %d: %s", got.Status, got.Body)
		}
		d.send("GET", "/healthz", nil).want(200)
	})
	if refused < 30 {
		t.Errorf("%d requests were refused", refused)
	}
	began, asked := time.Now(), proxy.Asked()
	d.logged("fan out events", 3)
	if n, most := proxy.Asked()-asked, 20+20*int(time.Since(began)/time.Second+1); n > most {
		t.Errorf("the database was asked %d times in %s", n, time.Since(began))
	}
	proxy.Restore()
	if _, stillRefused := d.load(org, func(progress func(told, refused int)) { progress(30, 0) }); stillRefused > 8 {
		t.Errorf("%d requests were refused after the outage", stillRefused) // a few connections may have died with it
	}
	d.send("GET", "/readyz", nil).want(200)

	d.settled()
	taken := map[string]int{}
	names := map[string]bool{}
	for _, q := range receiver.Requests() {
		taken[q.ID]++
		names[changedName(t, q.Body)] = true
		if err := q.Verify("a secret of the test"); err != nil {
			t.Error(err)
		}
	}
	committed := strings.Fields(d.column(`SELECT CAST(id AS text) FROM events WHERE event_type = 'organization.updated'`))
	doubles := 0
	for _, id := range committed {
		if taken[id] == 0 {
			t.Errorf("the event %s is lost", id)
		}
		doubles += taken[id] - 1
		delete(taken, id)
	}
	if len(taken) > 0 || doubles > laneCap {
		t.Errorf("%d events were invented, %d came twice", len(taken), doubles)
	}
	for name := range told {
		if !names[name] {
			t.Errorf("a client was told of the change to %q, the receiver was not", name)
		}
	}
}

// TestWhatCannotBeWrittenDownIsNotSentAgain makes the database refuse all writes while an answer is on its way: requests that would change
// something are refused, others are served, and what was delivered is written down once that is possible, not sent a second time.
func TestWhatCannotBeWrittenDownIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dialect store.Dialect
		shut    func(t *testing.T, db *store.DB, url string) (open func())
	}{
		"full SQLite":          {store.SQLite, pragma("max_page_count = 1", "max_page_count = 1073741823")},
		"read-only SQLite":     {store.SQLite, pragma("query_only = on", "query_only = off")},
		"read-only PostgreSQL": {store.Postgres, readOnly},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, c.dialect)
			db := modelstest.OpenConfig(t, cfg)
			d := newDispatch(newService(t, db), asItIs)
			org, _ := d.organization("Acme")
			page := []byte(strings.Repeat("x", 16<<10)) // the history of an attempt does not fit into what is left of a page
			answer := make(chan struct{})
			receiver := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) {
				x.Read()
				x.Await(answer)
				x.Respond(http.StatusOK, page)
			}, webhookstest.Body(http.StatusOK, page))
			hook := d.hook(org, object{"url": receiver.URL(), "eventTypes": []string{"organization.updated"}}).want(201).text("data", "id")
			const events = 10
			for i := range events {
				d.rename(org, fmt.Sprint("Name ", i))
			}
			d.received(receiver, 1)
			d.until(events, `SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`)

			open := c.shut(t, db, cfg.URL)
			close(answer)
			d.logged("write results", 4)
			change := withID(resource("organizations", object{"name": "Never", "description": strings.Repeat("é", 2000)}), org)
			if got := d.refusedWrite("PATCH", managed+"/"+org, change); got != "unavailable" {
				t.Errorf("a change is refused with %q", got)
			}
			if got := d.get(managed+"/"+org).want(200).text("data", "attributes", "name"); got != fmt.Sprint("Name ", events-1) {
				t.Errorf("the refused change made the name %q", got)
			}
			if n := strings.Count(d.log.String(), "write results"); n > 20 {
				t.Errorf("it tried to write results %d times", n)
			}
			open()
			requests := d.received(receiver, events)
			d.settled()
			ids := map[string]int{}
			for _, q := range receiver.Requests() {
				ids[q.ID]++
			}
			if len(requests) != events || len(ids) != events {
				t.Errorf("%d requests with %d ids for %d events", len(requests), len(ids), events)
			}
			done := d.get(deliveriesPath + "?filter[webhookId]=" + hook + "&filter[state]=succeeded&filter[attempts]=1").want(200)
			if done.json("meta", "total") != float64(events) {
				t.Errorf("%v deliveries are told to have succeeded at once", done.json("meta", "total"))
			}
			d.rename(org, "As before")
			d.received(receiver, events+1)
		})
	}
}

// pragma makes SQLite's only writer refuse to write, and take that back.
func pragma(shut, open string) func(*testing.T, *store.DB, string) func() {
	return func(t *testing.T, db *store.DB, _ string) func() {
		t.Helper()
		set := func(to string) {
			t.Helper()
			if _, err := db.Pools()["write"].ExecContext(t.Context(), "PRAGMA "+to); err != nil {
				t.Fatal(err)
			}
		}
		set(shut)
		return func() { set(open) }
	}
}

// readOnly makes a PostgreSQL database read-only for everybody, as after a switch to a standby, and takes that back.
func readOnly(t *testing.T, db *store.DB, url string) func() {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	all := func(to string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), `
			DO $$ BEGIN
				EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = `+to+`', current_database());
			END $$;
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
		db.Pools()["main"].SetMaxIdleConns(0) // the next requests are to meet the database, not connections that have died
		db.Pools()["main"].SetMaxIdleConns(8)
	}
	all("on")
	return func() { all("off") }
}

// load lets four clients rename an organization for as long as havoc lasts, which can wait until so many more changes were told to be made
// or refused. It returns the names that were told to be made. Whatever is refused must be refused as unavailable.
func (d *dispatch) load(org string, havoc func(progress func(told, refused int))) (told map[string]bool, refused int) {
	d.t.Helper()
	var mu sync.Mutex
	changed := sync.NewCond(&mu)
	told = map[string]bool{}
	var stop atomic.Bool
	var clients sync.WaitGroup
	for c := range 4 {
		clients.Go(func() {
			for i := 0; !stop.Load(); i++ {
				name := fmt.Sprintf("client %d change %d at %d", c, i, time.Now().UnixNano())
				got := d.do("PATCH", managed+"/"+org, withID(resource("organizations", object{"name": name}), org))
				mu.Lock()
				switch {
				case got.Status == http.StatusOK:
					told[name] = true
				case got.Status == http.StatusServiceUnavailable && got.errors()[0].Code == "unavailable":
					refused++
				default:
					d.t.Errorf("a change is answered with %d: %s", got.Status, got.Body)
				}
				changed.Broadcast()
				mu.Unlock()
			}
		})
	}
	havoc(func(moreTold, moreRefused int) {
		mu.Lock()
		defer mu.Unlock()
		for a, b := len(told)+moreTold, refused+moreRefused; len(told) < a || refused < b; {
			changed.Wait()
		}
	})
	stop.Store(true)
	clients.Wait()
	return told, refused
}

// logged waits until the worker has told so many times that a step failed.
func (d *dispatch) logged(step string, times int) {
	d.t.Helper()
	d.log.Count(d.t, "webhooks: "+step, times)
}

// until waits until a query for a number finds it. The connection that it gets may have died in an outage.
func (d *dispatch) until(want int, query string) {
	d.t.Helper()
	servertest.Poll(d.t, fmt.Sprintf("%d from %s", want, query), func() bool {
		var n int
		err := d.pool().QueryRowContext(d.t.Context(), query).Scan(&n)
		return err == nil && n == want
	})
}

// settled waits until nothing is pending.
func (d *dispatch) settled() {
	d.t.Helper()
	d.until(0, `SELECT (SELECT COUNT(*) FROM event_queue) + (SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending')`)
}

// refusedWrite sends a change and returns the code of its refusal.
func (d *dispatch) refusedWrite(method, path string, body any) string {
	d.t.Helper()
	return d.do(method, path, body).want(http.StatusServiceUnavailable).errors()[0].Code
}

// changedName returns the name that an event says an organization has now.
func changedName(t *testing.T, body []byte) string {
	t.Helper()
	var message struct {
		Data struct{ Attributes struct{ Name string } }
	}
	if err := json.Unmarshal(body, &message); err != nil {
		t.Fatal(err)
	}
	return message.Data.Attributes.Name
}
