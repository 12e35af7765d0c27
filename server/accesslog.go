package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"roster/models/store"
)

// logged writes one line for each request and counts it. The line never holds a query, a body or a credential; the handlers of slog
// quote control characters, so that no path can forge a second line.
func logged(next http.Handler, logger *slog.Logger, metrics *Metrics, outage *store.Outage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		metrics.begin()
		// Deferred, because an aborted connection leaves as a panic.
		defer func() {
			x := ExchangeOf(r.Context())
			took := time.Since(started)
			metrics.end(r, x, took)
			x.explain(r, outage, took)
			x.log(r, logger, took)
		}()
		next.ServeHTTP(w, r)
	})
}

// explain leaves it to an outage of the database to tell of what went wrong, if that is why.
func (x *Exchange) explain(r *http.Request, outage *store.Outage, took time.Duration) {
	switch {
	case x.Err == nil || x.status < http.StatusInternalServerError:
	case x.isProbe():
		x.explained = outage.Explains(r.Context(), x.Err)
	default:
		x.explained = outage.ExplainsRefusal(r.Context(), x.Err, took)
	}
}

// isProbe reports whether a request came from who looks after the process.
func (x *Exchange) isProbe() bool {
	return x.Route == healthPath || x.Route == readyPath || x.Route == metricsPath
}

// log writes the line. That it is written here is nothing to look for anew each time, as methods of a Logger do.
func (x *Exchange) log(r *http.Request, logger *slog.Logger, took time.Duration) {
	level := x.level()
	if !logger.Enabled(r.Context(), level) {
		return
	}
	if x.explained && !logger.Enabled(r.Context(), slog.LevelDebug) {
		x.Err = nil
	}
	line := slog.NewRecord(time.Now(), level, "request served", 0)
	var room [13]slog.Attr
	line.AddAttrs(x.attributes(room[:0], r, took)...)
	_ = logger.Handler().Handle(r.Context(), line) // as a Logger, which has nobody to tell either
}

// level is debug for the probes that come every few seconds, and error for what went wrong on our side. A probe that a machine with too
// much to do answers late is a warning: it says why no requests come.
func (x *Exchange) level() slog.Level {
	switch {
	case x.stack != nil:
		return slog.LevelError
	case x.isProbe() && !x.explained && errors.Is(x.Err, context.DeadlineExceeded):
		return slog.LevelWarn
	case x.status >= 500 && x.Err != nil && !x.explained:
		return slog.LevelError
	case x.isProbe(): // also what is not ready because it stops
		return slog.LevelDebug
	case x.status >= 500 && !x.explained:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// clientGone is what the log shows for a request that was cut off before the answer, mostly because the client left. It is never sent.
const clientGone = 499

// attributes appends what the line says.
func (x *Exchange) attributes(attrs []slog.Attr, r *http.Request, took time.Duration) []slog.Attr {
	status := x.status
	if status == 0 {
		status = clientGone
	}
	attrs = append(attrs,
		slog.String("method", loggable(r.Method, 16)),
		slog.String("path", loggable(r.URL.Path, 500)),
		slog.String("route", x.Route),
		slog.Int("status", status),
		slog.Int64("bytes", x.bytes),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("remote_ip", x.RemoteIP.String()),
		slog.String("user_agent", loggable(r.UserAgent(), 200)),
	)
	if x.Caller.Kind != "" {
		attrs = append(attrs, slog.String("caller_kind", x.Caller.Kind), slog.String("caller_id", x.Caller.ID))
	}
	if x.Err != nil {
		attrs = append(attrs, slog.String("error", x.Err.Error()))
	}
	if x.stack != nil {
		attrs = append(attrs, slog.String("stack", string(x.stack)))
	}
	return attrs
}

// keyInText finds our credentials, and the tokens of our links, wherever a client put one by mistake.
var keyInText = regexp.MustCompile(`roster_([a-z])_[0-9A-Za-z_]+`)

// loggable returns text of a client as it may be kept: bounded, valid UTF-8, without a credential.
func loggable(text string, limit int) string {
	if strings.Contains(text, "roster_") {
		text = keyInText.ReplaceAllString(text, "roster_${1}_REDACTED")
	}
	if len(text) > limit {
		text = text[:limit]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
