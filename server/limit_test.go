package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
)

func TestTheLimitOfACredential(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for n := range 100 {
		answer, _ := b.do(t, "GET", "/long/1", "")
		if left := answer.Header.Get("X-Ratelimit-Remaining"); answer.StatusCode != 200 || left != strconv.Itoa(99-n) {
			t.Fatalf("request %d: %d with %s left", n+1, answer.StatusCode, left)
		}
	}
	b.now.Advance(18 * time.Second)
	answer, body := b.do(t, "GET", "/long/1", "", "X-Request-Id", "me-1")
	checkHeaders(t, answer, map[string]string{"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "42", "Retry-After": "42"})
	if e := refusalIn(t, body); answer.StatusCode != 429 || e.Wrong != "rate limited" ||
		e.Message != "The limit is 100 requests in 60 seconds. Try again in 42 seconds." {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer, _ := b.do(t, "GET", "/nothing", ""); answer.StatusCode != 404 {
		t.Errorf("another caller: %d", answer.StatusCode)
	}
	b.now.Advance(42 * time.Second)
	if answer, _ := b.do(t, "GET", "/long/1", ""); answer.StatusCode != 200 {
		t.Errorf("in the next window: %d", answer.StatusCode)
	}
}

// TestWhatIsPaidForNothingIsPaidBack, to each account that it was taken from, once.
func TestWhatIsPaidForNothingIsPaidBack(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	l := NewLimiter(10, time.Minute, clock.Now)
	p := Payer{Owner: "organization 7"}
	p.Caller.Kind, p.Caller.ID = "management_key", "1"
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	left := func() (own, shared int) {
		accounts := l.accounts(r, p)
		return l.peek(accounts[0]).Remaining, l.peek(accounts[1]).Remaining
	}
	for range 3 {
		if err := l.Charge(w, r, p); err != nil {
			t.Fatal(err)
		}
	}
	l.repay(r, p)
	if own, shared := left(); own != 8 || shared != 48 {
		t.Errorf("after three and one paid back %d and %d are left", own, shared)
	}
	clock.Advance(time.Minute)
	l.repay(r, p)
	if own, shared := left(); own != 10 || shared != 50 {
		t.Errorf("in a new window %d and %d are left", own, shared)
	}
}

func TestStrangersAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config, _ *http.Server) { c.Proxies = Proxies{netip.MustParsePrefix("127.0.0.0/8")} })
	from := func(ip, path string) int {
		answer, _ := b.do(t, "GET", path, "", "X-Forwarded-For", ip)
		return answer.StatusCode
	}
	for range 50 {
		from("192.0.2.1", "/nobody") // a failed authentication
		from("192.0.2.1", "/nothing")
	}
	if got := from("192.0.2.1", "/nobody"); got != 429 {
		t.Errorf("the 101st failed authentication: %d", got)
	}
	if got := from("192.0.2.1", "/nothing"); got != 429 {
		t.Errorf("the 101st unknown path: %d", got)
	}
	if got := from("192.0.2.1", "/long/1"); got != 200 {
		t.Errorf("a valid credential behind the same address: %d", got)
	}
	if got := from("192.0.2.1", "/healthz"); got != 200 {
		t.Errorf("a probe from the same address: %d", got)
	}
	if got := from("192.0.2.2", "/nobody"); got != 401 {
		t.Errorf("another address: %d", got)
	}
}

func TestWithoutALimitThereAreNoHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config, _ *http.Server) { c.Limiter = NewLimiter(0, time.Minute, time.Now) })
	answer, _ := b.do(t, "GET", "/nobody", "")
	if answer.StatusCode != 401 || answer.Header.Get("X-Ratelimit-Limit") != "" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	c := modelstest.NewClock()
	l := NewLimiter(2, 10*time.Second, c.Now)
	steps := []struct {
		wait time.Duration
		key  string
		want Budget
	}{
		{0, "a", Budget{2, 1, 10, true}},
		{4500 * time.Millisecond, "a", Budget{2, 0, 6, true}},
		{5 * time.Second, "a", Budget{2, 0, 1, false}},
		{0, "b", Budget{2, 1, 10, true}},
		{500 * time.Millisecond, "a", Budget{2, 1, 10, true}},
	}
	for n, step := range steps {
		c.Advance(step.wait)
		if diff := cmp.Diff(step.want, l.take(accountOf(step.key, 2))); diff != "" {
			t.Errorf("step %d: %s", n, diff)
		}
	}
	if diff := cmp.Diff(l.peek(accountOf("a", 2)), l.peek(accountOf("a", 2))); diff != "" {
		t.Errorf("looking counts: %s", diff)
	}
}

func TestALimiterForgets(t *testing.T) {
	t.Parallel()
	c := modelstest.NewClock()
	l := NewLimiter(1, time.Minute, c.Now)
	for n := range maxAccounts + 10 {
		l.take(accountOf(strconv.Itoa(n), 1))
	}
	if got := l.spent.Len(); got != maxAccounts {
		t.Errorf("%d accounts are remembered, want %d", got, maxAccounts)
	}
	c.Advance(time.Minute)
	for range maxAccounts {
		l.take(accountOf("one", 1))
	}
	if got := l.spent.Len(); got != 1 {
		t.Errorf("%d accounts are remembered after their windows ended, want 1", got)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	key := func(ip string) netip.Addr { return subscriber(netip.MustParseAddr(ip)) }
	if key("2001:db8::1") != key("2001:db8::ffff:1") || key("2001:db8::1") == key("2001:db8:0:1::1") {
		t.Error("an IPv6 window is not the /64")
	}
	if key("192.0.2.1") == key("192.0.2.2") {
		t.Error("two IPv4 addresses share a window")
	}
}

func accountOf(owner string, limit int) account { return account{accountKey{owner: owner}, limit} }
