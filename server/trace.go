package server

import (
	"context"
	"net"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// traced returns the context of a request that continues the trace its client named (W3C Trace Context), and begins the span of the
// exchange, if there is a tracer. The span names the route and never the query, a body or a header.
func (x *Exchange) traced(ctx context.Context, r *http.Request, tracer trace.Tracer) context.Context {
	if _, named := r.Header["Traceparent"]; named {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	if tracer == nil || isProbe(r.URL.Path) {
		return ctx
	}
	method, scheme := knownMethod(r.Method), "http"
	if x.Secure {
		scheme = "https"
	}
	attributes := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(method), semconv.URLScheme(scheme), semconv.URLPath(loggable(r.URL.Path, 500)),
		attribute.String("roster.request.id", x.RequestID),
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	attributes = append(attributes, semconv.ServerAddress(loggable(host, 253)))
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		attributes = append(attributes, semconv.ServerPort(int(n)))
	}
	ctx, x.span = tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
	return ctx
}

// endSpan ends the span of the exchange, if it has one.
func (x *Exchange) endSpan(r *http.Request) {
	if x.span == nil {
		return
	}
	defer x.span.End()
	if !x.span.IsRecording() {
		return
	}
	if x.Route != "" {
		x.span.SetName(knownMethod(r.Method) + " " + x.Route)
		x.span.SetAttributes(semconv.HTTPRoute(x.Route))
	}
	if x.Caller.Kind != "" {
		x.span.SetAttributes(attribute.String("roster.caller.kind", x.Caller.Kind), attribute.String("roster.caller.id", x.Caller.ID))
	}
	status := x.status
	if status == 0 {
		status = clientGone
	} else {
		x.span.SetAttributes(semconv.HTTPResponseStatusCode(status))
	}
	if status >= http.StatusInternalServerError || x.status == 0 {
		x.span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(status)))
		x.span.SetStatus(codes.Error, "") // what went wrong is in the log, and stays there
	}
}

// isProbe reports whether a path is one that machines ask for every few seconds.
func isProbe(path string) bool {
	switch path {
	case healthPath, readyPath, metricsPath:
		return true
	}
	return false
}
