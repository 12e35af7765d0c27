package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"roster/server/servertest"
	"roster/tracing/tracingtest"
	"roster/webhooks/webhookstest"
)

// TestARequestItsStatementsAndItsWebhookAreOneTrace makes a change that is told to a receiver of webhooks, and looks at what a receiver of
// traces is told of it, and the log.
func TestARequestItsStatementsAndItsWebhookAreOneTrace(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
		traces, hooks := tracingtest.NewReceiver(t), webhookstest.NewReceiver(t)
		s := serveIn(t, map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b"}, t.TempDir(), frontDoors,
			"--database-url", url, "--migrate", "--allow-private-webhook-targets", "127.0.0.0/8", "--otlp-endpoint", traces.URL)
		key := regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String())
		body := fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Quite Unusual","webhookUrl":%q}}}`,
			hooks.URL()+"hidden-path?token=hunter2")
		answer, content, err := servertest.Exchange(t.Context(), servertest.Fresh(), "POST",
			s.base+"/public/v2/management/organizations/", bytes.NewBufferString(body),
			"Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json",
			"X-Request-Id", "r-1", "traceparent", "00-"+trace+"-"+parent+"-01", "tracestate", "vendor=1")
		if err != nil || answer.StatusCode != 201 {
			t.Fatalf("%v %s", err, content)
		}
		secret := regexp.MustCompile(`whsec_[^"]+`).FindString(string(content))
		s.get("/public/v2/users?filter[email]=somebody@example.com&sort=-fullName", "Authorization", "Bearer "+key,
			"traceparent", "00-"+trace+"-"+parent+"-01")
		s.get("/healthz", "traceparent", "00-"+trace+"-"+parent+"-01")

		// The spans.
		named := func(name string) func(tracingtest.Span) bool {
			return func(s tracingtest.Span) bool { return s.Name == name }
		}
		const create, deliver = "POST /public/v2/management/organizations", "deliver organization.created"
		spans := traces.Wait(func(spans []tracingtest.Span) bool {
			return slices.ContainsFunc(spans, named(deliver)) && slices.ContainsFunc(spans, named("GET /public/v2/users"))
		})
		request := spans[slices.IndexFunc(spans, named(create))]
		delivery := spans[slices.IndexFunc(spans, named(deliver))]
		if request.Trace != trace || request.Parent != parent || delivery.Trace != trace || delivery.Parent != request.ID {
			t.Errorf("the request %v, the delivery %v", request, delivery)
		}
		if request.Attributes["http.route"] != "/public/v2/management/organizations" ||
			request.Attributes["http.response.status_code"] != "201" || request.Attributes["roster.request.id"] != "r-1" ||
			request.Resource["service.name"] != "roster" || request.Failed {
			t.Errorf("the request has %v, %v", request.Attributes, request.Resource)
		}
		if delivery.Attributes["url.full"] != strings.TrimSuffix(hooks.URL(), "/") ||
			delivery.Attributes["http.response.status_code"] != "200" || delivery.Attributes["roster.request.id"] != "r-1" {
			t.Errorf("the delivery has %v", delivery.Attributes)
		}
		var statements []string
		for _, s := range spans {
			if s.Trace != trace {
				t.Errorf("%s is in the trace %s", s.Name, s.Trace)
			}
			if s.Parent == request.ID && s.Attributes["db.system.name"] != "" {
				statements = append(statements, s.Attributes["db.query.text"])
			}
			if strings.Contains(s.Name, "healthz") {
				t.Error("a probe is traced")
			}
		}
		for _, want := range []string{"INSERT INTO organizations", "INSERT INTO events", "INSERT INTO event_traces", "commit"} {
			if !strings.Contains(strings.ToLower(strings.Join(statements, "\n")), strings.ToLower(want)) {
				t.Errorf("no statement has %s: %q", want, statements)
			}
		}

		// The receiver of webhooks goes on from the delivery.
		requests, err := hooks.Wait(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := requests[0].Header.Get("Traceparent"), "00-"+trace+"-"+delivery.ID+"-01"; got != want {
			t.Errorf("the webhook has traceparent %s, want %s", got, want)
		}

		// The log.
		for _, text := range []string{"request served", "delivery attempted"} {
			if line, _ := s.log.Line(message(text)); line["request_id"] != "r-1" || line["trace_id"] != trace {
				t.Errorf("the line has %v", line)
			}
		}

		// Nothing is told that is nobody's business.
		if code := s.stop(); code != 0 {
			t.Errorf("it ends with %d", code)
		}
		told, headers := traces.Received()
		for _, hidden := range []string{key, secret, "hidden-path", "hunter2", "somebody", "Quite Unusual", "fullName"} {
			if bytes.Contains(told, []byte(hidden)) {
				t.Errorf("the spans have %q", hidden)
			}
		}
		if headers[0].Get("Api-Key") != "a b" {
			t.Errorf("the header is %v", headers[0])
		}
	})
}
