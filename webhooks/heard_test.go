package webhooks

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/target"
	"roster/webhooks/webhookstest"
)

// valueOf returns the first value of a header, "" if there is none.
func valueOf(headers [][2]string, name string) string {
	if i := slices.IndexFunc(headers, func(h [2]string) bool { return strings.EqualFold(h[0], name) }); i >= 0 {
		return headers[i][1]
	}
	return ""
}

func TestTheOrderOfHeadersIsThatOfTheirLines(t *testing.T) {
	t.Parallel()
	for came, want := range map[string][]string{
		"HTTP/1.1 200 OK\r\nVia: a\r\nserver: b\r\nVIA: c\r\n\r\nDate: none": {"Via", "Server", "Via"},
		"HTTP/1.1 200 OK\nB: 1\nA: 2\n\n":                                    {"B", "A"},
		"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 103 Early\r\nLink: 2\r\n\r\n" +
			"HTTP/1.1 204 No\r\nDate: 3\r\n\r\n": {"Date"},
		"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nbinary: \r\n\r\n": {"Upgrade"},
		"HTTP/1.1 200 OK\r\nA: 1\r\n B: 2\r\n\tC: 3\r\nD: 4\r\n\r\n":   {"A", "D"},
		"HTTP/1.1 200 OK\r\nA: 1\r\n":                                  nil,
		"HTTP/1.1 100 Continue\r\n\r\n":                                nil,
		"HTTP/1.1 200 OK\r\n\r\n":                                      nil,
		"":                                                             nil,
		"\r\n\r\n":                                                     nil,
		"\x16\x03\x01\x02: \r\n":                                       nil,
	} {
		if diff := cmp.Diff(want, headerOrder([]byte(came))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", came, diff)
		}
	}
}

// TestHeadersAreToldInTheirOrder has an answer whose headers are in no order of names, over each kind of connection, twice over the same
// one.
func TestHeadersAreToldInTheirOrder(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	lines := []string{
		"HTTP/1.1 103 Early Hints", "Via: early", "",
		"HTTP/1.1 200 OK", "Via: a", "Server: nginx", "x-request-id: 7", "Via: b", "Set-Cookie: hunter2",
	}
	came := [][2]string{{"Via", "a"}, {"Server", "nginx"}, {"X-Request-Id", "7"}, {"Via", "b"}, {"Content-Length", "2"}}
	for name, c := range map[string]struct {
		receiver *webhookstest.RawReceiver
		want     [][2]string
		protocol string
	}{
		"in the clear": {webhookstest.NewRawReceiver(t, nil, "ok", lines...), came, "HTTP/1.1"},
		"TLS":          {webhookstest.NewRawReceiver(t, authority.Valid(), "ok", lines...), came, "HTTP/1.1"},
		"HTTP/2": {webhookstest.NewRawHTTP2Receiver(t, authority.Valid(), "ok", [2]string{"via", "a"}, [2]string{"server", "nginx"},
			[2]string{"via", "b"}), [][2]string{{"Server", "nginx"}, {"Via", "a"}, {"Via", "b"}}, "HTTP/2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSender(t, func(c *SenderConfig) { c.RootCAs = authority.Roots })
			for range 2 {
				result := s.Send(t.Context(), delivery(t, c.receiver.URL()))
				if !result.Succeeded() || string(result.Head) != "ok" || result.Protocol != c.protocol {
					t.Fatalf("result: %+v", result)
				}
				if diff := cmp.Diff(c.want, result.Header); diff != "" {
					t.Errorf("headers (-want +got):\n%s", diff)
				}
				sent, err := c.receiver.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(sent.Headers, result.Sent); diff != "" {
					t.Errorf("sent (-received +told):\n%s", diff)
				}
			}
		})
	}
}

// TestWhatIsToldOfARequestIsTheLastOne: a receiver that turns a request away before it looks at it is sent the headers again.
func TestWhatIsToldOfARequestIsTheLastOne(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	receiver := webhookstest.NewGoAwayReceiver(t, authority.Valid())
	s := newSender(t, func(c *SenderConfig) { c.RootCAs = authority.Roots })
	for range 3 {
		result := s.Send(t.Context(), delivery(t, receiver.URL()))
		if !result.Succeeded() {
			t.Fatalf("result: %+v", result)
		}
		seen := map[string]int{}
		for _, h := range result.Sent {
			if seen[h[0]]++; seen[h[0]] > 1 {
				t.Errorf("told twice: %v", result.Sent)
				break
			}
		}
	}
	if _, turnedAway := receiver.Counts(); turnedAway == 0 {
		t.Error("no request was turned away")
	}
}

// TestTheCredentialsOfAProxyAreNotPartOfWhatWasSent: whoever reads what an endpoint was sent is no operator.
func TestTheCredentialsOfAProxyAreNotPartOfWhatWasSent(t *testing.T) {
	t.Parallel()
	proxy := webhookstest.NewRawReceiver(t, nil, "ok", "HTTP/1.1 200 OK", "Via: b", "Server: a")
	address, err := url.Parse(proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("operator", "hunter2")
	s := newSender(t, func(c *SenderConfig) { c.Proxy, c.Targets = address, target.Rules{PlainHTTP: true} })
	result := s.Send(t.Context(), delivery(t, "http://somewhere.test/hooks"))
	got, err := proxy.Next(t.Context())
	if err != nil || !result.Succeeded() {
		t.Fatal(err, result)
	}
	if !strings.HasPrefix(got.Value("Proxy-Authorization"), "Basic ") {
		t.Errorf("the proxy was sent %v", got.Headers)
	}
	if valueOf(result.Sent, "Proxy-Authorization") != "" || valueOf(result.Sent, "Webhook-Id") == "" {
		t.Errorf("told: %v", result.Sent)
	}
	if want := [][2]string{{"Via", "b"}, {"Server", "a"}, {"Content-Length", "2"}}; !slices.Equal(result.Header, want) {
		t.Errorf("headers: %v, want %v", result.Header, want)
	}
}

// TestManyHeadersAreBounded has an answer with more of them than are kept.
func TestManyHeadersAreBounded(t *testing.T) {
	t.Parallel()
	all := http.Header{"Via": {"1", "2", "3", "4", "5", strings.Repeat("x", 300)}, "Server": {strings.Repeat("y", 300)}}
	kept := keptHeaders(all, []string{"Via", "Server", "Server", "Via", "X-Other", "Via", "Via", "Via", "Via"})
	want := [][2]string{{"Via", "1"}, {"Server", strings.Repeat("y", 256)}, {"Via", "2"}, {"Via", "3"}, {"Via", "4"}}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
