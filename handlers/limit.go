package handlers

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"roster/jsonapi"
)

// Limiter bounds the requests of each caller within a window of time. A caller's window opens with his first request. It counts in this
// process alone, for a bounded number of callers: beyond that the one who was quiet longest is forgotten.
type Limiter struct {
	limit  int
	window time.Duration
	now    func() time.Time

	mu    sync.Mutex
	spent *simplelru.LRU[string, span]
}

// span is one caller's present window.
type span struct {
	opened time.Time
	count  int
}

// maxCallers bounds the memory of a limiter to some twenty megabytes.
const maxCallers = 100_000

// NewLimiter returns a limiter of that many requests in each window. A limit of 0 is none.
func NewLimiter(limit int, window time.Duration, now func() time.Time) *Limiter {
	spent, err := simplelru.NewLRU[string, span](maxCallers, nil)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &Limiter{limit: limit, window: window, now: now, spent: spent}
}

// Budget is what a caller has left in the present window.
type Budget struct {
	Limit, Remaining int
	// Reset is the number of seconds until the window ends, at least 1.
	Reset int
	// OK is whether the request may be served.
	OK bool
}

// Take counts one request of that caller.
func (l *Limiter) Take(key string) Budget { return l.look(key, 1) }

// Peek returns the caller's budget without counting.
func (l *Limiter) Peek(key string) Budget { return l.look(key, 0) }

// Spent reports whether a caller has nothing left.
func (l *Limiter) Spent(key string) bool { return l.limit != 0 && !l.Peek(key).OK }

func (l *Limiter) look(key string, cost int) Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.forget(now)
	s, known := l.spent.Get(key)
	if !known || !now.Before(s.opened.Add(l.window)) {
		s = span{opened: now}
	}
	ok := s.count < l.limit
	if ok && cost > 0 {
		s.count += cost
		l.spent.Add(key, s)
	}
	left := s.opened.Add(l.window).Sub(now)
	return Budget{
		Limit:     l.limit,
		Remaining: l.limit - s.count,
		Reset:     max(1, int((left+time.Second-1)/time.Second)),
		OK:        ok,
	}
}

// forget drops callers whose window has ended, from the one who was quiet longest. Each request adds at most one, so two are enough.
func (l *Limiter) forget(now time.Time) {
	for range 2 {
		key, s, any := l.spent.GetOldest()
		if !any || now.Before(s.opened.Add(l.window)) {
			return
		}
		l.spent.Remove(key)
	}
}

// Charge counts the request against its credential, or against the client's address when it has none that is valid: a request without a
// credential, and every failed authentication. It sets the headers and returns a fault once the budget is spent.
func (l *Limiter) Charge(w http.ResponseWriter, r *http.Request, credentialID string) error {
	if l.limit == 0 {
		return nil
	}
	return l.judge(w, l.Take(callerKey(r, credentialID)))
}

// Refuse is Charge for a caller who may have nothing left: if he has, it does nothing.
func (l *Limiter) Refuse(w http.ResponseWriter, r *http.Request, credentialID string) error {
	key := callerKey(r, credentialID)
	if !l.Spent(key) {
		return nil
	}
	return l.judge(w, l.Peek(key))
}

// callerKey returns what the requests of a credential are counted by, or those of the client's address if it has none.
func callerKey(r *http.Request, credentialID string) string {
	if credentialID == "" {
		return addressKey(ExchangeOf(r.Context()).RemoteIP)
	}
	return "credential " + credentialID
}

// judge sets the headers of a budget and returns a fault if it is spent.
func (l *Limiter) judge(w http.ResponseWriter, b Budget) error {
	b.write(w.Header())
	if b.OK {
		return nil
	}
	w.Header().Set("Retry-After", strconv.Itoa(b.Reset))
	return jsonapi.Fault(jsonapi.RateLimited, "The limit is %s. Try again in %s.",
		count(l.limit, "request")+" in "+count(int(l.window/time.Second), "second"), count(b.Reset, "second"))
}

// describe adds the headers to an answer that was sent before anybody was charged.
func (l *Limiter) describe(h http.Header, x *Exchange) {
	if l.limit == 0 || h.Get("X-RateLimit-Limit") != "" {
		return
	}
	l.Peek(addressKey(x.RemoteIP)).write(h)
}

func (b Budget) write(h http.Header) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(b.Remaining))
	h.Set("X-RateLimit-Reset", strconv.Itoa(b.Reset))
}

// addressKey puts a whole /64 into one window: that is what a single IPv6 subscriber has at his disposal.
func addressKey(ip netip.Addr) string {
	if ip.Is6() {
		network, _ := ip.Prefix(64) // 64 bits always fit
		return "address " + network.String()
	}
	return "address " + ip.String()
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
