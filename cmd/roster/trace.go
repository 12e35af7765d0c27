package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roster/tracing"
)

// flushTime is the longest that stopping waits for the receiver of traces.
const flushTime = 5 * time.Second

// trace begins to send traces, if there is somewhere to send them.
func (a *app) trace(ctx context.Context) error {
	if a.cfg.otlpEndpoint == nil {
		return nil
	}
	header, err := a.cfg.otlpHeaders()
	if err != nil {
		return err
	}
	provider, err := tracing.Open(ctx, tracing.Config{Endpoint: a.cfg.otlpEndpoint, Headers: header, Version: version(), Logger: a.logger})
	if err != nil {
		return err
	}
	a.tracer = provider.Tracer()
	logger := a.logger // as it is here: that the receiver did not answer in time says nothing of the database, which is closed by then
	a.onStop(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), min(flushTime, a.cfg.shutdownGrace))
		defer cancel()
		if err := provider.Close(ctx); err != nil { // no reason to say that the program failed
			logger.Warn("the last traces were not sent", "error", err)
		}
		return nil
	})
	return nil
}

// otlpHeaders returns what is sent with traces, mostly a credential. The variables are those of OpenTelemetry, so that what is set for
// other programs holds for this one (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
func (c *config) otlpHeaders() (http.Header, error) {
	header := http.Header{}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		for _, item := range list(c.getenv(name)) {
			key, value, ok := strings.Cut(item, "=")
			value, err := url.PathUnescape(strings.TrimSpace(value))
			if !ok || err != nil || strings.ContainsAny(key+value, "\r\n\x00") || strings.TrimSpace(key) == "" {
				return nil, usageError{errors.New(name + " cannot be used: it must be a list such as name=value,name=value, with special " +
					"characters of values percent-encoded")}
			}
			header.Set(strings.TrimSpace(key), value)
		}
	}
	return header, nil
}
