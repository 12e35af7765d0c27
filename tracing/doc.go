// Package tracing sends the spans of the program to a receiver of OpenTelemetry, by OTLP over HTTP. It begins no span itself, and never
// makes whoever ends one wait: what cannot be sent is dropped, and said in the log.
package tracing
