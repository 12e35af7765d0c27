package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"roster/server/servertest"
	"roster/tracing/tracingtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened returns a provider that sends to a URL, without pauses, and its log.
func opened(t *testing.T, endpoint string) (*Provider, *servertest.Output) {
	t.Helper()
	at, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	log := servertest.NewOutput()
	p, err := Open(t.Context(), Config{Endpoint: at, Version: "test", Logger: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	p.client.pause = time.Millisecond
	return p, log
}

// end makes a span.
func end(t *testing.T, p *Provider, name string) {
	t.Helper()
	_, span := p.Tracer().Start(t.Context(), name)
	span.End()
}

func TestSpansArriveAfterAnOutageThatTheLogTellsOnce(t *testing.T) {
	t.Parallel()
	receiver := tracingtest.NewReceiver(t, 503, 429, 502)
	p, log := opened(t, strings.Replace(receiver.URL, "http://", "http://somebody:hunter2@", 1))
	end(t, p, "first")
	if err := p.ForceFlush(t.Context()); err != nil {
		t.Error(err)
	}
	got := receiver.Wait(func(spans []tracingtest.Span) bool { return len(spans) == 1 })
	if got[0].Name != "first" || got[0].Resource["service.version"] != "test" {
		t.Errorf("%v", got)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_, headers := receiver.Received()
	if user, password, _ := (&http.Request{Header: headers[0]}).BasicAuth(); user != "somebody" || password != "hunter2" {
		t.Errorf("the credential of the URL came as %v", headers[0])
	}
	text := log.String()
	if strings.Count(text, "\n") != 2 || !strings.Contains(text, `"traces cannot be sent","error":"the receiver answered 503"`) ||
		!strings.Contains(text, `"traces can be sent again"`) || strings.Contains(text, "hunter2") {
		t.Errorf("the log has\n%s", text)
	}
}

func TestWhatTheReceiverWillNeverTakeIsSentOnce(t *testing.T) {
	t.Parallel()
	receiver := tracingtest.NewReceiver(t, 400)
	p, log := opened(t, receiver.URL)
	end(t, p, "refused")
	if err := errors.Join(p.ForceFlush(t.Context()), p.Close(t.Context())); err != nil {
		t.Error(err)
	}
	if _, headers := receiver.Received(); len(headers) != 1 {
		t.Errorf("%d requests came", len(headers))
	}
	log.Count(t, "the receiver answered 400", 1)
}

// TestAReceiverThatHangsHoldsUpNobody ends many more spans than are kept, and stops.
func TestAReceiverThatHangsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		buffer := make([]byte, 1<<20)
		for { // the body first: only then is the end of the connection noticed
			if _, err := r.Body.Read(buffer); err != nil {
				break
			}
		}
		<-r.Context().Done()
	}))
	t.Cleanup(hanging.Close)
	p, log := opened(t, hanging.URL)
	for i := range 5000 {
		end(t, p, fmt.Sprint(i))
	}
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
	log.Count(t, "traces cannot be sent", 1)
}

func TestAnOutageIsToldWhenItBeginsEveryMinuteAndWhenItIsOver(t *testing.T) {
	t.Parallel()
	log, now := servertest.NewOutput(), time.Date(2024, 8, 20, 12, 0, 0, 0, time.UTC)
	o := outage{now: func() time.Time { return now }, logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))}
	o.over(t.Context())
	for range 100 {
		o.met(t.Context(), errors.New("refused"))
		o.lose(2)
		now = now.Add(time.Second)
	}
	o.over(t.Context())
	o.over(t.Context())
	o.met(t.Context(), errors.New("refused again"))
	want := `level=WARN msg="traces cannot be sent" error=refused
level=WARN msg="traces still cannot be sent" error=refused since=2024-08-20T12:00:00.000Z spans_lost=120
level=INFO msg="traces can be sent again" after=1m40s spans_lost=200
level=WARN msg="traces cannot be sent" error="refused again"
`
	if diff := cmp.Diff(want, log.String()); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}
