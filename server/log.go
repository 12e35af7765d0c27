package server

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"roster/models"
)

// NewLog returns a handler whose lines have what they belong to, as their context tells: request_id, and trace_id of the trace that the
// client or a span of ours has begun. Nobody else adds these.
func NewLog(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, line slog.Record) error {
	id, in := RequestID(ctx), trace.SpanContextFromContext(ctx)
	if id == "" {
		id = models.RequestOf(ctx)
	}
	if id != "" || in.IsValid() {
		line = line.Clone() // whoever made it may hand it to others
	}
	if id != "" {
		line.AddAttrs(slog.String("request_id", id))
	}
	if in.IsValid() {
		line.AddAttrs(slog.String("trace_id", in.TraceID().String()))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
