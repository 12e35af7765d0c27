package models

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"roster/models/store"
)

const traceparent = "traceparent" // W3C Trace Context

// keepTrace keeps which trace an event is in, and where, if the span of its change is recorded: whoever sends it goes on from there. Where
// nothing is traced, nothing is written.
func keepTrace(ctx context.Context, tx *store.DB, event string) error {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() || !span.SpanContext().IsSampled() {
		return nil
	}
	place := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, place)
	return tx.Later(ctx, "keep the trace of an event", `INSERT INTO event_traces (event_id, traceparent) VALUES (?, ?)`,
		event, place[traceparent])
}

// InTrace returns a context whose spans belong to a place in a trace, as it was kept; "" is none.
func InTrace(ctx context.Context, place string) context.Context {
	if place == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: place})
}
