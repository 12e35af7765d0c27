package webhooks

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

// attempt is one exchange on behalf of a delivery.
type attempt struct {
	lane     *heldLane
	endpoint *endpoint
	delivery *queue.DueDelivery
	at       time.Time
	seat     seat // whose slot it has
	result   Result
	cause    context.Context // what is said of it in the log belongs to
}

// perform makes the exchange and tells the loop.
func (w *Worker) perform(a *attempt) {
	a.cause = w.sending
	a.result = w.send(a)
	w.results <- a
}

func (w *Worker) send(a *attempt) Result {
	started := time.Now()
	payload, err := w.payload(w.sending, a.delivery.Message())
	switch {
	case w.sending.Err() != nil:
		return Result{Code: CodeCancelled, Started: started}
	case err != nil:
		w.failing(w.sending, "read what is to be sent", err)
		return Result{Code: CodeLocalError, Detail: "what is to be sent could not be read", Started: started}
	}
	ctx, span := w.causedBy(w.sending, a, payload)
	a.cause = ctx
	a.result = w.cfg.Sender.Send(ctx, Request{
		URL: a.endpoint.URL, ID: a.delivery.EventID, At: a.at, Body: payload.Body, Secrets: a.endpoint.secrets, Header: a.endpoint.header,
	})
	a.endSpan(span)
	return a.result
}

// conclude decides what becomes of a delivery and of its lane, tells the log and the metrics, and returns what is to be written.
func (l *loop) conclude(a *attempt) *queue.Settlement {
	lane, d, r := a.lane, a.delivery, a.result
	now := l.w.db.Now()
	step := scheduleStep{attempt: d.RoundAttempts + 1, of: a.endpoint.schedule, roll: rand.Float64()} //nolint:gosec // jitter
	verdict, state := judge(r, step, lane.state, now)
	lane.state = state.measured(r, now)
	l.fit(lane)
	if verdict.Disable != "" {
		lane.disable = verdict.Disable
	}
	if len(r.Sent) > 0 {
		for _, id := range l.signings.toNote(a.endpoint.ids, a.at) {
			lane.signings = append(lane.signings, queue.Signing{SecretID: id, At: a.at})
		}
	}
	s := a.settlement(verdict, now)
	if endsHead(s) {
		lane.unwrittenHeads++
	}
	l.w.cfg.Metrics.attempted(a, verdict.State)
	l.log(a, verdict)
	return s
}

// settlement returns what is to be written of an attempt that has ended.
func (a *attempt) settlement(verdict Verdict, now time.Time) *queue.Settlement {
	d := a.delivery
	s := &queue.Settlement{
		DeliveryID: d.ID, WebhookID: d.WebhookID, OrderKey: d.OrderKey, State: string(verdict.State), ReplayID: d.ReplayID,
		RoundAttempts: d.RoundAttempts, Attempt: attemptRow(a), OurFault: a.result.Code.OurFault(),
	}
	if verdict.Counts {
		s.RoundAttempts++
	}
	if verdict.State == StatePending {
		s.DueAt = &verdict.NextAt
	} else {
		s.FinishedAt = &now
	}
	if verdict.State == StateCancelled {
		reason := models.CancelledByReceiver
		s.Reason = &reason
	}
	return s
}

// log writes the one wide line of an attempt.
func (l *loop) log(a *attempt, v Verdict) {
	level := slog.LevelInfo
	if !a.result.Succeeded() {
		level = slog.LevelWarn
	}
	ctx := a.cause
	if !l.w.cfg.Logger.Enabled(ctx, level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("delivery_id", a.delivery.ID), slog.String("event_id", a.delivery.EventID),
		slog.String("event_type", a.delivery.EventType),
		slog.String("webhook_id", a.delivery.WebhookID), slog.String("organization_id", a.endpoint.OrganizationID),
		slog.Int("attempt", a.delivery.Attempts+1), slog.String("trigger", a.delivery.Trigger),
		slog.String("url", RedactURL(a.endpoint.URL)),
		slog.String("state", string(v.State)), slog.String("health", a.lane.state.Health), slog.Any("result", a.result),
	}
	if v.State == StatePending {
		attributes = append(attributes, slog.Time("next_at", v.NextAt))
	}
	if v.Disable != "" {
		attributes = append(attributes, slog.String("disabled", string(v.Disable)))
	}
	l.w.cfg.Logger.LogAttrs(ctx, level, "delivery attempted", attributes...)
}

// attemptRow returns the attempt as it is kept.
func attemptRow(a *attempt) *queue.Attempt {
	r := a.result
	kept := &queue.Attempt{
		Number: a.delivery.Attempts + 1, Trigger: a.delivery.Trigger, StartedAt: a.at, URL: a.endpoint.URL,
		RequestHeaders: sentHeaders(r.Sent, a.endpoint.header), Reused: r.Reused, Tries: r.Tries, Truncated: r.Truncated,
		DNS: r.Timings.DNS, Connect: r.Timings.Connect, TLS: r.Timings.TLS, Sent: r.Timings.Sent, FirstByte: r.Timings.FirstByte,
		Total: r.Timings.Total, Code: text(string(r.Code)), Detail: text(r.Detail), Protocol: text(r.Protocol),
	}
	if len(r.Head) > 0 {
		kept.ResponseHead = r.Head
	}
	if r.Address.IsValid() {
		kept.Address = text(r.Address.String())
	}
	if r.Status != 0 {
		status := int64(r.Status)
		kept.Status = &status
	}
	if len(r.Header) > 0 {
		headers := store.Column(r.Header, func(h [2]string) [2]string { return [2]string{h[0], Printable(h[1])} })
		encoded, _ := json.Marshal(headers) // strings always encode
		kept.ResponseHeaders = text(string(encoded))
	}
	encoded, _ := json.Marshal(append([]string{}, a.endpoint.ids...)) // strings always encode
	kept.Secrets = string(encoded)
	return kept
}

// sentHeaders returns the headers that went out as they are kept: without the values of the endpoint's own, which may be credentials.
func sentHeaders(sent [][2]string, own http.Header) string {
	kept := make([][2]string, len(sent))
	for i, h := range sent {
		kept[i] = h
		if own.Values(h[0]) != nil {
			kept[i][1] = models.SecretMark
		}
	}
	encoded, _ := json.Marshal(kept) // strings always encode
	return string(encoded)
}

// text returns nil for "".
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
