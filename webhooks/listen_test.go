package webhooks

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/webhooks/webhookstest"
)

// listening starts a listener over real HTTP. What it shows can be read once its answer has come.
func listening(t *testing.T, adjust ...func(*ListenConfig)) (string, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	config := ListenConfig{
		Keys: []VerifyingKey{mustKey(t, "another secret"), mustKey(t, officialSecret)},
		Roll: func() float64 { return 0.5 }, Out: &out, Now: func() time.Time { return officialTime.Add(time.Minute) },
	}
	for _, a := range adjust {
		a(&config)
	}
	listener, err := NewListener(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(listener)
	t.Cleanup(server.Close)
	return server.URL, &out
}

// post sends a body as a sender with that secret would.
func post(t *testing.T, target, body, secret string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = signed(t, "msg_1", officialTime, []byte(body), mustSecret(t, secret))
	request.Header.Set("X-Tenant", "1")
	request.Close = true
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestListenShowsWhatItVerified(t *testing.T) {
	t.Parallel()
	target, out := listening(t)
	response := post(t, target, "{\"type\":\"user.created\",\"data\":{\"name\":\"Zoë \u202e\",\"n\":1.0}}", officialSecret)
	if response.StatusCode != http.StatusNoContent {
		t.Errorf("answered %s", response.Status)
	}
	const want = `user.created  msg_1
  attempt    2021-02-25T15:02:10Z
  signature  verified
  answer     204
  {
    "type": "user.created",
    "data": {
      "name": "Zoë \u202e",
      "n": 1.0
    }
  }

`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	t.Run("a wrong secret, and shows no control characters", func(t *testing.T) {
		t.Parallel()
		target, out := listening(t)
		response := post(t, target, "\x1b]0;owned\x07 not JSON", "a wrong secret")
		if response.StatusCode != http.StatusUnauthorized || !strings.Contains(out.String(), "REFUSED: no signature matches") ||
			!strings.Contains(out.String(), `\x1b]0;owned\a not JSON`) || strings.ContainsAny(out.String(), "\x1b\x07") {
			t.Errorf("answered %s, shown:\n%s", response.Status, out)
		}
	})
	t.Run("an old attempt", func(t *testing.T) {
		t.Parallel()
		target, out := listening(t, func(c *ListenConfig) { c.Now = func() time.Time { return officialTime.Add(6 * time.Minute) } })
		response := post(t, target, "{}", officialSecret)
		if response.StatusCode != http.StatusUnauthorized || !strings.Contains(out.String(), "too old") {
			t.Errorf("answered %s, shown:\n%s", response.Status, out)
		}
	})
	t.Run("a body above the bound", func(t *testing.T) {
		t.Parallel()
		target, _ := listening(t)
		response := post(t, target, strings.Repeat("x", maxListenBody+1), officialSecret)
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %s", response.Status)
		}
	})
	t.Run("anything but POST", func(t *testing.T) {
		t.Parallel()
		target, out := listening(t)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Close = true
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "POST" || out.Len() != 0 {
			t.Errorf("answered %s, shown:\n%s", response.Status, out)
		}
	})
}

func TestListenFailsAtTheRate(t *testing.T) {
	t.Parallel()
	rolls := []float64{0, 0.29, 0.3, 0.99}
	target, out := listening(t, func(c *ListenConfig) {
		c.FailRate = 0.3
		c.Roll = func() float64 { roll := rolls[0]; rolls = rolls[1:]; return roll }
	})
	for i, want := range []int{500, 500, 204, 204} {
		if response := post(t, target, "{}", officialSecret); response.StatusCode != want {
			t.Errorf("request %d is answered with %s", i+1, response.Status)
		}
	}
	if n := strings.Count(out.String(), "500, on purpose"); n != 2 {
		t.Errorf("%d failures are shown as such", n)
	}
}

func TestListenForwards(t *testing.T) {
	t.Parallel()
	elsewhere := webhookstest.NewReceiver(t)
	app := webhookstest.NewReceiver(t,
		webhookstest.Status(201), webhookstest.RetryAfter(429, "7"), webhookstest.Redirect(302, elsewhere.URL()))
	to, err := url.Parse(app.URL() + "hooks?token=hunter2")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	target, out := listening(t, func(c *ListenConfig) {
		c.ForwardTo, c.Client = to, &http.Client{Transport: transport}
	})

	const body = "{\"type\" : \"user.created\",\"data\":\"Zoë\"}"
	for _, want := range []int{201, 429, 302} {
		response := post(t, target, body, officialSecret)
		if response.StatusCode != want {
			t.Errorf("answered %s, want %d", response.Status, want)
		}
		if want == 429 && response.Header.Get("Retry-After") != "7" {
			t.Error("Retry-After is not handed back")
		}
	}
	requests := app.Requests()
	if len(requests) != 3 || elsewhere.Connections() != 0 {
		t.Fatalf("%d requests were forwarded, %d connections elsewhere", len(requests), elsewhere.Connections())
	}
	q := requests[0]
	if err := q.VerifyAtAnyTime(officialSecret); err != nil {
		t.Errorf("the target cannot verify: %v", err)
	}
	if string(q.Body) != body || q.Header.Get("X-Tenant") != "1" || q.Path != "/hooks?token=hunter2" {
		t.Errorf("forwarded %s %v %q", q.Path, q.Header, q.Body)
	}

	post(t, target, body, "a wrong secret")
	if len(app.Requests()) != 3 {
		t.Error("a request that does not verify was forwarded")
	}
	app.Close()
	response := post(t, target, body, officialSecret)
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	shown := out.String() + string(text)
	if response.StatusCode != 502 || !strings.Contains(shown, "502, forwarding") || strings.Contains(shown, "hunter2") {
		t.Errorf("answered %s, shown:\n%s", response.Status, shown)
	}
}

func TestListenChecksItsConfiguration(t *testing.T) {
	t.Parallel()
	key := mustKey(t, officialSecret)
	for name, config := range map[string]ListenConfig{
		"no keys": {}, "a rate above one": {Keys: []VerifyingKey{key}, FailRate: 1.1},
		"a negative rate":             {Keys: []VerifyingKey{key}, FailRate: -0.1},
		"forwarding without a client": {Keys: []VerifyingKey{key}, ForwardTo: &url.URL{}},
	} {
		if _, err := NewListener(config); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
