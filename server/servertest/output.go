package servertest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is far more than anything takes that is awaited here. It only keeps a broken test from waiting for ever.
const patience = 3 * time.Minute

// Output is a log, or what a program prints, for tests that wait for what it says.
type Output struct {
	mu    sync.Mutex
	more  *sync.Cond
	text  []byte
	ended bool
}

// NewOutput returns an Output that has nothing yet.
func NewOutput() *Output {
	o := &Output{}
	o.more = sync.NewCond(&o.mu)
	return o
}

// Write implements io.Writer.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	o.more.Broadcast()
	return len(b), nil
}

// End says that nothing more will come: nobody waits any longer.
func (o *Output) End() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.more.Broadcast()
}

// String returns what came so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// Until waits until what came is what the test wants; false means that it ended, or that much too much time passed, before.
func (o *Output) Until(wanted func(text string) bool) bool {
	late := time.AfterFunc(patience, o.more.Broadcast)
	defer late.Stop()
	deadline := time.Now().Add(patience)
	o.mu.Lock()
	defer o.mu.Unlock()
	for !wanted(string(o.text)) {
		if o.ended || !time.Now().Before(deadline) {
			return false
		}
		o.more.Wait()
	}
	return true
}

// Count waits until a text has come so many times.
func (o *Output) Count(t testing.TB, text string, times int) {
	t.Helper()
	if !o.Until(func(all string) bool { return strings.Count(all, text) >= times }) {
		t.Fatalf("%q did not come %d times:\n%s", text, times, o)
	}
}

// Match waits until a pattern matches what came, and returns its groups.
func (o *Output) Match(t testing.TB, pattern string) (groups []string) {
	t.Helper()
	compiled := regexp.MustCompile(pattern)
	if !o.Until(func(all string) bool {
		groups = compiled.FindStringSubmatch(all)
		return groups != nil
	}) {
		t.Fatalf("%q does not match:\n%s", pattern, o)
	}
	return groups
}

// Line waits for a line that is a JSON object of the wanted kind; false means that it ended without one.
func (o *Output) Line(wanted func(map[string]any) bool) (found map[string]any, ok bool) {
	read := 0 // whole lines are looked at once
	ok = o.Until(func(all string) bool {
		for {
			line, _, whole := strings.Cut(all[read:], "\n")
			if !whole {
				return false
			}
			read += len(line) + 1
			var object map[string]any
			if json.Unmarshal([]byte(line), &object) == nil && wanted(object) {
				found = object
				return true
			}
		}
	})
	return found, ok
}

// Nth waits for the n-th line, from 0, which must be a JSON object.
func (o *Output) Nth(t testing.TB, n int) (object map[string]any) {
	t.Helper()
	o.Count(t, "\n", n+1)
	line := bytes.Split([]byte(o.String()), []byte("\n"))[n]
	if err := json.Unmarshal(line, &object); err != nil {
		t.Fatalf("line %d is not one JSON object: %v: %s", n, err, line)
	}
	return object
}
