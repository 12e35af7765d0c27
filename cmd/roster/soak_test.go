//go:build chaos && unix

package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/server/servertest"
)

var (
	soakFor  = flag.Duration("soak", time.Hour, "how long the server is under load")
	soakRate = flag.Int("rate", 0, "requests a second, 0 for half of what the server can do")
)

// TestSoakOnSQLite and TestSoakOnPostgres keep a server under load and look at it from time to time: what it holds of memory, connections,
// files and goroutines does not grow, it fails no request, and every webhook arrives once.
func TestSoakOnSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	soak(t, "sqlite:"+filepath.Join(dir, "roster.db"), "sqlite", "file:"+filepath.Join(dir, "roster.db"))
}

func TestSoakOnPostgres(t *testing.T) {
	t.Parallel()
	url, _ := chaosCluster(t)
	soak(t, url, "pgx", url)
}

// soakClients are how many ask at once.
const soakClients = 8

func soak(t *testing.T, url, driver, dsn string) {
	s := &prey{t: t, url: url, dir: t.TempDir(), address: freeAddress(t), inbox: newInbox(t), lasts: *soakFor + time.Hour, name: "soak"}
	s.start()
	org := s.organization()
	rate := *soakRate
	if rate == 0 {
		const burst = 10 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), burst)
		n, _ := s.crowd(ctx, org, 0)
		cancel()
		rate = int(float64(n) / burst.Seconds() / 2)
	}
	t.Logf("%d requests a second", rate)
	ctx, cancel := context.WithTimeout(t.Context(), *soakFor)
	defer cancel()
	samples := make(chan []sample)
	go func() { samples <- s.watch(ctx, *soakFor/60) }()
	n, failed := s.crowd(ctx, org, rate)
	taken := <-samples
	t.Logf("%d requests, %d failed", n, failed)
	if failed > 0 {
		t.Errorf("%d of %d requests failed", failed, n)
	}
	isFlat(t, taken)
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	awaitQuiet(t, db)
	s.kill()
	compare(t, db, org, map[string]bool{}, s.inbox)
}

// crowd has clients send one request after the other until ctx ends, so many a second together, or as many as they can for 0. It returns how
// many were answered, and how many of these with what is wrong.
func (s *prey) crowd(ctx context.Context, org string, rate int) (answered, failed int64) {
	var turns <-chan time.Time
	if rate > 0 {
		ticker := time.NewTicker(time.Second / time.Duration(rate))
		defer ticker.Stop()
		turns = ticker.C
	}
	var n, wrong atomic.Int64
	var clients sync.WaitGroup
	for c := range soakClients {
		clients.Go(func() {
			for i := c; ; i++ {
				if turns != nil {
					select {
					case <-turns:
					case <-ctx.Done():
					}
				}
				if ctx.Err() != nil {
					return
				}
				n.Add(1)
				if err := s.step(c, i, org); err != nil {
					if wrong.Add(1) <= 10 {
						s.t.Error(err)
					}
				}
			}
		})
	}
	clients.Wait()
	return n.Load(), wrong.Load()
}

// step asks one of the things that are asked of a server: mostly to read, one in eight to write.
func (s *prey) step(client, i int, org string) error {
	resource := `{"data":{"type":"organizations","id":"` + org + `","attributes":{"name":"soaked ` + fmt.Sprint(client, " ", i) + `"}}}`
	for n, ask := range []struct {
		every              int
		method, path, body string
		status             int
	}{
		{97, "POST", "", `{"data":{"type":"organizations","attributes":{"name":"Soaked and gone"}}}`, http.StatusCreated},
		{8, "PATCH", "/" + org, resource, http.StatusOK},
		{5, "GET", "?sort=-createdAt&page[size]=25", "", http.StatusOK},
		{4, "GET", "/" + org + "/webhooks", "", http.StatusOK},
		{3, "GET", "/" + org + "?include=webhooks", "", http.StatusOK},
		{1, "GET", "/" + org, "", http.StatusOK},
	} {
		if i%ask.every != 0 {
			continue
		}
		status, answer, err := s.do(ask.method, ask.path, ask.body)
		if err != nil || status != ask.status {
			return fmt.Errorf("%d: %s %s: %d %.300s %w", n, ask.method, ask.path, status, answer, err)
		}
		if ask.method != "POST" {
			return nil
		}
		var made struct{ Data struct{ ID string } }
		if err := json.Unmarshal(answer, &made); err != nil {
			return err
		}
		if status, answer, err = s.do("DELETE", "/"+made.Data.ID, ""); err != nil || status != http.StatusNoContent {
			return fmt.Errorf("delete: %d %.300s %w", status, answer, err)
		}
		return nil
	}
	return nil
}

// sample is what a server holds at a moment, by the names of its metrics.
type sample map[string]float64

// held are the metrics that have to stay as they are, and by how much each may differ besides a tenth.
var held = map[string]float64{
	"process_resident_memory_bytes": 8 << 20, "go_memstats_heap_inuse_bytes": 8 << 20, "go_goroutines": 10, "process_open_fds": 10,
	"connections": 4,
}

// watch takes a sample each time, until ctx ends.
func (s *prey) watch(ctx context.Context, every time.Duration) (taken []sample) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return taken
		case <-ticker.C:
		}
		_, body, err := servertest.Exchange(context.Background(), http.DefaultTransport, "GET", "http://"+s.address+"/metrics", nil)
		if err != nil {
			s.t.Error(err)
			continue
		}
		now := sample{}
		for lines := bufio.NewScanner(strings.NewReader(string(body))); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), " ")
			if strings.HasPrefix(name, "go_sql_open_connections") {
				name = "connections"
			}
			if _, wanted := held[name]; wanted {
				n, err := strconv.ParseFloat(value, 64)
				if err != nil {
					s.t.Error(err)
				}
				now[name] += n
			}
		}
		taken = append(taken, now)
	}
}

// isFlat compares the last third of the samples with the one before; the first is for getting warm.
func isFlat(t *testing.T, taken []sample) {
	t.Helper()
	third := len(taken) / 3
	if third == 0 {
		t.Fatalf("there are %d samples", len(taken))
	}
	for name, spare := range held {
		middle := func(of []sample) float64 {
			var values []float64
			for _, s := range of {
				values = append(values, s[name])
			}
			return quantile(values, 0.5)
		}
		first, before, last := middle(taken[:third]), middle(taken[third:2*third]), middle(taken[2*third:])
		t.Logf("%-32s %12.0f %12.0f %12.0f", name, first, before, last)
		if last > 1.1*before+spare || last == 0 {
			t.Errorf("%s grows: %.0f, then %.0f", name, before, last)
		}
	}
}
