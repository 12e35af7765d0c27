package store

import (
	"context"
	"slices"
	"sync"
)

type callerKey struct{}

// ForCaller returns a context whose statements are those of a caller: all callers of one name together take no more connections to the
// database than they leave free, so that nobody else waits for what one asks for.
func ForCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

// callerOf returns the name of the caller, "" for the program itself.
func callerOf(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// gate shares out places, of which there are so many as it has room for: each caller takes no more than it leaves free, one at least. One
// that is alone comes to half, two to a third each. Who asks for more waits; those of one caller have their turns in the order of asking.
type gate struct {
	room int

	mu      sync.Mutex // of what follows
	taken   int        // by all
	waiting int        // of all
	lines   map[string]*line
}

// line is one caller at the gate. Somebody waits only if all that the caller may have is taken.
type line struct {
	taken   int
	waiting []chan struct{} // each is closed when its turn comes
}

func newGate(room int) *gate { return &gate{room: room, lines: map[string]*line{}} }

// enter waits until the caller has less than it may, or ctx ends. leave must be called once.
func (g *gate) enter(ctx context.Context, caller string) (leave func(), err error) {
	g.mu.Lock()
	l := g.lines[caller]
	if l == nil {
		l = &line{}
		g.lines[caller] = l
	}
	if g.admits(l) {
		g.admit(l)
		g.mu.Unlock()
		return func() { g.leave(caller, l) }, nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	g.waiting++
	g.mu.Unlock()
	select {
	case <-turn:
		return func() { g.leave(caller, l) }, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	n := slices.Index(l.waiting, turn)
	if n >= 0 {
		l.waiting = slices.Delete(l.waiting, n, n+1)
		g.waiting--
	}
	g.mu.Unlock()
	if n < 0 { // the turn came at the same moment
		g.leave(caller, l)
	}
	return nil, ctx.Err()
}

// admits reports whether a caller may take one more.
func (g *gate) admits(l *line) bool { return l.taken == 0 || l.taken+1 <= g.room-(g.taken+1) }

func (g *gate) admit(l *line) {
	l.taken++
	g.taken++
}

// leave hands the place on: to the caller that has the least of those who wait, and may have it.
func (g *gate) leave(caller string, l *line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken--
	if l.taken--; l.taken == 0 && len(l.waiting) == 0 {
		delete(g.lines, caller)
	}
	for g.waiting > 0 {
		next := g.next()
		if !g.admits(next) {
			return
		}
		g.admit(next)
		close(next.waiting[0])
		next.waiting = slices.Delete(next.waiting, 0, 1)
		g.waiting--
	}
}

// next returns the caller that has the least of those who wait.
func (g *gate) next() (least *line) {
	for _, l := range g.lines {
		if len(l.waiting) > 0 && (least == nil || l.taken < least.taken) {
			least = l
		}
	}
	return least
}
