package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestTheClientsAddress(t *testing.T) {
	t.Parallel()
	trusted := Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, test := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"nobody in between", "192.0.2.1:1000", nil, "192.0.2.1"},
		{"a liar", "192.0.2.1:1000", []string{"198.51.100.7"}, "192.0.2.1"},
		{"a proxy", "10.1.1.1:1000", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a liar behind a proxy", "10.1.1.1:1000", []string{"1.2.3.4, 198.51.100.7"}, "198.51.100.7"},
		{"two proxies, two headers", "[fd00::1]:1000", []string{"1.2.3.4, 198.51.100.7", "10.2.2.2"}, "198.51.100.7"},
		{"with a port", "10.1.1.1:1000", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"mapped", "[::ffff:10.1.1.1]:1000", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"nonsense", "10.1.1.1:1000", []string{"198.51.100.7, unknown"}, "10.1.1.1"},
		{"a proxy that says nothing", "10.1.1.1:1000", nil, "10.1.1.1"},
		{"proxies only", "10.1.1.1:1000", []string{"10.3.3.3"}, "10.3.3.3"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = test.peer
		for _, value := range test.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		if got := trusted.clientIP(r).String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestHSTSNeedsTLSOrATrustedWordForIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		trusted string
		want    string
	}{
		{"127.0.0.0/8", "max-age=63072000"},
		{"10.0.0.0/8", ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:1000"
		r.Header.Set("X-Forwarded-Proto", "https")
		cfg := Config{
			Proxies: Proxies{netip.MustParsePrefix(test.trusted)}, Limiter: NewLimiter(0, 1, nil), Health: NewHealth(nil),
			Stop: t.Context(),
		}
		w := httptest.NewRecorder()
		begun(secured(http.NotFoundHandler(), false), cfg, doors{plainDoor()}, 0).ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security"); got != test.want {
			t.Errorf("trusting %s: %q", test.trusted, got)
		}
	}
}
