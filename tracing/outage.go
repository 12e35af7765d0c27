package tracing

import (
	"context"
	"log/slog"
	"time"
)

// sayEvery is how often the log is told that an outage goes on.
const sayEvery = time.Minute

// outage tells the log of a receiver that takes no spans: when that begins, from time to time, and when it is over. It belongs to the one
// goroutine that sends.
type outage struct {
	logger *slog.Logger
	now    func() time.Time

	since, said time.Time // zero while there is none
	lost        int       // spans
}

// met notes a try that failed.
func (o *outage) met(ctx context.Context, err error) {
	now := o.now()
	switch {
	case o.since.IsZero():
		o.since = now
		o.logger.WarnContext(ctx, "traces cannot be sent", "error", err)
	case now.Sub(o.said) >= sayEvery:
		o.logger.WarnContext(ctx, "traces still cannot be sent", "error", err, "since", o.since, "spans_lost", o.lost)
	default:
		return
	}
	o.said = now
}

// lose notes spans that are given up.
func (o *outage) lose(n int) { o.lost += n }

// over notes a try that succeeded.
func (o *outage) over(ctx context.Context) {
	if !o.since.IsZero() {
		after := o.now().Sub(o.since).Round(time.Second)
		o.logger.InfoContext(ctx, "traces can be sent again", "after", after.String(), "spans_lost", o.lost)
		*o = outage{logger: o.logger, now: o.now}
	}
}
