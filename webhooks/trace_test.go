package webhooks

import (
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"roster/models"
	"roster/webhooks/queue"
)

func TestAnAttemptIsInTheTraceOfItsEventUnlessSomebodyAskedForItLater(t *testing.T) {
	t.Parallel()
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	w := &Worker{cfg: WorkerConfig{Tracer: sdktrace.NewTracerProvider().Tracer("test")}}
	for trigger, within := range map[string]bool{
		models.TriggerEvent: true, models.TriggerManual: false, models.TriggerReplay: false,
	} {
		a := &attempt{
			endpoint: &endpoint{Endpoint: &queue.Endpoint{URL: "https://hooks.example.com/x"}},
			delivery: &queue.DueDelivery{Trigger: trigger, EventType: "user.created"},
		}
		ctx, span := w.causedBy(t.Context(), a, queue.Payload{RequestID: "r-1", Trace: "00-" + trace + "-00f067aa0ba902b7-01"})
		if models.RequestOf(ctx) != "r-1" {
			t.Errorf("%s: the request is %q", trigger, models.RequestOf(ctx))
		}
		made := span.(sdktrace.ReadOnlySpan)
		links := made.Links()
		if got := made.SpanContext().TraceID().String() == trace; got != within {
			t.Errorf("%s: within the trace: %t", trigger, got)
		}
		if !within && (len(links) != 1 || links[0].SpanContext.TraceID().String() != trace || made.Parent().IsValid()) {
			t.Errorf("%s: links %v, parent %v", trigger, links, made.Parent())
		}
	}
	ctx, span := w.causedBy(t.Context(), &attempt{}, queue.Payload{RequestID: "r-2"})
	if span != nil || models.RequestOf(ctx) != "r-2" {
		t.Error("what is in no trace is traced")
	}
}
