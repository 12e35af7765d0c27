package server

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// payers remembers whom credentials last spoke for and who paid for that, so that requests which their budget refuses cost no query, and
// requests that only ask none of their own (see doubt). It never says who somebody is: that is asked of the database for every request that
// is served.
type payers struct {
	mu   sync.Mutex
	last *simplelru.LRU[string, remembered] // by digest of the credential
	// turns are taken by strangers from addresses whose budget is spent, one at a time: a good key behind such an address still works, and
	// a flood of bad ones occupies one connection to the database, not all.
	turns [64]chan struct{}
	seed  maphash.Seed
}

// maxPayers bounds the memory of what is remembered to some ten megabytes.
const maxPayers = 20_000

func newPayers() *payers {
	last, err := simplelru.NewLRU[string, remembered](maxPayers, nil)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	ps := &payers{last: last, seed: maphash.MakeSeed()}
	for i := range ps.turns {
		ps.turns[i] = make(chan struct{}, 1)
	}
	return ps
}

func (ps *payers) of(digest string) (last remembered, known bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.last.Get(digest)
}

func (ps *payers) note(digest string, last remembered) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.last.Add(digest, last)
}

// wait returns when it is the turn of a stranger from that address, and how the turn ends.
func (ps *payers) wait(ctx context.Context, address netip.Addr) (done func(), err error) {
	turn := ps.turns[maphash.Comparable(ps.seed, address)%uint64(len(ps.turns))]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
