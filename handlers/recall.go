package handlers

import (
	"context"
	"hash/maphash"
	"net/http"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"roster/auth"
	"roster/models"
)

// recall remembers whom credentials last spoke for, so that requests which their budget refuses cost no query. It never says who somebody
// is: that is asked of the database for every request that is served.
type recall struct {
	mu    sync.Mutex
	spoke *simplelru.LRU[string, Payer] // by digest of the credential
	// turns are taken by strangers from addresses whose budget is spent, one at a time: a good key behind such an address still works, and a
	// flood of bad ones occupies one connection to the database, not all.
	turns [64]chan struct{}
	seed  maphash.Seed
}

// maxRecalled bounds the memory of a recall to a few megabytes.
const maxRecalled = 20_000

func newRecall() *recall {
	spoke, err := simplelru.NewLRU[string, Payer](maxRecalled, nil)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	rc := &recall{spoke: spoke, seed: maphash.MakeSeed()}
	for i := range rc.turns {
		rc.turns[i] = make(chan struct{}, 1)
	}
	return rc
}

func (rc *recall) of(digest string) (p Payer, known bool) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.spoke.Get(digest)
}

func (rc *recall) note(digest string, p Payer) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.spoke.Add(digest, p)
}

// wait returns when it is the turn of a stranger from that address, and how the turn ends.
func (rc *recall) wait(ctx context.Context, address string) (done func(), err error) {
	turn := rc.turns[maphash.String(rc.seed, address)%uint64(len(rc.turns))]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// identify returns whom a credential speaks for, nil for nobody. Who is known and has nothing left of its budgets, or of its address's if it
// is nobody, is refused without a look into the database.
func (a *API) identify(w http.ResponseWriter, r *http.Request, credential string) (*auth.Principal, error) {
	if credential == "" {
		return nil, nil
	}
	digest := recalled(a.db, credential)
	payer, known := a.recall.of(digest)
	if known {
		if err := a.limiter.Refuse(w, r, payer); err != nil {
			return nil, err
		}
	} else if address := a.limiter.ofAddress(ExchangeOf(r.Context()).RemoteIP); a.limiter.isSpent(address) {
		done, err := a.recall.wait(r.Context(), address.key)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	principal, err := auth.Authenticate(r.Context(), a.db, credential)
	if err != nil {
		return nil, err
	}
	payer = nobody
	if principal != nil {
		payer = payerOf(principal)
	}
	a.recall.note(digest, payer)
	return principal, nil
}

// recalled returns what a credential is remembered by: nobody finds one in the memory of this process.
func recalled(db *models.DB, credential string) string {
	return string(db.Vault().Digest("recall", credential))
}
