package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Config says where spans go and what they say of their program.
type Config struct {
	// Endpoint is the URL of the receiver. One without a path is that of the protocol as a whole; its path for traces is added.
	Endpoint *url.URL
	// Headers are sent along.
	Headers http.Header
	// Version is that of the program.
	Version string
	Logger  *slog.Logger
}

// Provider makes tracers whose spans are sent.
type Provider struct {
	*sdktrace.TracerProvider
	client *client
}

// Open returns a provider. The environment has the last word about the name of the service and what else describes it
// (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES), and the only one about what is sampled, how much is kept until it is sent, and how large a
// span may be (OTEL_TRACES_SAMPLER, OTEL_BSP_…, OTEL_SPAN_…): the library reads that. It does not wait for the receiver.
func Open(ctx context.Context, cfg Config) (*Provider, error) {
	about, err := resource.New(ctx, resource.WithAttributes(
		semconv.ServiceName("roster"), semconv.ServiceVersion(cfg.Version), semconv.ServiceInstanceID(uuid.NewString()),
	), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) && !errors.Is(err, resource.ErrSchemaURLConflict) {
		return nil, fmt.Errorf("describe the program to the receiver of traces: %w", err)
	}
	c := newClient(cfg)
	exporter, err := otlptrace.New(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("begin to send traces: %w", err)
	}
	return &Provider{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(exporter)),
		client:         c,
	}, nil
}

// Tracer returns the tracer of the program.
func (p *Provider) Tracer() trace.Tracer { return p.TracerProvider.Tracer("roster") }

// Close sends what has not been sent yet, and tries that once; the end of ctx cuts it off. Nothing is left running. It is for one call.
func (p *Provider) Close(ctx context.Context) error {
	close(p.client.closing)
	defer p.client.cutOff()
	defer context.AfterFunc(ctx, p.client.cutOff)()
	// The library would not wait for its own goroutine if the context ended.
	err := p.Shutdown(context.WithoutCancel(ctx))
	p.client.transport.CloseIdleConnections()
	if err = errors.Join(err, ctx.Err()); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}
