package webhooks

import (
	"sync"
	"testing"
	"time"

	"roster/models/store"
)

// bell tells everybody who waits for it that something has happened.
type bell struct {
	mu     sync.Mutex
	closed chan struct{} // by the next ring; nil while nobody waits
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed != nil {
		close(b.closed)
		b.closed = nil
	}
}

// rings returns a channel that the next ring closes.
func (b *bell) rings() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed == nil {
		b.closed = make(chan struct{})
	}
	return b.closed
}

// await asks at each ring until the answer is the one that is waited for, and returns it. It gives up when the answer has stayed the
// same for long: however slow the machine is, it goes on.
func (b *bell) await(ask func() (answer any, done bool)) (answer any, done bool) {
	patience := time.NewTimer(soon)
	defer patience.Stop()
	for {
		rings, before := b.rings(), answer
		if answer, done = ask(); done {
			return answer, true
		}
		if answer != before {
			patience.Reset(soon)
		}
		select {
		case <-rings:
		case <-patience.C:
			return answer, false
		}
	}
}

// steps has a bell for each database, which rings after each step of a worker on it. Workers and tests open a database more than once.
var steps sync.Map

// stepsOn returns the bell of a database.
func stepsOn(t *testing.T, db *store.DB) *bell {
	t.Helper()
	statement := `SELECT current_database()`
	if db.Dialect() == store.SQLite {
		statement = `SELECT file FROM pragma_database_list WHERE name = 'main'`
	}
	name := (&rig{t: t, db: db}).query(statement)
	b, _ := steps.LoadOrStore(name, &bell{})
	return b.(*bell)
}
