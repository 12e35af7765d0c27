package webhooks

import (
	"maps"
	"sync"

	"roster/models"
	"roster/webhooks/queue"
)

// standing is on what terms a lane is served.
type standing string

// The standings, which lanes are looked for by. Those that may hang have a quarter of the slots each, so that they cannot
// take the slots of those that answer.
const (
	proven   standing = queue.Proven   // its answers are good: all slots are open to it
	newcomer standing = queue.Newcomer // it was never answered
	doubted  standing = queue.Doubted  // see models.HealthProbation
)

var standings = [...]standing{proven, newcomer, doubted}

// standing returns on what terms a lane is served.
func (l Lane) standing() standing {
	switch {
	case l.Health != models.HealthOK:
		return doubted
	case l.Answers == 0:
		return newcomer
	}
	return proven
}

// seat is whose share something counts against.
type seat struct {
	standing     standing
	organization string
}

// shares say who has taken how much of something: slots, or lanes to hold. What an organization has of a standing is never more than
// what it left free when it took it: alone it comes to half, two of them to a third each, and whoever comes next finds something,
// however many endpoints the others have and however slow they are.
type shares struct {
	all, taken int
	most, of   map[standing]int
	by         map[seat]int
}

func newShares(all, slots int) shares {
	quarter := max(slots/4, 1)
	return shares{
		all: all, most: map[standing]int{proven: slots, newcomer: quarter, doubted: quarter}, of: map[standing]int{}, by: map[seat]int{},
	}
}

func (s *shares) free(of standing) int { return max(min(s.all-s.taken, s.most[of]-s.of[of]), 0) }

// admits tells whether an organization may take one more.
func (s *shares) admits(at seat) bool { return s.by[at] < s.free(at.standing) }

// exceeded tells whether more was taken than admits allows in the best case: lanes change their standing while they are held.
func (s *shares) exceeded(at seat) bool {
	return s.of[at.standing] > s.most[at.standing] || s.by[at] > (s.most[at.standing]+1)/2
}

func (s *shares) take(at seat) {
	s.taken++
	s.of[at.standing]++
	s.by[at]++
}

func (s *shares) give(at seat) {
	s.taken--
	s.of[at.standing]--
	if s.by[at]--; s.by[at] == 0 {
		delete(s.by, at)
	}
}

// satisfied returns the organizations that may take nothing more of a standing.
func (s *shares) satisfied(of standing) []string {
	organizations := []string{}
	for at := range s.by {
		if at.standing == of && !s.admits(at) {
			organizations = append(organizations, at.organization)
		}
	}
	return organizations
}

// budget is what a worker has given away: slots to attempts under way, and places to lanes that are held. The loop writes it; a fan-out
// reads it, to lease no more lanes than can be served.
type budget struct {
	mu            sync.Mutex
	running, held shares
}

func newBudget(slots int) *budget {
	running := newShares(slots, slots)
	held := newShares(slots+running.most[newcomer]+running.most[doubted], slots)
	return &budget{running: running, held: held}
}

// begin takes a slot for an attempt if there is one for it.
func (b *budget) begin(at seat) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.running.admits(at) {
		return false
	}
	b.running.take(at)
	return true
}

// admits tells whether there is a slot for an attempt.
func (b *budget) admits(at seat) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running.admits(at)
}

func (b *budget) end(at seat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running.give(at)
}

// idle returns how many slots are free.
func (b *budget) idle() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running.all - b.running.taken
}

func (b *budget) hold(at seat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held.take(at)
}

func (b *budget) release(at seat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held.give(at)
}

// overheld tells whether lanes are held that cannot be served for long.
func (b *budget) overheld(at seat) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held.exceeded(at)
}

// room returns the lanes that are held, with as much free as can be served at once.
func (b *budget) room() *shares {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := &shares{all: b.held.all, taken: b.held.taken, most: map[standing]int{}, of: maps.Clone(b.held.of), by: maps.Clone(b.held.by)}
	for _, s := range standings {
		room.most[s] = room.of[s] + min(b.held.free(s), b.running.free(s))
	}
	return room
}
