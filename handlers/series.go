package handlers

import (
	"net/http"
	"time"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
)

// seriesQuery is what the query of the route speaks of.
var seriesQuery = func() *jsonapi.Schema {
	s := jsonapi.ForModel(struct {
		ID string `jsonapi:"primary,series"`
	}{})
	s.Computed = true
	s.Filters = []jsonapi.Filter{
		{Name: "since", Kind: jsonapi.TimeKind, Doc: "What was since then: the step that has it in it comes first. 24 hours before the " +
			"end by default."},
		{Name: "until", Kind: jsonapi.TimeKind, Doc: "What was before then; now by default."},
		// A parameter of our own would need a character outside of a-z (JSON:API 1.1, Implementation-Specific Query Parameters).
		{Name: "step", Kind: jsonapi.Integer, Doc: "The length of each step in seconds, a multiple of 1800; by default the shortest that " +
			"makes at most 200 steps."},
	}
	return s
}()

// seriesRoutes are the routes of how endpoints do over time.
func seriesRoutes() []route {
	endpoints := resourceOf("webhooks")
	return []route{{
		method: "GET", path: "webhooks/{id}/series", form: openapi.Read, prefix: "Webhook", needs: auth.Read("webhooks"),
		query:  jsonapi.Accepts{Select: true},
		speaks: seriesQuery, target: endpoints, tag: endpoints.tag(), shows: models.SeriesSchema, handle: (*API).readSeries,
		doc: "Reads how an endpoint did, step by step: how many attempts were answered well, how many failed, and how long good answers " +
			"took. It is kept for 30 days, by the half hour. At most 200 steps are told.",
	}}
}

// readSeries answers with how an endpoint did over time.
func (a *API) readSeries(w http.ResponseWriter, rq *request) error {
	span, err := spanOf(rq.query)
	if err != nil {
		return err
	}
	series, err := models.FindWebhookSeries(rq.Context(), rq.DB, rq.Scope(), rq.id(), span)
	if err != nil {
		return err
	}
	resource := models.SeriesSchema.Form("").Resource(series)
	self := jsonapi.Href(jsonapi.Root + "webhooks/" + rq.id() + "/series" + rq.query.Encode())
	resource.Links = &jsonapi.Links{Self: self} // its id leads nowhere
	return writeDocument(w, rq, http.StatusOK,
		&jsonapi.Document{Data: resource, Meta: map[string]any{}, Links: &jsonapi.Links{Self: self}})
}

// spanOf returns the time that a query asks for.
func spanOf(q *jsonapi.Query) (span models.SeriesSpan, err error) {
	given := map[string]bool{}
	for _, f := range q.Filters {
		invalid := func(detail string) error {
			return jsonapi.NewError(jsonapi.InvalidParameter, "%s", detail).InParameter(f.Parameter)
		}
		if given[f.Field] {
			return span, invalid("It is given more than once.")
		}
		given[f.Field] = true
		switch value := f.Value.(type) {
		case time.Time:
			*map[string]**time.Time{"since": &span.Since, "until": &span.Until}[f.Field] = &value
		case int64:
			if value <= 0 || value > int64(models.TallyRetention/time.Second) {
				return span, invalid("It must be a number of seconds, up to those of thirty days.")
			}
			span.Step = time.Duration(value) * time.Second
		}
	}
	return span, nil
}
