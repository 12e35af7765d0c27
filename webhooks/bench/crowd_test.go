package bench

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks"
)

// BenchmarkCrowd gives one organization 80, 700 and 1,040 endpoints that take every request and never answer, ten events each, with 64
// slots. It measures the latencies of a hundred endpoints of other organizations, at 100 events a second: from the moment of the ten
// events, which make up to 10,400 deliveries, and again while those hang. The runs take turns.
func BenchmarkCrowd(b *testing.B) {
	const rounds = 3
	crowds := []int{0, 80, 700, 1040}
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			for b.Loop() {
				burst, hanging := map[int][]time.Duration{}, map[int][]time.Duration{}
				for range rounds {
					for _, n := range crowds {
						first, then := crowd(b, dialect, n)
						burst[n], hanging[n] = append(burst[n], first...), append(hanging[n], then...)
					}
				}
				for name, took := range map[string]map[int][]time.Duration{"burst": burst, "hang": hanging} {
					for _, n := range crowds {
						slices.Sort(took[n])
						b.ReportMetric(milliseconds(took[n], 50), fmt.Sprintf("%d-%s-p50-ms", n, name))
						b.ReportMetric(milliseconds(took[n], 99), fmt.Sprintf("%d-%s-p99-ms", n, name))
						b.ReportMetric(milliseconds(took[n], 99)/milliseconds(took[0], 99), fmt.Sprintf("%d-%s-p99/undisturbed", n, name))
					}
				}
			}
		})
	}
}

func crowd(b *testing.B, dialect store.Dialect, n int) (burst, hanging []time.Duration) {
	b.Helper()
	const others = 100
	r := newReceiver(b)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer silent.Close() //nolint:errcheck // what is open is of no interest
	x := newRoster(b, dialect, func(c *webhooks.WorkerConfig) { c.Slots = 64 })
	defer x.stop()
	r.expect(others)
	orgs := x.organizations(others, func(i int) string { return fmt.Sprint(r.url, i) })
	r.wait(b)
	org := modelstest.Organization(b, x.db)
	err = store.Transaction(b.Context(), x.db, func(tx *store.DB) error {
		for i := range n {
			modelstest.Webhook(b, tx, org.ID, fmt.Sprintf("http://%s/%d", silent.Addr(), i), modelstest.With("secret", secret))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for range 10 {
		x.publish(org.ID)
	}
	publish := func(i int) string { return x.publish(orgs[i*7919%others]) }
	burst = latency(b, r, 100, publish)
	return burst, latency(b, r, 100, publish)
}
