package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The measurement: every cell is measured in rounds, and rounds of different cells take turns, so that whatever else the machine does
// falls on all of them.
const (
	clients       = 8 // of a cell that does not say otherwise
	rounds        = 11
	roundVariable = "ROSTER_BENCH_ROUND" // how long each is, for a quick look
	roundTime     = time.Second
)

// asked is what the clients of a cell ask for. The headers are name and value in turn.
type asked struct {
	headers []string
	next    func(*rand.Rand) (method, path, body string)
}

// get asks for the same each time.
func get(path string, headers ...string) asked {
	return asked{headers, func(*rand.Rand) (string, string, string) { return "GET", path, "" }}
}

// by returns the headers of a caller.
func by(key string, more ...string) []string { return append([]string{"Authorization", key}, more...) }

// cell is somebody who is asked: a number of the table.
type cell struct {
	asked
	name    string
	base    string // the URL, without the path of the request
	clients int
	rates   []float64 // requests a second, by round
}

// measureInTurns measures cells in rounds, each of which goes the other way round.
func measureInTurns(b *testing.B, cells []*cell) {
	b.Helper()
	for _, c := range cells {
		c.measure(b) // warms up
	}
	for range rounds {
		for _, c := range cells {
			c.rates = append(c.rates, c.measure(b))
		}
		slices.Reverse(cells)
	}
	if rounds%2 == 1 {
		slices.Reverse(cells)
	}
}

// measure has the clients send one request after the other, each over a connection that it keeps, and returns how many were answered in a
// second.
func (c *cell) measure(b *testing.B) float64 {
	b.Helper()
	length := durationFromEnvironment(b, roundVariable, roundTime)
	var answered atomic.Int64
	var wrong atomic.Pointer[error]
	var all sync.WaitGroup
	started := time.Now()
	for range max(c.clients, clients) {
		all.Go(func() {
			err := c.send(b.Context(), func() bool { return answered.Add(1) > 0 && time.Since(started) < length })
			if err != nil {
				wrong.Store(&err)
			}
		})
	}
	all.Wait()
	if err := wrong.Load(); err != nil {
		b.Fatalf("%s: %v", c.name, *err)
	}
	return float64(answered.Load()) / time.Since(started).Seconds()
}

// send sends requests over one connection for as long as answered says. It writes them as they go over the wire and reads no more of the
// answers than it must: clients share the processors with what is measured.
func (c *cell) send(ctx context.Context, answered func() bool) error {
	at, err := url.Parse(c.base)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", at.Host)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to lose
	r, answers := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), bufio.NewReaderSize(conn, 64<<10)
	for next := true; next; next = answered() {
		if _, err := conn.Write(c.request(at, r)); err != nil {
			return err
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			return err
		}
		if _, err = io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode >= 300 {
			return fmt.Errorf("answered with %d", answer.StatusCode)
		}
	}
	return nil
}

// request returns the next request as it goes over the wire.
func (c *cell) request(at *url.URL, r *rand.Rand) []byte {
	method, path, body := c.next(r)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", method, at.Path, path, at.Host)
	for i := 0; i < len(c.headers); i += 2 {
		out.WriteString(c.headers[i] + ": " + c.headers[i+1] + "\r\n")
	}
	if body != "" {
		out.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	out.WriteString("\r\n" + body)
	return out.Bytes()
}

// answer returns the answer to the first request of somebody whose choices begin with a seed.
func (c *cell) answer(b *testing.B, seed uint64) []byte {
	b.Helper()
	method, path, content := c.next(rand.New(rand.NewPCG(seed, seed)))
	req, err := http.NewRequestWithContext(b.Context(), method, c.base+path, strings.NewReader(content))
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < len(c.headers); i += 2 {
		if c.headers[i] != "Accept-Encoding" { // which the transport asks for, and undoes
			req.Header.Set(c.headers[i], c.headers[i+1])
		}
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		b.Fatalf("%s: %s %s: %d %v %.500s", c.name, method, path, answer.StatusCode, err, read)
	}
	return read
}

// compare fails unless two cells answer with the same bytes.
func (c *cell) compare(b *testing.B, other *cell) {
	b.Helper()
	for seed := range uint64(3) {
		one, two := c.answer(b, seed), other.answer(b, seed)
		if bytes.Equal(one, two) {
			continue
		}
		at := 0
		for at < min(len(one), len(two)) && one[at] == two[at] {
			at++
		}
		at = max(0, at-40)
		b.Fatalf("%s: the bare handler writes other bytes from byte %d on: %.160q, not %.160q", c.name, at, two[at:], one[at:])
	}
}

// rate is the median of the rounds, in requests a second.
func (c *cell) rate() float64 { return quantile(c.rates, 0.5) }

// shares are how the rounds of two cells compare, each with its neighbour in time.
func (c *cell) shares(of *cell) []float64 {
	shares := make([]float64, len(c.rates))
	for i := range shares {
		shares[i] = c.rates[i] / of.rates[i]
	}
	return shares
}

// share is their median.
func (c *cell) share(of *cell) float64 { return quantile(c.shares(of), 0.5) }

// quantile returns the value below which a part of the values are.
func quantile(values []float64, part float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(part*float64(len(sorted)-1)+0.5)]
}
