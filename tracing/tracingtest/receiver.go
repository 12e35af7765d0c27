// Package tracingtest receives traces in tests, as a collector of OpenTelemetry does.
package tracingtest

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is a span as it was received. Its ids are hexadecimal; Parent is "" for none. Attributes are printed, those of the program too.
type Span struct {
	Trace, ID, Parent string
	Name              string
	Kind              tracepb.Span_SpanKind
	Failed            bool
	Said              string // with the status
	Attributes        map[string]string
	Links             []string // traces
	Resource          map[string]string
}

// Receiver takes spans.
type Receiver struct {
	URL string

	mu      sync.Mutex
	changed *sync.Cond
	spans   []Span
	bytes   []byte // all that was received
	headers []http.Header
	answers []int // of the next requests; 200 after these
}

// NewReceiver returns a receiver that answers the first requests with some statuses and takes all that follow. It ends with the test.
func NewReceiver(tb testing.TB, answers ...int) *Receiver {
	tb.Helper()
	r := &Receiver{answers: answers}
	r.changed = sync.NewCond(&r.mu)
	server := httptest.NewServer(r)
	tb.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var sent tracepb.TracesData
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.changed.Broadcast()
	r.headers = append(r.headers, q.Header)
	switch {
	case err != nil || q.Method != http.MethodPost || q.URL.Path != "/v1/traces":
		w.WriteHeader(http.StatusBadRequest)
		return
	case len(r.answers) > 0:
		w.WriteHeader(r.answers[0])
		r.answers = r.answers[1:]
		return
	}
	r.bytes = append(r.bytes, body...)
	for _, of := range sent.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.spans = append(r.spans, spanOf(s, of.GetResource().GetAttributes()))
			}
		}
	}
}

func spanOf(s *tracepb.Span, resource []*commonpb.KeyValue) Span {
	span := Span{
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Name: s.GetName(), Kind: s.GetKind(), Failed: s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR,
		Said: s.GetStatus().GetMessage(), Attributes: printed(s.GetAttributes()), Resource: printed(resource),
	}
	for _, l := range s.GetLinks() {
		span.Links = append(span.Links, hex.EncodeToString(l.GetTraceId()))
	}
	return span
}

func printed(attributes []*commonpb.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attributes {
		switch v := a.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			all[a.GetKey()] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			all[a.GetKey()] = fmt.Sprint(v.IntValue)
		default:
			all[a.GetKey()] = a.GetValue().String()
		}
	}
	return all
}

// Wait returns the spans received once so says that they are enough.
func (r *Receiver) Wait(so func(spans []Span) bool) []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !so(r.spans) {
		r.changed.Wait()
	}
	return append([]Span{}, r.spans...)
}

// Received returns all bytes that were received, and the headers that they came with, those of refused requests too.
func (r *Receiver) Received() ([]byte, []http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]byte{}, r.bytes...), append([]http.Header{}, r.headers...)
}
