package store

import (
	"context"
	"slices"
	"sync"
)

type callerKey struct{}

// ForCaller returns a context whose statements are those of a caller: all callers of one name together hold at most a quarter of the
// connections to the database, so that nobody else waits for what one asks for.
func ForCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

// callerOf returns the name of the caller, "" for the program itself.
func callerOf(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// gate lets each caller have only so many of something at once. Who asks for more waits, in the order of asking.
type gate struct {
	most int

	mu    sync.Mutex // of what follows
	lines map[string]*line
}

// line is one caller at the gate. Somebody waits only if all that the caller may have is taken.
type line struct {
	taken   int
	waiting []chan struct{} // each is closed when its turn comes
}

func newGate(most int) *gate { return &gate{most: most, lines: map[string]*line{}} }

// enter waits until the caller has less than it may, or ctx ends. leave must be called once.
func (g *gate) enter(ctx context.Context, caller string) (leave func(), err error) {
	g.mu.Lock()
	l := g.lines[caller]
	if l == nil {
		l = &line{}
		g.lines[caller] = l
	}
	if l.taken < g.most {
		l.taken++
		g.mu.Unlock()
		return func() { g.leave(caller, l) }, nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
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
	}
	g.mu.Unlock()
	if n < 0 { // the turn came at the same moment
		g.leave(caller, l)
	}
	return nil, ctx.Err()
}

// leave hands the place to the caller that waits longest.
func (g *gate) leave(caller string, l *line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(l.waiting) > 0 {
		close(l.waiting[0])
		l.waiting = slices.Delete(l.waiting, 0, 1)
		return
	}
	if l.taken--; l.taken == 0 {
		delete(g.lines, caller)
	}
}
