package bench

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/webhooks"
)

// sender is one way to tell a receiver of events: publish commits the i-th and returns its id. Without a queue it returns when the receiver
// has it.
type sender struct {
	publish func(i int) string
	stop    func()
}

var contenders = []struct {
	name string
	open func(b *testing.B, r *receiver) sender
}{
	{"signed POST, no queue", noQueue},
	{"bare outbox", func(b *testing.B, r *receiver) sender { b.Helper(); return openOutbox(b, r, false) }},
	{"outbox beside events", func(b *testing.B, r *receiver) sender { b.Helper(); return openOutbox(b, r, true) }},
	{"Roster on PostgreSQL", func(b *testing.B, r *receiver) sender { b.Helper(); return oneEndpoint(b, r, store.Postgres) }},
	{"Roster on SQLite", func(b *testing.B, r *receiver) sender { b.Helper(); return oneEndpoint(b, r, store.SQLite) }},
}

// noQueue is a signed POST from each publisher, and nothing else.
func noQueue(b *testing.B, r *receiver) sender {
	b.Helper()
	s, key := newSender(b), signingKey(b)
	return sender{stop: func() {}, publish: func(int) string {
		id := models.NewID()
		s.Send(b.Context(), webhooks.Request{URL: r.url, ID: id, At: time.Now(), Body: body, Secrets: []webhooks.Secret{key}})
		return id
	}}
}

func signingKey(b *testing.B) webhooks.Secret {
	b.Helper()
	key, err := webhooks.ParseSecret(secret)
	if err != nil {
		b.Fatal(err)
	}
	return key
}

// oneEndpoint is one organization with one endpoint.
func oneEndpoint(b *testing.B, r *receiver, dialect store.Dialect) sender {
	b.Helper()
	r.expect(1)
	x := newRoster(b, dialect)
	org := x.organizations(1, func(int) string { return r.url })[0]
	r.wait(b)
	return sender{publish: func(int) string { return x.publish(org) }, stop: x.stop}
}

// figures are what one round of one sender comes to: events a second from publishing to receipt, and milliseconds from commit to
// receipt at 50 events a second and at a third of that rate.
type figures struct{ rate, p50, p99, thirdP50, thirdP99, doubles float64 }

func measure(b *testing.B, r *receiver, s sender) figures {
	b.Helper()
	var f figures
	r.expect(*events)
	start := time.Now()
	concurrently(*events, func(i int) { s.publish(i) })
	r.wait(b)
	f.rate = float64(*events) / time.Since(start).Seconds()
	f.doubles = float64(r.doubles)
	took := latency(b, r, 50, s.publish)
	f.p50, f.p99 = milliseconds(took, 50), milliseconds(took, 99)
	took = latency(b, r, f.rate/3, s.publish)
	f.thirdP50, f.thirdP99 = milliseconds(took, 50), milliseconds(took, 99)
	return f
}

// BenchmarkSenders lets all senders take turns for three rounds, and prints the median of each figure, with the rate as a share of each
// outbox's: the median of the shares of each round.
func BenchmarkSenders(b *testing.B) {
	const rounds = 3
	for b.Loop() {
		of := map[string][]figures{}
		for range rounds {
			for _, c := range contenders {
				r := newReceiver(b)
				s := c.open(b, r)
				of[c.name] = append(of[c.name], measure(b, r, s))
				s.stop()
			}
		}
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(table, "\nsender\tevents/s\tof bare outbox\tof outbox beside events"+
			"\tp50 at 50/s\tp99\tp50 at a third\tp99\treceived twice\t")
		for _, c := range contenders {
			mid := func(value func(f figures) float64) float64 { return median(of[c.name], value) }
			share := func(other string) float64 {
				i := -1
				return median(of[c.name], func(f figures) float64 { i++; return f.rate / of[other][i].rate })
			}
			fmt.Fprintf(table, "%s\t%.0f\t%.2f\t%.2f\t%s\t%s\t%s\t%s\t%.0f\t\n", c.name, mid(func(f figures) float64 { return f.rate }),
				share("bare outbox"), share("outbox beside events"),
				after(mid(func(f figures) float64 { return f.p50 })), after(mid(func(f figures) float64 { return f.p99 })),
				after(mid(func(f figures) float64 { return f.thirdP50 })), after(mid(func(f figures) float64 { return f.thirdP99 })),
				mid(func(f figures) float64 { return f.doubles }))
		}
		if err := table.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}

// after prints a time between commit and receipt; without a queue nothing is committed.
func after(milliseconds float64) string {
	if milliseconds == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f ms", milliseconds)
}

func median(rounds []figures, value func(f figures) float64) float64 {
	var values []float64
	for _, f := range rounds {
		values = append(values, value(f))
	}
	slices.SortFunc(values, cmp.Compare[float64])
	return values[len(values)/2]
}

// BenchmarkMemory is what a process takes from the system that delivers to one endpoint, publishers and receiver included. It is run in a
// process of its own.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		r := newReceiver(b)
		s := oneEndpoint(b, r, store.Postgres)
		measure(b, r, s)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
		s.stop()
	}
}
