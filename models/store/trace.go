package store

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"modernc.org/sqlite"
)

// Each statement is a span, if its context has one that is recorded: of the request it is run for. A span has the text of the statement,
// whose values are arguments and not in it, and of an error its code alone: a database quotes values in what it says.

// longestText is how much of a statement a span has.
const longestText = 2000

// beginSpan begins the span of a statement, or of several that are sent at once. It returns nil if nobody asked for one.
func beginSpan(ctx context.Context, system attribute.KeyValue, statements ...string) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, nil
	}
	name := summary(statements[0])
	attributes := []attribute.KeyValue{system}
	if len(statements) > 1 {
		name = "BATCH " + summary(telling(statements))
		attributes = append(attributes, semconv.DBOperationBatchSize(len(statements)))
	}
	text := strings.Join(statements, "; ")
	text = strings.ToValidUTF8(text[:min(len(text), longestText)], "")
	attributes = append(attributes, semconv.DBQuerySummary(name), semconv.DBQueryText(text))
	return parent.TracerProvider().Tracer("roster").Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attributes...))
}

// endSpan ends the span of a statement, nil for none.
func endSpan(span trace.Span, err error) {
	if span == nil {
		return
	}
	if err != nil {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(semconv.ErrorTypeKey.String(kindOfError(err)))
	}
	span.End()
}

// kindOfError returns the code that the database has for an error, or one of a few words.
func kindOfError(err error) string {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		return pg.Code
	case errors.As(err, &lite):
		return strconv.Itoa(lite.Code())
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return semconv.ErrorTypeOther.Value.AsString()
}

// telling returns the first of several statements that does more than begin, end or set something.
func telling(statements []string) string {
	for _, s := range statements {
		if s != begin && s != commit && !strings.HasPrefix(s, "SELECT set_config") {
			return s
		}
	}
	return statements[0]
}

// A statement is about the table that it writes to, or else the first that it reads.
var (
	written = regexp.MustCompile(`(?i)\b(INSERT INTO|UPDATE|DELETE FROM)\s+"?([a-z_]+)`)
	read    = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+"?([a-z_]+)`)
)

// summary returns what a statement does to what, in two words of few: INSERT events.
func summary(statement string) string {
	if found := written.FindStringSubmatch(statement); found != nil {
		operation, _, _ := strings.Cut(strings.ToUpper(found[1]), " ")
		return operation + " " + found[2]
	}
	operation := "SELECT"
	if first, _, _ := strings.Cut(strings.TrimSpace(statement), " "); !strings.EqualFold(first, "WITH") {
		operation = strings.ToUpper(first[:min(len(first), 20)])
	}
	if found := read.FindStringSubmatch(statement); found != nil {
		return operation + " " + found[1]
	}
	return operation
}

// onWire begins and ends the spans of what is sent to PostgreSQL: one for each round trip. It implements pgx.QueryTracer and
// pgx.BatchTracer.
type onWire struct{}

// TraceQueryStart implements pgx.QueryTracer.
func (onWire) TraceQueryStart(ctx context.Context, conn *pgx.Conn, about pgx.TraceQueryStartData) context.Context {
	ctx, span := beginSpan(ctx, semconv.DBSystemNamePostgreSQL, about.SQL)
	return onServer(ctx, conn, span)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (onWire) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, about pgx.TraceQueryEndData) {
	endSpan(spanOf(ctx), about.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (onWire) TraceBatchStart(ctx context.Context, conn *pgx.Conn, about pgx.TraceBatchStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	ctx, span := beginSpan(ctx, semconv.DBSystemNamePostgreSQL,
		Column(about.Batch.QueuedQueries, func(q *pgx.QueuedQuery) string { return q.SQL })...)
	return onServer(ctx, conn, span)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (onWire) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (onWire) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, about pgx.TraceBatchEndData) {
	endSpan(spanOf(ctx), about.Err)
}

// wireSpan finds the span of a round trip in the context that pgx keeps for it: a statement that is not traced has that of its request.
type wireSpan struct{}

// onServer says where a span's statement is sent, and keeps the span for its end.
func onServer(ctx context.Context, conn *pgx.Conn, span trace.Span) context.Context {
	if span == nil {
		return ctx
	}
	at := conn.Config()
	span.SetAttributes(semconv.DBNamespace(at.Database), semconv.ServerAddress(at.Host), semconv.ServerPort(int(at.Port)))
	return context.WithValue(ctx, wireSpan{}, span)
}

func spanOf(ctx context.Context) trace.Span {
	span, _ := ctx.Value(wireSpan{}).(trace.Span)
	return span
}
