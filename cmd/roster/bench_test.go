package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// The measurement: every cell of the table is the median of its rounds, and rounds of different cells take turns, so that whatever else
// the machine does falls on all of them.
const (
	clients      = 8
	rounds       = 11
	roundTime    = time.Second
	warmUpTime   = time.Second
	knownIDs     = 1000 // that read-one chooses from
	flatEnough   = 0.9  // of the list's rate on the small table, on the large one
	smallTable   = 1000
	largeTable   = 1_000_000
	sizeVariable = "ROSTER_BENCH_ORGANIZATIONS" // of the large table, for a quick look
)

// BenchmarkService measures the service on PostgreSQL at two sizes next to a handler that runs the same queries with pgx and writes the
// same bytes by hand: no authentication, no limits, no log, no errors. It prints a table; "make bench" runs it.
func BenchmarkService(b *testing.B) {
	large := fromEnvironment(b, sizeVariable, largeTable)
	sites := []*site{newSite(b, smallTable), newSite(b, large)}
	var cells []*cell
	for _, job := range []struct {
		name string
		next func(*site, *rand.Rand) (method, path, body string)
	}{{"list-25", listJob}, {"read-one", readJob}, {"create", createJob}} {
		var ofJob []*cell
		for _, s := range sites {
			ofJob = append(ofJob,
				&cell{job: job.name, size: s.size, base: s.service, key: s.key,
					next: func(r *rand.Rand) (string, string, string) { return job.next(s, r) }},
				&cell{job: job.name, size: s.size, bare: true, base: s.bare,
					next: func(r *rand.Rand) (string, string, string) { return job.next(s, r) }})
		}
		for _, c := range ofJob {
			c.measure(b, warmUpTime)
		}
		for range rounds {
			for _, c := range ofJob {
				c.rates = append(c.rates, c.measure(b, roundTime))
			}
		}
		cells = append(cells, ofJob...)
	}
	report(b, cells)
}

func listJob(*site, *rand.Rand) (method, path, body string) {
	return "GET", "/public/v2/management/organizations", ""
}

func readJob(s *site, r *rand.Rand) (method, path, body string) {
	return "GET", "/public/v2/management/organizations/" + s.ids[r.IntN(len(s.ids))], ""
}

func createJob(_ *site, r *rand.Rand) (method, path, body string) {
	return "POST", "/public/v2/management/organizations",
		fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Bench %d"}}}`, r.Uint64())
}

// site is a database of one size with the service and the bare handler in front of it.
type site struct {
	size          int
	service, bare string
	key           string
	ids           []string
}

func newSite(b *testing.B, size int) *site {
	b.Helper()
	dir, url := b.TempDir(), modelstest.UnmigratedURL(b, store.Postgres)
	program := programOn(b, dir, url)
	started := time.Now()
	program("demo", "--organizations", strconv.Itoa(size), "--users", "0", "--migrate")
	b.Logf("filled with %d organizations in %s", size, time.Since(started).Round(time.Second))
	vacuum(b, url)
	s := &site{size: size, key: program("key", "create", "--kind", "management", "--name", "bench")}
	s.service = serveForBench(b, dir, url)
	s.bare, s.ids = serveBare(b, url)
	for _, job := range []func(*site, *rand.Rand) (string, string, string){listJob, readJob} {
		_, path, _ := job(s, rand.New(rand.NewPCG(1, 1)))
		if service, bare := body(b, s.service+path, s.key), body(b, s.bare+path, ""); !bytes.Equal(service, bare) {
			at := 0
			for at < min(len(service), len(bare)) && service[at] == bare[at] {
				at++
			}
			b.Fatalf("the bare handler writes other bytes for %s from byte %d on: %.100q, not %.100q", path, at, bare[at:], service[at:])
		}
	}
	return s
}

// programOn returns what runs a command of the program on a database, and returns what it prints.
func programOn(b *testing.B, dir, url string) func(args ...string) string {
	return func(args ...string) string {
		b.Helper()
		var out, stderr strings.Builder
		args = append(append([]string{"roster"}, args...), "--data-dir", dir, "--database-url", url)
		if code := run(b.Context(), args, func(string) string { return "" }, &out, &stderr, frontDoors); code != 0 {
			b.Fatalf("%v: %s", args, stderr.String())
		}
		return strings.TrimSpace(out.String())
	}
}

// vacuum does what PostgreSQL would otherwise do by itself in the middle of the measurement.
func vacuum(b *testing.B, url string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context()) //nolint:errcheck // nothing is left to lose
	for _, statement := range []string{"SET statement_timeout = 0", "VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err := conn.Exec(b.Context(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
}

// serveForBench starts the service as it is, except for the rate limit, with its log thrown away as it is written.
func serveForBench(b *testing.B, dir, url string) string {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log, ended := &untilListening{address: make(chan string, 1)}, make(chan int, 1)
	go func() {
		args := []string{"roster", "serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", url, "--rate-limit", "0"}
		ended <- run(ctx, args, func(string) string { return "" }, io.Discard, log, frontDoors)
	}()
	b.Cleanup(func() {
		cancel()
		<-ended
	})
	select {
	case address := <-log.address:
		return "http://" + address
	case code := <-ended:
		b.Fatalf("the service ended with %d", code)
		return ""
	}
}

// untilListening is a log that is read as far as the address.
type untilListening struct {
	address chan string
	found   atomic.Bool
}

func (l *untilListening) Write(line []byte) (int, error) {
	if !l.found.Load() {
		if _, rest, ok := strings.Cut(string(line), "msg=listening server=api address="); ok && l.found.CompareAndSwap(false, true) {
			l.address <- strings.Fields(rest)[0]
		}
	}
	return len(line), nil
}

func body(b *testing.B, url, key string) []byte {
	b.Helper()
	answer, read, err := servertest.Exchange(b.Context(), servertest.Fresh(), "GET",
		url, nil, "Authorization", key)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %v %s", url, err, read)
	}
	return read
}

// fromEnvironment returns the number in an environment variable.
func fromEnvironment(b *testing.B, variable string, otherwise int) int {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("%s: %v", variable, err)
	}
	return n
}

// cell is one number of the table.
type cell struct {
	job       string
	size      int
	bare      bool
	base, key string
	next      func(*rand.Rand) (method, path, body string)
	rates     []float64
}

// rate is the median of the rounds, in requests a second.
func (c *cell) rate() float64 { return median(c.rates) }

// share is the median of how the rounds of two cells compare, each with its neighbour in time.
func (c *cell) share(of *cell) float64 {
	shares := make([]float64, len(c.rates))
	for i := range shares {
		shares[i] = c.rates[i] / of.rates[i]
	}
	return median(shares)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// measure has the clients send one request after the other, each over a connection that it keeps, and returns how many were answered in a
// second.
func (c *cell) measure(b *testing.B, d time.Duration) float64 {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	var answered atomic.Int64
	var wrong atomic.Pointer[string]
	started := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
			for time.Since(started) < d {
				if err := c.send(b.Context(), transport, r); err != nil {
					text := err.Error()
					wrong.Store(&text)
					return
				}
				answered.Add(1)
			}
		})
	}
	all.Wait()
	if text := wrong.Load(); text != nil {
		b.Fatalf("%s at %d: %s", c.job, c.size, *text)
	}
	return float64(answered.Load()) / time.Since(started).Seconds()
}

func (c *cell) send(ctx context.Context, through *http.Transport, r *rand.Rand) error {
	method, path, content := c.next(r)
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(content))
	if err != nil {
		return err
	}
	if content == "" {
		req.Body, req.ContentLength = nil, 0
	} else {
		req.Header.Set("Content-Type", "application/vnd.api+json")
	}
	if c.key != "" {
		req.Header.Set("Authorization", c.key)
	}
	answer, err := through.RoundTrip(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close() // read to the end
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("answered with %d", answer.StatusCode)
	}
	return err
}

// report prints the table and fails if the list is not flat.
func report(b *testing.B, cells []*cell) {
	b.Helper()
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "request\torganizations\tservice/s\tbare/s\tservice/bare\tof its rate at "+strconv.Itoa(smallTable)+"\t")
	flat := 1.0
	for i := 0; i < len(cells); i += 4 {
		for _, pair := range [][]*cell{cells[i : i+2], cells[i+2 : i+4]} {
			service, bare := pair[0], pair[1]
			share := service.share(cells[i])
			fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.2f\t%.2f\t\n", service.job, service.size, service.rate(), bare.rate(),
				service.share(bare), share)
			b.ReportMetric(service.rate(), service.job+"-at-"+strconv.Itoa(service.size)+"/s")
			if service.job == "list-25" {
				flat = min(flat, share)
			}
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%s\n", out.String())
	if flat < flatEnough {
		b.Errorf("the list is not flat: on the large table it has %.2f of its rate on the small one", flat)
	}
}
