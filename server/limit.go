package server

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"roster/auth"
	"roster/models"
)

// Limiter bounds the requests of each payer within a window of time. A window opens with the first request. It counts in this process
// alone, for a bounded number of payers: beyond that the one who was quiet longest is forgotten.
type Limiter struct {
	limit  int
	window time.Duration
	now    func() time.Time

	mu    sync.Mutex
	spent *simplelru.LRU[accountKey, span]
}

// span is the present window of one account.
type span struct {
	opened time.Time
	count  int
}

// maxAccounts bounds the memory of a limiter to some twenty megabytes.
const maxAccounts = 100_000

// sharedLimit is how many times the limit of one credential an organization's token and keys have together: more keys than that many
// bring no more requests.
const sharedLimit = 5

// NewLimiter returns a limiter of that many requests in each window. A limit of 0 is none.
func NewLimiter(limit int, window time.Duration, now func() time.Time) *Limiter {
	spent, err := simplelru.NewLRU[accountKey, span](maxAccounts, nil)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &Limiter{limit: limit, window: window, now: now, spent: spent}
}

// Payer is whom a request is charged to. The zero Payer is nobody: the client's address pays, for a request without a credential and for
// every failed authentication.
type Payer struct {
	Caller models.Identity
	// Owner is the organization, or the user, whose credentials share a budget beside their own, "" for none.
	Owner string
}

// nobody pays by address.
var nobody Payer

// payerOf returns whom the requests of a caller are charged to.
func payerOf(principal *auth.Principal) Payer {
	p := Payer{Caller: principal.Identity()}
	if principal.Kind != models.ManagementKey {
		p.Owner = principal.Neighbour()
	}
	return p
}

// account is one budget that requests are counted in.
type account struct {
	key   accountKey
	limit int
}

// accountKey is whose budget it is: that of one caller, of an owner's credentials together, or of an address.
type accountKey struct {
	caller  models.Identity
	owner   string
	address netip.Addr
}

// accounts returns the budgets that a request is charged to: all of them, or none if one is spent.
func (l *Limiter) accounts(r *http.Request, p Payer) []account {
	if p == nobody {
		return []account{l.ofAddress(ExchangeOf(r.Context()).RemoteIP)}
	}
	accounts := append(make([]account, 0, 2), account{accountKey{caller: p.Caller}, l.limit})
	if p.Owner != "" {
		accounts = append(accounts, account{accountKey{owner: p.Owner}, sharedLimit * l.limit})
	}
	return accounts
}

// ofAddress is the budget of an address.
func (l *Limiter) ofAddress(ip netip.Addr) account {
	return account{accountKey{address: subscriber(ip)}, l.limit}
}

// Budget is what a payer has left in the present window.
type Budget struct {
	Limit, Remaining int
	// Reset is the number of seconds until the window ends, at least 1.
	Reset int
	// OK is whether the request may be served.
	OK bool
}

// take counts one request in each of some accounts, unless one of them is spent, and returns the budget of the tightest.
func (l *Limiter) take(accounts ...account) Budget { return l.look(1, accounts) }

// peek returns the budget of the tightest account without counting.
func (l *Limiter) peek(accounts ...account) Budget { return l.look(0, accounts) }

// isSpent reports whether one of the accounts has nothing left.
func (l *Limiter) isSpent(accounts ...account) bool { return l.limit != 0 && !l.peek(accounts...).OK }

func (l *Limiter) look(cost int, accounts []account) Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.forget(now)
	spans, affordable := make([]span, len(accounts), 2), true
	for i, a := range accounts {
		known := false
		if spans[i], known = l.spent.Get(a.key); !known || !now.Before(spans[i].opened.Add(l.window)) {
			spans[i] = span{opened: now}
		}
		affordable = affordable && spans[i].count < a.limit
	}
	tightest := Budget{}
	for i, a := range accounts {
		ok := spans[i].count < a.limit
		if affordable && cost > 0 || cost < 0 && spans[i].count > 0 {
			spans[i].count += cost
			l.spent.Add(a.key, spans[i])
		}
		left := spans[i].opened.Add(l.window).Sub(now)
		b := Budget{Limit: a.limit, Remaining: a.limit - spans[i].count, Reset: max(1, int((left+time.Second-1)/time.Second)), OK: ok}
		if i == 0 || b.tighter(tightest) {
			tightest = b
		}
	}
	return tightest
}

// tighter reports whether a budget ends before another: whoever waits for one that is spent waits for the later of two.
func (b Budget) tighter(other Budget) bool {
	switch {
	case b.OK != other.OK:
		return other.OK
	case !b.OK:
		return b.Reset > other.Reset
	default:
		return b.Remaining < other.Remaining
	}
}

// forget drops accounts whose window has ended, from the one that was quiet longest. Each request adds at most two, so three are enough.
func (l *Limiter) forget(now time.Time) {
	for range 3 {
		key, s, any := l.spent.GetOldest()
		if !any || now.Before(s.opened.Add(l.window)) {
			return
		}
		l.spent.Remove(key)
	}
}

// Charge counts the request against whom it is charged to. It sets the headers and returns an Error once the budget is spent.
func (l *Limiter) Charge(w http.ResponseWriter, r *http.Request, p Payer) error {
	if l.limit == 0 {
		return nil
	}
	return l.judge(w, l.take(l.accounts(r, p)...))
}

// repay takes back what a request was charged, if the window is the same still.
func (l *Limiter) repay(r *http.Request, p Payer) {
	if l.limit != 0 {
		l.look(-1, l.accounts(r, p))
	}
}

// Refuse is Charge for a payer who may have nothing left: if it has, nothing happens.
func (l *Limiter) Refuse(w http.ResponseWriter, r *http.Request, p Payer) error {
	if l.limit == 0 {
		return nil
	}
	accounts := l.accounts(r, p)
	if !l.isSpent(accounts...) {
		return nil
	}
	return l.judge(w, l.peek(accounts...))
}

// judge sets the headers of a budget and returns an Error if it is spent.
func (l *Limiter) judge(w http.ResponseWriter, b Budget) error {
	b.write(w.Header())
	if b.OK {
		return nil
	}
	w.Header().Set("Retry-After", strconv.Itoa(b.Reset))
	limit := count(b.Limit, "request") + " in " + count(int(l.window/time.Second), "second")
	if b.Limit > l.limit {
		limit += " for the organization and its keys together"
	}
	return &Error{Reason: RateLimited, Message: fmt.Sprintf("The limit is %s. Try again in %s.", limit, count(b.Reset, "second"))}
}

// describe adds the headers to an answer that was sent before anybody was charged.
func (l *Limiter) describe(h http.Header, x *Exchange) {
	if l.limit == 0 || h.Get("X-RateLimit-Limit") != "" {
		return
	}
	l.peek(l.ofAddress(x.RemoteIP)).write(h)
}

func (b Budget) write(h http.Header) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(b.Remaining))
	h.Set("X-RateLimit-Reset", strconv.Itoa(b.Reset))
}

// subscriber puts a whole /64 into one window: that is what a single IPv6 subscriber has to choose from.
func subscriber(ip netip.Addr) netip.Addr {
	if ip.Is6() {
		network, _ := ip.Prefix(64) // 64 bits always fit
		return network.Addr()
	}
	return ip
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
