package servertest

import (
	"testing"
	"time"
)

// Poll asks every few milliseconds until something is so. It is for what nothing tells of: the state of a process that is not ours, such
// as PostgreSQL's, and what a worker writes, which shows in the database alone. What says that it has happened is awaited: a log by
// [Output], a request by its receiver, a step of our own by a channel.
func Poll(t testing.TB, what string, so func() bool) {
	t.Helper()
	ask := time.NewTicker(5 * time.Millisecond)
	defer ask.Stop()
	for deadline := time.Now().Add(patience); !so(); <-ask.C {
		if time.Now().After(deadline) {
			t.Fatalf("there is not %s", what)
		}
	}
}
