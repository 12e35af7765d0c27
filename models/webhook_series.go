package models

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// WebhookSeries is how an endpoint did over some time. It is put together when it is read, and is no collection.
type WebhookSeries struct {
	ID      string       `jsonapi:"primary,series" doc:"How an endpoint did, step by step. Its id is made for the document and leads nowhere." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Since   jsonapi.Time `jsonapi:"attr,since" rule:"readonly" doc:"When the first step begins." example:"2024-08-20T10:30:00+00:00"`
	Until   jsonapi.Time `jsonapi:"attr,until" rule:"readonly" doc:"When the last step ends, which may be later than now." example:"2024-08-20T11:00:00+00:00"`
	Step    int64        `jsonapi:"attr,step" rule:"readonly" doc:"The length of each step, in seconds." example:"1800"`
	Buckets jsonapi.Raw  `jsonapi:"attr,buckets" rule:"readonly" doc:"Every step from since to until, at most 200 of them."`
}

// SeriesSchema is what the documentation says about series.
var SeriesSchema = seriesSchema()

func seriesSchema() *jsonapi.Schema {
	s := jsonapi.ForModel(WebhookSeries{})
	s.Attribute("buckets").Shape = reflect.TypeFor[[]seriesBucket]()
	return s
}

type seriesBucket struct {
	At        jsonapi.Time `json:"at" doc:"When it begins."`
	Delivered int64        `json:"delivered" doc:"Attempts that were answered with 2xx."`
	Failed    int64        `json:"failed" doc:"Attempts that failed; those that this side ended, or could not make, are none."`
	P50       *float64     `json:"p50" doc:"Milliseconds to the end of the answer in half of those that were answered with 2xx, approximately; null without any."`
	P99       *float64     `json:"p99" doc:"The same in 99 of a hundred."`
}

// maxBuckets bounds what one series tells.
const maxBuckets = 200

// SeriesSpan is the time that a series is asked of. What is nil, or 0, is left to FindWebhookSeries.
type SeriesSpan struct {
	Since, Until *time.Time
	Step         time.Duration
}

// FindWebhookSeries returns how an endpoint did that a scope sees; otherwise the error is of kind NotFound. Without more it is the last 24
// hours, in the shortest steps that there can be. Steps begin at multiples of their length, so that those of one series are those of the
// next: the first has since in it, unless nothing is kept from then, and the last ends with until, or later. What is later than now is not
// told. A span that cannot be is Invalid, with its parameter.
func FindWebhookSeries(
	ctx context.Context, db *store.DB, scope collection.Scope, webhook string, span SeriesSpan,
) (*WebhookSeries, error) {
	found, err := collection.Find(ctx, db, Webhooks, scope, webhook, nil)
	if err != nil {
		return nil, err
	}
	since, until, step, err := span.within(db.Now())
	if err != nil {
		return nil, err
	}
	buckets := make([]seriesBucket, until.Sub(since)/step)
	tallies := make([]tally, len(buckets))
	id := Webhooks.ID(found)
	// Added up by the database: what there is of a month is ten times as much as what is told, and reading it was most of the time.
	nth := "(began_at - ?) / ?" // in microseconds
	if db.Dialect() == store.Postgres {
		nth = "CAST(FLOOR((EXTRACT(EPOCH FROM began_at) * 1000000 - CAST(? AS bigint)) / CAST(? AS bigint)) AS bigint)"
	}
	err = db.Read(ctx, func(rows *sql.Rows) error {
		var n int64
		var t tally
		if err := rows.Scan(t.into(&n)...); err != nil {
			return err
		}
		tallies[n] = t
		return nil
	}, `SELECT `+nth+` AS nth, `+tallied("CAST(COALESCE(SUM(%s), 0) AS bigint)")+` FROM webhook_tallies
		WHERE webhook_id = ? AND began_at >= ? AND began_at < ? GROUP BY 1`, since.UnixMicro(), step.Microseconds(), id, since, until)
	if err != nil {
		return nil, fmt.Errorf("read the series of webhook %s: %w", id, err)
	}
	for i := range tallies {
		t := &tallies[i]
		buckets[i] = seriesBucket{
			At: jsonapi.Time{Time: since.Add(time.Duration(i) * step)}, Delivered: t.delivered, Failed: t.failed,
			P50: t.latencies.quantile(0.5), P99: t.latencies.quantile(0.99),
		}
	}
	printed, err := jsonapi.Marshal(buckets)
	if err != nil {
		return nil, err
	}
	return &WebhookSeries{
		// the same at every reading of the same steps, for the sake of ETags
		ID:    uuid.NewSHA1(uuid.MustParse(id), fmt.Append(nil, since.Unix(), until.Unix(), step)).String(),
		Since: jsonapi.Time{Time: since}, Until: jsonapi.Time{Time: until}, Step: int64(step / time.Second), Buckets: printed,
	}, nil
}

// within returns the beginning and the end of the steps that are told at a time, and their length.
func (s SeriesSpan) within(now time.Time) (since, until time.Time, step time.Duration, err error) {
	invalid := func(parameter, message string, args ...any) (time.Time, time.Time, time.Duration, error) {
		return since, until, step, &store.Error{Kind: store.Invalid, Parameter: parameter, Message: fmt.Sprintf(message, args...)}
	}
	if until = now; s.Until != nil && s.Until.Before(now) {
		until = *s.Until
	}
	if since = until.Add(-latencySpan); s.Since != nil {
		since = *s.Since
	}
	if !since.Before(until) {
		return invalid("filter[since]", "It must be before the end, %s.", until.UTC().Format(time.RFC3339))
	}
	oldest := now.Add(-TallyRetention)
	if !until.After(oldest) {
		return invalid("filter[until]", "Nothing is kept of what was before %s.", oldest.UTC().Format(time.RFC3339))
	}
	if since.Before(oldest) {
		since = oldest
	}
	if step = s.Step; step == 0 {
		step = TallySpan
		for steps(since, until, step) > maxBuckets {
			step += TallySpan
		}
	}
	if step < TallySpan || step > TallyRetention || step%TallySpan != 0 {
		return invalid("filter[step]", "It must be a multiple of %d, up to %d.", TallySpan/time.Second, TallyRetention/time.Second)
	}
	n := steps(since, until, step)
	if n > maxBuckets {
		return invalid("filter[step]", "That is %d steps, and at most %d are told: make them longer, or the time shorter.", n, maxBuckets)
	}
	since = since.Truncate(step)
	return since.UTC(), since.Add(time.Duration(n) * step).UTC(), step, nil
}

// steps returns how many steps have something of a time.
func steps(since, until time.Time, step time.Duration) int64 {
	first := since.Truncate(step)
	return int64((until.Sub(first) + step - 1) / step)
}
