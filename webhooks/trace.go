package webhooks

import (
	"context"
	"net/url"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"roster/models"
	"roster/webhooks/queue"
)

// causedBy returns the context of an attempt: that of the request that has caused the event. Unless its event is in no trace, the attempt
// is a span, nil otherwise: a part of the trace of its event, as long as the event is why it is made. Whoever asked for it to be made again
// did so much later, so it then begins a trace of its own that leads to the other.
func (w *Worker) causedBy(ctx context.Context, a *attempt, p queue.Payload) (context.Context, trace.Span) {
	if p.RequestID != "" {
		ctx = models.ForRequest(ctx, p.RequestID)
	}
	if w.cfg.Tracer == nil || p.Trace == "" {
		return ctx, nil
	}
	d := a.delivery
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.HTTPRequestMethodPost,
		semconv.MessagingSystemKey.String("roster"), semconv.MessagingOperationTypeSend, semconv.MessagingOperationName("deliver"),
		semconv.MessagingDestinationName(d.EventType), semconv.MessagingMessageID(d.EventID),
		semconv.MessagingMessageBodySize(len(p.Body)),
		attribute.String("roster.delivery.id", d.ID), attribute.String("roster.webhook.id", d.WebhookID),
		attribute.String("roster.organization.id", a.endpoint.OrganizationID), attribute.Int("roster.delivery.attempt", d.Attempts+1),
		attribute.String("roster.delivery.trigger", d.Trigger), attribute.String("roster.request.id", p.RequestID),
	), trace.WithAttributes(receiver(a.endpoint.URL)...)}
	switch d.Trigger {
	case models.TriggerManual, models.TriggerReplay:
		first := trace.LinkFromContext(models.InTrace(context.Background(), p.Trace))
		options = append(options, trace.WithNewRoot(), trace.WithLinks(first))
	default:
		ctx = models.InTrace(ctx, p.Trace)
	}
	return w.cfg.Tracer.Start(ctx, "deliver "+d.EventType, options...)
}

// receiver returns what a span says of where it is sent: the origin, since the rest of a URL may be secret.
func receiver(text string) []attribute.KeyValue {
	attributes := []attribute.KeyValue{semconv.URLFull(RedactURL(text))}
	u, err := url.Parse(text)
	if err != nil {
		return attributes
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case err == nil:
	case u.Scheme == "http":
		port = 80
	default:
		port = 443
	}
	return append(attributes, semconv.ServerAddress(u.Hostname()), semconv.ServerPort(int(port)))
}

// endSpan ends the span of an attempt, nil for none.
func (a *attempt) endSpan(span trace.Span) {
	if span == nil {
		return
	}
	if a.result.Status != 0 {
		span.SetAttributes(semconv.HTTPResponseStatusCode(a.result.Status))
	}
	if !a.result.Succeeded() {
		span.SetAttributes(semconv.ErrorTypeKey.String(string(a.result.Code)))
		span.SetStatus(codes.Error, "") // what went wrong may be in the words of the receiver
	}
	span.End()
}
