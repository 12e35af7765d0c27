package server

import "sync"

// Places count the requests that take their time, up to a number in this process and of one caller.
type Places struct {
	most, mostOfOne int

	mu    sync.Mutex
	all   int
	ofOne map[string]int
}

// NewPlaces returns places of which nobody has one.
func NewPlaces(most, mostOfOne int) *Places {
	return &Places{most: most, mostOfOne: mostOfOne, ofOne: map[string]int{}}
}

// Begin counts one more request of a caller, if there is room for it. It must be ended.
func (p *Places) Begin(caller string) (end func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= p.most || p.ofOne[caller] >= p.mostOfOne {
		return nil, false
	}
	p.all++
	p.ofOne[caller]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all--
		if p.ofOne[caller]--; p.ofOne[caller] == 0 {
			delete(p.ofOne, caller)
		}
	}, true
}

// Taken returns how many there are.
func (p *Places) Taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}
